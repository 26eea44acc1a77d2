-- Gift cards, billing: what each card cost the platform, what each level owes for it, and both margins; immutable.
-- A bill points only at rows of its own claim, so that claims never queue for a parent row; the grant carries the client, campaign
-- and recipient for all of them.

create table public.billing_transactions (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  agency_id uuid not null,
  campaign_id uuid not null,
  recipient_id uuid not null,
  grant_id uuid not null references public.gift_card_grants (id),
  gift_card_id uuid not null references public.gift_cards (id),
  reverses_id uuid references public.billing_transactions (id),
  quantity int not null generated always as (case when reverses_id is null then 1 else -1 end) stored,
  source text not null,
  stock_owner text not null,
  currency text not null,
  denomination numeric(18,2) not null,
  cost_basis numeric(18,2) not null,
  platform_price numeric(18,2) not null,
  client_price numeric(18,2) not null,
  price numeric(18,2) not null generated always as (
    case billed_entity_type when 'agency' then platform_price else client_price end) stored,
  margin numeric(18,2) not null generated always as (platform_price - cost_basis) stored,
  agency_margin numeric(18,2) not null generated always as (client_price - platform_price) stored,
  sale_id uuid,
  billed_entity_type text not null,
  billed_entity_id uuid not null,
  request_id uuid,
  created_at timestamptz not null default now(),
  constraint billing_transactions_one_for_a_grant unique nulls not distinct (grant_id, reverses_id),
  constraint billing_transactions_amounts_fit_direction check (
    cost_basis * quantity >= 0 and platform_price * quantity >= 0 and client_price * quantity >= 0
    and cost_basis < 'Infinity' and platform_price < 'Infinity' and client_price < 'Infinity'),
  constraint billing_transactions_stock_owner_is_valid check (stock_owner in ('platform', 'client')),
  constraint billing_transactions_own_stock_costs_the_platform_nothing check (stock_owner = 'platform' or cost_basis = 0),
  constraint billing_transactions_what_the_agency_keeps_is_free check (billed_entity_type = 'client' or client_price = 0),
  constraint billing_transactions_source_is_valid check (source ~ '^[a-z][a-z0-9_]*$'),
  constraint billing_transactions_entity_is_billed check (
    (billed_entity_type = 'client' and billed_entity_id = client_id)
    or (billed_entity_type = 'agency' and billed_entity_id = agency_id))
);
comment on table public.billing_transactions is
  'What each card cost the platform (cost_basis), what the agency owes the platform for it (platform_price), what the client '
  'owes its agency (client_price), and both margins; immutable. price is that of the billed level. source: inventory, or the '
  'supplier (tillo); stock_owner: whose stock it was. Amounts in the currency beside them. A card that was returned before its code '
  'may have been disclosed has a second row, which reverses the first: amounts add up as they stand, cards by quantity. '
  'sale_id: the card was bought before, and is paid for with its sale.';

-- most bills reverse none, and write no entry here
create unique index billing_transactions_are_reversed_once on public.billing_transactions (reverses_id) where reverses_id is not null;
create index billing_transactions_gift_card_id_idx on public.billing_transactions (gift_card_id);
create index billing_transactions_client_id_idx on public.billing_transactions (client_id, created_at);

create trigger billing_transactions_are_immutable
  before update or delete or truncate on public.billing_transactions
  for each statement execute function private.refuse_change();

-- Bills name the agency of their time. A client that went to another one would take its bills out of the old one's statements,
-- and show the new one what it used to pay.
create function private.refuse_other_agency()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (select from public.billing_transactions b where b.client_id = new.id) then
    raise exception 'a client that was billed stays with its agency: make a client of the other agency';
  end if;
  return new;
end $$;

create trigger clients_that_were_billed_stay_with_their_agency before update of agency_id on public.clients
  for each row when (new.agency_id <> old.agency_id) execute function private.refuse_other_agency();

alter table public.billing_transactions enable row level security;

grant select on public.billing_transactions to authenticated, service_role;

-- cost and margin are the platform's; what clients and agencies may see of a bill comes with their statements
create policy "Platform admins read billing" on public.billing_transactions
  for select to authenticated using ((select private.is_platform_admin()));
