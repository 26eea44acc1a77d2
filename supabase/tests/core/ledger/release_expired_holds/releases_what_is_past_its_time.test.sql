begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep_ledger();

select tests.give(100);
select tests.keep('late', (private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'late')).id);
select tests.keep('open', (private.reserve_hold(tests.the('ada'), 2, now() + interval '1 hour', 'open')).id);
select is(private.release_expired_holds(now()), 1, 'A hold past its time is released');
select is((select status from public.ledger_holds where id = tests.the('late')), 'expired', 'And says why');
select is((select status from public.ledger_holds where id = tests.the('open')), 'held', 'Another is not');
select is(tests.ada_has(), '100/2/98', 'What was held is available');
select throws_ok($$ select private.capture_hold(tests.the('late'), tests.the('revenue')) $$, 'WL003', null,
  'It cannot be captured any more');

select count(private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'many ' || n))
from generate_series(1, 60) n;
select is(private.release_expired_holds(now(), 40), 40, 'A run takes as many as its batch, also of one account');
select is(private.release_expired_holds(now(), 40), 20, 'And the next run the rest');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
