-- Gift cards, the catalogue: brands, denominations, campaigns and their conditions.
-- A campaign belongs to a client; each condition says which event earns which card.
-- Rows of one client never point at rows of another: the foreign keys carry the client along.

create table public.gift_card_brands (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  brand_name text not null generated always as (name) stored,
  logo_url text,
  card_format text not null default 'digital',
  code_format text,
  code_case_matters boolean not null default false,
  expiration_policy text,
  valid_days int,
  minimum_validity interval,
  redemption_url text,
  terms_url text,
  requires_claim_link boolean not null default false,
  is_enabled boolean not null default true,
  created_at timestamptz not null default now(),
  constraint gift_card_brands_card_format_is_valid check (card_format in ('digital', 'physical')),
  constraint gift_card_brands_code_format_is_a_pattern check (('' ~ code_format) is not null or code_format is null),
  constraint gift_card_brands_valid_days_are_positive check (valid_days > 0),
  constraint gift_card_brands_minimum_validity_is_not_negative check (minimum_validity >= interval '0')
);
create unique index gift_card_brands_name_is_unique on public.gift_card_brands (private.folded_name(name));
comment on table public.gift_card_brands is
  'The brands whose cards can be given; code_format is a regular expression that a whole code must match. code_case_matters: '
  'two codes that differ by case alone are two cards. expiration_policy is a '
  'text to read; a card without a date of its own expires valid_days after its upload (never if null); minimum_validity: how long '
  'a card must still be valid when it is claimed (that of private.stock_rules if null).';

create table public.brand_denominations (
  id uuid primary key default gen_random_uuid(),
  brand_id uuid not null references public.gift_card_brands (id),
  denomination numeric(18,2) not null,
  currency text not null default 'USD',
  cost numeric(18,2),
  price numeric(18,2),
  is_enabled boolean not null default true,
  constraint brand_denominations_are_unique unique (brand_id, denomination, currency),
  constraint brand_denominations_denomination_is_positive check (denomination > 0 and denomination < 'Infinity'),
  constraint brand_denominations_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  constraint brand_denominations_amounts_are_not_negative check (
    cost >= 0 and cost < 'Infinity' and price >= 0 and price < 'Infinity')
);
comment on table public.brand_denominations is
  'The values of a brand, in its currency: what one card costs the platform and what it is sold for (face value if null).';

create table public.client_brands (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  brand_id uuid not null references public.gift_card_brands (id),
  is_enabled boolean not null default true,
  may_use_master_pool boolean not null default true,
  constraint client_brands_are_unique unique (client_id, brand_id)
);
comment on table public.client_brands is 'The brands that a client may give, and whether it may claim from the platform''s master pools.';

create table public.campaigns (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  campaign_name text not null,
  status text not null default 'active',
  currency text not null default 'USD',
  billing_entity text,
  sms_template text,
  email_subject text,
  email_template text,
  sms_encoding text,
  sms_segments int,
  requires_claim_link boolean not null default false,
  created_at timestamptz not null default now(),
  constraint campaigns_belong_to_their_client unique (client_id, id),
  constraint campaigns_status_is_valid check (status in ('draft', 'active', 'paused', 'ended')),
  constraint campaigns_sms_encoding_is_valid check (sms_encoding in ('GSM-7', 'UCS-2')),
  constraint campaigns_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  constraint campaigns_billing_entity_is_valid check (billing_entity in ('client', 'agency'))
);
comment on table public.campaigns is
  'A client''s campaign: its billing entity, and the templates of its messages ({{first_name}}, {{code}} …; a default if null). '
  'sms_encoding and sms_segments: how sms_template is sent with typical values.';

create table public.campaign_conditions (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  condition_number int not null,
  condition_name text not null,
  brand_id uuid references public.gift_card_brands (id),
  card_value numeric(18,2),
  crm_event_name text,
  crm_event_match jsonb,
  is_self_service boolean not null default false,
  requires_opt_in boolean not null default false,
  created_at timestamptz not null default now(),
  constraint campaign_conditions_campaign_is_the_clients
    foreign key (campaign_id, client_id) references public.campaigns (id, client_id),
  constraint campaign_conditions_are_numbered unique (campaign_id, condition_number),
  constraint campaign_conditions_crm_event_match_has_its_event check (
    crm_event_match is null or (crm_event_name is not null and jsonb_typeof(crm_event_match) = 'object')),
  constraint campaign_conditions_number_is_positive check (condition_number > 0),
  constraint campaign_conditions_card_value_is_positive check (card_value > 0 and card_value < 'Infinity')
);
comment on table public.campaign_conditions is
  'Which event earns which card: brand_id and card_value. Only a self-service condition can be redeemed from a web form. '
  'crm_event_match: the accepted values of the event''s fields, {"status": ["won"]}.';

create index client_brands_brand_id_idx on public.client_brands (brand_id);
create index campaign_conditions_brand_id_idx on public.campaign_conditions (brand_id);
create index campaign_conditions_campaign_id_client_id_idx on public.campaign_conditions (campaign_id, client_id);
create index campaign_conditions_client_id_idx on public.campaign_conditions (client_id, crm_event_name);

-- The campaign, if the caller administers it or is a server.
create function private.administered_campaign(campaign_id uuid)
returns public.campaigns language plpgsql stable set search_path = '' as $$
declare
  campaign public.campaigns;
begin
  select c.* into campaign from public.campaigns c where c.id = administered_campaign.campaign_id;
  perform private.assert_can_act(private.caller(), campaign.client_id, private.admin_roles());
  return campaign;
end $$;

-- A merge tag of a template, with its name as written between the braces; render.ts has the same pattern.
create function private.tag_pattern()
returns text language sql immutable set search_path = '' as $$ select '\{\{([^{}\n]*)\}\}' $$;

-- The names of a template's merge tags, as written.
create function private.written_tags(body text)
returns setof text language sql immutable set search_path = '' as $$
  select distinct m[1] from regexp_matches(body, private.tag_pattern(), 'g') m
$$;

-- The names of a template's merge tags, in lower case and without blanks around them.
create function private.tags_of(body text)
returns text[] language sql immutable set search_path = '' as $$
  select array(select distinct lower(private.trimmed(t)) as tag from private.written_tags(body) t order by 1)
$$;

alter table public.gift_card_brands enable row level security;
alter table public.brand_denominations enable row level security;
alter table public.client_brands enable row level security;
alter table public.campaigns enable row level security;
alter table public.campaign_conditions enable row level security;

grant select on
  public.gift_card_brands, public.client_brands, public.campaigns, public.campaign_conditions
  to authenticated, service_role;
-- costs are for the platform and prices of agencies for agencies: a client reads the denominations here, and its own prices in
-- list_card_offers
grant select (id, brand_id, denomination, currency, is_enabled) on public.brand_denominations to authenticated;
grant select on public.brand_denominations to service_role;

create policy "Staff read the brands" on public.gift_card_brands
  for select to authenticated using (exists (select private.staffed_client_ids()) or (select private.is_platform_admin()));

create policy "Staff read the denominations" on public.brand_denominations
  for select to authenticated using (exists (select private.staffed_client_ids()) or (select private.is_platform_admin()));

create policy "Staff read the brands of their clients" on public.client_brands
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Staff read the campaigns of their clients" on public.campaigns
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Staff read the conditions of their clients" on public.campaign_conditions
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
