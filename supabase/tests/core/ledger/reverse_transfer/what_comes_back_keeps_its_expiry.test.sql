begin;
set local search_path = public, extensions, tests;
select plan(4);

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
create function pg_temp.lots() returns text language sql as $$
  select string_agg(trim_scale(remaining)::text, '/' order by id) from public.ledger_lots where account_id = tests.the('ada')
$$;

select pg_temp.give(10, now() + interval '1 day');
select pg_temp.give(10, now() + interval '2 days');
select tests.keep('payment', pg_temp.spend(15));
select is(pg_temp.lots(), '0/5', 'A payment draws from two lots');
select private.reverse_transfer(tests.the('payment'), 7, 'first');
select is(pg_temp.lots(), '2/10', 'What was drawn last comes back first');
select private.reverse_transfer(tests.the('payment'), 8, 'second');
select is(pg_temp.lots(), '10/10', 'Then the rest, each where it came from');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
