-- Reports of money: liability, profit by client and agency, an agency's profit, and platform analytics; then the entry points of all
-- reports, and of their export. Same ranges, days and currencies as the other reports. The platform's profit and numbers are for platform
-- admins only, an agency's for its own admins. Cards of a client's own stock are counted apart.

create type public.liability as (
  client_id uuid, client_name text, currency text, age text, given_cards bigint, given_value numeric, owed_rewards bigint,
  owed_value numeric, total_value numeric, expiring_cards bigint, expiring_value numeric, oldest_at timestamptz);

create type public.profit_by_client as (
  agency_id uuid, agency_name text, client_id uuid, client_name text, currency text, source text, cards bigint,
  revenue numeric, cost numeric, margin numeric, margin_rate numeric);

create type public.profit_by_agency as (
  agency_id uuid, agency_name text, currency text, clients bigint, cards bigint,
  revenue numeric, cost numeric, margin numeric, margin_rate numeric);

create type public.agency_profit as (
  agency_id uuid, agency_name text, client_id uuid, client_name text, currency text, source text, cards bigint,
  owed_by_client numeric, owed_to_platform numeric, margin numeric, margin_rate numeric);

create type public.platform_analytics as (
  currency text, agencies bigint, clients bigint, campaigns bigint, stocked_cards bigint, available_cards bigint,
  available_value numeric, available_own_cards bigint, given_cards bigint, from_inventory bigint, from_own_stock bigint,
  from_suppliers bigint, delivered_cards bigint,
  redeemed_cards bigint, cancelled_cards bigint, owed_rewards bigint, delivery_attempts bigint, delivery_success_rate numeric,
  redemption_rate numeric, average_seconds_to_delivery numeric, value_given numeric, revenue numeric, cost numeric,
  margin numeric, margin_rate numeric);

create function private.age_of(days numeric)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case when days <= 30 then '0-30 days' when days <= 60 then '31-60 days' when days <= 90 then '61-90 days'
    when days <= 180 then '91-180 days' when days <= 365 then '181-365 days' else 'over 365 days' end;
end $$;

-- Rewards promised in the range and unused at its end (or now, if earlier): granted cards that are neither redeemed, expired nor
-- cancelled, by the age of their grant, and pending rewards, by their own age.
create function private.liability(request private.report_request)
returns setof public.liability
language plpgsql stable set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  since constant timestamptz := coalesce(lower(private.widest_range(request)), '-infinity');
  until constant timestamptz := coalesce(upper(private.widest_range(request)), 'infinity');
begin
  return query
  with clients as materialized (
    select c.id as client_id, c.name as client_name,
      coalesce(request.from_day::timestamp at time zone c.time_zone, '-infinity') as starts_at,
      least(request.to_day::timestamp at time zone c.time_zone, now()) as told_at
    from unnest(request.client_ids) known (id) join public.clients c on c.id = known.id
  ), debts as (
    select k.client_id, k.client_name, p.currency, p.denomination, k.told_at, c.claimed_at as since, true as is_given,
      coalesce(c.expires_at <= k.told_at + interval '30 days', false) as is_expiring
    from clients k
    join public.gift_cards c on c.client_id = k.client_id and c.claimed_at >= k.starts_at and c.claimed_at < k.told_at
    join public.card_pools p on p.id = c.pool_id
    where c.claimed_at >= since and c.claimed_at < until
      and coalesce(c.redeemed_at >= k.told_at, true) and coalesce(c.expired_at >= k.told_at, true)
      and coalesce(c.cancelled_at >= k.told_at, true) and coalesce(c.expires_at > k.told_at, true)
    union all
    select k.client_id, k.client_name, w.currency, w.denomination, k.told_at, w.created_at, false, false
    from clients k
    join public.pending_rewards w on w.client_id = k.client_id and w.created_at >= k.starts_at and w.created_at < k.told_at
    where w.created_at >= since and w.created_at < until
      and w.status <> 'cancelled' and coalesce(w.fulfilled_at >= k.told_at, true))
  select d.client_id, d.client_name, d.currency, private.age_of(floor(extract(epoch from d.told_at - d.since) / 86400)),
    count(*) filter (where d.is_given), coalesce(sum(d.denomination) filter (where d.is_given), 0),
    count(*) filter (where not d.is_given), coalesce(sum(d.denomination) filter (where not d.is_given), 0),
    coalesce(sum(d.denomination), 0), count(*) filter (where d.is_expiring),
    coalesce(sum(d.denomination) filter (where d.is_expiring), 0), min(d.since)
  from debts d
  group by 1, 2, 3, 4
  order by d.client_name, d.currency, min(d.told_at - d.since), d.client_id;
end $$;

-- The bills of the range, with the price of each level; a reversal counts as one card less.
create function private.reported_bills(request private.report_request)
returns table (
  agency_id uuid, agency_name text, client_id uuid, client_name text, currency text, source text, cards int,
  cost numeric, platform_price numeric, client_price numeric)
language plpgsql stable rows 10000 set search_path = '' set plan_cache_mode = force_custom_plan as $$
declare
  since constant timestamptz := coalesce(lower(private.widest_range(request)), '-infinity');
  until constant timestamptz := coalesce(upper(private.widest_range(request)), 'infinity');
begin
  return query
    select b.agency_id, a.name, k.id, k.name, b.currency,
      case b.stock_owner when 'client' then 'own_stock' else b.source end, b.quantity, b.cost_basis, b.platform_price,
      b.client_price
    from unnest(request.client_ids) known (id)
    join public.clients k on k.id = known.id
    join public.billing_transactions b on b.client_id = k.id
      and b.created_at >= coalesce(request.from_day::timestamp at time zone k.time_zone, '-infinity')
      and b.created_at < coalesce(request.to_day::timestamp at time zone k.time_zone, 'infinity')
    join public.agencies a on a.id = b.agency_id
    where b.created_at >= since and b.created_at < until;
end $$;

create function private.profit_by_client(request private.report_request)
returns setof public.profit_by_client language sql stable set search_path = '' as $$
  select b.agency_id, b.agency_name, b.client_id, b.client_name, b.currency, b.source, sum(b.cards), sum(b.platform_price),
    sum(b.cost), sum(b.platform_price - b.cost), private.rate(sum(b.platform_price - b.cost), sum(b.platform_price))
  from private.reported_bills(request) b
  group by b.agency_id, b.agency_name, b.client_id, b.client_name, b.currency, b.source
  order by b.agency_name, b.client_name, b.currency, b.source, b.client_id
$$;

create function private.agency_profit(request private.report_request)
returns setof public.agency_profit language sql stable set search_path = '' as $$
  select b.agency_id, b.agency_name, b.client_id, b.client_name, b.currency, b.source, sum(b.cards), sum(b.client_price),
    sum(b.platform_price), sum(b.client_price - b.platform_price),
    private.rate(sum(b.client_price - b.platform_price), sum(b.client_price))
  from private.reported_bills(request) b
  group by b.agency_id, b.agency_name, b.client_id, b.client_name, b.currency, b.source
  order by b.agency_name, b.client_name, b.currency, b.source, b.client_id
$$;

create function private.profit_by_agency(request private.report_request)
returns setof public.profit_by_agency language sql stable set search_path = '' as $$
  select b.agency_id, b.agency_name, b.currency, count(distinct b.client_id), sum(b.cards), sum(b.platform_price), sum(b.cost),
    sum(b.platform_price - b.cost), private.rate(sum(b.platform_price - b.cost), sum(b.platform_price))
  from private.reported_bills(request) b
  group by b.agency_id, b.agency_name, b.currency
  order by b.agency_name, b.currency, b.agency_id
$$;

-- One row for a currency. Stock is current: that of the clients of the report, and of the master pools if these are all clients.
create function private.platform_analytics(request private.report_request)
returns setof public.platform_analytics language sql stable set search_path = '' as $$
  with given as (
    select g.currency, count(distinct g.agency_id) as agencies, count(distinct g.client_id) as clients,
      count(distinct g.campaign_id) as campaigns, count(*) filter (where not g.is_cancelled) as given,
      count(*) filter (where g.source = 'inventory' and g.stock_owner = 'platform' and not g.is_cancelled) as stocked,
      count(*) filter (where g.stock_owner = 'client' and not g.is_cancelled) as own,
      count(*) filter (where g.source <> 'inventory' and not g.is_cancelled) as bought,
      count(*) filter (where g.is_delivered) as delivered, count(*) filter (where g.is_redeemed) as redeemed,
      count(*) filter (where g.is_received) as received, count(*) filter (where g.is_cancelled) as cancelled,
      sum(g.attempts) as attempts, sum(g.successes) as successes, avg(g.to_delivery) as to_delivery,
      sum(g.denomination) filter (where not g.is_cancelled) as value
    from private.given_cards(request) g group by g.currency
  ), bills as (
    select b.currency, sum(b.platform_price) as revenue, sum(b.cost) as cost
    from private.reported_bills(request) b group by b.currency
  ), stock as (
    select p.currency, sum(s.total) filter (where p.stock_owner = 'platform') as total,
      sum(s.available) filter (where p.stock_owner = 'platform') as available,
      sum(s.available * p.denomination) filter (where p.stock_owner = 'platform') as value,
      sum(s.available) filter (where p.stock_owner = 'client') as own
    from private.reported_stock(row(request.client_ids, null, null, request.is_platform), not exists (
      select c.id from public.clients c except select known from unnest(request.client_ids) known)) s
    join public.card_pools p on p.id = s.pool_id
    group by p.currency
  ), owed as (
    select w.currency, count(*) as owed
    from private.reported_clients(request) k
    join public.pending_rewards w on w.client_id = k.client_id and w.created_at >= k.starts_at and w.created_at < k.ends_at
    where w.status like 'awaiting%' group by w.currency)
  select x.currency, coalesce(g.agencies, 0), coalesce(g.clients, 0), coalesce(g.campaigns, 0), coalesce(s.total, 0),
    coalesce(s.available, 0), coalesce(s.value, 0), coalesce(s.own, 0), coalesce(g.given, 0), coalesce(g.stocked, 0),
    coalesce(g.own, 0), coalesce(g.bought, 0), coalesce(g.delivered, 0), coalesce(g.redeemed, 0),
    coalesce(g.cancelled, 0), coalesce(o.owed, 0), coalesce(g.attempts, 0),
    private.rate(g.successes, g.attempts), private.rate(g.redeemed, g.received), private.seconds(g.to_delivery),
    coalesce(g.value, 0), coalesce(b.revenue, 0), coalesce(b.cost, 0), coalesce(b.revenue - b.cost, 0),
    private.rate(b.revenue - b.cost, b.revenue)
  from (
    select g.currency from given g union select s.currency from stock s union select o.currency from owed o
    union select b.currency from bills b) x (currency)
  left join given g on g.currency = x.currency
  left join bills b on b.currency = x.currency
  left join stock s on s.currency = x.currency
  left join owed o on o.currency = x.currency
  order by x.currency
$$;

-- The rows of a report, by its name.
create function private.report_rows(report text, request private.report_request)
returns setof jsonb language plpgsql stable set search_path = '' as $$
begin
  case report
    when 'pool_performance' then return query select to_jsonb(r) from private.pool_performance(request) r;
    when 'brand_performance' then return query select to_jsonb(r) from private.brand_performance(request) r;
    when 'delivery_methods' then return query select to_jsonb(r) from private.delivery_methods(request) r;
    when 'geography' then return query select to_jsonb(r) from private.geography(request) r;
    when 'campaign_comparison' then return query select to_jsonb(r) from private.campaign_comparison(request) r;
    when 'liability' then return query select to_jsonb(r) from private.liability(request) r;
    when 'profit_by_client' then return query select to_jsonb(r) from private.profit_by_client(request) r;
    when 'profit_by_agency' then return query select to_jsonb(r) from private.profit_by_agency(request) r;
    when 'agency_profit' then return query select to_jsonb(r) from private.agency_profit(request) r;
    when 'platform_analytics' then return query select to_jsonb(r) from private.platform_analytics(request) r;
    else perform private.refuse_field('report', 'names no report');
  end case;
end $$;

-- The roles that may read a report: platform admins for the platform's money and totals, an agency's admins for their own.
create function private.report_roles(report text)
returns text[] language sql immutable set search_path = '' as $$
  select case when report in ('profit_by_client', 'profit_by_agency', 'platform_analytics') then array['platform_admin']
    when report = 'agency_profit' then private.client_keeper_roles()
    else private.admin_roles() end
$$;

-- The entry points, for supabase-js and Studio. One body checks the reader for all of them; each entry point names its columns.
create function private.report(report text, client_id uuid, from_day text, to_day text)
returns setof jsonb language sql stable security definer set search_path = '' as $$
  select r from private.report_rows(report, private.report_request(
    private.caller(), client_id, private.parse_day(from_day, 'from_day'), private.parse_day(to_day, 'to_day'),
    private.report_roles(report))) r
$$;
grant execute on function private.report to authenticated, service_role;

create function public.report_pool_performance(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.pool_performance language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('pool_performance', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.pool_performance, told) r
$$;
comment on function public.report_pool_performance is
  'Pools: utilization (delivered of all cards), delivery success, claimed to delivered, cost per redemption (platform).';
grant execute on function public.report_pool_performance to authenticated, service_role;

create function public.report_brand_performance(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.brand_performance language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('brand_performance', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.brand_performance, told) r
$$;
comment on function public.report_brand_performance is
  'Delivered and redeemed parts of granted cards, by brand and currency.';
grant execute on function public.report_brand_performance to authenticated, service_role;

create function public.report_delivery_methods(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.delivery_methods language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('delivery_methods', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.delivery_methods, told) r
$$;
comment on function public.report_delivery_methods is
  'SMS and e-mail: attempts, successes, time until a provider accepted the message, and redeemed cards.';
grant execute on function public.report_delivery_methods to authenticated, service_role;

create function public.report_geography(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.geography language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('geography', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.geography, told) r
$$;
comment on function public.report_geography is
  'Recipients of cards by country and state.';
grant execute on function public.report_geography to authenticated, service_role;

create function public.report_campaign_comparison(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.campaign_comparison language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('campaign_comparison', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.campaign_comparison, told) r
$$;
comment on function public.report_campaign_comparison is
  'Campaigns compared: reach, delivery, redemption, pending rewards, cost per redemption (platform).';
grant execute on function public.report_campaign_comparison to authenticated, service_role;

create function public.report_liability(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.liability language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('liability', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.liability, told) r
$$;
comment on function public.report_liability is
  'Promised and unused rewards at the end of the range, by age and currency: granted cards, pending rewards, cards about to expire.';
grant execute on function public.report_liability to authenticated, service_role;

create function public.report_profit_by_client(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.profit_by_client language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('profit_by_client', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.profit_by_client, told) r
$$;
comment on function public.report_profit_by_client is
  'The platform''s profit by client, currency and source (own_stock: cards of the client''s own stock): what the '
  'agency owes, less the cost of the cards; platform admins only.';
grant execute on function public.report_profit_by_client to authenticated, service_role;

create function public.report_agency_profit(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.agency_profit language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('agency_profit', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.agency_profit, told) r
$$;
comment on function public.report_agency_profit is
  'An agency''s profit by client, currency and source: what the client owes it, less what it owes the platform; for the '
  'agency''s admins and the platform.';
grant execute on function public.report_agency_profit to authenticated, service_role;

create function public.report_profit_by_agency(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.profit_by_agency language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('profit_by_agency', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.profit_by_agency, told) r
$$;
comment on function public.report_profit_by_agency is
  'The platform''s profit by agency and currency; platform admins only.';
grant execute on function public.report_profit_by_agency to authenticated, service_role;

create function public.report_platform_analytics(client_id uuid default null, from_day text default null, to_day text default null)
returns setof public.platform_analytics language sql stable security invoker set search_path = '' as $$
  select r.* from private.report('platform_analytics', client_id, from_day, to_day) told,
    jsonb_populate_record(null::public.platform_analytics, told) r
$$;
comment on function public.report_platform_analytics is
  'Totals of the platform by currency: stock, granted cards, delivery, redemption, pending rewards, money; platform admins only.';
grant execute on function public.report_platform_analytics to authenticated, service_role;

create function public.export_report(
  report text, client_id uuid, from_day text, to_day text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  -- the most rows that an edge function writes to a file within its time and memory
  rows_max constant int := 10000;
  scope constant private.report_request := private.report_request(request.actor, client_id,
    private.parse_day(from_day, 'from_day'), private.parse_day(to_day, 'to_day'), private.report_roles(report));
  columns jsonb;
  rows jsonb;
begin
  select jsonb_agg(a.attname order by a.attnum) into columns
  from pg_catalog.pg_attribute a
  where a.attrelid = to_regclass('public.' || report) and a.attnum > 0 and not a.attisdropped;
  -- as texts, so that no amount becomes a floating point number
  select coalesce(jsonb_agg((select jsonb_object_agg(t.key, t.value) from jsonb_each_text(r) t) order by n), '[]') into rows
  from private.report_rows(report, scope) with ordinality as x (r, n);
  if jsonb_array_length(rows) > rows_max then
    perform private.refuse('RB-400', 'The report has more than 10,000 rows: give a client or a shorter range',
      jsonb_build_object('rows', jsonb_array_length(rows), 'rowsMax', rows_max));
  end if;
  perform private.record_audit(client_id, request.actor, 'report.exported', 'report', request.id,
    jsonb_build_object('report', report, 'from', scope.from_day, 'to', scope.to_day, 'rows', jsonb_array_length(rows)), request.id);
  return private.answered(jsonb_build_object('columns', columns, 'rows', rows));
end $$;
comment on function public.export_report is
  'A report for a file: its columns in order and its rows as texts; for admins, or a server. Audited. RB-400, RB-403, RB-404.';
grant execute on function public.export_report to service_role;
