-- Gift cards, CRM events: an event of a contact earns the reward of a condition.
-- An event is stored before it is processed, once for its endpoint and id, and its row has the processing status: no signed event is
-- lost, and an admin can replay it once the cause is fixed. A replay reads the parsed columns, since the payload is kept for a limited
-- time; conditions that match its fields need the payload.

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
  negatives text[] not null default '{}',
  merged_ids text[] not null default '{}',
  is_erasure boolean not null default false,
  problem text,
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
  'Events of CRMs: payload as received (for a limited time), the recipient and condition that it matched, and its result. '
  'event_names: the names that a condition can match, the most specific first; negatives: the fields with a negative outcome '
  '(lost, cancelled, removed, no tags), which a condition must name to match; merged_ids: other ids of the contact from now '
  'on; problem: why the event could not be parsed.';

create index crm_events_endpoint_id_client_id_idx on public.crm_events (endpoint_id, client_id);
create index crm_events_client_id_idx on public.crm_events (client_id, created_at);
create index crm_events_unrewarded_idx on public.crm_events (endpoint_id, created_at) where status in ('ignored', 'refused', 'failed');
create index crm_events_recipient_id_idx on public.crm_events (recipient_id);
create index crm_events_gift_card_id_idx on public.crm_events (gift_card_id);
create index crm_events_due_idx on public.crm_events (leased_until) where status = 'received';

create function private.present_crm_event(event public.crm_events)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('id', event.id, 'eventId', event.event_id, 'status', event.status,
    'code', event.code, 'message', event.message));
end $$;

create function public.record_crm_events(endpoint_id uuid, events jsonb, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  stored uuid[];
  wait_seconds int;
begin
  perform private.assert_given(endpoint_id is not null, 'endpoint_id');
  if jsonb_typeof(events) is distinct from 'array' then
    perform private.refuse_field('events', 'must be a list');
  end if;
  wait_seconds := private.open_attempt('crm-webhook', jsonb_build_object('endpoint', endpoint_id));
  if wait_seconds is not null then
    return private.limited(wait_seconds);
  end if;
  with added as (
    insert into public.crm_events (
      client_id, endpoint_id, event_id, event_names, contact_id, campaign_named, account_named, negatives, merged_ids, is_erasure,
      problem, payload, request_id)
    select e.client_id, e.id, n."eventId", n.names, n."contactId", n.campaign, n.account, coalesce(n.negatives, '{}'),
      coalesce(n.merged, '{}'), coalesce(n."isErasure", false), n.problem, n.payload, request.id
    from public.crm_endpoints e, jsonb_to_recordset(events) as n (
      "eventId" text, names text[], "contactId" text, campaign text, account text, negatives text[], merged text[],
      "isErasure" boolean, problem text, payload jsonb)
    where e.id = record_crm_events.endpoint_id
    -- in one order, so that two calls with the same batch do not deadlock
    order by n."eventId"
    -- received before: the row stays unchanged
    on conflict on constraint crm_events_are_taken_once do nothing
    returning id)
  select array_agg(a.id) into stored from added a;
  return private.answered(jsonb_build_object('events', (
    select coalesce(jsonb_agg(private.present_crm_event(e) || jsonb_build_object('isNew', coalesce(e.id = any (stored), false))
      order by e.created_at, e.event_id), '[]')
    from (select distinct x ->> 'eventId' as id from jsonb_array_elements(events) x) n,
      -- one probe for each event, whatever the plan: an endpoint has many
      lateral (select s.* from public.crm_events s
        where s.endpoint_id = record_crm_events.endpoint_id and s.event_id = n.id offset 0) e)));
end $$;
comment on function public.record_crm_events is
  'Stores the events of a signed call before they are processed, each event id once. Calls per minute are limited for an '
  'endpoint (RB-429), so that a stolen key cannot exhaust a campaign at once.';
grant execute on function public.record_crm_events to service_role;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('crm-webhook', 'endpoint', 1200, 60, true);

-- A field of an event by its path, at the top or in its `data`.
create function private.crm_field(payload jsonb, path text)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(payload #> string_to_array(path, '.'), payload #> array_prepend('data', string_to_array(path, '.')))
$$;

-- Whether an event matches a condition: every field has one of its values, ignoring case (of a list, any element).
-- An event with a negative outcome matches only if the condition names the field of that outcome.
create function private.matches_crm_condition(match jsonb, event public.crm_events)
returns boolean language sql immutable set search_path = '' as $$
  select event.negatives <@ coalesce(array(select jsonb_object_keys(match)), '{}') and not exists (
    select from jsonb_each(coalesce(match, '{}')) m, lateral (select private.crm_field(event.payload, m.key)) f (told)
    where not exists (
      select from jsonb_array_elements(case jsonb_typeof(f.told) when 'array' then f.told else jsonb_build_array(f.told) end) t,
        jsonb_array_elements(case jsonb_typeof(m.value) when 'array' then m.value else jsonb_build_array(m.value) end) w
      where lower(btrim(t #>> '{}')) = lower(btrim(w #>> '{}'))))
$$;

-- The condition and recipient that an event matches: active campaigns before others, by the most specific name. Nulls when nothing
-- matches; `fits` tells whether several match.
create function private.match_crm_event(
  event public.crm_events, out campaign_id uuid, out recipient_id uuid, out condition_number int, out fits int)
language plpgsql stable set search_path = '' as $$
begin
  select m.campaign_id, m.recipient_id, m.condition_number, count(*) over ()
  into match_crm_event.campaign_id, match_crm_event.recipient_id, match_crm_event.condition_number, match_crm_event.fits
  from (
    select c.id as campaign_id, r.id as recipient_id, cc.condition_number,
      rank() over (order by c.status = 'active' desc, array_position(event.event_names, cc.crm_event_name),
        cc.crm_event_match is null) as place
    from public.crm_endpoints e
    -- from the contact to its campaigns: the client may have many
    cross join lateral (select x.id, x.campaign_id from public.campaign_recipients x
      where x.client_id = e.client_id and x.external_crm_id = event.contact_id offset 0) r
    join public.campaigns c on c.id = r.campaign_id and c.id = coalesce(e.campaign_id, c.id)
    join public.campaign_conditions cc on cc.campaign_id = c.id and cc.crm_event_name = any (event.event_names)
      and private.matches_crm_condition(cc.crm_event_match, event)
    where e.id = event.endpoint_id and c.id::text = coalesce(lower(event.campaign_named), c.id::text)
      and (e.account_id is null or e.account_id = event.account_named)) m
  where m.place = 1 limit 1;
end $$;

-- The conditions with a name of an event, of the campaigns that it may be about; the client may have many others.
create function private.crm_conditions(event public.crm_events)
returns setof public.campaign_conditions language sql stable set search_path = '' as $$
  select cc.* from public.crm_endpoints e
  cross join lateral (select x.* from public.campaign_conditions x
    where x.client_id = e.client_id and x.crm_event_name = any (event.event_names) offset 0) cc
  where e.id = event.endpoint_id and cc.campaign_id = coalesce(e.campaign_id, cc.campaign_id)
    and cc.campaign_id::text = coalesce(lower(event.campaign_named), cc.campaign_id::text)
$$;

-- Why an event matches nothing, as a text for admins.
create function private.explain_no_match(event public.crm_events)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case
    when exists (
      select from public.crm_endpoints e where e.id = event.endpoint_id and e.account_id is distinct from event.account_named
        and e.account_id is not null) then 'The event is of another account than its endpoint'
    when cardinality(event.event_names) = 0 then 'The event has no name'
    when event.is_erasure then 'The names and addresses of the contact are erased'
    when event.merged_ids <> '{}' then 'The contacts were merged: recipients follow the id that remains'
    when event.contact_id is null then 'The event names no contact'
    when not exists (select from private.crm_conditions(event))
      then 'No condition matches this event'
    when not exists (select from private.crm_conditions(event) cc where private.matches_crm_condition(cc.crm_event_match, event))
      then case when event.payload is null then 'The payload of the event is purged, and its condition matches fields of it'
        when event.negatives <> '{}' then 'The event has a negative outcome that no condition names in crm_event_match: '
          || array_to_string(event.negatives, ', ')
        else 'No condition matches the fields of this event' end
    else 'No recipient of the campaign has this contact id' end;
end $$;

-- The channel to a recipient: SMS, or e-mail if there is no phone or it has opted out.
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
  asked private.card_request;
begin
  asked.surface := 'crm';
  asked.campaign_id := event.campaign_id;
  asked.recipient_id := event.recipient_id;
  asked.condition_number := event.condition_number;
  asked.delivery_method := private.channel_of(event.recipient_id);
  asked.suppliers := suppliers;
  asked.request_id := event.request_id;
  -- the events of a batch share their request, so each has a key of its own
  asked.answer_key := private.request_key(null, event.id::text);
  return private.provision(asked);
end $$;

-- Whether the reward of the event is pending, for stock or credit.
create function private.is_reward_pending(event public.crm_events)
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

-- Stores the outcome of a provisioning in the event that requested it.
create function private.record_provisioning_outcome(event public.crm_events, answer jsonb)
returns public.crm_events language plpgsql volatile set search_path = '' as $$
begin
  if answer #> '{result,purchase}' is not null then
    return private.settle_crm_event(event, 'owed', 'GC-005', 'The card is being bought', null);
  end if;
  return private.settle_crm_event(event,
    case when answer ->> 'outcome' = 'ok' then 'provisioned' when private.is_reward_pending(event) then 'owed' else 'refused' end,
    answer ->> 'code', answer ->> 'message',
    (coalesce(answer #>> '{result,giftCard,id}', answer #>> '{details,giftCardId}'))::uuid);
end $$;

-- The recipients of an event, by any of their ids.
create function private.crm_recipients(event public.crm_events, ids text[])
returns setof public.campaign_recipients language sql stable set search_path = '' as $$
  select r.* from public.crm_endpoints e
  join public.campaign_recipients r on r.client_id = e.client_id and r.campaign_id = coalesce(e.campaign_id, r.campaign_id)
  where e.id = event.endpoint_id and r.external_crm_id = any (ids) and (e.account_id is null or e.account_id = event.account_named)
$$;

-- Applies a merge: recipients get the id that remains, unless their campaign has it already. Applies an erasure: removes names, addresses,
-- and the payloads of the contact's events.
create function private.apply_contact_change(event public.crm_events)
returns void language plpgsql volatile set search_path = '' as $$
declare
  erased record;
begin
  if event.merged_ids <> '{}' and event.contact_id is not null then
    update public.campaign_recipients r set external_crm_id = event.contact_id
    from (
      select distinct on (f.campaign_id) f.id from private.crm_recipients(event, event.merged_ids) f
      where not exists (
        select from public.campaign_recipients other
        where other.client_id = f.client_id and other.campaign_id = f.campaign_id and other.external_crm_id = event.contact_id)
      order by f.campaign_id, f.created_at, f.id) m
    where r.id = m.id;
  end if;
  if event.is_erasure and event.contact_id is not null then
    for erased in
      update public.campaign_recipients r set first_name = null, last_name = null, email = null, phone = null, state = null
      from private.crm_recipients(event, array[event.contact_id]) f
      where r.id = f.id
      returning r.id, r.client_id
    loop
      perform private.record_audit(erased.client_id, null, 'recipient.erased', 'recipient', erased.id,
        jsonb_build_object('crm_event_id', event.id), event.request_id);
    end loop;
    update public.crm_events e set payload = null
    where e.endpoint_id = event.endpoint_id and e.contact_id = event.contact_id and e.account_named is not distinct from event.account_named;
  end if;
end $$;

-- Processes an event, stores its result, and returns the provisioning's answer if there is one.
create function private.reward_crm_event(event public.crm_events, suppliers text[])
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  match record;
  answer jsonb;
begin
  if event.problem is not null then
    perform private.settle_crm_event(event, 'refused', 'RB-400', event.problem, null);
    return null;
  end if;
  perform private.apply_contact_change(event);
  select m.* into match from private.match_crm_event(event) m;
  if match.fits is null or event.is_erasure then
    perform private.settle_crm_event(event, 'ignored', null, private.explain_no_match(event), null);
  elsif match.fits > 1 then
    perform private.settle_crm_event(event, 'refused', 'RB-400',
      'Several conditions match this event of this contact: restrict the endpoint to one campaign, or name the campaign in the event', null);
  else
    event.campaign_id := match.campaign_id;
    event.recipient_id := match.recipient_id;
    event.condition_number := match.condition_number;
    answer := private.provision_for_crm(event, suppliers);
    perform private.record_provisioning_outcome(event, answer);
  end if;
  return answer;
end $$;

create function public.process_crm_event(crm_event_id uuid, suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  event public.crm_events;
  answer jsonb;
begin
  -- another worker that holds the lock has processed the event when it is free
  select e.* into event from public.crm_events e where e.id = crm_event_id for update;
  if event.status = 'received' then
    answer := private.reward_crm_event(event, suppliers);
    select e.* into event from public.crm_events e where e.id = crm_event_id;
  end if;
  return private.answered(private.present_crm_event(event) || jsonb_strip_nulls(jsonb_build_object(
    'purchase', answer #> '{result,purchase}', 'deliveryId', answer #> '{result,delivery,id}')));
end $$;
comment on function public.process_crm_event is
  'Provisions the reward of an event and stores the result; a second run finds it processed. With a supplier purchase in the answer '
  'the card is still to be bought.';
grant execute on function public.process_crm_event to service_role;

create function public.lease_crm_events(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due uuid[];
begin
  select array_agg(d.id) into due from (
    select e.id from public.crm_events e
    where e.status = 'received' and e.leased_until <= now()
    order by e.leased_until limit private.batch_size(batch_size)
    -- a locked event is being processed
    for update skip locked) d;
  update public.crm_events e set leased_until = clock_timestamp() + interval '60 seconds' where e.id = any (due);
  return private.answered(jsonb_build_object('events', to_jsonb(coalesce(due, '{}'))));
end $$;
comment on function public.lease_crm_events is
  'Leases unprocessed events: those whose worker died, and those that are to be replayed.';
grant execute on function public.lease_crm_events to service_role;

create function public.fail_crm_event(crm_event_id uuid)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  event public.crm_events;
begin
  select e.* into event from public.crm_events e where e.id = crm_event_id for update;
  if event.status = 'received' then
    event := private.settle_crm_event(event, 'failed', 'GC-015', 'See the log of the function for the request_id', null);
    perform private.raise_alert('crm_event_failed', 'warning', 'A CRM event could not be processed; replay it once the cause is fixed',
      jsonb_build_object('crm_event_id', event.id, 'endpoint_id', event.endpoint_id), event.endpoint_id::text, event.client_id);
  end if;
  return private.answered(private.present_crm_event(event));
end $$;
comment on function public.fail_crm_event is 'Marks an event as failed by an error on our side, and raises an alert.';
grant execute on function public.fail_crm_event to service_role;

alter table public.crm_events enable row level security;

grant select on public.crm_events to authenticated, service_role;

create policy "Admins read the CRM events of their clients" on public.crm_events
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
