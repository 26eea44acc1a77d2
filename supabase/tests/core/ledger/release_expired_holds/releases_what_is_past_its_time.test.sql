begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('owner', tests.create_user('customer', tests.the('client')));
select tests.keep('ada', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'));
select tests.keep('issuance', private.system_account(tests.the('client'), 'issuance', 'bizcoin'));
select tests.keep('revenue', private.system_account(tests.the('client'), 'revenue', 'bizcoin'));
create function pg_temp.give(amount numeric, expires_at timestamptz default null, account text default 'ada')
returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the(account), amount,
    gen_random_uuid()::text, expires_at => expires_at)).id
$$;
create function pg_temp.has() returns text language sql as $$
  select concat_ws('/', trim_scale(balance), trim_scale(held), trim_scale(available)) from public.wallet_balances
  where id = tests.the('ada')
$$;

select pg_temp.give(100);
select tests.keep('late', (private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'late')).id);
select tests.keep('open', (private.reserve_hold(tests.the('ada'), 2, now() + interval '1 hour', 'open')).id);
select is(private.release_expired_holds(now()), 1, 'A hold past its time is released');
select is((select status from public.ledger_holds where id = tests.the('late')), 'expired', 'And says why');
select is((select status from public.ledger_holds where id = tests.the('open')), 'held', 'Another is not');
select is(pg_temp.has(), '100/2/98', 'What was held is available');
select throws_ok($$ select private.capture_hold(tests.the('late'), tests.the('revenue')) $$, 'WL003', null,
  'It cannot be captured any more');

select count(private.reserve_hold(tests.the('ada'), 1, now() - interval '1 second', 'many ' || n))
from generate_series(1, 60) n;
select is(private.release_expired_holds(now(), 40), 40, 'A run takes as many as its batch, also of one account');
select is(private.release_expired_holds(now(), 40), 20, 'And the next run the rest');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
