begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep_ledger();

select tests.give(50);
select tests.keep('hold', tests.reserve(30));
select is((private.release_hold(tests.the('hold'))).status, 'released', 'A hold is released');
select is(tests.ada_has(), '50/0/50', 'Then all is available');
select is((private.release_hold(tests.the('hold'))).status, 'released', 'Once more does no harm');
select is(tests.ada_has(), '50/0/50', 'And gives nothing twice');
select tests.keep('paid', tests.reserve(30));
select private.capture_hold(tests.the('paid'), tests.the('revenue'));
select throws_ok($$ select private.release_hold(tests.the('paid')) $$, 'WL003', null, 'What was captured is not released');
select is((select count(*)::int from public.ledger_transfers), 2, 'A hold that is given back leaves no transfer');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
