begin;
set local search_path = public, extensions, tests;
select plan(7);

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

create function pg_temp.reserve(amount numeric, key text default gen_random_uuid()::text, reference_id uuid default null)
returns uuid language sql as $$
  select (private.reserve_hold(tests.the('ada'), amount, now() + interval '1 hour', key, reference_id)).id
$$;

select pg_temp.give(50);
select tests.keep('hold', pg_temp.reserve(30));
select is((private.release_hold(tests.the('hold'))).status, 'released', 'A hold is released');
select is(pg_temp.has(), '50/0/50', 'Then all is available');
select is((private.release_hold(tests.the('hold'))).status, 'released', 'Once more does no harm');
select is(pg_temp.has(), '50/0/50', 'And gives nothing twice');
select tests.keep('paid', pg_temp.reserve(30));
select private.capture_hold(tests.the('paid'), tests.the('revenue'));
select throws_ok($$ select private.release_hold(tests.the('paid')) $$, 'WL003', null, 'What was captured is not released');
select is((select count(*)::int from public.ledger_transfers), 2, 'A hold that is given back leaves no transfer');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
