begin;
set local search_path = public, extensions, tests;
select plan(11);

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

create function pg_temp.reserve(amount numeric, key text default gen_random_uuid()::text, reference_id uuid default null)
returns uuid language sql as $$
  select (private.reserve_hold(tests.the('ada'), amount, now() + interval '1 hour', key, reference_id)).id
$$;

select pg_temp.give(10, now() + interval '1 day');
select pg_temp.give(90);
select tests.keep('hold', pg_temp.reserve(30, 'hold'));
select is(pg_temp.has(), '100/30/70', 'What is held is still there, and not available');
select throws_ok('select pg_temp.spend(71)', 'WL001', null, 'It cannot be spent');
select throws_ok('select pg_temp.reserve(71)', 'WL001', null, 'Nor held again');
select is(pg_temp.reserve(30, 'hold'), tests.the('hold'), 'The same again gives the same hold');
select is(pg_temp.has(), '100/30/70', 'And holds nothing more');
select throws_ok($$ select pg_temp.reserve(31, 'hold') $$, 'RB409', null, 'Another amount with the key is refused');
select throws_ok($$ select pg_temp.reserve(30, 'hold', gen_random_uuid()) $$, 'RB409', null,
  'Another reference with the key is refused');
select throws_like('select pg_temp.reserve(-1)', '%ledger_holds_amount_is_positive%', 'Less than nothing is not held');
select throws_like('select pg_temp.reserve(1.5)', '%units_are_whole%', 'Nor half a bizcoin');
select is((select string_agg(trim_scale(held)::text, '/' order by id) from public.ledger_lots), '10/20',
  'A hold stands in the lots that expire first');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
