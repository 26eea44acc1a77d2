-- Gift cards, billing statements: what a client owes its agency for a month, or an agency the platform, with prices and payment.
-- Each level reads its own price of a card, never its cost. A line is a granted or returned card (own_card: of the client's own stock), a
-- sale or a return; its month is that of the client's time zone.
-- Payment: from credit, on invoice (due), or with the sale by which the card was bought before (listed, not added).
-- The movements of the prepaid credit come from the ledger: opening balance, in, out, closing balance.

create type public.billing_line as (
  id uuid, client_id uuid, client_name text, billed_entity_type text, billed_entity_id uuid, month date, kind text,
  campaign_id uuid, campaign_name text, brand_name text, denomination numeric, currency text, quantity int, unit_price numeric,
  amount numeric, payment text, created_at timestamptz);

-- Every line of these clients that one of the entities (clients or agencies) owes, between two days of each client's time zone, without
-- names. A bill is a line of the agency, and one of the client unless the agency is billed for the card. The ids are joined and the
-- range is planned as given: a month is read by index, whole years by scans.
create function private.billed_lines(client_ids uuid[], entity_ids uuid[], from_day date, to_day date)
returns table (
  id uuid, client_id uuid, level text, entity_id uuid, month date, kind text, campaign_id uuid, pool_id uuid, denomination numeric,
  currency text, quantity int, unit_price numeric, amount numeric, payment text, created_at timestamptz)
language plpgsql stable rows 10000
set search_path = '' set plan_cache_mode = force_custom_plan set work_mem = '32MB' as $$
declare
  -- the range lies between these, whatever a client's time zone
  since constant timestamptz := coalesce((from_day - 1)::timestamp at time zone 'UTC', '-infinity');
  until constant timestamptz := coalesce((to_day + 1)::timestamp at time zone 'UTC', 'infinity');
begin
  return query
    with reported as materialized (
      select c.id, c.agency_id, c.time_zone, coalesce(from_day::timestamp at time zone c.time_zone, '-infinity') as starts_at,
        coalesce(to_day::timestamp at time zone c.time_zone, 'infinity') as ends_at
      from unnest(client_ids) known (id) join public.clients c on c.id = known.id
    ), moves as materialized (
      select b.id, b.client_id, b.agency_id, date_trunc('month', b.created_at at time zone r.time_zone)::date as month,
        b.grant_id as reference_id, 'card_charge' as transfer_type, b.sale_id,
        case b.stock_owner when 'client' then 'own_card' else 'card' end || case b.quantity when 1 then '' else '_reversed' end as kind,
        b.campaign_id, c.pool_id, b.denomination, b.currency, b.quantity, b.quantity * b.platform_price as platform_price,
        b.quantity * b.client_price as client_price, b.billed_entity_type, b.created_at
      from reported r
      join public.billing_transactions b on b.client_id = r.id and b.created_at >= r.starts_at and b.created_at < r.ends_at
      join public.gift_cards c on c.id = b.gift_card_id
      where b.created_at >= since and b.created_at < until
      union all
      select s.id, s.client_id, r.agency_id, date_trunc('month', s.created_at at time zone r.time_zone)::date, s.id, 'card_sale', null,
        'sale', null, s.master_pool_id, p.denomination, s.currency, s.quantity, s.platform_price_per_card, s.price_per_card, 'client', s.created_at
      from reported r
      join public.admin_card_sales s on s.client_id = r.id and s.created_at >= r.starts_at and s.created_at < r.ends_at
      join public.card_pools p on p.id = s.master_pool_id
      where s.created_at >= since and s.created_at < until
      union all
      select x.id, x.client_id, r.agency_id, date_trunc('month', x.created_at at time zone r.time_zone)::date, s.id, 'card_sale', null,
        'sale_returned', null, s.master_pool_id, p.denomination, x.currency, -x.quantity, s.platform_price_per_card, s.price_per_card, 'client', x.created_at
      from reported r
      join public.admin_card_returns x on x.client_id = r.id and x.created_at >= r.starts_at and x.created_at < r.ends_at
      join public.admin_card_sales s on s.id = x.sale_id
      join public.card_pools p on p.id = s.master_pool_id
      where x.created_at >= since and x.created_at < until
    ), paid as (
      select distinct t.reference_id, t.transfer_type, case when t.client_id is null then 'agency' else 'client' end as level
      from moves m join public.ledger_transfers t on t.reference_id = m.reference_id and t.transfer_type = m.transfer_type)
    select m.id, m.client_id, e.type, e.id, m.month, m.kind, m.campaign_id, m.pool_id, m.denomination, m.currency, m.quantity, e.price, m.quantity * e.price,
      case when m.sale_id is not null then 'sale' when t.level is not null then 'credit' else 'invoice' end, m.created_at
    from moves m
    cross join lateral (values
      ('agency', m.agency_id, m.platform_price), ('client', m.client_id, m.client_price)) e (type, id, price)
    join unnest(entity_ids) known (id) on known.id = e.id
    left join paid t on t.reference_id = m.reference_id and t.transfer_type = m.transfer_type and t.level = e.type
    where e.type = 'agency' or m.billed_entity_type = 'client';
end $$;

-- The same with names.
create function private.billing_lines(client_ids uuid[], entity_ids uuid[], from_day date, to_day date)
returns setof public.billing_line language sql stable set search_path = '' as $$
  select l.id, l.client_id, c.name, l.level, l.entity_id, l.month, l.kind, l.campaign_id, k.campaign_name, b.name,
    l.denomination, l.currency, l.quantity, l.unit_price, l.amount, l.payment, l.created_at
  from private.billed_lines(client_ids, entity_ids, from_day, to_day) l
  join public.clients c on c.id = l.client_id
  join public.card_pools p on p.id = l.pool_id
  join public.gift_card_brands b on b.id = p.brand_id
  left join public.campaigns k on k.id = l.campaign_id
$$;

create type private.billing_readership as (client_ids uuid[], entity_ids uuid[]);

-- The clients and the entities whose lines the reader may see; the server and the owner in Studio read all of them.
create function private.billing_readership()
returns private.billing_readership language plpgsql stable set search_path = '' as $$
declare
  readership private.billing_readership;
begin
  if private.call_origin() <> 'user' then
    readership.client_ids := array(select c.id from public.clients c);
    readership.entity_ids := readership.client_ids || array(select a.id from public.agencies a);
  else
    readership.client_ids := array(select private.client_ids_of(auth.uid(), private.admin_roles()));
    readership.entity_ids := readership.client_ids || array(select private.agency_ids_of(auth.uid()));
  end if;
  return readership;
end $$;

-- The lines that the reader may see: those of their clients and agencies. Security definer, because the bills contain costs, which are
-- for the platform.
create function private.read_billing_lines(from_day date default null, to_day date default null)
returns setof public.billing_line language plpgsql stable security definer set search_path = '' as $$
declare
  readership constant private.billing_readership := private.billing_readership();
begin
  return query
    select l.* from private.billing_lines(readership.client_ids, readership.entity_ids, from_day, to_day) l;
end $$;
grant execute on function private.read_billing_lines to authenticated, service_role;

create view public.billing_lines with (security_invoker = on) as
  select * from private.read_billing_lines();
comment on view public.billing_lines is
  'What clients owe their agencies and agencies the platform, line by line: cards given and reversed, sales and returns, with '
  'price and payment. A card is a line of each level that owes for it: id and billed_entity_id together are unique.';

create type public.billing_statement as (
  id uuid, client_id uuid, client_name text, billed_entity_type text, billed_entity_id uuid, month date, currency text, cards bigint,
  own_cards bigint, cards_bought_before bigint, cards_sold bigint, amount numeric, paid_from_credit numeric, amount_due numeric);

-- The sums of these lines, by level, month and currency.
create function private.read_billing_statements(from_day date default null, to_day date default null)
returns setof public.billing_statement language plpgsql stable security definer set search_path = '' as $$
declare
  readership constant private.billing_readership := private.billing_readership();
begin
  return query
    select md5(concat_ws(':', s.entity_id, s.client_id, s.month, s.currency))::uuid, s.client_id, c.name, s.level, s.entity_id, s.month,
      s.currency, s.cards, s.own_cards, s.cards_bought_before, s.cards_sold, s.amount, s.paid_from_credit, s.amount_due
    from (
      select l.client_id, l.level, l.entity_id, l.month, l.currency,
        coalesce(sum(l.quantity) filter (where l.kind like 'card%'), 0) as cards,
        coalesce(sum(l.quantity) filter (where l.kind like 'own_card%'), 0) as own_cards,
        coalesce(sum(l.quantity) filter (where l.payment = 'sale'), 0) as cards_bought_before,
        coalesce(sum(l.quantity) filter (where l.kind like 'sale%'), 0) as cards_sold,
        coalesce(sum(l.amount) filter (where l.payment <> 'sale'), 0) as amount,
        coalesce(sum(l.amount) filter (where l.payment = 'credit'), 0) as paid_from_credit,
        coalesce(sum(l.amount) filter (where l.payment = 'invoice'), 0) as amount_due
      from private.billed_lines(readership.client_ids, readership.entity_ids, from_day, to_day) l
      group by l.client_id, l.level, l.entity_id, l.month, l.currency) s
    join public.clients c on c.id = s.client_id;
end $$;
grant execute on function private.read_billing_statements to authenticated, service_role;

create view public.billing_statements with (security_invoker = on) as
  select * from private.read_billing_statements();
comment on view public.billing_statements is
  'What each client or agency owes for a month (of the client''s time zone), for each client and currency; own_cards are those of '
  'the client''s own stock, not among cards.';

-- The totals of one currency.
create function private.present_totals(lines public.billing_line[])
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t.currency), '[]')
  from (
    select l.currency, coalesce(sum(l.quantity) filter (where l.kind like 'card%'), 0) as cards,
      coalesce(sum(l.quantity) filter (where l.kind like 'own_card%'), 0) as "ownCards",
      coalesce(sum(l.quantity) filter (where l.payment = 'sale'), 0) as "cardsBoughtBefore",
      coalesce(sum(l.quantity) filter (where l.kind like 'sale%'), 0) as "cardsSold",
      coalesce(sum(l.amount) filter (where l.payment <> 'sale'), 0)::numeric(18,2) as amount,
      coalesce(sum(l.amount) filter (where l.payment = 'credit'), 0)::numeric(18,2) as "paidFromCredit",
      coalesce(sum(l.amount) filter (where l.payment = 'invoice'), 0)::numeric(18,2) as "amountDue"
    from unnest(lines) l group by l.currency) t
$$;

-- Lines of the same card, price and payment become one.
create function private.present_lines(lines public.billing_line[])
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(t) order by t."clientName", t."clientId", t.kind, t."campaignName", t.brand, t.currency,
    t.denomination, t."unitPrice", t.payment), '[]')
  from (
    select l.client_id as "clientId", l.client_name as "clientName", l.kind, l.campaign_id as "campaignId",
      l.campaign_name as "campaignName", l.brand_name as brand, l.denomination, l.currency, sum(l.quantity) as quantity,
      l.unit_price as "unitPrice", sum(l.amount) as amount, l.payment
    from unnest(lines) l
    group by l.client_id, l.client_name, l.kind, l.campaign_id, l.campaign_name, l.brand_name, l.denomination, l.currency,
      l.unit_price, l.payment) t
$$;

-- The balance of a credit account before a moment. Entries are written in the order of their times, each with the balance after it.
create function private.balance_before(account_id uuid, at timestamptz)
returns numeric language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select e.balance_after from public.ledger_entries e
    where e.account_id = balance_before.account_id and e.created_at < at order by e.created_at desc, e.id desc limit 1), 0);
end $$;

-- The movements of the credit of a client or an agency: opening + allocated − passed on − charged + reversed = closing. Allocated:
-- everything received, from the level above or from a client (returned or collected); passed on: everything sent to a client or back to
-- the level above; holds for purchases are still in the balance.
create function private.present_credit(owner_id uuid, starts_at timestamptz, ends_at timestamptz)
returns jsonb language sql stable set search_path = '' as $$
  with accounts as (
    select a.id, right(a.asset, 3) as currency from public.ledger_accounts a
    where a.owner_id = present_credit.owner_id and a.owner_type in ('client', 'agency') and a.asset like 'credit:%'
      and a.created_at < present_credit.ends_at
  ), moves as (
    select e.account_id, e.amount, t.reverses is not null as is_reversal,
      coalesce(o.transfer_type, t.transfer_type) in ('card_charge', 'card_sale') as is_payment
    from accounts a
    join public.ledger_entries e on e.account_id = a.id and e.created_at >= present_credit.starts_at
      and e.created_at < present_credit.ends_at
    join public.ledger_transfers t on t.id = e.transfer_id
    left join public.ledger_transfers o on o.id = t.reverses)
  select coalesce(jsonb_agg(to_jsonb(c) order by c.currency), '[]')
  from (
    select a.currency, private.balance_before(a.id, present_credit.starts_at)::numeric(18,2) as opening,
      coalesce(sum(m.amount) filter (where not m.is_payment and m.amount > 0), 0)::numeric(18,2) as allocated,
      coalesce(-sum(m.amount) filter (where not m.is_payment and m.amount < 0), 0)::numeric(18,2) as "passedOn",
      coalesce(-sum(m.amount) filter (where m.is_payment and not m.is_reversal), 0)::numeric(18,2) as charged,
      coalesce(sum(m.amount) filter (where m.is_payment and m.is_reversal), 0)::numeric(18,2) as reversed,
      private.balance_before(a.id, present_credit.ends_at)::numeric(18,2) as closing
    from accounts a left join moves m on m.account_id = a.id group by a.id, a.currency) c
$$;

create function private.billing_statement(actor uuid, client_id uuid, agency_id uuid, month date)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  name text;
  -- an agency has no time zone
  time_zone text := 'UTC';
  client_ids uuid[];
  first_day date := date_trunc('month', month);
  next_month date := date_trunc('month', month) + interval '1 month';
  lines public.billing_line[];
begin
  if (client_id is null) = (agency_id is null) or month is null then
    perform private.refuse('RB-400', 'A statement needs a client or an agency, and a month');
  elsif client_id is not null then
    perform private.assert_can_act(actor, client_id, private.admin_roles());
    select c.name, c.time_zone into name, time_zone from public.clients c where c.id = billing_statement.client_id;
    client_ids := array[client_id];
  else
    perform private.assert_can_act_for_agency(actor, agency_id);
    select a.name into name from public.agencies a where a.id = billing_statement.agency_id;
    client_ids := array(select c.id from public.clients c where c.agency_id = billing_statement.agency_id);
  end if;
  lines := array(
    select l from private.billing_lines(client_ids, array[coalesce(client_id, agency_id)], first_day, next_month) l);
  return jsonb_strip_nulls(jsonb_build_object('clientId', client_id, 'agencyId', agency_id)) || jsonb_build_object(
    'name', name, 'month', to_char(month, 'YYYY-MM'), 'totals', private.present_totals(lines),
    'credit', private.present_credit(coalesce(client_id, agency_id), first_day::timestamp at time zone time_zone,
      next_month::timestamp at time zone time_zone),
    'lines', private.present_lines(lines));
end $$;

create function public.get_billing_statement(client_id uuid, agency_id uuid, month text, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  return private.answered(private.billing_statement(request.actor, client_id, agency_id, private.parse_day(month, 'month')));
end $$;
comment on function public.get_billing_statement is
  'What a client owes its agency for a month (any day of it), or an agency the platform: totals by currency, the movements '
  'of its credit, and lines, with prices and without costs. RB-400, RB-403, RB-404.';
grant execute on function public.get_billing_statement to service_role;

-- Must be empty: cards whose charge differs from their bill at a level, prepaid payers that owe and were not charged (a payer that has
-- just become prepaid may have had a claim in progress), and bills of an agency that its client has left, which no statement shows (the
-- trigger that keeps a client with its agency does not see a first card that is being granted).
create view private.bills_off_the_ledger as
  with billed as (
    select b.grant_id, l.level, sum(l.price) as amount,
      bool_or(g.created_at > interval '1 minute' + l.prepaid_since) as is_prepaid
    from public.billing_transactions b
    join public.gift_card_grants g on g.id = b.grant_id
    left join public.clients c on c.id = b.client_id
    left join public.agencies a on a.id = b.agency_id
    cross join lateral (values
      ('agency', b.platform_price, a.prepaid_since), ('client', b.client_price, c.prepaid_since)) l (level, price, prepaid_since)
    where b.sale_id is null and (l.level = 'agency' or b.billed_entity_type = 'client') group by b.grant_id, l.level
  ), charged as (
    select t.reference_id as grant_id, case when t.client_id is null then 'agency' else 'client' end as level,
      sum(e.amount) as amount
    from public.ledger_transfers t
    left join public.ledger_transfers o on o.id = t.reverses
    join public.ledger_entries e on e.transfer_id = t.id
    join public.ledger_accounts r on r.id = e.account_id and r.kind = 'revenue'
    where 'card_charge' in (t.transfer_type, o.transfer_type) group by 1, 2)
  select grant_id as id, level || ': ' || case when c.amount is null then 'billed to a prepaid payer, and not charged'
    else 'charged otherwise than billed' end as problem
  from billed b full join charged c using (grant_id, level)
  where c.amount <> coalesce(b.amount, 0) or (c.amount is null and b.amount > 0 and b.is_prepaid)
  union all
  select b.grant_id, 'agency: billed to one that is not the client''s'
  from public.billing_transactions b join public.clients c on c.id = b.client_id and c.agency_id <> b.agency_id;

-- Must be empty: sales whose cards are not in the buyer's pool, or whose payment does not match the cards that were not returned.
create view private.sales_off as
  select s.id, case when cards.quantity <> s.quantity - returned.quantity or cards.elsewhere > 0 then 'cards are missing'
    else 'paid otherwise than sold' end as problem
  from public.admin_card_sales s,
    lateral (
      select count(*) as quantity, count(*) filter (where c.pool_id <> s.buyer_pool_id) as elsewhere
      from private.sold_cards x join public.gift_cards c on c.id = x.gift_card_id where x.sale_id = s.id) cards,
    lateral (
      select coalesce(sum(r.quantity), 0) as quantity, coalesce(sum(r.total_amount), 0) as amount
      from public.admin_card_returns r where r.sale_id = s.id) returned,
    lateral (
      select sum(e.amount) filter (where t.client_id is not null) as by_client,
        sum(e.amount) filter (where t.client_id is null) as by_agency
      from public.ledger_transfers t
      join public.ledger_entries e on e.transfer_id = t.id
      join public.ledger_accounts a on a.id = e.account_id and a.kind = 'revenue'
      where t.reference_id = s.id) paid
  where cards.quantity <> s.quantity - returned.quantity or cards.elsewhere > 0
    or paid.by_client <> s.total_amount - returned.amount
    or paid.by_agency <> (s.quantity - returned.quantity) * s.platform_price_per_card;

grant select on public.billing_lines, public.billing_statements to authenticated, service_role;
