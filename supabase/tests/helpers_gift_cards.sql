-- Factories of gift cards: a promise, its stock and its suppliers, and the doors with what matters to a test.

create or replace function tests.create_brand(code_format text default '^[A-Z0-9-]{4,64}$', denomination numeric default 25)
returns uuid language sql set search_path = '' as $$
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
returns uuid language sql set search_path = '' as $$
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
returns setof uuid language sql set search_path = '' as $$
  with added as (
    insert into public.campaign_recipients (client_id, campaign_id, first_name, last_name, phone, email)
    select c.client_id, c.id, 'Ada', 'Archer', '+1202' || (2000000 + floor(random() * 7999999))::bigint,
      gen_random_uuid() || '@example.com'
    from public.campaigns c, generate_series(1, how_many)
    where c.id = create_recipients.campaign_id
    returning id, client_id, campaign_id)
  insert into public.recipient_codes (recipient_id, client_id, campaign_id)
  select id, client_id, campaign_id from added
  returning recipient_id
$$;

create or replace function tests.create_pool(
  client_id uuid, brand_id uuid, cards int default 1, denomination numeric default 25,
  campaign_id uuid default null, cost numeric default 23.50, expires_on date default null, stock_owner text default 'platform')
returns uuid language plpgsql set search_path = '' as $$
declare
  pool_id uuid;
begin
  insert into public.card_pools (
    client_id, brand_id, pool_name, denomination, pool_type, campaign_id, stock_owner, cost_per_card, client_cost_per_card)
  values (client_id, brand_id, 'Pool', denomination, case when client_id is null then 'master' else 'client' end,
    campaign_id, stock_owner, case stock_owner when 'platform' then cost else 0 end, case stock_owner when 'client' then cost end)
  returning id into pool_id;
  perform tests.add_cards(pool_id, cards, expires_on);
  return pool_id;
end $$;

-- Cards with random fingerprints and ciphertext that no key opens; end-to-end tests upload real ones.
create or replace function tests.add_cards(pool_id uuid, cards int, expires_on date default null)
returns jsonb language sql set search_path = '' as $$
  select public.import_gift_cards(null, pool_id, (
    select coalesce(jsonb_agg(jsonb_build_object('row', n, 'id', gen_random_uuid(),
      'code', encode(extensions.gen_random_bytes(44), 'base64'), 'pin', null,
      'fingerprint', encode(extensions.gen_random_bytes(32), 'hex'), 'last4', lpad(n::text, 4, '0'), 'expiresOn', expires_on)), '[]')
    from generate_series(1, cards) n), 'test', gen_random_uuid()::text, gen_random_uuid(), null)
$$;

-- A client with a brand, a campaign of one condition, a recipient and a pool: {client, brand, campaign, recipient, pool}.
create or replace function tests.create_promise(cards int default 1)
returns jsonb language plpgsql set search_path = '' as $$
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
  brand_id uuid default null, denomination numeric default null, suppliers text[] default '{}')
returns jsonb language sql set search_path = '' as $$
  select public.provision_gift_card(actor, null, recipient_id, brand_id, denomination, condition_number, delivery_method,
    deliver_to, gen_random_uuid(), idempotency_key, request_hash, suppliers)
$$;

-- A supplier that sells a brand: its name.
create or replace function tests.create_supplier(
  brand_id uuid, priority int default 100, is_async boolean default false, requests_per_minute int default 600)
returns text language sql set search_path = '' as $$
  with supplier as (
    insert into public.gift_card_suppliers (name, priority, requests_per_minute)
    values ('supplier_' || replace(gen_random_uuid()::text, '-', ''), priority, requests_per_minute) returning id, name),
  brand as (
    insert into public.supplier_brands (supplier_id, brand_id, brand_code, is_async)
    select s.id, brand_id, 'brand-us', is_async from supplier s)
  select name from supplier
$$;

-- Reports what a supplier said of a purchase; a card is sealed like any other.
create or replace function tests.complete_purchase(
  purchase jsonb, outcome text default 'issued', supplier_code text default null, supplier_reference text default null)
returns jsonb language sql set search_path = '' as $$
  select public.complete_purchase((purchase ->> 'purchaseId')::uuid, (purchase ->> 'leaseToken')::uuid, outcome,
    case outcome when 'issued' then jsonb_build_object('code', encode(extensions.gen_random_bytes(44), 'base64'), 'pin', null,
      'fingerprint', encode(extensions.gen_random_bytes(32), 'hex'), 'last4', '4711', 'keyId', 'test', 'expiresOn', null) end,
    supplier_code, supplier_reference, case outcome when 'issued' then 23.75 end)
$$;

-- redeem_gift_card with what matters.
create or replace function tests.redeem(
  code text, campaign_id uuid default null, condition_number int default null, delivery_method text default null,
  deliver_to text default null, ip text default '203.0.113.7', idempotency_key text default null, request_hash text default null)
returns jsonb language sql set search_path = '' as $$
  select public.redeem_gift_card(code, campaign_id, condition_number, delivery_method, deliver_to, ip, gen_random_uuid(),
    idempotency_key, request_hash)
$$;

-- provision_gift_card_for_call_center with what matters: the caller is named by the code or by the recipient.
create or replace function tests.provision_for_caller(
  agent uuid, code text default null, recipient_id uuid default null, call_session_id uuid default null,
  condition_number int default 1, delivery_method text default 'sms', deliver_to text default '+12025550100',
  skip_verification boolean default false, idempotency_key text default null, request_hash text default null,
  suppliers text[] default null, reason text default 'asked by phone')
returns jsonb language sql set search_path = '' as $$
  select public.provision_gift_card_for_call_center(agent, call_session_id, code, recipient_id, condition_number,
    delivery_method, deliver_to, skip_verification, gen_random_uuid(), idempotency_key, request_hash, suppliers, reason)
$$;

create or replace function tests.redemption_token(recipient_id uuid)
returns text language sql stable as $$
  select c.redemption_token from public.recipient_codes c where c.recipient_id = redemption_token.recipient_id
$$;

-- One row of an upload, sealed with nothing; the same text gives the same fingerprint.
create or replace function tests.card_row(line int, code text, expires_on date default null)
returns jsonb language sql set search_path = '' as $$
  select jsonb_build_object('row', line, 'id', gen_random_uuid(), 'code', encode(extensions.gen_random_bytes(44), 'base64'),
    'pin', null, 'fingerprint', encode(sha256(code::bytea), 'hex'), 'last4', right(code, 4), 'expiresOn', expires_on)
$$;

-- import_gift_cards with what matters.
create or replace function tests.import(
  pool_id uuid, cards jsonb, actor uuid default null, file_hash text default gen_random_uuid()::text,
  idempotency_key text default null)
returns jsonb language sql set search_path = '' as $$
  select public.import_gift_cards(actor, pool_id, cards, 'test', file_hash, gen_random_uuid(), idempotency_key)
$$;

-- Folds a pool as if all that moved in it had been committed long ago: what a transaction moves itself, it cannot fold.
create or replace function tests.settle(pool_id uuid)
returns void language plpgsql set search_path = '' as $$
begin
  update private.card_movements m set xact = '1' where m.pool_id = settle.pool_id;
  update public.card_pools p set folded_before = '0' where p.id = settle.pool_id;
  perform private.fold_pool(pool_id);
  delete from private.card_movements m where m.pool_id = settle.pool_id;
end $$;

-- Lets a condition of a campaign wait for an event, and names a recipient as the CRM does; returns an endpoint of the client.
create or replace function tests.create_crm_endpoint(
  facts jsonb, crm_event_name text default 'visit', contact_id text default 'crm-1', kind text default 'standard')
returns uuid language plpgsql set search_path = '' as $$
declare
  endpoint_id uuid;
begin
  update public.campaign_conditions cc set crm_event_name = create_crm_endpoint.crm_event_name
  where cc.campaign_id = (facts ->> 'campaign')::uuid;
  update public.campaign_recipients r set external_crm_id = contact_id where r.id = (facts ->> 'recipient')::uuid;
  insert into public.crm_endpoints (client_id, name, kind, account_id)
  values ((facts ->> 'client')::uuid, 'CRM ' || gen_random_uuid(), kind, case kind when 'gohighlevel' then 'location-1' end)
  returning id into endpoint_id;
  insert into private.crm_keys (endpoint_id, key) values (endpoint_id, 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0');
  return endpoint_id;
end $$;

-- Stores an event that an endpoint has signed: the row's id, whether it is new or not.
create or replace function tests.record_crm_event(
  endpoint_id uuid, event_id text default gen_random_uuid()::text, contact_id text default 'crm-1',
  names text[] default '{visit}', campaign text default null, more jsonb default '{}')
returns uuid language sql set search_path = '' as $$
  select (public.record_crm_events(endpoint_id, jsonb_build_array(jsonb_build_object('eventId', event_id,
    'names', names, 'contactId', contact_id, 'campaign', campaign, 'payload', '{}'::jsonb) || more), tests.request())
    #>> '{result,events,0,id}')::uuid
$$;

-- Stores an event and deals with it; returns its row.
create or replace function tests.take_crm_event(
  endpoint_id uuid, event_id text default gen_random_uuid()::text, contact_id text default 'crm-1',
  names text[] default '{visit}', campaign text default null, more jsonb default '{}')
returns public.crm_events language plpgsql set search_path = '' as $$
declare
  stored uuid := tests.record_crm_event(endpoint_id, event_id, contact_id, names, campaign, more);
  event public.crm_events;
begin
  perform public.process_crm_event(stored, '{}');
  select e.* into event from public.crm_events e where e.id = stored;
  return event;
end $$;

-- sell_gift_cards and return_gift_cards with what matters.
create or replace function tests.sell(
  master_pool_id uuid, buyer_client_id uuid, quantity int, price numeric default 24.50, buyer_pool_id uuid default null,
  actor uuid default null, idempotency_key text default null)
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.sell_gift_cards(master_pool_id, buyer_client_id, buyer_pool_id, quantity, price,
    tests.request(actor, idempotency_key, concat_ws(':', master_pool_id, buyer_client_id, quantity)));
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

create or replace function tests.return_cards(
  sale_id uuid, quantity int, actor uuid default null, idempotency_key text default null)
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.return_gift_cards(sale_id, quantity, tests.request(actor, idempotency_key, quantity::text));
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

-- Makes a client, or its agency, prepaid and gives it so much credit: the id of its account. The agency has what its client gets.
create or replace function tests.give_credit(client_id uuid, amount numeric, billing_entity text default 'client')
returns uuid language plpgsql set search_path = '' as $$
declare
  agency uuid := (select c.agency_id from public.clients c where c.id = give_credit.client_id);
  account_id uuid := private.credit_account('agency', agency, 'USD');
begin
  if amount > 0 then
    perform private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:USD'), account_id, amount,
      gen_random_uuid()::text);
  end if;
  if billing_entity = 'agency' then
    update public.agencies a set prepaid_since = now() - interval '1 hour' where a.id = agency;
    return account_id;
  end if;
  update public.clients c set prepaid_since = now() - interval '1 hour' where c.id = give_credit.client_id;
  if amount > 0 then
    perform private.post_credit('allocation', account_id, private.credit_account('client', give_credit.client_id, 'USD'),
      amount, gen_random_uuid()::text);
  end if;
  return private.credit_account('client', give_credit.client_id, 'USD');
end $$;

-- Entry points with their refusals as data.

create or replace function tests.reveal_to_staff(
  gift_card_id uuid, reason text default 'asked by phone', request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.reveal_gift_card_to_staff(gift_card_id, reason, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

create or replace function tests.billing_statement(
  client_id uuid, agency_id uuid, month text, request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.get_billing_statement(client_id, agency_id, month, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;
