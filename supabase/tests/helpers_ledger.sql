-- Factories of the ledger: a client, a customer with an account, and what moves in it.

-- A client, a customer with the bizcoin account ada, and the system's accounts beside it: all kept by name.
create or replace function tests.keep_ledger()
returns void language plpgsql set search_path = '' as $$
begin
  perform tests.keep('client', tests.create_client());
  perform tests.keep('owner', tests.create_user('customer', tests.the('client')));
  perform tests.keep('ada', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'));
  perform tests.keep('issuance', private.system_account(tests.the('client'), 'issuance', 'bizcoin'));
  perform tests.keep('revenue', private.system_account(tests.the('client'), 'revenue', 'bizcoin'));
end $$;

-- The kept account is given so much: the transfer's id.
create or replace function tests.give(amount numeric, expires_at timestamptz default null, account text default 'ada')
returns uuid language sql set search_path = '' as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the(account), amount,
    gen_random_uuid()::text, expires_at => expires_at)).id
$$;

-- ada spends so much: the transfer's id.
create or replace function tests.spend(amount numeric)
returns uuid language sql set search_path = '' as $$
  select (private.post_transfer(tests.the('client'), 'purchase', tests.the('ada'), tests.the('revenue'), amount,
    gen_random_uuid()::text)).id
$$;

-- ada holds so much back for an hour: the hold's id.
create or replace function tests.reserve(
  amount numeric, key text default gen_random_uuid()::text, reference_id uuid default null)
returns uuid language sql set search_path = '' as $$
  select (private.reserve_hold(tests.the('ada'), amount, now() + interval '1 hour', key, reference_id)).id
$$;

-- What ada has: balance/held/available.
create or replace function tests.ada_has()
returns text language sql set search_path = '' as $$
  select concat_ws('/', trim_scale(balance), trim_scale(held), trim_scale(available)) from public.wallet_balances
  where id = tests.the('ada')
$$;

-- What is left in ada's lots, in the order in which they came.
create or replace function tests.ada_lots()
returns text language sql set search_path = '' as $$
  select string_agg(trim_scale(remaining)::text, '/' order by id) from public.ledger_lots where account_id = tests.the('ada')
$$;

-- A customer with so many bizcoins, a few of them held: the id of his account.
create or replace function tests.create_wallet(client_id uuid, balance numeric default 100, customer_id uuid default null)
returns uuid language plpgsql set search_path = '' as $$
declare
  account_id uuid := private.ledger_account(client_id, 'user',
    coalesce(customer_id, tests.create_user('customer', client_id)), 'bizcoin');
begin
  perform private.post_transfer(client_id, 'topup', private.system_account(client_id, 'issuance', 'bizcoin'), account_id,
    balance, gen_random_uuid()::text);
  perform private.reserve_hold(account_id, 1, now() + interval '1 hour', gen_random_uuid()::text);
  return account_id;
end $$;
