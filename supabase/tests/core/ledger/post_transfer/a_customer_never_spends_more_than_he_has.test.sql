begin;
set local search_path = public, extensions, tests;
select plan(9);

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
create function pg_temp.spend(amount numeric) returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'purchase', tests.the('ada'), tests.the('revenue'), amount,
    gen_random_uuid()::text)).id
$$;
create function pg_temp.has() returns text language sql as $$
  select concat_ws('/', trim_scale(balance), trim_scale(held), trim_scale(available)) from public.wallet_balances
  where id = tests.the('ada')
$$;

select pg_temp.give(60);
select pg_temp.give(40);
select is(pg_temp.has(), '100/0/100', 'What is given is there');
create function pg_temp.refusal(amount numeric) returns jsonb language plpgsql as $$
declare
  detail text;
begin
  perform pg_temp.spend(amount);
  return null;
exception when sqlstate 'WL001' then
  get stacked diagnostics detail = pg_exception_detail;
  return detail::jsonb;
end $$;
select is(pg_temp.refusal(101), '{"balance": 100, "needed": 101}'::jsonb, 'Who wants more is told what he has and needs');
select is(pg_temp.has(), '100/0/100', 'And keeps it');
select lives_ok('select pg_temp.spend(100)', 'All of it can be spent');
select is(pg_temp.has(), '0/0/0', 'Then nothing is left');
select throws_ok('select pg_temp.spend(1)', 'WL001', null, 'Not even for one more');
select throws_like('select pg_temp.spend(0)', '%must be positive%', 'Nothing is no amount');
select throws_like('select pg_temp.spend(-5)', '%must be positive%', 'Nobody earns by spending less than nothing');
select lives_ok($$ select private.post_transfer(tests.the('client'), 'loss', tests.the('issuance'), tests.the('revenue'),
  1000000, 'system') $$, 'The system gives what it does not have');

select * from finish();
rollback;
