-- Gift cards, replays of CRM events: the job processes an event without a result again from its row, when an admin asks for it or
-- the missing consent is given. A replay gives no card twice, because the grant decides.

-- Makes events due for the crm-events job, which can call suppliers.
create function private.reopen_crm_events(events uuid[])
returns setof public.crm_events language sql volatile set search_path = '' as $$
  update public.crm_events e
  set status = 'received', code = null, message = null, gift_card_id = null, processed_at = null, leased_until = now()
  where e.id = any (events) and e.status not in ('received', 'provisioned')
  returning e.*
$$;

create function private.replay_crm_event(crm_event_id uuid, reason text default null)
returns public.crm_events language plpgsql volatile security definer set search_path = '' as $$
declare
  event public.crm_events;
begin
  select e.* into event from public.crm_events e where e.id = crm_event_id for update;
  perform private.assert_can_act(private.caller(), event.client_id, private.admin_roles());
  if event.status in ('received', 'provisioned') then
    perform private.refuse('RB-400', 'The event is ' || event.status || ': it cannot be replayed');
  end if;
  select e.* into event from private.reopen_crm_events(array[event.id]) e;
  perform private.record_audit(event.client_id, private.caller(), 'crm_event.replayed', 'crm_event', event.id,
    reason => reason);
  if not exists (
    select from public.crm_events e where e.endpoint_id = event.endpoint_id and e.status = 'failed') then
    perform private.resolve_alert('crm_event_failed', event.endpoint_id::text);
  end if;
  return event;
end $$;
select private.publish('private.replay_crm_event(uuid, text)', '{authenticated, service_role}',
  'Replays an event without a result from its stored columns, in the next round of the crm-events job.');

create function private.replay_crm_events(endpoint_id uuid, since text, reason text default null)
returns int language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.crm_endpoints := private.administered_crm_endpoint(endpoint_id);
  from_moment timestamptz := private.parse_beginning(since, 'since', private.time_zone_of(endpoint.client_id));
  replayed int;
begin
  if from_moment is null then
    perform private.refuse_field('since', 'is required');
  end if;
  select count(*) into replayed from private.reopen_crm_events(array(
    select e.id from public.crm_events e
    where e.endpoint_id = endpoint.id and e.created_at >= from_moment and e.status in ('ignored', 'refused', 'failed')
    order by e.created_at limit 10000));
  perform private.record_audit(endpoint.client_id, private.caller(), 'crm_events.replayed', 'crm_endpoint', endpoint.id,
    jsonb_build_object('since', from_moment, 'events', replayed), reason => reason);
  return replayed;
end $$;
select private.publish('private.replay_crm_events(uuid, text, text)', '{authenticated, service_role}',
  'Replays all events of an endpoint without a result since a day (in the client''s time zone) or a moment, at most '
  '10,000 at once; returns how many.');

-- A later consent makes events that were refused for a missing consent (GC-009) due again.
create function private.reopen_events_on_consent()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.reopen_crm_events(array(
    select e.id from public.crm_events e where e.recipient_id = new.id and e.status = 'refused' and e.code = 'GC-009'));
  return null;
end $$;

create trigger recipients_who_agree_reopen_crm_events after update of sms_opted_in_at on public.campaign_recipients
  for each row when (old.sms_opted_in_at is null and new.sms_opted_in_at is not null)
  execute function private.reopen_events_on_consent();
