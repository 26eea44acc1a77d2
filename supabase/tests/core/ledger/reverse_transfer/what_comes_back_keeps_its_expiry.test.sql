begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep_ledger();

select tests.give(10, now() + interval '1 day');
select tests.give(10, now() + interval '2 days');
select tests.keep('payment', tests.spend(15));
select is(tests.ada_lots(), '0/5', 'post_transfer: more than one lot → draws from two');
select private.reverse_transfer(tests.the('payment'), 7, 'first');
select is(tests.ada_lots(), '2/10', 'reverse_transfer: a part → the lot drawn last first');
select private.reverse_transfer(tests.the('payment'), 8, 'second');
select is(tests.ada_lots(), '10/10', 'reverse_transfer: the rest → each lot as before');
select is_empty('select * from private.ledger_imbalances', 'reverse_transfer: the ledger balances');

select * from finish();
rollback;
