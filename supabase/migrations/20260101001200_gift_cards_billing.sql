-- Gift cards, the records: calls, conditions met, what was billed, what is owed, and the trace of every provisioning.
-- What is written for every claim points only at rows of the same claim, so that claims never queue for a parent row; the
-- grant carries the client, campaign and recipient for all of them.

create table public.call_sessions (
  id uuid primary key default gen_random_uuid(),
  client_id uuid references public.clients (id),
  campaign_id uuid,
  caller_phone text,
  recipient_id uuid references public.campaign_recipients (id),
  -- no foreign key: a second one between the two tables would make embedding them ambiguous for clients of the Data API
  checked_recipient_id uuid,
  agent_user_id uuid not null,
  created_at timestamptz not null default now(),
  constraint call_sessions_campaign_is_the_clients
    foreign key (campaign_id, client_id) references public.campaigns (id, client_id)
);
comment on table public.call_sessions is
  'A call that an agent answered; caller_phone is null where the caller withholds it. Client and recipient are known once the caller''s phone or code names one. checked_recipient_id: '
  'whose redemption code the caller read out when the session was opened.';

create table public.call_conditions_met (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  call_session_id uuid references public.call_sessions (id),
  campaign_id uuid not null,
  recipient_id uuid not null,
  condition_number int not null,
  gift_card_id uuid references public.gift_cards (id),
  met_by_agent_id uuid,
  created_at timestamptz not null default now(),
  constraint call_conditions_met_are_met_once unique (recipient_id, campaign_id, condition_number)
);
comment on table public.call_conditions_met is 'The condition that a caller met, the agent who says so, and the card it earned.';

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
  constraint billing_transactions_are_reversed_once unique (reverses_id),
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
  'supplier (tillo); stock_owner: whose stock it was. Amounts in the currency beside them. A card that came back before its code '
  'may have been disclosed has a second row, which reverses the first: amounts add up as they stand, cards by quantity. '
  'sale_id: the card was bought before, and is paid for with its sale.';

create table public.pending_rewards (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  recipient_id uuid not null,
  condition_number int not null,
  surface text not null,
  requested_by uuid,
  skip_verification boolean not null default false,
  pool_id uuid references public.card_pools (id),
  brand_id uuid references public.gift_card_brands (id),
  denomination numeric(18,2),
  currency text not null,
  delivery_method text,
  deliver_to text,
  status text not null default 'awaiting_inventory',
  attempts int not null default 0,
  code text,
  last_attempt_at timestamptz,
  next_attempt_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  fulfilled_at timestamptz,
  constraint pending_rewards_recipient_is_the_campaigns
    foreign key (recipient_id, campaign_id, client_id) references public.campaign_recipients (id, campaign_id, client_id),
  constraint pending_rewards_status_is_valid check (
    status in ('awaiting_inventory', 'awaiting_credit', 'awaiting_configuration', 'fulfilled', 'cancelled')),
  constraint pending_rewards_promise_is_a_brand_and_a_value check ((brand_id is null) = (denomination is null)),
  constraint pending_rewards_without_a_promise_await_configuration check (
    brand_id is not null or status in ('awaiting_configuration', 'cancelled')),
  constraint pending_rewards_code_matches_status check ((status = 'fulfilled') = (code is null)),
  constraint pending_rewards_fulfilled_at_matches_status check ((status = 'fulfilled') = (fulfilled_at is not null))
);
comment on table public.pending_rewards is
  'Rewards that were earned and could not be given (code says why), in order of arrival. brand_id, denomination and currency are '
  'the promise and outlive a change of the condition; null while the condition had none. pool_id: the pool of the card that '
  'fulfilled it.';

create table private.reward_requests (
  reward_id uuid primary key references public.pending_rewards (id) on delete cascade,
  request_id uuid not null
);
comment on table private.reward_requests is
  'The request that earned a pending reward, to continue its trace; apart, because agents read pending rewards and no request ids.';

create table public.gift_card_provisioning_trace (
  id bigint generated always as identity primary key,
  client_id uuid,
  request_id uuid not null,
  campaign_id uuid,
  recipient_id uuid,
  step_number int not null,
  step_name text not null,
  status text not null,
  error_code text,
  error_message text,
  tillo_code text,
  duration_ms numeric(12,3) not null,
  created_at timestamptz not null default now(),
  constraint gift_card_provisioning_trace_status_is_valid check (status in ('completed', 'failed')),
  constraint gift_card_provisioning_trace_failed_has_a_code check ((status = 'failed') = (error_code is not null))
);
comment on table public.gift_card_provisioning_trace is
  'A row for each step of each provisioning, kept also when it was refused; tillo_code is the supplier''s word, '
  'duration_ms in milliseconds, created_at the time at which the step ended.';

create index call_sessions_client_id_idx on public.call_sessions (client_id);
create index call_sessions_campaign_id_client_id_idx on public.call_sessions (campaign_id, client_id);
create index call_sessions_recipient_id_idx on public.call_sessions (recipient_id);
create index call_conditions_met_call_session_id_idx on public.call_conditions_met (call_session_id);
create index call_conditions_met_gift_card_id_idx on public.call_conditions_met (gift_card_id);
create index call_conditions_met_client_id_idx on public.call_conditions_met (client_id);
create index billing_transactions_gift_card_id_idx on public.billing_transactions (gift_card_id);
create index billing_transactions_client_id_idx on public.billing_transactions (client_id, created_at);
create unique index pending_rewards_awaiting_idx on public.pending_rewards (recipient_id, campaign_id, condition_number)
  where status like 'awaiting%';
create index pending_rewards_recipient_idx on public.pending_rewards (recipient_id, campaign_id, client_id);
create index pending_rewards_kind_idx on public.pending_rewards (
  campaign_id, brand_id, denomination, currency, status, created_at, id) where status like 'awaiting%' and brand_id is not null;
create index pending_rewards_without_a_promise_idx on public.pending_rewards (campaign_id, condition_number)
  where status like 'awaiting%' and brand_id is null;
create index pending_rewards_oldest_idx on public.pending_rewards (campaign_id, created_at) where status like 'awaiting%';
create index pending_rewards_deliver_to_idx on public.pending_rewards (deliver_to) where status like 'awaiting%';
create index pending_rewards_pool_id_idx on public.pending_rewards (pool_id);
create index pending_rewards_brand_id_idx on public.pending_rewards (brand_id);
create index pending_rewards_client_id_idx on public.pending_rewards (client_id);
create index gift_card_provisioning_trace_request_id_idx on public.gift_card_provisioning_trace (request_id);
create index gift_card_provisioning_trace_created_at_idx on public.gift_card_provisioning_trace using brin (created_at);

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

alter table public.call_sessions enable row level security;
-- Revokes a grant: the recipient can be given another card for the same condition.
create function private.cancel_grant(grant_id uuid)
returns public.gift_card_grants language plpgsql volatile set search_path = '' as $$
declare
  cancelled public.gift_card_grants;
begin
  update public.gift_card_grants g set cancelled_at = now() where g.id = cancel_grant.grant_id returning g.* into cancelled;
  update public.call_conditions_met m set gift_card_id = null
  where m.recipient_id = cancelled.recipient_id and m.campaign_id = cancelled.campaign_id
    and m.condition_number = cancelled.condition_number;
  return cancelled;
end $$;

alter table public.call_conditions_met enable row level security;
alter table public.billing_transactions enable row level security;
alter table public.pending_rewards enable row level security;
alter table public.gift_card_provisioning_trace enable row level security;

grant select on
  public.call_sessions, public.call_conditions_met, public.billing_transactions, public.pending_rewards,
  public.gift_card_provisioning_trace
  to authenticated, service_role;

create policy "Staff read calls of their clients and their own unmatched ones" on public.call_sessions
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or (client_id is null and agent_user_id = (select auth.uid()) and exists (select private.staffed_client_ids()))
    or (client_id is null and (select private.is_platform_admin())));

create policy "Staff read the conditions met of their clients" on public.call_conditions_met
  for select to authenticated using (client_id = any (array(select private.staffed_client_ids())));

-- cost and margin are the platform's; what clients and agencies may see of a bill comes with their statements
create policy "Platform admins read billing" on public.billing_transactions
  for select to authenticated using ((select private.is_platform_admin()));

create policy "Staff read the pending rewards of their clients" on public.pending_rewards
  for select to authenticated using (client_id = any (array(select private.staffed_client_ids())));

create policy "Admins read the traces of their clients" on public.gift_card_provisioning_trace
  for select to authenticated
  using (client_id = any (array(select private.administered_client_ids())) or (client_id is null and (select private.is_platform_admin())));
