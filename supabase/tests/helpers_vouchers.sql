-- Factories of vouchers: whose they are, and the doors with what matters to a test.

-- A customer of a client, of a dealer if one is named, with an address and a phone number of his own.
create or replace function tests.create_customer(
  client_id uuid, email text default null, phone text default null, dealer_id uuid default null)
returns uuid language plpgsql set search_path = '' as $$
declare
  new_id uuid := tests.create_user('customer', client_id);
begin
  update auth.users u set email = coalesce(create_customer.email, u.email), phone = create_customer.phone,
    email_confirmed_at = now(), phone_confirmed_at = case when create_customer.phone is not null then now() end
  where u.id = new_id;
  update public.memberships m set dealer_id = create_customer.dealer_id where m.user_id = new_id;
  return new_id;
end $$;

-- A voucher of fifty bizcoins, or what the terms say: the terms are those of create_voucher, columns and all.
create or replace function tests.create_voucher(client_id uuid, terms jsonb default '{}', created_by uuid default null)
returns uuid language sql set search_path = '' as $$
  insert into public.vouchers (client_id, code, type, value, usage_limit, per_customer_limit, starts_at, expires_at, is_active,
    is_public, package_id, minimum_purchase, entitlement_days, owner_id, owner_benefit, dealer_id, allowed_domains,
    allowed_customers, created_by)
  select create_voucher.client_id, coalesce(t.code, private.generate_code()), coalesce(t.type, 'credit'),
    case when t.type = 'package' then null else coalesce(t.value, 50) end, t.usage_limit,
    coalesce(t.per_customer_limit, 1), coalesce(t.starts_at, now() - interval '1 day'), t.expires_at,
    coalesce(t.is_active, true), coalesce(t.is_public, false), t.package_id, t.minimum_purchase,
    case when t.type = 'percentage' then coalesce(t.entitlement_days, 90) end, t.owner_id, t.owner_benefit, t.dealer_id,
    t.allowed_domains, t.allowed_customers, create_voucher.created_by
  from jsonb_populate_record(null::public.vouchers, terms) t
  returning id
$$;

create or replace function tests.code_of(voucher_id uuid)
returns text language sql stable as $$
  select code from public.vouchers where id = voucher_id
$$;

-- redeem_voucher with what matters.
create or replace function tests.redeem_voucher(
  actor uuid, voucher_id uuid default null, code text default null, client_id uuid default null, package_id uuid default null,
  ip text default '203.0.113.7', idempotency_key text default null, request_hash text default null)
returns jsonb language sql set search_path = '' as $$
  select public.redeem_voucher(actor, coalesce(code, tests.code_of(voucher_id)), client_id, package_id, ip, gen_random_uuid(),
    idempotency_key, request_hash)
$$;

create or replace function tests.validate_voucher(
  actor uuid, voucher_id uuid default null, code text default null, package_id uuid default null, ip text default '203.0.113.7')
returns jsonb language sql set search_path = '' as $$
  select public.validate_voucher(actor, coalesce(code, tests.code_of(voucher_id)), null, package_id, ip, gen_random_uuid())
$$;
