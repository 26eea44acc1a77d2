begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep_ledger();

select tests.give(100);
select tests.keep('late', (private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'late')).id);
select tests.keep('open', (private.reserve_hold(tests.the('ada'), 2, now() + interval '1 hour', 'open')).id);
select is(private.release_expired_holds(now()), 1, 'release_expired_holds: a hold past expires_at → released');
select is((select status from public.ledger_holds where id = tests.the('late')), 'expired', 'release_expired_holds: a hold past expires_at → status expired');
select is((select status from public.ledger_holds where id = tests.the('open')), 'held', 'release_expired_holds: a hold before expires_at → held');
select is(tests.ada_has(), '100/2/98', 'release_expired_holds: released → available');
select throws_ok($$ select private.capture_hold(tests.the('late'), tests.the('revenue')) $$, 'WL003', null,
  'capture_hold: expired → WL-003');

select count(private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'many ' || n))
from generate_series(1, 60) n;
select is(private.release_expired_holds(now(), 40), 40, 'release_expired_holds: 60 holds of one account, a batch of 40 → 40');
select is(private.release_expired_holds(now(), 40), 20, 'release_expired_holds: the next run → the rest');
select is_empty('select * from private.ledger_imbalances', 'release_expired_holds: the ledger balances');

select * from finish();
rollback;
