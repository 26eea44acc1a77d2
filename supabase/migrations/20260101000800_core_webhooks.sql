-- Webhooks: events are sent to a client's own systems, signed (Standard Webhooks), at least once, and never with a card
-- code. A message is a row in the transaction of its event; a job sends it, and every call is a row before it is made.
-- queued → sending → delivered; a call that fails is repeated after 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, then failed:
-- the dead letters, which an admin may replay. The id of a message is the same in each attempt, so a receiver detects repeats.
-- An endpoint that answers 410, or fails all attempts of a message, is disabled and an alert is raised.
-- Messages name their endpoint without a foreign key: two claims of a client must not share a lock on a row.

create table private.webhook_event_types (
  event_type text primary key,
  description text not null,
  constraint webhook_event_types_name_a_fact check (event_type ~ '^[a-z_]+\.[a-z_]+$')
);
comment on table private.webhook_event_types is 'Event types that endpoints can subscribe to.';

create table public.webhook_endpoints (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  url text not null,
  events text[] not null default '{*}',
  description text,
  is_active boolean not null default true,
  consecutive_failures int not null default 0,
  last_success_at timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  created_at timestamptz not null default now(),
  -- plain http is for a receiver on the same machine, which a worker calls only where it is configured to
  constraint webhook_endpoints_url_is_https check (
    url ~ '^https://[^\s/?#@\\]+(/[^\s#\\]*)?$' or url ~ '^http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?(/[^\s#\\]*)?$'),
  constraint webhook_endpoints_url_is_short check (length(url) <= 2000),
  constraint webhook_endpoints_events_are_some check (cardinality(events) > 0),
  constraint webhook_endpoints_disabled_at_matches_is_active check (is_active = (disabled_at is null))
);
comment on table public.webhook_endpoints is
  'Endpoints of clients and the event types that they get ({*}: all). The secret is shown once, when it is created or rotated.';

create table private.webhook_secrets (
  id uuid primary key default gen_random_uuid(),
  endpoint_id uuid not null references public.webhook_endpoints (id),
  secret text not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz
);
comment on table private.webhook_secrets is 'Signing secrets: after a rotation the old secret signs along for a day.';

create table public.webhook_messages (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  endpoint_id uuid not null,
  event_type text not null,
  subject_id uuid,
  data jsonb not null,
  status text not null default 'queued',
  attempts int not null default 0,
  attempts_max int not null default 10,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  lease_token uuid,
  error_code text,
  request_id uuid,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  failed_at timestamptz,
  constraint webhook_messages_status_is_valid check (status in ('queued', 'sending', 'delivered', 'failed')),
  constraint webhook_messages_attempts_stay_within_max check (attempts between 0 and attempts_max),
  constraint webhook_messages_lease_matches_status check (
    (status = 'sending') = (lease_token is not null and leased_until is not null)),
  constraint webhook_messages_delivered_at_matches_status check ((status = 'delivered') = (delivered_at is not null)),
  constraint webhook_messages_failed_at_matches_status check ((status = 'failed') = (failed_at is not null))
);
comment on table public.webhook_messages is
  'One event for one endpoint; its id is the webhook-id of every attempt. failed: dead letters, which can be replayed.';

create table public.webhook_attempts (
  id uuid primary key default gen_random_uuid(),
  message_id uuid not null references public.webhook_messages (id),
  client_id uuid not null,
  attempt_number int not null,
  status text not null default 'calling',
  http_status int,
  error_code text,
  duration_ms int,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint webhook_attempts_are_numbered unique (message_id, attempt_number),
  constraint webhook_attempts_status_is_valid check (status in ('calling', 'delivered', 'failed', 'lapsed')),
  constraint webhook_attempts_finished_at_matches_status check ((status = 'calling') = (finished_at is null))
);
comment on table public.webhook_attempts is
  'Every call of an endpoint with its status, without the response body. lapsed: the worker died, so the message is sent again.';

create index webhook_endpoints_client_id_idx on public.webhook_endpoints (client_id);
create index webhook_secrets_endpoint_id_idx on private.webhook_secrets (endpoint_id, created_at);
create index webhook_messages_client_id_idx on public.webhook_messages (client_id, created_at);
create index webhook_messages_due_idx on public.webhook_messages (endpoint_id, next_attempt_at) where status = 'queued';
create index webhook_messages_leased_idx on public.webhook_messages (endpoint_id, leased_until) where status = 'sending';
create index webhook_messages_lapsing_idx on public.webhook_messages (leased_until) where status = 'sending';
create index webhook_messages_failed_idx on public.webhook_messages (endpoint_id, created_at) where status = 'failed';
create index webhook_messages_delivered_at_idx on public.webhook_messages (delivered_at) where status = 'delivered';
create index webhook_attempts_client_id_idx on public.webhook_attempts (client_id, created_at);

insert into private.webhook_event_types (event_type, description) values
  ('webhook.test', 'An admin tries the endpoint.');

-- Whether an endpoint subscribes to the event: on the claim path, so one index probe.
create function private.has_webhook(client_id uuid, event_type text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.webhook_endpoints e
    where e.client_id = has_webhook.client_id and e.is_active and e.events && array['*', event_type]);
end $$;

-- Enqueues an event for every endpoint that subscribes to it. data never holds a card code.
create function private.enqueue_webhook(
  client_id uuid, event_type text, subject_id uuid, data jsonb, request_id uuid default null)
returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into public.webhook_messages (client_id, endpoint_id, event_type, subject_id, data, request_id)
  select e.client_id, e.id, enqueue_webhook.event_type, enqueue_webhook.subject_id, enqueue_webhook.data,
    enqueue_webhook.request_id
  from public.webhook_endpoints e
  where e.client_id = enqueue_webhook.client_id and e.is_active and e.events && array['*', enqueue_webhook.event_type];
end $$;

-- Delay after a number of failed attempts (of ten), with jitter.
create function private.webhook_delay(tries int)
returns interval language sql volatile set search_path = '' as $$
  select ((array['5 s', '5 min', '30 min', '2 h', '5 h', '10 h', '14 h', '20 h', '24 h']::interval[])[least(tries, 9)])
    * (1 + random() / 10)
$$;

-- Ends lapsed leases: the receiver detects repeats, so the message is sent again.
create function private.lapse_webhooks()
returns int language sql volatile set search_path = '' as $$
  with lapsed as (
    update public.webhook_messages m
    set status = case when m.attempts < m.attempts_max then 'queued' else 'failed' end, lease_token = null, leased_until = null,
      failed_at = case when m.attempts < m.attempts_max then null else now() end, error_code = 'lease_lapsed',
      next_attempt_at = now()
    where m.id in (
      select s.id from public.webhook_messages s
      where s.status = 'sending' and s.leased_until < clock_timestamp() order by s.id for update skip locked)
    returning m.id, m.attempts
  ), ended as (
    update public.webhook_attempts a set status = 'lapsed', finished_at = now(), error_code = 'lease_lapsed'
    from lapsed l where a.message_id = l.id and a.attempt_number = l.attempts and a.status = 'calling')
  select count(*)::int from lapsed
$$;

-- The active endpoints with due messages: one probe for each endpoint that has queued ones, and none for the others.
create function private.due_endpoints()
returns setof uuid language sql stable rows 10 set search_path = '' as $$
  with recursive queued (endpoint_id) as (
    (select m.endpoint_id from public.webhook_messages m where m.status = 'queued' order by m.endpoint_id limit 1)
    union all
    select (select m.endpoint_id from public.webhook_messages m where m.status = 'queued' and m.endpoint_id > q.endpoint_id
      order by m.endpoint_id limit 1)
    from queued q where q.endpoint_id is not null)
  select q.endpoint_id from queued q
  -- one probe for each of them: as a join it may be planned as a scan of all endpoints
  where (select e.is_active from public.webhook_endpoints e where e.id = q.endpoint_id)
$$;

-- Leases due messages, at most two of an endpoint at a time, so that a slow endpoint does not delay others.
create function private.lease_webhooks(batch_size int)
returns setof public.webhook_attempts language plpgsql volatile set search_path = '' as $$
declare
  due uuid[];
begin
  due := array(
    select q.id
    from private.due_endpoints() d (endpoint_id)
    cross join lateral (
      select m.id, m.next_attempt_at from public.webhook_messages m
      where m.endpoint_id = d.endpoint_id and m.status = 'queued' and m.next_attempt_at <= now()
      order by m.next_attempt_at
      limit greatest(0, 2 - (
        select count(*) from public.webhook_messages s where s.endpoint_id = d.endpoint_id and s.status = 'sending'))
      -- a locked message is being sent by another worker
      for update skip locked) q
    order by q.next_attempt_at limit batch_size);
  update public.webhook_messages m
  set status = 'sending', attempts = m.attempts + 1, lease_token = gen_random_uuid(),
    leased_until = clock_timestamp() + interval '60 seconds'
  where m.id = any (due);
  return query
    insert into public.webhook_attempts (message_id, client_id, attempt_number)
    select m.id, m.client_id, m.attempts from public.webhook_messages m where m.id = any (due)
    returning *;
end $$;

-- What a worker needs for one call. All valid secrets sign, the newest first.
create function private.present_webhook(attempt public.webhook_attempts)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object('attemptId', attempt.id, 'leaseToken', m.lease_token, 'messageId', m.id, 'url', e.url,
    'secrets', (
      select jsonb_agg(s.secret order by s.created_at desc) from private.webhook_secrets s
      where s.endpoint_id = e.id and (s.expires_at is null or s.expires_at > now())),
    'body', jsonb_build_object('type', m.event_type, 'timestamp', m.created_at, 'data', m.data))
  from public.webhook_messages m
  join public.webhook_endpoints e on e.id = m.endpoint_id
  where m.id = attempt.message_id
$$;

create function public.lease_webhooks(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  attempts public.webhook_attempts[];
begin
  perform private.lapse_webhooks();
  -- leased first, presented after: one statement would present what was there before
  attempts := array(select l from private.lease_webhooks(private.batch_size(batch_size)) l);
  return private.answered(jsonb_build_object('webhooks', (
    select coalesce(jsonb_agg(private.present_webhook(a)), '[]') from unnest(attempts) a)));
end $$;
comment on function public.lease_webhooks is
  'Takes due webhook messages for sending: an attempt is committed before the endpoint is called. The lease lasts a minute.';
grant execute on function public.lease_webhooks to service_role;

-- Disables an endpoint; its queued messages become dead letters.
create function private.disable_endpoint(endpoint_id uuid, reason text)
returns public.webhook_endpoints language plpgsql volatile set search_path = '' as $$
declare
  endpoint public.webhook_endpoints;
begin
  update public.webhook_endpoints e set is_active = false, disabled_at = now(), disabled_reason = reason
  where e.id = disable_endpoint.endpoint_id and e.is_active
  returning e.* into endpoint;
  update public.webhook_messages m set status = 'failed', failed_at = now(), error_code = 'endpoint_disabled'
  where m.endpoint_id = endpoint.id and m.status = 'queued';
  return endpoint;
end $$;

-- Applies the result of an attempt to its endpoint.
create function private.follow_webhook(message public.webhook_messages, outcome text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  endpoint public.webhook_endpoints;
  first_tried_at timestamptz := (select min(a.created_at) from public.webhook_attempts a where a.message_id = message.id);
begin
  update public.webhook_endpoints e
  set consecutive_failures = case when outcome = 'delivered' then 0 else e.consecutive_failures + 1 end,
    last_success_at = case when outcome = 'delivered' then now() else e.last_success_at end
  where e.id = message.endpoint_id
  returning e.* into endpoint;
  if outcome = 'delivered' then
    perform private.resolve_alert('webhook_endpoint_failing', endpoint.id::text);
  elsif endpoint.is_active and (outcome = 'gone'
    or (message.status = 'failed' and coalesce(endpoint.last_success_at < first_tried_at, true))) then
    perform private.disable_endpoint(endpoint.id, case outcome when 'gone' then 'gone' else 'repeated_failures' end);
    perform private.resolve_alert('webhook_endpoint_failing', endpoint.id::text);
    perform private.raise_alert('webhook_endpoint_disabled', 'critical', 'A webhook endpoint is disabled: it gets no more events',
      jsonb_build_object('endpoint_id', endpoint.id, 'url', endpoint.url, 'error_code', message.error_code),
      endpoint.id::text, endpoint.client_id);
  elsif endpoint.consecutive_failures >= 5 then
    perform private.raise_alert('webhook_endpoint_failing', 'warning', 'A webhook endpoint fails to accept events',
      jsonb_build_object('endpoint_id', endpoint.id, 'url', endpoint.url, 'error_code', message.error_code),
      endpoint.id::text, endpoint.client_id);
  end if;
end $$;

create function public.complete_webhook_attempt(
  attempt_id uuid, lease_token uuid, outcome text, http_status int, error_code text, duration_ms int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  attempt public.webhook_attempts;
  message public.webhook_messages;
begin
  select a.* into attempt from public.webhook_attempts a where a.id = attempt_id;
  select m.* into message from public.webhook_messages m where m.id = attempt.message_id for update;
  if message.lease_token is distinct from complete_webhook_attempt.lease_token or message.status is distinct from 'sending'
    or message.attempts <> attempt.attempt_number then
    return private.answered(jsonb_build_object('accepted', false));
  end if;
  update public.webhook_attempts a
  set status = case when outcome = 'delivered' then 'delivered' else 'failed' end, finished_at = clock_timestamp(),
    http_status = complete_webhook_attempt.http_status, error_code = complete_webhook_attempt.error_code,
    duration_ms = complete_webhook_attempt.duration_ms
  where a.id = attempt.id;
  update public.webhook_messages m
  set status = s.status, lease_token = null, leased_until = null, error_code = complete_webhook_attempt.error_code,
    delivered_at = case when s.status = 'delivered' then now() end, failed_at = case when s.status = 'failed' then now() end,
    -- a replay has ten attempts of its own
    next_attempt_at = case when s.status = 'queued' then now() + private.webhook_delay(10 - m.attempts_max + m.attempts)
      else m.next_attempt_at end
  from (select case when outcome = 'delivered' then 'delivered' when outcome = 'gone' or message.attempts >= message.attempts_max
    then 'failed' else 'queued' end as status) s
  where m.id = message.id
  returning m.* into message;
  perform private.follow_webhook(message, outcome);
  return private.answered(jsonb_build_object('accepted', true, 'status', message.status));
end $$;
comment on function public.complete_webhook_attempt is
  'Reports a call: delivered, failed or gone (410: the endpoint is to be disabled). accepted is false when another worker holds the lease.';
grant execute on function public.complete_webhook_attempt to service_role;

-- Purges messages that were delivered before a time; dead letters are kept.
create function private.purge_webhooks(before timestamptz, batch_size int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  old uuid[] := array(
    select m.id from public.webhook_messages m
    where m.status = 'delivered' and m.delivered_at < before order by m.delivered_at limit batch_size
    for update skip locked);
begin
  delete from public.webhook_attempts a where a.message_id = any (old);
  delete from public.webhook_messages m where m.id = any (old);
  return cardinality(old);
end $$;

-- Must be empty: messages whose status does not match their attempts.
create view private.webhook_violations as
  select m.id, 'attempts without a row' as problem
  from public.webhook_messages m
  where m.attempts <> (select count(*) from public.webhook_attempts a where a.message_id = m.id)
  union all
  select m.id, 'delivered without a delivered attempt'
  from public.webhook_messages m
  where m.status = 'delivered' and not exists (
    select from public.webhook_attempts a where a.message_id = m.id and a.status = 'delivered')
  union all
  select m.id, 'calling without a lease'
  from public.webhook_messages m
  join public.webhook_attempts a on a.message_id = m.id and a.status = 'calling'
  where m.status <> 'sending' or a.attempt_number <> m.attempts;

alter table public.webhook_endpoints enable row level security;
alter table public.webhook_messages enable row level security;
alter table public.webhook_attempts enable row level security;

grant select on public.webhook_endpoints, public.webhook_messages, public.webhook_attempts to authenticated, service_role;

create policy "Admins read the webhook endpoints of their clients" on public.webhook_endpoints
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Admins read the webhook messages of their clients" on public.webhook_messages
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Admins read the webhook attempts of their clients" on public.webhook_attempts
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
