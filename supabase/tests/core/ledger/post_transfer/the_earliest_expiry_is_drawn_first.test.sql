begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep_ledger();

select tests.give(10);
select tests.give(10, now() + interval '2 days');
select tests.give(10, now() + interval '1 day');
select tests.spend(4);
select is(tests.ada_lots(), '10/10/6', 'What expires first is spent first');
select tests.spend(8);
select is(tests.ada_lots(), '10/8/0', 'Then what expires next');
select tests.spend(13);
select is(tests.ada_lots(), '5/0/0', 'And last what never expires');
select tests.give(10);
select tests.spend(7);
select is(tests.ada_lots(), '0/0/0/8', 'Of two that never expire the older one');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
