begin;
set local search_path = public, extensions, tests;
select plan(3);

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

select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
select pg_temp.give(1, now() + interval '1 day');
select pg_temp.give(1, now() + interval '2 days', 'bob');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'A run of one takes the earliest');
select is(pg_temp.has(), '0/0/0', 'Of the first account');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'The next run takes the next');

select * from finish();
rollback;
