begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep_ledger();

select tests.give(50);
select tests.keep('hold', tests.reserve(30));
select is((private.release_hold(tests.the('hold'))).status, 'released', 'release_hold: a hold → released');
select is(tests.ada_has(), '50/0/50', 'release_hold: released → available');
select is((private.release_hold(tests.the('hold'))).status, 'released', 'release_hold: the same again → released');
select is(tests.ada_has(), '50/0/50', 'release_hold: the same again → released once');
select tests.keep('paid', tests.reserve(30));
select private.capture_hold(tests.the('paid'), tests.the('revenue'));
select throws_ok($$ select private.release_hold(tests.the('paid')) $$, 'WL003', null, 'release_hold: captured → WL-003');
select is((select count(*)::int from public.ledger_transfers), 2, 'release_hold: released → no transfer');
select is_empty('select * from private.ledger_imbalances', 'release_hold: the ledger balances');

select * from finish();
rollback;
