begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep_ledger();

create function pg_temp.capture(name text, amount numeric default null, target text default 'revenue')
returns public.ledger_holds language sql as $$
  select private.capture_hold(tests.the(name), tests.the(target), amount)
$$;
select tests.give(10, now() + interval '1 day');
select tests.give(90);
select tests.keep('whole', tests.reserve(30));
select is((pg_temp.capture('whole')).status, 'captured', 'capture_hold: a hold → captured');
select is(tests.ada_has(), '70/0/70', 'capture_hold: a whole hold → spent');
select is(private.balance_at(tests.the('revenue'), clock_timestamp()), 30.00, 'capture_hold: a whole hold → credited to the target');
select is((pg_temp.capture('whole')).captured_amount, 30.00, 'capture_hold: the same again → the same capture');
select is(tests.ada_has(), '70/0/70', 'capture_hold: the same again → spent once');
select throws_ok($$ select pg_temp.capture('whole', 10) $$, 'WL003', null, 'capture_hold: captured, another amount → WL-003');
select throws_ok($$ select pg_temp.capture('whole', 30, 'issuance') $$, 'WL003', null, 'capture_hold: captured, another target → WL-003');

select tests.keep('part', tests.reserve(20));
select throws_like($$ select pg_temp.capture('part', 21) $$, '%no more than is held%', 'capture_hold: more than is held → error');
select pg_temp.capture('part', 5);
select is(tests.ada_has(), '65/0/65', 'capture_hold: a part → the rest is available');

select tests.keep('free', tests.reserve(20));
select private.release_hold(tests.the('free'));
select throws_ok($$ select pg_temp.capture('free') $$, 'WL003', null, 'capture_hold: released → WL-003');
select throws_ok($$ select pg_temp.capture('client') $$, 'RB404', null, 'capture_hold: no such hold → RB-404');

-- held in time
select tests.give(7, now() + interval '1 hour');
select tests.keep('late', tests.reserve(7));
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 7;
update public.ledger_holds set expires_at = now() - interval '1 second' where id = tests.the('late');
select is((pg_temp.capture('late')).status, 'captured',
  'capture_hold: past expires_at and not released, its lot lapsed → captured');
select is(tests.ada_lots(), '0/65/0', 'capture_hold: past expires_at → draws the lot that it held');
select is_empty('select * from private.ledger_imbalances', 'capture_hold: the ledger balances');

select * from finish();
rollback;
