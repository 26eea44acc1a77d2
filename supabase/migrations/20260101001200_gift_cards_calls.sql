-- Gift cards, calls: the calls that agents answer, and the conditions that callers met.

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

create index call_sessions_client_id_idx on public.call_sessions (client_id, created_at);
create index call_sessions_campaign_id_client_id_idx on public.call_sessions (campaign_id, client_id);
create index call_sessions_recipient_id_idx on public.call_sessions (recipient_id);
create index call_conditions_met_call_session_id_idx on public.call_conditions_met (call_session_id);
create index call_conditions_met_gift_card_id_idx on public.call_conditions_met (gift_card_id);
create index call_conditions_met_client_id_idx on public.call_conditions_met (client_id, created_at);

-- Notes that a caller met the condition, also while its card is pending; a card that is known stays.
create function private.note_condition_met(
  call_session_id uuid, client_id uuid, campaign_id uuid, recipient_id uuid, condition_number int, gift_card_id uuid, agent uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  condition_met_id uuid;
begin
  update public.call_sessions s
  set recipient_id = note_condition_met.recipient_id, campaign_id = note_condition_met.campaign_id,
    client_id = note_condition_met.client_id
  where s.id = note_condition_met.call_session_id;
  insert into public.call_conditions_met as m (
    client_id, call_session_id, campaign_id, recipient_id, condition_number, gift_card_id, met_by_agent_id)
  values (client_id, call_session_id, campaign_id, recipient_id, condition_number, gift_card_id, agent)
  on conflict on constraint call_conditions_met_are_met_once
    do update set gift_card_id = coalesce(m.gift_card_id, excluded.gift_card_id)
  returning m.id into condition_met_id;
  return condition_met_id;
end $$;

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

alter table public.call_sessions enable row level security;
alter table public.call_conditions_met enable row level security;

grant select on public.call_sessions, public.call_conditions_met to authenticated, service_role;

create policy "Staff read calls of their clients and their own unmatched ones" on public.call_sessions
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and agent_user_id = (select auth.uid()) and (exists (select private.staffed_client_ids()) or (select private.is_platform_admin())))
    or (client_id is null and (select private.is_platform_admin())));

create policy "Staff read the conditions met of their clients" on public.call_conditions_met
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
