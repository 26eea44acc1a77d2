-- Factories of packages: who buys them, and what the payment processor says.

create or replace function tests.create_package(
  client_id uuid, price numeric default 49, messages int default 100, duration_days int default 30, currency text default 'USD',
  bizcoin_value numeric default 1)
returns uuid language sql set search_path = '' as $$
  insert into public.packages (client_id, name, price, messages, duration_days, currency, bizcoin_value)
  values (client_id, 'Starter', price, messages, duration_days, currency, bizcoin_value) returning id
$$;

-- Gives a customer a package that began a while ago: the id of what he has.
create or replace function tests.activate(
  client_id uuid, customer_id uuid, messages int default 100, begun interval default '0', duration_days int default 30)
returns uuid language plpgsql set search_path = '' as $$
declare
  given public.customer_packages := private.activate_package(client_id, customer_id,
    tests.create_package(client_id, messages => messages, duration_days => duration_days));
begin
  update public.customer_packages cp set starts_at = cp.starts_at - begun, expires_at = cp.expires_at - begun
  where cp.id = given.id;
  update public.ledger_lots l set expires_at = l.expires_at - begun
  from private.package_lots pl where pl.lot_id = l.id and pl.customer_package_id = given.id;
  return given.id;
end $$;

-- use_messages with what matters.
create or replace function tests.use_messages(
  client_id uuid, customer_id uuid, how_many int, actor uuid default null, idempotency_key text default null)
returns jsonb language sql set search_path = '' as $$
  select public.use_messages(actor, client_id, customer_id, how_many, 'test', gen_random_uuid(), idempotency_key, how_many::text)
$$;

-- A customer with bizcoins, and a package to buy: {client, customer, package}.
create or replace function tests.create_buyer(
  balance numeric default 100, price numeric default 49, currency text default 'USD', bizcoin_value numeric default 1,
  messages int default 100)
returns jsonb language plpgsql set search_path = '' as $$
declare
  client_id uuid := tests.create_client();
  customer_id uuid := tests.create_user('customer', client_id);
begin
  if balance > 0 then
    perform private.post_transfer(client_id, 'topup', private.system_account(client_id, 'issuance', 'bizcoin'),
      private.ledger_account(client_id, 'user', customer_id, 'bizcoin'), balance, gen_random_uuid()::text);
  end if;
  return jsonb_build_object('client', client_id, 'customer', customer_id, 'package', tests.create_package(
    client_id, price, currency => currency, bizcoin_value => bizcoin_value, messages => messages));
end $$;

-- start_package_purchase for the kept customer and package, with what matters.
create or replace function tests.buy(
  bizcoins int default 0, idempotency_key text default null, purchase_id uuid default null, is_live boolean default false,
  use_discount boolean default true, expected numeric default null)
returns jsonb language sql set search_path = '' as $$
  select public.start_package_purchase(tests.the('customer'), tests.the('package'), bizcoins, purchase_id, is_live,
    gen_random_uuid(), idempotency_key, concat_ws('/', bizcoins, expected), use_discount, expected)
$$;

-- What the processor says of the payment of a purchase; `over` is what it says otherwise.
create or replace function tests.payment(purchase_id uuid, status text, over jsonb default '{}')
returns jsonb language sql set search_path = '' as $$
  select jsonb_build_object('id', coalesce(p.payment_intent_id, 'pi_' || replace(p.id::text, '-', '')), 'status', payment.status,
    'amount', m.units, 'amountReceived', case payment.status when 'succeeded' then m.units else 0 end, 'currency', lower(p.currency),
    'isLive', false, 'error', null) || over
  from public.package_purchases p, private.minor_units(p.final_amount, p.currency) m (units)
  where p.id = payment.purchase_id
$$;

-- What a customer has of bizcoins: balance/held.
create or replace function tests.bizcoins(customer_id uuid)
returns text language sql set search_path = '' as $$
  select trim_scale(b.balance) || '/' || trim_scale(b.held) from public.wallet_balances b
  where b.user_id = customer_id and b.asset = 'bizcoin'
$$;
