-- Factories of reports: cards that were given in the past, and a tenant whose numbers can be computed by hand.

-- A card that was given at some time in the past, with its grant and bill: the agency owes the price, and the client the same
-- unless the test says otherwise.
create or replace function tests.give_card(
  recipient_id uuid, pool_id uuid, claimed_at timestamptz, delivered_at timestamptz default null,
  redeemed_at timestamptz default null, delivery_method text default 'sms', price numeric default 25,
  condition_number int default 1, client_price numeric default null)
returns uuid language plpgsql set search_path = '' as $$
declare
  new_grant uuid := gen_random_uuid();
  card_id uuid := (
    select c.id from public.gift_cards c
    where c.pool_id = give_card.pool_id and c.status = 'available' order by c.code_last4 limit 1);
begin
  insert into public.gift_card_grants (id, client_id, campaign_id, recipient_id, condition_number, surface, created_at)
  select new_grant, r.client_id, r.campaign_id, r.id, condition_number, 'api', give_card.claimed_at
  from public.campaign_recipients r where r.id = give_card.recipient_id;
  update public.gift_cards c
  set status = case when give_card.redeemed_at is not null then 'redeemed' when give_card.delivered_at is not null
      then 'delivered' else 'claimed' end,
    client_id = r.client_id, recipient_id = r.id, grant_id = new_grant, claimed_at = give_card.claimed_at,
    delivered_at = give_card.delivered_at, redeemed_at = give_card.redeemed_at,
    delivery_method = give_card.delivery_method, exposed_at = give_card.delivered_at
  from public.campaign_recipients r where r.id = give_card.recipient_id and c.id = card_id;
  insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source,
    stock_owner, currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id, created_at)
  select r.client_id, k.agency_id, r.campaign_id, r.id, new_grant, card_id, 'inventory', p.stock_owner, p.currency, p.denomination,
    p.cost_per_card, give_card.price, coalesce(give_card.client_price, give_card.price), 'client', k.id, give_card.claimed_at
  from public.campaign_recipients r, public.clients k, public.card_pools p
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
  update public.campaign_recipients x set state = p.state, country = p.country
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
