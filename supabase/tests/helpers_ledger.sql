-- Factories of the ledger: a client, a customer with an account, and what moves in it.

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
