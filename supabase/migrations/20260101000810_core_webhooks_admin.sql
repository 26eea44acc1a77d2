-- Webhooks, admin entry points: endpoints, their secrets, a test event, and replays of dead letters.
-- Admin entry points: each body checks the caller's membership itself. A secret is in the
-- answer of the call that makes it and nowhere else.

-- An endpoint of the caller's clients, locked; else refused as one that does not exist.
create function private.administered_endpoint(endpoint_id uuid)
returns public.webhook_endpoints language plpgsql volatile set search_path = '' as $$
declare
  endpoint public.webhook_endpoints;
begin
  select e.* into endpoint from public.webhook_endpoints e where e.id = administered_endpoint.endpoint_id;
  perform private.assert_can_act(private.caller(), endpoint.client_id, private.admin_roles());
  select e.* into endpoint from public.webhook_endpoints e where e.id = administered_endpoint.endpoint_id for no key update;
  return endpoint;
end $$;

-- Accepts a list of events that all exist, or null; an empty list would send the endpoint no event.
create function private.assert_events(events text[])
returns void language plpgsql stable set search_path = '' as $$
declare
  known text[] := array(select t.event_type from private.webhook_event_types t order by t.event_type);
  unknown text;
begin
  if events = '{}' or array_ndims(events) > 1 or array_position(events, null) is not null then
    perform private.refuse_field('events', 'must be a list of at least one event; * is all of them');
  end if;
  select e into unknown from unnest(events) e where e <> '*' and e <> all (known) limit 1;
  if unknown is not null then
    unknown := 'There is no event ' || left(unknown, 100)
      || coalesce('; did you mean ' || private.nearest_name(unknown, known) || '?', '');
    perform private.refuse('RB-400', unknown, jsonb_build_object('events', to_jsonb(known),
      'fields', jsonb_build_array(jsonb_build_object('field', 'events', 'problem', unknown))));
  end if;
end $$;

-- Accepts an address that events can be sent to, or null: the same as the constraint of the table.
create function private.assert_receiver(url text)
returns void language plpgsql stable set search_path = '' as $$
begin
  if length(url) > 2000 or not (url ~ '^https://[^\s/?#@\\]+(/[^\s#\\]*)?$'
    or url ~ '^http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/[^\s#\\]*)?$') then
    perform private.refuse_field('url', 'must be an https address such as https://acme.com/hooks without user name and #, '
      || 'of at most 2000 characters');
  end if;
end $$;

create function private.add_webhook_secret(endpoint_id uuid)
returns text language sql volatile set search_path = '' as $$
  insert into private.webhook_secrets as s (endpoint_id, secret)
  values (endpoint_id, 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64'))
  returning s.secret
$$;

create function private.create_webhook_endpoint(
  client_id uuid, url text, events text[] default '{*}', description text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.webhook_endpoints;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  perform private.assert_events(coalesce(events, '{}'));
  perform private.assert_given(url is not null, 'url'), private.assert_receiver(url);
  insert into public.webhook_endpoints as e (client_id, url, events, description)
  values (client_id, url, events, description) returning e.* into endpoint;
  perform private.record_audit(client_id, private.caller(), 'webhook_endpoint.created', 'webhook_endpoint', endpoint.id,
    jsonb_build_object('url', url, 'events', events));
  return jsonb_build_object('endpoint', to_jsonb(endpoint), 'secret', private.add_webhook_secret(endpoint.id));
end $$;
select private.publish('private.create_webhook_endpoint(uuid, text, text[], text)', '{authenticated, service_role}',
  'Creates an endpoint: an https URL of a client''s system and the events that it gets ({*}: all). Answers { endpoint, secret }: the '
  'secret is shown once.');

create function private.update_webhook_endpoint(
  endpoint_id uuid, url text default null, events text[] default null, description text default null,
  is_active boolean default null)
returns public.webhook_endpoints language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.webhook_endpoints := private.administered_endpoint(endpoint_id);
begin
  perform private.assert_events(events);
  perform private.assert_receiver(url);
  if update_webhook_endpoint.is_active is false and endpoint.is_active then
    perform private.disable_endpoint(endpoint.id, 'by_admin');
  elsif update_webhook_endpoint.is_active and not endpoint.is_active then
    perform private.resolve_alert('webhook_endpoint_disabled', endpoint.id::text);
  end if;
  update public.webhook_endpoints e
  set url = coalesce(update_webhook_endpoint.url, e.url), events = coalesce(update_webhook_endpoint.events, e.events),
    description = coalesce(update_webhook_endpoint.description, e.description),
    is_active = coalesce(update_webhook_endpoint.is_active, e.is_active),
    disabled_at = case when update_webhook_endpoint.is_active then null else e.disabled_at end,
    disabled_reason = case when update_webhook_endpoint.is_active then null else e.disabled_reason end,
    consecutive_failures = case when update_webhook_endpoint.is_active then 0 else e.consecutive_failures end
  where e.id = endpoint.id returning e.* into endpoint;
  perform private.record_audit(endpoint.client_id, private.caller(), 'webhook_endpoint.updated', 'webhook_endpoint', endpoint.id,
    jsonb_build_object('url', endpoint.url, 'events', endpoint.events, 'is_active', endpoint.is_active));
  return endpoint;
end $$;
select private.publish('private.update_webhook_endpoint(uuid, text, text[], text, boolean)', '{authenticated, service_role}',
  'Changes an endpoint; omitted parameters are left unchanged. Disabled, it gets no events and queued messages become dead letters; '
  'enabled again, it gets new events.');

create function private.rotate_webhook_secret(endpoint_id uuid)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.webhook_endpoints := private.administered_endpoint(endpoint_id);
  made text;
begin
  -- of several changes in a day only the last two secrets sign
  delete from private.webhook_secrets s where s.endpoint_id = endpoint.id and s.expires_at is not null;
  update private.webhook_secrets s set expires_at = now() + interval '1 day' where s.endpoint_id = endpoint.id;
  made := private.add_webhook_secret(endpoint.id);
  perform private.record_audit(
    endpoint.client_id, private.caller(), 'webhook_endpoint.secret_rotated', 'webhook_endpoint', endpoint.id);
  return jsonb_build_object('endpointId', endpoint.id, 'secret', made, 'previousExpiresAt', now() + interval '1 day');
end $$;
select private.publish('private.rotate_webhook_secret(uuid)', '{authenticated, service_role}',
  'Creates a new secret, shown once; for a day messages have signatures of both, so that a receiver can change over.');

create function private.send_test_event(endpoint_id uuid)
returns public.webhook_messages language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.webhook_endpoints := private.administered_endpoint(endpoint_id);
  message public.webhook_messages;
begin
  if not endpoint.is_active then
    perform private.refuse('RB-400', 'The endpoint is disabled');
  end if;
  insert into public.webhook_messages as m (client_id, endpoint_id, event_type, subject_id, data)
  values (endpoint.client_id, endpoint.id, 'webhook.test', endpoint.id, jsonb_build_object('endpointId', endpoint.id))
  returning m.* into message;
  return message;
end $$;
select private.publish('private.send_test_event(uuid)', '{authenticated, service_role}',
  'Sends webhook.test to an endpoint, whatever its events are; the result is in webhook_attempts.');

-- Queues messages again under the same id, with ten more attempts.
create function private.requeue_webhooks(endpoint_id uuid, messages uuid[])
returns setof public.webhook_messages language plpgsql volatile set search_path = '' as $$
begin
  if not exists (select from public.webhook_endpoints e where e.id = requeue_webhooks.endpoint_id and e.is_active) then
    perform private.refuse('RB-400', 'The endpoint is disabled');
  end if;
  return query
    update public.webhook_messages m
    set status = 'queued', attempts_max = m.attempts + 10, next_attempt_at = now(), delivered_at = null, failed_at = null,
      error_code = null
    where m.id = any (messages) and m.status in ('delivered', 'failed')
    returning m.*;
end $$;

create function private.replay_webhook_message(message_id uuid)
returns public.webhook_messages language plpgsql volatile security definer set search_path = '' as $$
declare
  message public.webhook_messages;
begin
  select m.* into message from public.webhook_messages m where m.id = replay_webhook_message.message_id;
  perform private.assert_can_act(private.caller(), message.client_id, private.admin_roles());
  select q.* into message from private.requeue_webhooks(message.endpoint_id, array[message.id]) q;
  if message.id is null then
    perform private.refuse('RB-400', 'The message is on its way already');
  end if;
  perform private.record_audit(
    message.client_id, private.caller(), 'webhook_message.replayed', 'webhook_message', message.id);
  return message;
end $$;
select private.publish('private.replay_webhook_message(uuid)', '{authenticated, service_role}',
  'Sends a message again that was delivered or failed, under the same webhook-id: the receiver can detect the repeat.');

create function private.replay_webhook_messages(endpoint_id uuid, since text)
returns int language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.webhook_endpoints := private.administered_endpoint(endpoint_id);
  from_moment timestamptz := private.parse_beginning(since, 'since', private.time_zone_of(endpoint.client_id));
  replayed int;
begin
  if from_moment is null then
    perform private.refuse_field('since', 'is required');
  end if;
  select count(*) into replayed from private.requeue_webhooks(endpoint.id, array(
    select m.id from public.webhook_messages m
    where m.endpoint_id = endpoint.id and m.status = 'failed' and m.created_at >= from_moment order by m.created_at limit 10000));
  perform private.record_audit(endpoint.client_id, private.caller(), 'webhook_messages.replayed', 'webhook_endpoint', endpoint.id,
    jsonb_build_object('since', from_moment, 'messages', replayed));
  return replayed;
end $$;
select private.publish('private.replay_webhook_messages(uuid, text)', '{authenticated, service_role}',
  'Sends an endpoint''s dead letters since a day (in the client''s time zone) or a moment again, at most 10,000 at once; returns their '
  'number.');
