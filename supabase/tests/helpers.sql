-- Factories for tests, valid by default: each takes only what matters to the test and makes its own tenant.
-- Loaded into test databases only.

create schema if not exists tests;

create or replace function tests.create_client(time_zone text default 'UTC')
returns uuid language sql as $$
  with agency as (
    insert into public.agencies (name, slug) values ('Agency', 'agency-' || gen_random_uuid()) returning id)
  insert into public.clients (agency_id, name, slug, time_zone)
  select a.id, 'Client', 'client-' || gen_random_uuid(), time_zone from agency a returning id
$$;

create or replace function tests.create_user(role text default null, client_id uuid default null)
returns uuid language plpgsql as $$
declare
  new_id uuid := gen_random_uuid();
begin
  insert into auth.users (id, email) values (new_id, new_id || '@example.com');
  if role is not null then
    insert into public.memberships (user_id, role, agency_id, client_id)
    select new_id, role, case when role = 'agency_admin' then c.agency_id end,
      case when role not in ('platform_admin', 'agency_admin') then c.id end
    from (select null) x left join public.clients c on c.id = create_user.client_id;
  end if;
  return new_id;
end $$;

-- Acts as a signed-in user, or as nobody, until the end of the transaction.
create or replace function tests.sign_in(user_id uuid)
returns void language plpgsql as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', user_id, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end $$;

create or replace function tests.sign_out()
returns void language plpgsql as $$
begin
  perform set_config('role', 'none', true);
  perform set_config('request.jwt.claims', '', true);
end $$;

create or replace function tests.create_brand(code_format text default '^[A-Z0-9-]{4,64}$', denomination numeric default 25)
returns uuid language sql as $$
  with brand as (
    insert into public.gift_card_brands (name, code_format, redemption_url)
    values ('Brand ' || gen_random_uuid(), code_format, 'https://brand.example/redeem') returning id),
  value as (
    insert into public.brand_denominations (brand_id, denomination, cost)
    select b.id, denomination, denomination - 1.50 from brand b)
  select id from brand
$$;

create or replace function tests.create_campaign(
  client_id uuid, brand_id uuid, denomination numeric default 25, billing_entity text default 'client',
  is_self_service boolean default true, requires_opt_in boolean default false)
returns uuid language sql as $$
  with campaign as (
    insert into public.campaigns (client_id, campaign_name, billing_entity)
    values (client_id, 'Campaign', billing_entity) returning id),
  condition as (
    insert into public.campaign_conditions (
      client_id, campaign_id, condition_number, condition_name, brand_id, card_value, is_self_service, requires_opt_in)
    select client_id, c.id, 1, 'Condition 1', brand_id, denomination, is_self_service, requires_opt_in from campaign c)
  select id from campaign
$$;

create or replace function tests.create_recipients(campaign_id uuid, how_many int default 1)
returns setof uuid language sql as $$
  insert into public.recipients (client_id, campaign_id, first_name, last_name, phone, email)
  select c.client_id, c.id, 'Ada', 'Archer', '+1202555' || lpad((random() * 9999)::int::text, 4, '0'),
    gen_random_uuid() || '@example.com'
  from public.campaigns c, generate_series(1, how_many)
  where c.id = create_recipients.campaign_id
  returning id
$$;

create or replace function tests.create_pool(
  client_id uuid, brand_id uuid, cards int default 1, denomination numeric default 25,
  campaign_id uuid default null, cost numeric default 23.50, expires_on date default null)
returns uuid language plpgsql as $$
declare
  pool_id uuid;
begin
  insert into public.card_pools (client_id, brand_id, pool_name, denomination, pool_type, campaign_id, cost_per_card)
  values (client_id, brand_id, 'Pool', denomination, case when client_id is null then 'master' else 'client' end,
    campaign_id, cost)
  returning id into pool_id;
  perform tests.add_cards(pool_id, cards, expires_on);
  return pool_id;
end $$;

-- Cards with random fingerprints and ciphertext that no key opens; end-to-end tests upload real ones.
create or replace function tests.add_cards(pool_id uuid, cards int, expires_on date default null)
returns jsonb language sql as $$
  select public.import_gift_cards(null, pool_id, (
    select coalesce(jsonb_agg(jsonb_build_object('row', n, 'id', gen_random_uuid(),
      'code', encode(extensions.gen_random_bytes(44), 'base64'), 'pin', null,
      'fingerprint', encode(extensions.gen_random_bytes(32), 'hex'), 'last4', lpad(n::text, 4, '0'), 'expiresOn', expires_on)), '[]')
    from generate_series(1, cards) n), 'test', gen_random_uuid()::text, gen_random_uuid(), null)
$$;

-- A client with a brand, a campaign of one condition, a recipient and a pool: {client, brand, campaign, recipient, pool}.
create or replace function tests.create_promise(cards int default 1)
returns jsonb language plpgsql as $$
declare
  client_id uuid := tests.create_client();
  brand_id uuid := tests.create_brand();
  campaign_id uuid := tests.create_campaign(client_id, brand_id);
begin
  return jsonb_build_object('client', client_id, 'brand', brand_id, 'campaign', campaign_id,
    'recipient', tests.create_recipients(campaign_id), 'pool', tests.create_pool(client_id, brand_id, cards));
end $$;

-- provision_gift_card with what matters.
create or replace function tests.provision(
  recipient_id uuid, actor uuid default null, condition_number int default 1, delivery_method text default 'sms',
  deliver_to text default '+12025550100', idempotency_key text default null, request_hash text default null,
  brand_id uuid default null, denomination numeric default null)
returns jsonb language sql as $$
  select public.provision_gift_card(actor, null, recipient_id, brand_id, denomination, condition_number, delivery_method,
    deliver_to, gen_random_uuid(), idempotency_key, request_hash)
$$;
