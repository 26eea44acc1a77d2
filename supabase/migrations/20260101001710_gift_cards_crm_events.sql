-- Gift cards, CRM events: what a CRM tells of a contact becomes the reward that a condition promises for it.
-- An event is stored before anything is done about it, once for its endpoint and id; whatever becomes of it stands in its
-- row: nothing that a CRM has signed is lost, and an admin can have it done again once the cause is out of the way. The payload
-- is for people to read: what is done again is done from the columns beside it.

create table public.crm_events (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  endpoint_id uuid not null,
  event_id text not null,
  event_names text[] not null,
  event_type text generated always as (event_names[1]) stored,
  contact_id text,
  campaign_named text,
  account_named text,
  status text not null default 'received',
  code text,
  message text,
  campaign_id uuid,
  recipient_id uuid references public.campaign_recipients (id),
  condition_number int,
  gift_card_id uuid references public.gift_cards (id),
  attempts int not null default 0,
  leased_until timestamptz not null default now() + interval '60 seconds',
  payload jsonb,
  request_id uuid not null,
  created_at timestamptz not null default now(),
  processed_at timestamptz,
  constraint crm_events_endpoint_is_the_clients
    foreign key (endpoint_id, client_id) references public.crm_endpoints (id, client_id),
  constraint crm_events_are_taken_once unique (endpoint_id, event_id),
  constraint crm_events_status_is_valid check (
    status in ('received', 'provisioned', 'owed', 'ignored', 'refused', 'failed')),
  constraint crm_events_processed_at_matches_status check ((status = 'received') = (processed_at is null)),
  constraint crm_events_code_matches_status check ((status in ('owed', 'refused', 'failed')) = (code is not null)),
  constraint crm_events_provisioned_have_a_card check (status <> 'provisioned' or gift_card_id is not null),
  constraint crm_events_payload_is_small check (octet_length(payload::text) <= 1048576)
);
comment on table public.crm_events is
  'What CRMs have told: the event as it came (payload, for a while), whom and what it was found to mean, and what became of it. '
  'event_names are the words by which a condition may ask for it, the most specific first.';

create index crm_events_endpoint_id_client_id_idx on public.crm_events (endpoint_id, client_id);
create index crm_events_client_id_idx on public.crm_events (client_id, created_at);
create index crm_events_recipient_id_idx on public.crm_events (recipient_id);
create index crm_events_gift_card_id_idx on public.crm_events (gift_card_id);
create index crm_events_due_idx on public.crm_events (leased_until) where status = 'received';

create function private.present_crm_event(event public.crm_events)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('id', event.id, 'eventId', event.event_id, 'status', event.status,
    'code', event.code, 'message', event.message));
end $$;

create function public.record_crm_events(endpoint_id uuid, events jsonb, request_id uuid)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  stored uuid[];
  wait_seconds int := private.take_attempt('crm-webhook', jsonb_build_object('endpoint', endpoint_id));
begin
  if wait_seconds is not null then
    return private.refused('RB429', 'RB-429', jsonb_build_object('retryAfter', wait_seconds)::text);
  end if;
  with added as (
    insert into public.crm_events (
      client_id, endpoint_id, event_id, event_names, contact_id, campaign_named, account_named, payload, request_id)
    select e.client_id, e.id, n."eventId", n.names, n."contactId", n.campaign, n.account, n.payload, record_crm_events.request_id
    from public.crm_endpoints e, jsonb_to_recordset(events) as n (
      "eventId" text, names text[], "contactId" text, campaign text, account text, payload jsonb)
    where e.id = record_crm_events.endpoint_id
    -- in one order, so that two deliveries of the same batch never wait for each other
    order by n."eventId"
    -- told before: the row stands
    on conflict on constraint crm_events_are_taken_once do nothing
    returning id)
  select array_agg(a.id) into stored from added a;
  return private.answered(jsonb_build_object('events', (
    select coalesce(jsonb_agg(private.present_crm_event(e) || jsonb_build_object('isNew', coalesce(e.id = any (stored), false))
      order by e.created_at, e.event_id), '[]')
    from public.crm_events e
    where e.endpoint_id = record_crm_events.endpoint_id
      and e.event_id in (select n ->> 'eventId' from jsonb_array_elements(events) n))));
end $$;
comment on function public.record_crm_events is
  'Stores the events of a signed call before anything is done about them; those that were told before are not new. So many calls '
  'a minute for an endpoint: whoever has got hold of its key does not have a campaign given away in one.';

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('crm-webhook', 'endpoint', 1200, 60, true);

-- The condition and recipient that an event means: in active campaigns before others, by the most specific name. Names
-- none when nothing fits, and says in `fits` when it is not clear which.
create function private.match_crm_event(
  event public.crm_events, out campaign_id uuid, out recipient_id uuid, out condition_number int, out fits int)
language plpgsql stable set search_path = '' as $$
begin
  select m.campaign_id, m.recipient_id, m.condition_number, count(*) over ()
  into match_crm_event.campaign_id, match_crm_event.recipient_id, match_crm_event.condition_number, match_crm_event.fits
  from (
    select c.id as campaign_id, r.id as recipient_id, cc.condition_number,
      rank() over (order by c.status = 'active' desc, array_position(event.event_names, cc.crm_event_name)) as place
    from public.crm_endpoints e
    join public.campaigns c on c.client_id = e.client_id and c.id = coalesce(e.campaign_id, c.id)
    join public.campaign_conditions cc on cc.campaign_id = c.id and cc.crm_event_name = any (event.event_names)
    join public.campaign_recipients r on r.campaign_id = c.id and r.external_crm_id = event.contact_id
    where e.id = event.endpoint_id and c.id::text = coalesce(lower(event.campaign_named), c.id::text)
      and (e.account_id is null or e.account_id = event.account_named)) m
  where m.place = 1 limit 1;
end $$;

-- Why nothing fits, in words for an admin.
create function private.explain_no_match(event public.crm_events)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case
    when exists (
      select from public.crm_endpoints e where e.id = event.endpoint_id and e.account_id is distinct from event.account_named
        and e.account_id is not null) then 'The event is of another account than its endpoint'
    when cardinality(event.event_names) = 0 then 'The event does not say what has happened'
    when event.contact_id is null then 'The event names no contact'
    when not exists (
      select from public.crm_endpoints e
      join public.campaign_conditions cc on cc.client_id = e.client_id and cc.campaign_id = coalesce(e.campaign_id, cc.campaign_id)
      where e.id = event.endpoint_id and cc.crm_event_name = any (event.event_names)
        and cc.campaign_id::text = coalesce(lower(event.campaign_named), cc.campaign_id::text))
      then 'No condition waits for this event'
    else 'No recipient of the campaign has this contact id' end;
end $$;

-- How to reach a recipient: by SMS, or by e-mail if there is no phone, or it wants nothing more.
create function private.channel_of(recipient_id uuid)
returns text language plpgsql stable set search_path = '' as $$
begin
  return (
    select case when r.email is not null and (r.phone is null or private.is_opted_out('sms', r.phone)) then 'email'
      else 'sms' end
    from public.campaign_recipients r where r.id = channel_of.recipient_id);
end $$;

create function private.provision_for_crm(event public.crm_events, suppliers text[])
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  p private.provisioning;
begin
  p.surface := 'crm';
  p.campaign_id := event.campaign_id;
  p.recipient_id := event.recipient_id;
  p.condition_number := event.condition_number;
  p.delivery_method := private.channel_of(event.recipient_id);
  p.suppliers := suppliers;
  p.request_id := event.request_id;
  -- the events of a batch share their request, so each has a key of its own
  return private.run_provisioning(p, private.answer_key(null, event.id::text), null);
end $$;

-- Is the reward that the event has earned waiting for stock or credit?
create function private.is_owed(event public.crm_events)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.pending_rewards r
    where r.recipient_id = event.recipient_id and r.campaign_id = event.campaign_id
      and r.condition_number = event.condition_number and r.status like 'awaiting%');
end $$;

create function private.settle_crm_event(
  event public.crm_events, status text, code text, message text, gift_card_id uuid)
returns public.crm_events language sql volatile set search_path = '' as $$
  update public.crm_events e
  set status = settle_crm_event.status, code = settle_crm_event.code, message = settle_crm_event.message,
    campaign_id = event.campaign_id, recipient_id = event.recipient_id, condition_number = event.condition_number,
    gift_card_id = settle_crm_event.gift_card_id, attempts = e.attempts + 1, processed_at = clock_timestamp()
  where e.id = event.id
  returning e.*
$$;

-- What a provisioning came to, for the event that asked for it.
create function private.note_provisioning(event public.crm_events, answer jsonb)
returns public.crm_events language plpgsql volatile set search_path = '' as $$
begin
  if answer #> '{result,purchase}' is not null then
    return private.settle_crm_event(event, 'owed', 'GC-005', 'The card is being bought', null);
  end if;
  return private.settle_crm_event(event,
    case when answer ->> 'outcome' = 'ok' then 'provisioned' when private.is_owed(event) then 'owed' else 'refused' end,
    answer ->> 'code', answer ->> 'message',
    (coalesce(answer #>> '{result,giftCard,id}', answer #>> '{details,giftCardId}'))::uuid);
end $$;

-- Notes what became of the event, and returns the provisioning's answer if it came to one.
create function private.reward_crm_event(event public.crm_events, suppliers text[])
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  match record;
  answer jsonb;
begin
  select m.* into match from private.match_crm_event(event) m;
  if match.fits is null then
    perform private.settle_crm_event(event, 'ignored', null, private.explain_no_match(event), null);
  elsif match.fits > 1 then
    perform private.settle_crm_event(event, 'refused', 'RB-400',
      'Several conditions wait for this event of this contact; tie the endpoint to one campaign, or name it in the event', null);
  else
    event.campaign_id := match.campaign_id;
    event.recipient_id := match.recipient_id;
    event.condition_number := match.condition_number;
    answer := private.provision_for_crm(event, suppliers);
    perform private.note_provisioning(event, answer);
  end if;
  return answer;
end $$;

create function public.process_crm_event(crm_event_id uuid, suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  event public.crm_events;
  answer jsonb;
begin
  -- whoever else is at it has done it when the lock is free
  select e.* into event from public.crm_events e where e.id = crm_event_id for update;
  if event.status = 'received' then
    answer := private.reward_crm_event(event, suppliers);
    select e.* into event from public.crm_events e where e.id = crm_event_id;
  end if;
  return private.answered(private.present_crm_event(event) || jsonb_strip_nulls(jsonb_build_object(
    'purchase', answer #> '{result,purchase}', 'deliveryId', answer #> '{result,delivery,id}')));
end $$;
comment on function public.process_crm_event is
  'Gives the reward that an event has earned and notes what became of it, once: a second run finds it done. With a purchase '
  'the card is still to be bought.';

create function public.lease_crm_events(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due uuid[];
begin
  select array_agg(d.id) into due from (
    select e.id from public.crm_events e
    where e.status = 'received' and e.leased_until <= now()
    order by e.leased_until limit least(batch_size, 100)
    -- what is locked is being dealt with
    for update skip locked) d;
  update public.crm_events e set leased_until = clock_timestamp() + interval '60 seconds' where e.id = any (due);
  return private.answered(jsonb_build_object('events', to_jsonb(coalesce(due, '{}'))));
end $$;
comment on function public.lease_crm_events is
  'Takes events that nobody has dealt with: their worker died, or an admin wants them done again.';

create function public.fail_crm_event(crm_event_id uuid)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  event public.crm_events;
begin
  select e.* into event from public.crm_events e where e.id = crm_event_id for update;
  if event.status = 'received' then
    event := private.settle_crm_event(event, 'failed', 'GC-015', 'See the log of the function for the request_id', null);
    perform private.raise_alert('crm_event_failed', 'warning', 'An event of a CRM could not be dealt with; replay it once the cause is found',
      jsonb_build_object('crm_event_id', event.id, 'endpoint_id', event.endpoint_id), event.endpoint_id::text, event.client_id);
  end if;
  return private.answered(private.present_crm_event(event));
end $$;
comment on function public.fail_crm_event is 'Notes that dealing with an event went wrong on our side, and tells a person.';

-- Ends the waiting of the events that have earned a reward; with a card when there is one.
create function private.end_waiting(recipient_id uuid, campaign_id uuid, condition_number int)
returns void language plpgsql volatile set search_path = '' as $$
declare
  card_id uuid := (
    select c.id from public.gift_card_grants g join public.gift_cards c on c.grant_id = g.id
    where g.recipient_id = end_waiting.recipient_id and g.campaign_id = end_waiting.campaign_id
      and g.condition_number = end_waiting.condition_number and g.cancelled_at is null);
begin
  update public.crm_events e
  set status = case when card_id is null then 'refused' else 'provisioned' end, gift_card_id = card_id,
    code = case when card_id is null then e.code end,
    message = case when card_id is null then 'The reward was called off' end
  where e.status = 'owed' and e.recipient_id = end_waiting.recipient_id and e.campaign_id = end_waiting.campaign_id
    and e.condition_number = end_waiting.condition_number;
end $$;

create function private.owed_crm_events_follow()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.end_waiting(new.recipient_id, new.campaign_id, new.condition_number);
  return null;
end $$;

create trigger pending_rewards_end_the_waiting_of_crm_events after update of status on public.pending_rewards
  for each row when (new.status in ('fulfilled', 'cancelled') and old.status is distinct from new.status)
  execute function private.owed_crm_events_follow();

create function private.bought_crm_events_follow()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.end_waiting(g.recipient_id, g.campaign_id, g.condition_number)
  from public.gift_card_grants g where g.id = new.grant_id;
  return null;
end $$;

create trigger gift_card_purchases_end_the_waiting_of_crm_events after update of status on public.gift_card_purchases
  for each row when (new.status = 'issued' and old.status <> 'issued')
  execute function private.bought_crm_events_follow();

-- A card that is taken back leaves its event without one, so that it can be replayed; and if the reward is owed again, the
-- event says so.
create function private.reopened_crm_events_follow()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  is_owed constant boolean := tg_table_name = 'pending_rewards';
begin
  update public.crm_events e
  set status = case when is_owed then 'owed' else 'refused' end,
    code = case when is_owed then to_jsonb(new) ->> 'code' else 'RB-400' end,
    message = case when is_owed then 'The reward is pending' else 'The card was taken back' end, gift_card_id = null
  where e.recipient_id = new.recipient_id and e.campaign_id = new.campaign_id and e.condition_number = new.condition_number
    and case when is_owed then e.status = 'refused' and e.gift_card_id is null else e.status = 'provisioned' end;
  return null;
end $$;

create trigger gift_card_grants_reopen_crm_events after update of cancelled_at on public.gift_card_grants
  for each row when (old.cancelled_at is null and new.cancelled_at is not null)
  execute function private.reopened_crm_events_follow();

create trigger pending_rewards_reopen_crm_events after insert on public.pending_rewards
  for each row execute function private.reopened_crm_events_follow();

alter table public.crm_events enable row level security;

grant select on public.crm_events to authenticated, service_role;

create policy "Admins read the CRM events of their clients" on public.crm_events
  for select to authenticated using (client_id in (select private.administered_client_ids()));

grant execute on function
  public.record_crm_events, public.process_crm_event, public.lease_crm_events, public.fail_crm_event to service_role;
