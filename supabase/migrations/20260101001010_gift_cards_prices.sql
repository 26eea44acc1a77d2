-- Gift cards, prices: the platform enables brands and denominations, an agency offers them to its clients at its prices, and a client
-- chooses what its campaigns may give.
-- A card is offered unless a level disables it: a missing row changes nothing, a disabled row forbids the card at its level and below.
-- One function resolves the prices of a card: what its agency owes the platform, and what its client owes the agency
-- (client ← agency ← platform). A markup and a custom price exclude each other. Costs are for the platform, markups for the agency.

create table public.agency_brands (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id),
  brand_id uuid not null references public.gift_card_brands (id),
  is_enabled boolean not null default true,
  markup_percentage numeric(7,3),
  constraint agency_brands_are_unique unique (agency_id, brand_id),
  constraint agency_brands_markup_leaves_a_price check (markup_percentage >= -100 and markup_percentage < 'Infinity')
);
comment on table public.agency_brands is
  'The brands that an agency offers to its clients (all without a row), and its markup on the platform''s prices.';

create table public.agency_denominations (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id),
  brand_id uuid not null,
  denomination numeric(18,2) not null,
  currency text not null,
  is_enabled boolean not null default true,
  markup_percentage numeric(7,3),
  custom_price numeric(18,2),
  constraint agency_denominations_value_is_the_brands foreign key (brand_id, denomination, currency)
    references public.brand_denominations (brand_id, denomination, currency),
  constraint agency_denominations_are_unique unique (brand_id, denomination, currency, agency_id),
  constraint agency_denominations_have_a_markup_or_a_price check (markup_percentage is null or custom_price is null),
  constraint agency_denominations_markup_leaves_a_price check (
    markup_percentage >= -100 and markup_percentage < 'Infinity'),
  constraint agency_denominations_custom_price_is_not_negative check (custom_price >= 0 and custom_price < 'Infinity')
);
comment on table public.agency_denominations is
  'One denomination at an agency: offered or not, and its markup or custom price instead of the brand''s markup.';

create table public.client_denominations (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  brand_id uuid not null,
  denomination numeric(18,2) not null,
  currency text not null,
  is_enabled boolean not null default true,
  custom_price numeric(18,2),
  constraint client_denominations_value_is_the_brands foreign key (brand_id, denomination, currency)
    references public.brand_denominations (brand_id, denomination, currency),
  constraint client_denominations_are_unique unique (brand_id, denomination, currency, client_id),
  constraint client_denominations_custom_price_is_not_negative check (custom_price >= 0 and custom_price < 'Infinity')
);
comment on table public.client_denominations is
  'One denomination at a client: whether its campaigns may give it, and the price that its agency set.';

create index agency_brands_brand_id_idx on public.agency_brands (brand_id);
create index agency_denominations_agency_id_idx on public.agency_denominations (agency_id);
create index client_denominations_client_id_idx on public.client_denominations (client_id);

-- The price of an agency for its clients: its custom price, else the platform's with its markup.
create function private.agency_price(price numeric, custom_price numeric, markup_percentage numeric, currency text)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(custom_price, private.round_money(price * (100 + coalesce(markup_percentage, 0)) / 100, currency));
end $$;

-- Refuses a markup above 1,000 % as a slip, and one below -100 %, which would make a price negative.
create function private.assert_markup(markup_percentage numeric)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_number(markup_percentage, 'markup_percentage', -100, 1000, 3);
end $$;

-- The prices of a card at two levels: platform_price is due from the agency to the platform, client_price from the client to the agency.
create type private.card_prices as (platform_price numeric(18,2), client_price numeric(18,2));

-- Each value of a brand for each client: whether it is approved (by the platform and the agency) and chosen (by the client), and what
-- it comes to. The platform price is the value's, else the face value; the client price is the client's own, else its agency's
-- price or markup, else the platform price. Whatever no row forbids is allowed, but the master pools, which a row must open.
create view private.card_terms as
  select c.id as client_id, d.brand_id, d.denomination, d.currency, b.name as brand_name, b.redemption_url, b.terms_url,
    b.is_enabled and d.is_enabled and coalesce(ab.is_enabled, true) and coalesce(ad.is_enabled, true) as is_approved,
    coalesce(cb.is_enabled, true) and coalesce(cd.is_enabled, true) as is_chosen,
    coalesce(d.price, d.denomination) as platform_price,
    coalesce(cd.custom_price, private.agency_price(coalesce(d.price, d.denomination), ad.custom_price,
      coalesce(ad.markup_percentage, ab.markup_percentage), d.currency))::numeric(18,2) as client_price
  from public.clients c
  cross join public.brand_denominations d
  join public.gift_card_brands b on b.id = d.brand_id
  left join public.agency_brands ab on ab.agency_id = c.agency_id and ab.brand_id = d.brand_id
  left join public.agency_denominations ad on ad.agency_id = c.agency_id and ad.brand_id = d.brand_id
    and ad.denomination = d.denomination and ad.currency = d.currency
  left join public.client_brands cb on cb.client_id = c.id and cb.brand_id = d.brand_id
  left join public.client_denominations cd on cd.client_id = c.id and cd.brand_id = d.brand_id
    and cd.denomination = d.denomination and cd.currency = d.currency;

-- The prices of a card at both levels. If the agency is billed itself, its client owes nothing. A value that the
-- brand does not have is taken at its face value, with the agency's markup for the brand.
create function private.prices_of_card(
  client_id uuid, brand_id uuid, denomination numeric, currency text, billing_entity text default 'client')
returns private.card_prices language plpgsql stable set search_path = '' as $$
declare
  prices private.card_prices;
begin
  select t.platform_price, t.client_price into prices from private.card_terms t
  where t.client_id = prices_of_card.client_id and t.brand_id = prices_of_card.brand_id
    and t.denomination = prices_of_card.denomination and t.currency = prices_of_card.currency;
  if not found then
    prices := row(denomination, private.agency_price(denomination, null, (
      select ab.markup_percentage from public.clients c join public.agency_brands ab on ab.agency_id = c.agency_id
      where c.id = prices_of_card.client_id and ab.brand_id = prices_of_card.brand_id), currency));
  end if;
  if billing_entity = 'agency' then
    prices.client_price := 0;
  end if;
  return prices;
end $$;

-- The price of a card for the billed client or agency.
create function private.price_of_card(
  client_id uuid, brand_id uuid, denomination numeric, currency text, billing_entity text default 'client')
returns numeric language plpgsql stable set search_path = '' as $$
declare
  prices private.card_prices := private.prices_of_card(client_id, brand_id, denomination, currency, billing_entity);
begin
  return case billing_entity when 'agency' then prices.platform_price else prices.client_price end;
end $$;

-- Whether the platform and the client's agency offer a brand, and a denomination if one is given.
create function private.is_approved(client_id uuid, brand_id uuid, denomination numeric default null, currency text default null)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.gift_card_brands b where b.id = is_approved.brand_id and b.is_enabled
  ) and (is_approved.denomination is null or exists (
    select from public.brand_denominations d
    where d.brand_id = is_approved.brand_id and d.denomination = is_approved.denomination
      and d.currency = is_approved.currency and d.is_enabled)
  ) and not exists (
    select from public.clients c join public.agency_brands ab on ab.agency_id = c.agency_id
    where c.id = is_approved.client_id and ab.brand_id = is_approved.brand_id and not ab.is_enabled
  ) and not exists (
    select from public.clients c join public.agency_denominations ad on ad.agency_id = c.agency_id
    where c.id = is_approved.client_id and ad.brand_id = is_approved.brand_id
      and ad.denomination = is_approved.denomination and ad.currency = is_approved.currency and not ad.is_enabled);
end $$;

-- Whether platform, agency and client all allow the card.
create function private.is_offered(client_id uuid, brand_id uuid, denomination numeric, currency text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from private.card_terms t
    where t.client_id = is_offered.client_id and t.brand_id = is_offered.brand_id and t.denomination = is_offered.denomination
      and t.currency = is_offered.currency and t.is_approved and t.is_chosen);
end $$;

-- Refuses a card that the platform, the agency or the client does not allow.
create function private.assert_offered(client_id uuid, brand_id uuid, denomination numeric, currency text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not private.is_offered(client_id, brand_id, denomination, currency) then
    perform private.refuse('GC-002', 'Brand not found, or the brand or its value is not enabled');
  end if;
end $$;

-- Admin entry points of the platform: brands, and the costs and prices of their cards.

-- Accepts a campaign of the client, or null.
create function private.assert_campaign_of(client_id uuid, campaign_id uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if campaign_id is not null and not exists (
    select from public.campaigns c where c.id = assert_campaign_of.campaign_id and c.client_id = assert_campaign_of.client_id) then
    perform private.refuse_field('campaign_id', 'names no campaign of the client');
  end if;
end $$;

create function private.assert_brand_texts(code_format text, redemption_url text, terms_url text, logo_url text)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_regexp(code_format, 'code_format'), private.assert_url(redemption_url, 'redemption_url'),
    private.assert_url(terms_url, 'terms_url'), private.assert_url(logo_url, 'logo_url');
end $$;

create function private.create_brand(
  name text, card_format text default 'digital', code_format text default null, redemption_url text default null,
  terms_url text default null, logo_url text default null)
returns public.gift_card_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  brand public.gift_card_brands;
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_text(name, 'name');
  perform private.assert_choice(card_format, 'card_format', array['digital', 'physical']);
  perform private.assert_brand_texts(code_format, redemption_url, terms_url, logo_url);
  insert into public.gift_card_brands as b (name, card_format, code_format, redemption_url, terms_url, logo_url)
  values (private.trimmed(name), card_format, code_format, redemption_url, terms_url, logo_url)
  -- a concurrent call may add the same brand
  on conflict do nothing returning b.* into brand;
  if brand.id is null then
    perform private.refuse_field('name', 'is the name of another brand');
  end if;
  perform private.record_audit(null, private.caller(), 'brand.created', 'gift_card_brand', brand.id);
  return brand;
end $$;
select private.publish('private.create_brand(text, text, text, text, text, text)', '{authenticated, service_role}',
  'Adds a brand; code_format is a regular expression that a whole code must match. Add its denominations with update_denomination.');

create function private.update_brand(
  brand_id uuid, is_enabled boolean default null, code_format text default null, redemption_url text default null,
  terms_url text default null, logo_url text default null)
returns public.gift_card_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  brand public.gift_card_brands;
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_brand_texts(code_format, redemption_url, terms_url, logo_url);
  update public.gift_card_brands b
  set is_enabled = coalesce(update_brand.is_enabled, b.is_enabled), code_format = coalesce(update_brand.code_format, b.code_format),
    redemption_url = coalesce(update_brand.redemption_url, b.redemption_url),
    terms_url = coalesce(update_brand.terms_url, b.terms_url), logo_url = coalesce(update_brand.logo_url, b.logo_url)
  where b.id = update_brand.brand_id returning b.* into brand;
  if brand.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'brand.updated', 'gift_card_brand', brand.id,
    jsonb_build_object('is_enabled', brand.is_enabled));
  return brand;
end $$;
select private.publish('private.update_brand(uuid, boolean, text, text, text, text)', '{authenticated, service_role}',
  'Enables or disables a brand for all clients, or changes it; omitted parameters are left unchanged.');

create function private.update_denomination(
  brand_id uuid, denomination numeric, currency text default 'USD', cost numeric default null, price numeric default null,
  is_enabled boolean default null)
returns public.brand_denominations language plpgsql volatile security definer set search_path = '' as $$
declare
  updated public.brand_denominations;
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_given(denomination is not null, 'denomination');
  perform private.assert_amount(denomination, currency, 'denomination', is_positive => true);
  perform private.assert_amount(cost, currency, 'cost');
  perform private.assert_amount(price, currency, 'price');
  insert into public.brand_denominations as d (brand_id, denomination, currency, cost, price, is_enabled)
  select b.id, update_denomination.denomination, update_denomination.currency, update_denomination.cost,
    update_denomination.price, coalesce(update_denomination.is_enabled, true)
  from public.gift_card_brands b where b.id = update_denomination.brand_id
  on conflict on constraint brand_denominations_are_unique
    do update set cost = coalesce(excluded.cost, d.cost), price = coalesce(excluded.price, d.price),
      is_enabled = coalesce(update_denomination.is_enabled, d.is_enabled)
  returning d.* into updated;
  if updated.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'denomination.updated', 'brand_denomination', updated.id,
    to_jsonb(updated));
  return updated;
end $$;
select private.publish('private.update_denomination(uuid, numeric, text, numeric, numeric, boolean)',
  '{authenticated, service_role}',
  'Sets a denomination of a brand: its cost to the platform, its price (the face value by default), and whether it is offered; '
  'omitted parameters are left unchanged.');

create function private.list_denominations()
returns setof public.brand_denominations language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.assert_platform_admin(private.caller());
  return query select d.* from public.brand_denominations d order by d.brand_id, d.currency, d.denomination;
end $$;
select private.publish('private.list_denominations()', '{authenticated, service_role}',
  'The denominations of all brands with their costs and prices; for the platform.');

-- Admin entry points of an agency: its offers to its clients, and their prices.

create function private.update_agency_brand(
  agency_id uuid, brand_id uuid, is_enabled boolean default null, markup_percentage numeric default null)
returns public.agency_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  updated public.agency_brands;
begin
  perform private.assert_can_act_for_agency(private.caller(), agency_id);
  perform private.assert_markup(markup_percentage);
  insert into public.agency_brands as ab (agency_id, brand_id, is_enabled, markup_percentage)
  select update_agency_brand.agency_id, b.id, coalesce(update_agency_brand.is_enabled, true), update_agency_brand.markup_percentage
  from public.gift_card_brands b where b.id = update_agency_brand.brand_id
  on conflict on constraint agency_brands_are_unique
    do update set is_enabled = coalesce(update_agency_brand.is_enabled, ab.is_enabled),
      markup_percentage = coalesce(excluded.markup_percentage, ab.markup_percentage)
  returning ab.* into updated;
  if updated.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'agency_brand.updated', 'agency_brand', updated.id, to_jsonb(updated));
  return updated;
end $$;
select private.publish('private.update_agency_brand(uuid, uuid, boolean, numeric)', '{authenticated, service_role}',
  'Sets whether an agency offers a brand, and its markup on the platform''s prices (in percent; below zero a discount); omitted '
  'parameters are left unchanged.');

create function private.update_agency_denomination(
  agency_id uuid, brand_id uuid, denomination numeric, currency text default 'USD', is_enabled boolean default null,
  markup_percentage numeric default null, custom_price numeric default null, follows_brand boolean default false)
returns public.agency_denominations language plpgsql volatile security definer set search_path = '' as $$
declare
  updated public.agency_denominations;
begin
  perform private.assert_can_act_for_agency(private.caller(), agency_id);
  perform private.assert_markup(markup_percentage);
  perform private.assert_amount(custom_price, currency, 'custom_price');
  if (markup_percentage is not null)::int + (custom_price is not null)::int + follows_brand::int > 1 then
    perform private.refuse_field('custom_price', 'cannot stand beside markup_percentage or follows_brand: name one of them');
  end if;
  insert into public.agency_denominations as ad (
    agency_id, brand_id, denomination, currency, is_enabled, markup_percentage, custom_price)
  select update_agency_denomination.agency_id, d.brand_id, d.denomination, d.currency,
    coalesce(update_agency_denomination.is_enabled, true), update_agency_denomination.markup_percentage, update_agency_denomination.custom_price
  from public.brand_denominations d
  where d.brand_id = update_agency_denomination.brand_id and d.denomination = update_agency_denomination.denomination
    and d.currency = update_agency_denomination.currency
  on conflict on constraint agency_denominations_are_unique do update
    set is_enabled = coalesce(update_agency_denomination.is_enabled, ad.is_enabled),
      -- the given one of the two replaces the other
      markup_percentage = case when follows_brand or num_nonnulls(excluded.markup_percentage, excluded.custom_price) > 0
        then excluded.markup_percentage else ad.markup_percentage end,
      custom_price = case when follows_brand or num_nonnulls(excluded.markup_percentage, excluded.custom_price) > 0
        then excluded.custom_price else ad.custom_price end
  returning ad.* into updated;
  if updated.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'agency_denomination.updated', 'agency_denomination', updated.id,
    to_jsonb(updated));
  return updated;
end $$;
select private.publish('private.update_agency_denomination(uuid, uuid, numeric, text, boolean, numeric, numeric, boolean)',
  '{authenticated, service_role}',
  'Sets whether an agency offers one denomination of a brand, and its markup or custom price, not both; omitted parameters are left '
  'unchanged. follows_brand: removes both, so that the brand''s markup applies.');

alter table public.agency_brands enable row level security;
alter table public.agency_denominations enable row level security;
alter table public.client_denominations enable row level security;

grant select on public.agency_brands, public.agency_denominations, public.client_denominations
  to authenticated, service_role;

-- not for clients, who must not see their agency's markup
create policy "Admins of an agency read what it offers" on public.agency_brands
  for select to authenticated using (agency_id = any (array(select private.administered_agency_ids())));

create policy "Admins of an agency read its prices" on public.agency_denominations
  for select to authenticated using (agency_id = any (array(select private.administered_agency_ids())));

create policy "Staff read the values of their clients" on public.client_denominations
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
