begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep_ledger();

select tests.give(10);
select tests.give(10, now() + interval '2 days');
select tests.give(10, now() + interval '1 day');
select tests.spend(4);
select is(tests.ada_lots(), '10/10/6', 'post_transfer: lots of several expiries → the earliest is drawn first');
select tests.spend(8);
select is(tests.ada_lots(), '10/8/0', 'post_transfer: the earliest lot does not suffice → the next earliest');
select tests.spend(13);
select is(tests.ada_lots(), '5/0/0', 'post_transfer: lots without expiry → drawn last');
select tests.give(10);
select tests.spend(7);
select is(tests.ada_lots(), '0/0/0/8', 'post_transfer: two lots without expiry → the older is drawn first');
select is_empty('select * from private.ledger_imbalances', 'post_transfer: the ledger balances');

select * from finish();
rollback;
