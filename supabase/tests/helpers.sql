-- Factories for tests, valid by default: each takes only what matters to the test and makes its own tenant.
-- Loaded into test databases only.

create schema if not exists tests;

create or replace function tests.create_client(time_zone text default 'UTC')
returns uuid language sql set search_path = '' as $$
  with agency as (
    insert into public.agencies (name, slug) values ('Agency', 'agency-' || gen_random_uuid()) returning id)
  insert into public.clients (agency_id, name, slug, time_zone)
  select a.id, 'Client', 'client-' || gen_random_uuid(), time_zone from agency a returning id
$$;

create or replace function tests.create_user(role text default null, client_id uuid default null)
returns uuid language plpgsql set search_path = '' as $$
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
returns void language plpgsql set search_path = '' as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', user_id, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end $$;

create or replace function tests.sign_out()
returns void language plpgsql set search_path = '' as $$
begin
  perform set_config('role', 'none', true);
  perform set_config('request.jwt.claims', '', true);
end $$;

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
  insert into public.recipients (client_id, campaign_id, first_name, last_name, phone, email)
  select c.client_id, c.id, 'Ada', 'Archer', '+1' || (2000000000 + floor(random() * 7999999999))::bigint,
    gen_random_uuid() || '@example.com'
  from public.campaigns c, generate_series(1, how_many)
  where c.id = create_recipients.campaign_id
  returning id
$$;

create or replace function tests.create_pool(
  client_id uuid, brand_id uuid, cards int default 1, denomination numeric default 25,
  campaign_id uuid default null, cost numeric default 23.50, expires_on date default null)
returns uuid language plpgsql set search_path = '' as $$
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

-- What a test remembers by name until it ends: tests.keep(tests.create_promise()), then tests.the('recipient').
create or replace function tests.keep(facts jsonb)
returns void language sql set search_path = '' as $$
  select set_config('tests.facts',
    (coalesce(nullif(current_setting('tests.facts', true), ''), '{}')::jsonb || facts)::text, true)
$$;

create or replace function tests.keep(name text, fact anyelement)
returns void language sql set search_path = '' as $$
  select tests.keep(jsonb_build_object(name, fact))
$$;

create or replace function tests.kept(name text)
returns jsonb language sql stable as $$
  select current_setting('tests.facts')::jsonb -> name
$$;

create or replace function tests.the(name text)
returns uuid language sql stable as $$
  select (tests.kept(name) #>> '{}')::uuid
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
  suppliers text[] default null)
returns jsonb language sql set search_path = '' as $$
  select public.provision_gift_card_for_call_center(agent, call_session_id, code, recipient_id, condition_number,
    delivery_method, deliver_to, skip_verification, gen_random_uuid(), idempotency_key, request_hash, suppliers)
$$;

create or replace function tests.redemption_token(recipient_id uuid)
returns text language sql stable as $$
  select redemption_token from public.recipients where id = recipient_id
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

-- The delivery that brings a card, and a card claimed for it: {…promise, card, delivery}.
create or replace function tests.create_delivery(delivery_method text default 'sms', deliver_to text default '+12025550100')
returns jsonb language plpgsql set search_path = '' as $$
declare
  promise jsonb := tests.create_promise();
  answer jsonb := tests.provision((promise ->> 'recipient')::uuid, delivery_method => delivery_method, deliver_to => deliver_to);
begin
  return promise || jsonb_build_object(
    'card', answer #> '{result,giftCard,id}', 'delivery', answer #> '{result,delivery,id}');
end $$;

-- Leases one delivery, whether its back-off is over or not; null when it cannot be leased.
create or replace function tests.lease(delivery_id uuid)
returns jsonb language plpgsql set search_path = '' as $$
begin
  update public.deliveries d set next_attempt_at = now() where d.id = delivery_id and d.status = 'queued';
  return public.lease_deliveries(delivery_id, 1) #> '{result,deliveries,0}';
end $$;

-- complete_delivery_attempt for a lease.
create or replace function tests.report(
  lease jsonb, outcome text, provider_message_id text default null, error_code text default null,
  error_message text default null)
returns jsonb language sql set search_path = '' as $$
  select public.complete_delivery_attempt((lease ->> 'attemptId')::uuid, (lease ->> 'leaseToken')::uuid, outcome,
    case lease ->> 'channel' when 'sms' then 'twilio' else 'sendgrid' end, provider_message_id, error_code, error_message)
$$;

-- Leases the unknown delivery for a look-up, as if its grace time were over.
create or replace function tests.lease_unknown(delivery_id uuid)
returns jsonb language plpgsql set search_path = '' as $$
begin
  update public.delivery_attempts a set created_at = now() - interval '1 hour' where a.delivery_id = lease_unknown.delivery_id;
  update public.deliveries d set next_attempt_at = now() - interval '1 year' where d.id = lease_unknown.delivery_id;
  return (
    select l from jsonb_array_elements(public.lease_unknown_deliveries(100, 60) #> '{result,deliveries}') l
    where l ->> 'deliveryId' = lease_unknown.delivery_id::text);
end $$;

-- request_sms_opt_in with what matters.
create or replace function tests.ask_for_consent(
  recipient_id uuid, actor uuid default null, phone text default null, session uuid default null, company text default null,
  key text default null, hash text default null)
returns jsonb language sql set search_path = '' as $$
  select public.request_sms_opt_in(actor, recipient_id, phone, session, company, '{{company_name}}: reply YES', 'v1',
    gen_random_uuid(), key, hash)
$$;

-- receive_sms with what matters.
create or replace function tests.write_sms(
  phone text, body text, meaning text, id text default gen_random_uuid()::text, answered boolean default false)
returns jsonb language sql set search_path = '' as $$
  select public.receive_sms(id, phone, '+15550100000', body, 0, meaning, answered, gen_random_uuid())
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

-- Lets a condition of a campaign wait for an event, and names a recipient as the CRM does; returns an endpoint of the client.
create or replace function tests.create_crm_endpoint(
  facts jsonb, crm_event_name text default 'visit', contact_id text default 'crm-1', kind text default 'standard')
returns uuid language plpgsql set search_path = '' as $$
declare
  endpoint_id uuid;
begin
  update public.campaign_conditions cc set crm_event_name = create_crm_endpoint.crm_event_name
  where cc.campaign_id = (facts ->> 'campaign')::uuid;
  update public.recipients r set external_crm_id = contact_id where r.id = (facts ->> 'recipient')::uuid;
  insert into public.crm_endpoints (client_id, name, kind)
  values ((facts ->> 'client')::uuid, 'CRM ' || gen_random_uuid(), kind) returning id into endpoint_id;
  insert into private.crm_keys (endpoint_id, key) values (endpoint_id, 'whsec_dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0');
  return endpoint_id;
end $$;

-- Stores an event that an endpoint has signed: the row's id, whether it is new or not.
create or replace function tests.record_crm_event(
  endpoint_id uuid, event_id text default gen_random_uuid()::text, contact_id text default 'crm-1',
  names text[] default '{visit}', campaign text default null)
returns uuid language sql set search_path = '' as $$
  select (public.record_crm_events(endpoint_id, jsonb_build_array(jsonb_build_object('eventId', event_id,
    'names', names, 'contactId', contact_id, 'campaign', campaign, 'payload', '{}'::jsonb)), gen_random_uuid())
    #>> '{result,events,0,id}')::uuid
$$;

-- Stores an event and deals with it; returns its row.
create or replace function tests.take_crm_event(
  endpoint_id uuid, event_id text default gen_random_uuid()::text, contact_id text default 'crm-1',
  names text[] default '{visit}', campaign text default null)
returns public.crm_events language plpgsql set search_path = '' as $$
declare
  stored uuid := tests.record_crm_event(endpoint_id, event_id, contact_id, names, campaign);
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
returns jsonb language sql set search_path = '' as $$
  select public.sell_gift_cards(actor, master_pool_id, buyer_client_id, buyer_pool_id, quantity, price, gen_random_uuid(),
    idempotency_key, concat_ws(':', master_pool_id, buyer_client_id, quantity))
$$;

create or replace function tests.return_cards(
  sale_id uuid, quantity int, actor uuid default null, idempotency_key text default null)
returns jsonb language sql set search_path = '' as $$
  select public.return_gift_cards(actor, sale_id, quantity, gen_random_uuid(), idempotency_key, quantity::text)
$$;

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

-- A card that was given at some time in the past, with its grant and bill.
create or replace function tests.give_card(
  recipient_id uuid, pool_id uuid, claimed_at timestamptz, delivered_at timestamptz default null,
  redeemed_at timestamptz default null, delivery_method text default 'sms', price numeric default 25,
  condition_number int default 1)
returns uuid language plpgsql set search_path = '' as $$
declare
  new_grant uuid := gen_random_uuid();
  card_id uuid := (
    select c.id from public.gift_cards c
    where c.pool_id = give_card.pool_id and c.status = 'available' order by c.code_last4 limit 1);
begin
  insert into public.gift_card_grants (id, client_id, campaign_id, recipient_id, condition_number, surface, created_at)
  select new_grant, r.client_id, r.campaign_id, r.id, condition_number, 'api', give_card.claimed_at
  from public.recipients r where r.id = give_card.recipient_id;
  update public.gift_cards c
  set status = case when give_card.redeemed_at is not null then 'redeemed' when give_card.delivered_at is not null
      then 'delivered' else 'claimed' end,
    client_id = r.client_id, recipient_id = r.id, grant_id = new_grant, claimed_at = give_card.claimed_at,
    delivered_at = give_card.delivered_at, redeemed_at = give_card.redeemed_at,
    delivery_method = give_card.delivery_method, exposed_at = give_card.delivered_at
  from public.recipients r where r.id = give_card.recipient_id and c.id = card_id;
  insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source,
    currency, denomination, cost_basis, price, billed_entity_type, billed_entity_id, created_at)
  select r.client_id, k.agency_id, r.campaign_id, r.id, new_grant, card_id, 'inventory', p.currency, p.denomination,
    p.cost_per_card, give_card.price, 'client', k.id, give_card.claimed_at
  from public.recipients r, public.clients k, public.card_pools p
  where r.id = give_card.recipient_id and k.id = r.client_id and p.id = give_card.pool_id;
  return card_id;
end $$;

-- A message that brought a card, or did not, with the outcome of each try; it left or failed so many seconds later.
create or replace function tests.add_delivery(
  card_id uuid, channel text, status text, outcomes text[], seconds int default 0)
returns uuid language sql set search_path = '' as $$
  with delivery as (
    insert into public.deliveries (client_id, topic, subject_id, recipient_id, channel, deliver_to, status, attempts,
      created_at, sent_at, delivered_at, failed_at)
    select c.client_id, 'gift_card', c.id, c.recipient_id, channel, case channel when 'sms' then '+12025550100' else 'a@example.com' end,
      add_delivery.status, cardinality(outcomes), c.claimed_at, case when add_delivery.status in ('sent', 'delivered', 'undelivered') then t.at end,
      case when add_delivery.status = 'delivered' then t.at end, case when add_delivery.status in ('failed', 'undelivered', 'suppressed') then t.at end
    from public.gift_cards c, lateral (select c.claimed_at + make_interval(secs => seconds) as at) t
    where c.id = card_id returning id, client_id
  ), tries as (
    insert into public.delivery_attempts (delivery_id, client_id, attempt_number, status, finished_at)
    select d.id, d.client_id, o.n, o.outcome, now() from delivery d, unnest(outcomes) with ordinality o (outcome, n))
  select id from delivery
$$;

-- A tenant whose numbers can be computed by hand: a pool of 10 cards of 25 USD at a cost of 20, and 5 of them given in 2026.
--   1 on March 1, 12:00 UTC: by SMS at the first try after 60 s, redeemed the next day · New York
--   2 on March 2, 12:00: by SMS at the second try after 120 s · New York, written otherwise
--   3 on March 3, 12:00: three SMS fail, the e-mail goes at the first try after 180 s · California
--   4 on March 4, 12:00: the SMS fails for good, never delivered · nobody knows where
--   5 on April 1, 03:30, which is March 31 in New York: shown in the browser at once · California
create or replace function tests.create_reported_tenant(time_zone text default 'UTC', currency text default 'USD')
returns jsonb language plpgsql set search_path = '' as $$
declare
  client uuid := tests.create_client(time_zone);
  brand uuid := tests.create_brand();
  campaign uuid := tests.create_campaign(client, brand);
  pool uuid := tests.create_pool(client, brand, 10, cost => 20);
  r uuid[] := array(select tests.create_recipients(campaign, 5));
  cards uuid[];
begin
  update public.card_pools p set created_at = '2026-01-01', currency = create_reported_tenant.currency where p.id = pool;
  update public.gift_cards c set created_at = '2026-01-01' where c.pool_id = pool;
  update public.campaigns c set created_at = '2026-01-01' where c.id = campaign;
  update public.recipients x set state = p.state, country = p.country
  from (values (1, 'NY', 'US'), (2, ' ny', 'us'), (3, 'CA', 'US'), (4, null, null), (5, 'CA', 'US')) p (n, state, country)
  where x.id = r[p.n];
  cards := array[
    tests.give_card(r[1], pool, '2026-03-01 12:00Z', '2026-03-01 12:01Z', '2026-03-02 12:00Z'),
    tests.give_card(r[2], pool, '2026-03-02 12:00Z', '2026-03-02 12:02Z'),
    tests.give_card(r[3], pool, '2026-03-03 12:00Z', '2026-03-03 12:03Z', delivery_method => 'email'),
    tests.give_card(r[4], pool, '2026-03-04 12:00Z'),
    tests.give_card(r[5], pool, '2026-04-01 03:30Z', '2026-04-01 03:30Z', delivery_method => 'browser')];
  perform tests.add_delivery(cards[1], 'sms', 'delivered', '{sent}', 60);
  perform tests.add_delivery(cards[2], 'sms', 'sent', '{retriable,sent}', 120);
  perform tests.add_delivery(cards[3], 'sms', 'failed', '{retriable,retriable,retriable}', 100);
  perform tests.add_delivery(cards[3], 'email', 'sent', '{sent}', 180);
  perform tests.add_delivery(cards[4], 'sms', 'failed', '{permanent}', 10);
  return jsonb_build_object('client', client, 'brand', brand, 'campaign', campaign, 'pool', pool,
    'recipients', r, 'cards', cards);
end $$;

-- A customer of a client, of a dealer if one is named, with an address and a phone number of his own.
create or replace function tests.create_customer(
  client_id uuid, email text default null, phone text default null, dealer_id uuid default null)
returns uuid language plpgsql set search_path = '' as $$
declare
  new_id uuid := tests.create_user('customer', client_id);
begin
  update auth.users u set email = coalesce(create_customer.email, u.email), phone = create_customer.phone,
    email_confirmed_at = now()
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

-- An endpoint of a client that wants to be told of these events.
create or replace function tests.create_endpoint(
  client_id uuid, events text[] default '{*}', url text default 'https://hooks.example.com/in')
returns uuid language sql set search_path = '' as $$
  with endpoint as (
    insert into public.webhook_endpoints (client_id, url, events) values (client_id, url, events) returning id),
  secret as (
    insert into private.webhook_secrets (endpoint_id, secret)
    select id, 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64') from endpoint)
  select id from endpoint
$$;

-- A message that an endpoint did not take.
create or replace function tests.dead_webhook(endpoint_id uuid)
returns uuid language sql set search_path = '' as $$
  insert into public.webhook_messages (client_id, endpoint_id, event_type, data, status, attempts, failed_at)
  select e.client_id, e.id, 'webhook.test', '{}', 'failed', 10, now() from public.webhook_endpoints e where e.id = endpoint_id
  returning id
$$;

-- Leases the messages of an endpoint that are due, or become due later: what the worker would get.
create or replace function tests.lease_webhooks(endpoint_id uuid)
returns setof jsonb language plpgsql set search_path = '' as $$
begin
  update public.webhook_messages m set next_attempt_at = now() - interval '1 year'
  where m.endpoint_id = lease_webhooks.endpoint_id and m.status = 'queued';
  return query
    select l from jsonb_array_elements(public.lease_webhooks(100) #> '{result,webhooks}') l
    join public.webhook_messages m on m.id = (l ->> 'messageId')::uuid
    where m.endpoint_id = lease_webhooks.endpoint_id;
end $$;

-- complete_webhook_attempt for a lease.
create or replace function tests.report_webhook(lease jsonb, http_status int)
returns jsonb language sql set search_path = '' as $$
  select public.complete_webhook_attempt((lease ->> 'attemptId')::uuid, (lease ->> 'leaseToken')::uuid,
    case when http_status = 410 then 'gone' when http_status between 200 and 299 then 'delivered' else 'failed' end,
    http_status, case when http_status not between 200 and 299 then 'http_' || http_status end, 12)
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
  bizcoins int default 0, idempotency_key text default null, purchase_id uuid default null, is_live boolean default false)
returns jsonb language sql set search_path = '' as $$
  select public.start_package_purchase(tests.the('customer'), tests.the('package'), bizcoins, purchase_id, is_live,
    gen_random_uuid(), idempotency_key, bizcoins::text)
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

-- A tenant with a row in every table that has tenants: {client, agency, brand, campaign, recipient, pool, agent, …}.
create or replace function tests.create_busy_tenant()
returns jsonb language plpgsql set search_path = '' as $$
declare
  facts jsonb := tests.create_promise(3);
  client_id uuid := facts ->> 'client';
  agent uuid := tests.create_user('call_agent', client_id);
  customer uuid := tests.create_user('customer', client_id);
  recipients uuid[] := array(select tests.create_recipients((facts ->> 'campaign')::uuid, 3));
begin
  insert into public.client_brands (client_id, brand_id) values (client_id, (facts ->> 'brand')::uuid);
  perform tests.create_endpoint(client_id);
  insert into public.client_denominations (client_id, brand_id, denomination, currency)
  values (client_id, (facts ->> 'brand')::uuid, 25, 'USD');
  insert into public.agency_brands (agency_id, brand_id)
  select c.agency_id, (facts ->> 'brand')::uuid from public.clients c where c.id = (facts ->> 'client')::uuid;
  insert into public.agency_denominations (agency_id, brand_id, denomination, currency)
  select c.agency_id, (facts ->> 'brand')::uuid, 25, 'USD' from public.clients c where c.id = (facts ->> 'client')::uuid;
  perform tests.return_cards((tests.sell(tests.create_pool(null, tests.create_brand(), 2), client_id, 2)
    #>> '{result,saleId}')::uuid, 2);
  perform tests.provision((facts ->> 'recipient')::uuid);
  perform tests.redeem(tests.redemption_token(recipients[1]), delivery_method => 'email', deliver_to => 'ada@example.com');
  perform public.start_call_session(agent, r.phone, null, gen_random_uuid()) from public.recipients r where r.id = recipients[2];
  perform tests.provision_for_caller(agent, recipient_id => recipients[2]);
  perform tests.provision(recipients[3]);
  perform tests.provision(recipients[3], suppliers => array[tests.create_supplier((facts ->> 'brand')::uuid)]);
  perform tests.create_wallet((facts ->> 'client')::uuid);
  perform tests.create_wallet((facts ->> 'client')::uuid, 100, customer);
  perform public.refund_package_purchase(null, (public.start_package_purchase(customer,
    tests.create_package((facts ->> 'client')::uuid, 10), 10, null, false, gen_random_uuid(), null, null)
      #>> '{result,purchase,purchaseId}')::uuid, null, null, 3, 'test', gen_random_uuid(), null, null);
  perform tests.activate((facts ->> 'client')::uuid, customer);
  perform tests.use_messages((facts ->> 'client')::uuid, customer, 7);
  perform tests.take_crm_event(tests.create_crm_endpoint(facts));
  perform tests.ask_for_consent(recipients[3]);
  perform tests.write_sms(r.phone, 'Thanks', 'other') from public.recipients r where r.id = recipients[3];
  perform tests.redeem_voucher(customer, tests.create_voucher((facts ->> 'client')::uuid));
  perform tests.redeem_voucher(customer, tests.create_voucher((facts ->> 'client')::uuid,
    '{"type": "percentage", "value": 20}'));
  update public.campaigns set requires_claim_link = true where id = (facts ->> 'campaign')::uuid;
  perform tests.lease_webhooks(e.id) from public.webhook_endpoints e where e.client_id = (facts ->> 'client')::uuid;
  perform public.lease_deliveries(d.id, 1) from public.deliveries d where d.client_id = (facts ->> 'client')::uuid;
  return facts || jsonb_build_object('agent', agent, 'agency', (select c.agency_id from public.clients c where c.id = client_id));
end $$;

-- Whoever a test plays may call its helpers.
grant usage on schema tests to anon, authenticated, service_role;
grant execute on all functions in schema tests to anon, authenticated, service_role;
