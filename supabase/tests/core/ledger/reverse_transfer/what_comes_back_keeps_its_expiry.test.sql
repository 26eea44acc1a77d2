begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep_ledger();

select tests.give(10, now() + interval '1 day');
select tests.give(10, now() + interval '2 days');
select tests.keep('payment', tests.spend(15));
select is(tests.ada_lots(), '0/5', 'A payment draws from two lots');
select private.reverse_transfer(tests.the('payment'), 7, 'first');
select is(tests.ada_lots(), '2/10', 'What was drawn last comes back first');
select private.reverse_transfer(tests.the('payment'), 8, 'second');
select is(tests.ada_lots(), '10/10', 'Then the rest, each where it came from');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
