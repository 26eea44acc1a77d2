-- Reports: the results of granted cards by pool, brand, delivery method, place and campaign.
-- A range selects the cards that were granted (claimed) in it, with their current status, so that a part is never larger than its whole. Ranges
-- are half-open ([from_day, to_day), null is open) and days are those of each client's time zone. Amounts of two currencies are never
-- added: each has a row. A rate of nothing is null.
-- Cards count as in the inventory and the pools (gift_cards.counted_as). Cancelled cards are counted apart, not as granted. A
-- granted card that expired had been delivered: it counts for the rates of delivery, redemption and utilization.
-- Admins read their clients; costs and master pools are for the platform.

create type private.report_request as (client_ids uuid[], from_day date, to_day date, is_platform boolean);

create type public.pool_performance as (
  client_id uuid, client_name text, pool_id uuid, pool_name text, pool_type text, brand_name text,
  currency text, denomination numeric, total_cards bigint, available_cards bigint, expiring_cards bigint, given_cards bigint,
  stuck_cards bigint, delivered_cards bigint, redeemed_cards bigint, expired_cards bigint, cancelled_cards bigint,
  utilization_rate numeric, delivery_attempts bigint, delivery_success_rate numeric,
  average_seconds_to_delivery numeric, total_cost numeric, cost_per_redemption numeric);

create type public.brand_performance as (
  client_id uuid, client_name text, brand_id uuid, brand_name text, currency text, given_cards bigint, delivered_cards bigint,
  redeemed_cards bigint, cancelled_cards bigint, delivery_rate numeric, redemption_rate numeric, value_given numeric, value_redeemed numeric,
  average_seconds_to_delivery numeric);

create type public.delivery_methods as (
  client_id uuid, client_name text, delivery_method text, deliveries bigint, delivery_attempts bigint, successful bigint,
  confirmed bigint, failed bigint, suppressed bigint, undecided bigint, delivery_success_rate numeric,
  average_attempts numeric, average_seconds_to_sent numeric, delivered_cards bigint, redeemed_cards bigint,
  redemption_rate numeric);

create type public.geography as (
  client_id uuid, client_name text, country text, state text, currency text, recipients bigint, given_cards bigint,
  delivered_cards bigint, redeemed_cards bigint, redemption_rate numeric, value_given numeric);

create type public.campaign_comparison as (
  client_id uuid, client_name text, campaign_id uuid, campaign_name text, status text, currency text, recipients bigint,
  recipients_rewarded bigint, reward_rate numeric, given_cards bigint, delivered_cards bigint, redeemed_cards bigint,
  cancelled_cards bigint, owed_rewards bigint, redemption_rate numeric, delivery_attempts bigint, delivery_success_rate numeric,
  average_seconds_to_delivery numeric, value_given numeric, total_cost numeric, cost_per_redemption numeric);

-- PL/pgSQL, because each row of a report calls them: a function in SQL with a search_path is not inlined, and starts an executor.
create function private.rate(part numeric, whole numeric)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return round(part / nullif(whole, 0), 4);
end $$;

create function private.seconds(duration interval)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return round(extract(epoch from duration), 1);
end $$;

-- The scope of a report: one client, or all clients that the reader administers.
create function private.report_request(actor uuid, client_id uuid, from_day date, to_day date, roles text[])
returns private.report_request language plpgsql stable set search_path = '' as $$
declare
  request private.report_request;
begin
  if client_id is not null then
    perform private.assert_can_act(actor, client_id, roles);
    request.client_ids := array[client_id];
  elsif actor is null then
    request.client_ids := array(select c.id from public.clients c);
  else
    request.client_ids := array(select private.client_ids_of(actor, roles));
    if request.client_ids = '{}' and not (private.is_platform_admin(actor) and 'platform_admin' = any (roles)) then
      perform private.refuse('RB-403');
    end if;
  end if;
  request.from_day := from_day;
  request.to_day := to_day;
  request.is_platform := private.acts_for_platform(actor);
  return request;
end $$;

-- The clients of a report, with the range in each client's time zone.
create function private.reported_clients(request private.report_request)
returns table (client_id uuid, client_name text, agency_id uuid, starts_at timestamptz, ends_at timestamptz)
language sql stable set search_path = '' as $$
  select c.id, c.name, c.agency_id,
    coalesce(request.from_day::timestamp at time zone c.time_zone, '-infinity'),
    coalesce(request.to_day::timestamp at time zone c.time_zone, 'infinity')
  from unnest(request.client_ids) known (id) join public.clients c on c.id = known.id
$$;

-- The moments between which the range lies, whatever a client's time zone. The planner sees how much of a table they leave, which
-- it does not see of each client's own range: so a day is read by index and a year by scan.
create function private.widest_range(request private.report_request)
returns tstzrange language sql immutable set search_path = '' as $$
  -- days in the wrong order are an empty range, not an error
  select tstzrange((request.from_day - 1)::timestamp at time zone 'UTC',
    (case when request.to_day < request.from_day then request.from_day else request.to_day end + 1)::timestamp at time zone 'UTC')
$$;

-- The cards granted in the range, each with its bill and its delivery attempts. An attempt succeeded when a provider accepted the message
-- and has not reported it undelivered since; an attempt in progress does not count.
create function private.given_cards(request private.report_request)
returns table (
  card_id uuid, client_id uuid, client_name text, agency_id uuid, pool_id uuid, brand_id uuid, campaign_id uuid,
  recipient_id uuid, currency text, denomination numeric, is_delivered boolean, is_redeemed boolean, is_received boolean,
  is_stuck boolean, is_cancelled boolean, to_delivery interval, cost numeric, source text, stock_owner text,
  attempts bigint, successes bigint)
language plpgsql stable rows 10000
set search_path = '' set plan_cache_mode = force_custom_plan set work_mem = '32MB' as $$
declare
  since constant timestamptz := coalesce(lower(private.widest_range(request)), '-infinity');
  until constant timestamptz := coalesce(upper(private.widest_range(request)), 'infinity');
begin
  return query
    with cards as materialized (
      select c.id, c.client_id, c.pool_id, c.grant_id, c.recipient_id, c.status, c.counted_as, c.was_received, c.claimed_at,
        c.delivered_at, k.name as client_name, k.agency_id
      from unnest(request.client_ids) known (id)
      join public.clients k on k.id = known.id
      join public.gift_cards c on c.client_id = k.id
        and c.claimed_at >= coalesce(request.from_day::timestamp at time zone k.time_zone, '-infinity')
        and c.claimed_at < coalesce(request.to_day::timestamp at time zone k.time_zone, 'infinity')
      where c.claimed_at >= since and c.claimed_at < until and c.grant_id is not null
    ), tries as (
      select d.subject_id, count(*) filter (where a.status <> 'calling') as attempts,
        count(*) filter (where a.status = 'sent' and d.status <> 'undelivered') as successes
      from cards c
      join public.deliveries d on d.subject_id = c.id and d.topic = 'gift_card'
      join public.delivery_attempts a on a.delivery_id = d.id
      group by d.subject_id)
    select c.id, c.client_id, c.client_name, c.agency_id, c.pool_id, p.brand_id, g.campaign_id, c.recipient_id, p.currency,
      p.denomination, c.counted_as = 'delivered', c.status = 'redeemed', c.was_received, c.status = 'stuck', c.counted_as = 'cancelled',
      case when c.was_received then c.delivered_at - c.claimed_at end,
      b.cost_basis, b.source, b.stock_owner, coalesce(t.attempts, 0), coalesce(t.successes, 0)
    from cards c
    join public.card_pools p on p.id = c.pool_id
    join public.gift_card_grants g on g.id = c.grant_id
    -- a card that was returned and granted again has the bill of its current grant
    left join public.billing_transactions b on b.grant_id = c.grant_id and b.reverses_id is null
    left join tries t on t.subject_id = c.id;
end $$;

-- The stock of the pools of these clients, and of the master pools for the platform, by the counters. Of a range that is past, without
-- the cards that came since: few, where the end of the range is recent.
create function private.reported_stock(request private.report_request, with_masters boolean)
returns table (pool_id uuid, total bigint, available bigint, expiring bigint, expired bigint)
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  until constant timestamptz := coalesce(lower(private.widest_range(row(null, request.to_day, null, null))), 'infinity');
begin
  return query
    with pools as materialized (
      select p.*, coalesce(request.to_day::timestamp at time zone coalesce(k.time_zone, 'UTC'), 'infinity') as ends_at
      from public.card_pools p
      left join (unnest(request.client_ids) known (id) join public.clients k on k.id = known.id) on k.id = p.client_id
      where k.id is not null or (p.client_id is null and with_masters)
    ), moved as (
      select m.pool_id, m.lot_id, sum(m.total) as total, sum(m.available) as available, sum(m.expired) as expired
      from private.card_movements m join pools p on p.id = m.pool_id and m.xact >= p.folded_before group by m.pool_id, m.lot_id
    ), late as (
      select l.pool_id, sum(l.available_cards + coalesce(m.available, 0)) as available
      from private.card_lots l left join moved m on m.lot_id = l.id
      where l.given_until <= now() group by l.pool_id
    ), since as (
      select c.pool_id, count(*) as total, count(*) filter (where c.counted_as = 'available') as available,
        count(*) filter (where c.counted_as = 'available' and l.given_until <= now()) as expiring,
        count(*) filter (where c.counted_as = 'expired') as expired
      from public.gift_cards c join private.card_lots l on l.id = c.lot_id join pools p on p.id = c.pool_id
      where c.created_at >= until and c.created_at >= p.ends_at group by c.pool_id
    ), changed as (
      select m.pool_id, sum(m.total) as total, sum(m.available) as available, sum(m.expired) as expired from moved m group by m.pool_id)
    select p.id, p.total_cards + coalesce(m.total, 0)::bigint - coalesce(s.total, 0),
      p.available_cards + (coalesce(m.available, 0) - coalesce(l.available, 0))::bigint - coalesce(s.available - s.expiring, 0),
      coalesce(l.available, 0)::bigint - coalesce(s.expiring, 0),
      p.expired_cards + coalesce(m.expired, 0)::bigint - coalesce(s.expired, 0)
    from pools p
    left join changed m on m.pool_id = p.id
    left join late l on l.pool_id = p.id
    left join since s on s.pool_id = p.id;
end $$;

-- A pool's total is its stock until the end of the range.
create function private.pool_performance(request private.report_request)
returns setof public.pool_performance language sql stable set search_path = '' as $$
  with given as (
    select g.pool_id, count(*) filter (where not g.is_cancelled) as given, count(*) filter (where g.is_delivered) as delivered,
      count(*) filter (where g.is_redeemed) as redeemed, count(*) filter (where g.is_received) as received,
      count(*) filter (where g.is_stuck) as stuck, count(*) filter (where g.is_cancelled) as cancelled, sum(g.attempts) as attempts, sum(g.successes) as successes,
      avg(g.to_delivery) as to_delivery, sum(g.cost) as cost
    from private.given_cards(request) g group by g.pool_id)
  select p.client_id, k.client_name, p.id, p.pool_name, p.pool_type, b.name, p.currency, p.denomination,
    s.total, s.available, s.expiring, coalesce(g.given, 0), coalesce(g.stuck, 0),
    coalesce(g.delivered, 0), coalesce(g.redeemed, 0), s.expired, coalesce(g.cancelled, 0),
    private.rate(coalesce(g.received, 0), s.total), coalesce(g.attempts, 0), private.rate(g.successes, g.attempts),
    private.seconds(g.to_delivery), case when request.is_platform then coalesce(g.cost, 0) end,
    case when request.is_platform then private.round_money(g.cost / nullif(g.received, 0), p.currency) end
  -- of a master pool only the cards that went to the clients of the report
  from private.reported_stock(request, request.is_platform) s
  join public.card_pools p on p.id = s.pool_id
  join public.gift_card_brands b on b.id = p.brand_id
  left join private.reported_clients(request) k on k.client_id = p.client_id
  left join given g on g.pool_id = p.id
  order by k.client_name nulls first, p.pool_name, p.id
$$;

create function private.brand_performance(request private.report_request)
returns setof public.brand_performance language sql stable set search_path = '' as $$
  select g.client_id, g.client_name, g.brand_id, b.name, g.currency, count(*) filter (where not g.is_cancelled),
    count(*) filter (where g.is_delivered), count(*) filter (where g.is_redeemed), count(*) filter (where g.is_cancelled),
    private.rate(count(*) filter (where g.is_received), count(*) filter (where not g.is_cancelled)),
    private.rate(count(*) filter (where g.is_redeemed), count(*) filter (where g.is_received)),
    coalesce(sum(g.denomination) filter (where not g.is_cancelled), 0),
    coalesce(sum(g.denomination) filter (where g.is_redeemed), 0), private.seconds(avg(g.to_delivery))
  from private.given_cards(request) g
  join public.gift_card_brands b on b.id = g.brand_id
  group by g.client_id, g.client_name, g.brand_id, b.name, g.currency
  order by g.client_name, b.name, g.currency, g.client_id
$$;

-- The messages of cards, queued in the range. A card sent twice by one method counts once.
create function private.delivery_methods(request private.report_request)
returns setof public.delivery_methods
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan set work_mem = '32MB' as $$
declare
  since constant timestamptz := coalesce(lower(private.widest_range(request)), '-infinity');
  until constant timestamptz := coalesce(upper(private.widest_range(request)), 'infinity');
begin
  return query
    with messages as materialized (
      select k.id as client_id, k.name as client_name, d.id, d.channel, d.status, d.subject_id, d.sent_at - d.created_at as to_sent,
        d.status in ('sent', 'delivered') as is_successful
      from unnest(request.client_ids) known (id)
      join public.clients k on k.id = known.id
      join public.deliveries d on d.client_id = k.id
        and d.created_at >= coalesce(request.from_day::timestamp at time zone k.time_zone, '-infinity')
        and d.created_at < coalesce(request.to_day::timestamp at time zone k.time_zone, 'infinity')
      where d.created_at >= since and d.created_at < until and d.topic = 'gift_card' and d.status <> 'cancelled'
    ), tries as (
      select a.delivery_id, count(*) filter (where a.status <> 'calling') as attempts,
        count(*) filter (where a.status = 'sent') as sent
      from messages m join public.delivery_attempts a on a.delivery_id = m.id group by a.delivery_id
    ), told as (
      select m.*, c.redeemed_at is not null as is_redeemed, coalesce(t.attempts, 0) as attempts,
        case when m.status = 'undelivered' then 0 else coalesce(t.sent, 0) end as successes
      from messages m
      join public.gift_cards c on c.id = m.subject_id
      left join tries t on t.delivery_id = m.id)
    select m.client_id, m.client_name, m.channel, count(*), sum(m.attempts)::bigint, count(*) filter (where m.is_successful),
      count(*) filter (where m.status = 'delivered'), count(*) filter (where m.status in ('failed', 'undelivered')),
      count(*) filter (where m.status = 'suppressed'), count(*) filter (where m.status in ('queued', 'sending', 'unknown')),
      private.rate(sum(m.successes), sum(m.attempts)), round(avg(m.attempts), 2), private.seconds(avg(m.to_sent)),
      count(distinct m.subject_id) filter (where m.is_successful),
      count(distinct m.subject_id) filter (where m.is_successful and m.is_redeemed),
      private.rate(count(distinct m.subject_id) filter (where m.is_successful and m.is_redeemed),
        count(distinct m.subject_id) filter (where m.is_successful))
    from told m
    group by m.client_id, m.client_name, m.channel
    order by m.client_name, m.channel, m.client_id;
end $$;

-- Places as imported, ignoring case and spaces; recipients may have none.
create function private.geography(request private.report_request)
returns setof public.geography language sql stable set search_path = '' as $$
  with placed as (
    select g.*, coalesce(nullif(upper(btrim(r.country)), ''), 'unknown') as country,
      coalesce(nullif(upper(btrim(r.state)), ''), 'unknown') as state
    from private.given_cards(request) g join public.campaign_recipients r on r.id = g.recipient_id)
  select p.client_id, p.client_name, p.country, p.state, p.currency, count(distinct p.recipient_id), count(*),
    count(*) filter (where p.is_delivered), count(*) filter (where p.is_redeemed),
    private.rate(count(*) filter (where p.is_redeemed), count(*) filter (where p.is_received)), sum(p.denomination)
  from placed p
  where not p.is_cancelled
  group by p.client_id, p.client_name, p.country, p.state, p.currency
  order by p.client_name, p.country, p.state, p.currency, p.client_id
$$;

-- Every campaign that began before the end of the range, also without granted cards; recipients and pending rewards are current.
create function private.campaign_comparison(request private.report_request)
returns setof public.campaign_comparison language sql stable set search_path = '' as $$
  with given as (
    select g.campaign_id, g.currency, count(*) filter (where not g.is_cancelled) as given,
      count(distinct g.recipient_id) filter (where not g.is_cancelled) as rewarded,
      count(*) filter (where g.is_delivered) as delivered, count(*) filter (where g.is_redeemed) as redeemed,
      count(*) filter (where g.is_received) as received, count(*) filter (where g.is_cancelled) as cancelled,
      sum(g.attempts) as attempts, sum(g.successes) as successes, avg(g.to_delivery) as to_delivery,
      sum(g.denomination) filter (where not g.is_cancelled) as value, sum(g.cost) as cost
    from private.given_cards(request) g group by g.campaign_id, g.currency
  ), people as (
    select r.campaign_id, count(*) as recipients from public.campaign_recipients r
    where r.client_id = any (request.client_ids) group by r.campaign_id
  ), owed as (
    select w.campaign_id, w.currency, count(*) as owed
    from private.reported_clients(request) k
    join public.pending_rewards w on w.client_id = k.client_id and w.created_at >= k.starts_at and w.created_at < k.ends_at
    where w.status like 'awaiting%' group by w.campaign_id, w.currency)
  select c.client_id, k.client_name, c.id, c.campaign_name, c.status, coalesce(g.currency, o.currency, c.currency),
    coalesce(n.recipients, 0), coalesce(g.rewarded, 0), private.rate(coalesce(g.rewarded, 0), n.recipients),
    coalesce(g.given, 0), coalesce(g.delivered, 0), coalesce(g.redeemed, 0), coalesce(g.cancelled, 0),
    coalesce(o.owed, 0), private.rate(g.redeemed, g.received), coalesce(g.attempts, 0), private.rate(g.successes, g.attempts),
    private.seconds(g.to_delivery), coalesce(g.value, 0), case when request.is_platform then coalesce(g.cost, 0) end,
    case when request.is_platform then private.round_money(g.cost / nullif(g.received, 0), g.currency) end
  from private.reported_clients(request) k
  join public.campaigns c on c.client_id = k.client_id and c.created_at < k.ends_at
  left join people n on n.campaign_id = c.id
  left join (given g full join owed o on o.campaign_id = g.campaign_id and o.currency = g.currency)
    on coalesce(g.campaign_id, o.campaign_id) = c.id
  order by k.client_name, c.campaign_name, c.id, 6
$$;
