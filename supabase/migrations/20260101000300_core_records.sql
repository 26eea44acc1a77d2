-- Records: audit events, alerts for operators, and stored answers of requests (idempotency keys).
-- Audit events are append-only; a use case only appends its row, and the housekeeping job links the rows of a tenant into
-- a hash chain, so that no transaction waits for its head. An alert is open once for each subject until it is resolved.

create table public.audit_events (
  id bigint generated always as identity primary key,
  client_id uuid,
  actor_id uuid,
  action text not null,
  subject_type text not null,
  subject_id uuid not null,
  reason text,
  metadata jsonb not null default '{}',
  request_id uuid,
  origin text not null default private.call_origin(),
  created_at timestamptz not null default now(),
  constraint audit_events_origin_is_valid check (origin in ('user', 'server', 'studio'))
);
comment on table public.audit_events is
  'Append-only audit log. origin: how the call came: user (the actor''s own token), server (the secret key: an edge function for '
  'the actor, or without an actor a server or a job) or studio (the SQL editor, or another direct connection).';

create table private.audit_links (
  event_id bigint primary key references public.audit_events (id),
  tenant uuid not null,
  position bigint not null,
  hash bytea not null,
  constraint audit_links_position_is_unique unique (tenant, position)
);
comment on table private.audit_links is
  'The hash chain of each tenant: sha256 of the link before and of the event. The platform''s tenant is the nil uuid.';

create table private.audit_progress (
  is_the_only_row boolean primary key default true,
  linked_through bigint not null default 0,
  next_through bigint not null default 0,
  next_xact xid8 not null default '0',
  constraint audit_progress_is_one_row check (is_the_only_row)
);
comment on table private.audit_progress is
  'How far the audit chain is linked: all events up to linked_through. Those up to next_through are all committed or rolled back once '
  'every transaction below next_xact has ended.';
insert into private.audit_progress default values;

create table public.system_alerts (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  alert_type text not null,
  severity text not null,
  message text not null,
  metadata jsonb not null default '{}',
  subject text not null default '',
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  constraint system_alerts_severity_is_valid check (severity in ('info', 'warning', 'critical'))
);
comment on table public.system_alerts is 'Alerts for operators: open once for each subject, until resolved.';

create table private.idempotency_keys (
  scope text not null,
  key text not null,
  request_hash text,
  answer jsonb,
  created_at timestamptz not null default now(),
  constraint idempotency_keys_are_unique primary key (scope, key)
);
comment on table private.idempotency_keys is
  'Answers given: the same key and request gets the same answer for 30 days, or for the replay window of its scope. Only '
  'successes are kept.';

create table private.replay_windows (
  use_case text primary key,
  replayed_for interval not null,
  constraint replay_windows_are_some_time check (replayed_for > interval '0')
);
comment on table private.replay_windows is
  'For how long an answer of a use case is repeated, where that is shorter than it is kept: on public forms. '
  'After it the same key stands for a new request.';

create index audit_events_client_id_idx on public.audit_events (client_id, id);
create index audit_events_subject_id_idx on public.audit_events (subject_id);
create unique index system_alerts_open_idx on public.system_alerts (alert_type, subject) where resolved_at is null;
create index system_alerts_client_id_idx on public.system_alerts (client_id, created_at);
create index idempotency_keys_created_at_idx on private.idempotency_keys using brin (created_at);

create trigger audit_events_are_append_only
  before update or delete or truncate on public.audit_events
  for each statement execute function private.refuse_change();

-- The transaction takes its id before its events take theirs, so that link_audit_chain knows when no lower id can come any more. The
-- condition is never true: it takes the id without the cost of a trigger function.
create trigger audit_events_come_after_their_transaction
  before insert on public.audit_events
  for each statement when (pg_current_xact_id() is null) execute function private.refuse_change();

create trigger audit_links_are_append_only
  before update or delete or truncate on private.audit_links
  for each statement execute function private.refuse_change();

create function private.record_audit(
  client_id uuid, actor uuid, action text, subject_type text, subject_id uuid,
  metadata jsonb default '{}', request_id uuid default null, reason text default null)
returns bigint language plpgsql volatile set search_path = '' as $$
declare
  event_id bigint;
begin
  insert into public.audit_events as e (client_id, actor_id, action, subject_type, subject_id, metadata, request_id, reason)
  values (client_id, actor, action, subject_type, subject_id, metadata, request_id, reason)
  returning e.id into event_id;
  return event_id;
end $$;

-- Over named columns and the time as a number: neither a new column nor a session's time zone breaks the chain.
create function private.audit_hash(previous bytea, event public.audit_events)
returns bytea language plpgsql immutable set search_path = '' as $$
begin
  return sha256(coalesce(previous, '') || convert_to(jsonb_build_array(
    event.id, event.client_id, event.actor_id, event.action, event.subject_type, event.subject_id, event.reason,
    event.metadata, event.request_id, event.origin, extract(epoch from event.created_at))::text, 'UTF8'));
end $$;

-- Links what is committed and not linked yet, in the order in which it finds it. Events up to linked_through are not read again. The next
-- such limit is the newest event that is seen before this transaction takes its own id: each transaction with an event below it has a
-- lower id, so that it is final once they have all ended.
create function private.link_audit_chain(batch_size int default 5000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  progress private.audit_progress;
  is_final boolean;
  newest bigint := (select max(e.id) from public.audit_events e);
  own_xact xid8;
  event public.audit_events;
  head private.audit_links;
  linked int := 0;
begin
  -- one linker at a time: two would fork the chain
  if not pg_try_advisory_xact_lock(hashtext('private.link_audit_chain')) then
    return 0;
  end if;
  select p.* into progress from private.audit_progress p;
  if newest > progress.next_through and pg_current_xact_id_if_assigned() is null then
    own_xact := pg_current_xact_id();
  end if;
  is_final := progress.next_xact <= pg_snapshot_xmin(pg_current_snapshot());
  for event in
    select e.* from public.audit_events e
    where e.id > progress.linked_through
      -- one probe for each event: as "not exists" it may be planned as a scan of all links
      and (select l.event_id from private.audit_links l where l.event_id = e.id) is null
    order by e.id limit batch_size
  loop
    select l.* into head from private.audit_links l
    where l.tenant = coalesce(event.client_id, '00000000-0000-0000-0000-000000000000')
    order by l.position desc limit 1;
    insert into private.audit_links (event_id, tenant, position, hash)
    values (event.id, coalesce(event.client_id, '00000000-0000-0000-0000-000000000000'),
      coalesce(head.position, 0) + 1, private.audit_hash(head.hash, event));
    linked := linked + 1;
  end loop;
  if is_final then
    progress.linked_through := least(progress.next_through, case when linked = batch_size then event.id end);
  end if;
  if own_xact is not null and progress.linked_through = progress.next_through then
    progress.next_through := newest;
    progress.next_xact := own_xact;
  end if;
  update private.audit_progress p
  set linked_through = progress.linked_through, next_through = progress.next_through, next_xact = progress.next_xact
  where (p.linked_through, p.next_through) <> (progress.linked_through, progress.next_through);
  return linked;
end $$;

-- Must be empty: an event that was changed, removed or put elsewhere after it was linked.
create view private.audit_chain_breaks as
  select l.tenant, l.position, l.event_id
  from (
    select a.*, lag(a.hash) over chain as previous, lag(a.position, 1, 0::bigint) over chain as previous_position
    from private.audit_links a
    window chain as (partition by a.tenant order by a.position)
  ) l
  left join public.audit_events e on e.id = l.event_id
  where e.id is null
    or l.position <> l.previous_position + 1
    or l.hash <> private.audit_hash(l.previous, e);

create function private.raise_alert(
  alert_type text, severity text, message text, metadata jsonb, subject text, client_id uuid default null)
returns void language sql volatile set search_path = '' as $$
  insert into public.system_alerts (alert_type, severity, message, metadata, subject, client_id)
  values (alert_type, severity, message, metadata, subject, client_id)
  -- the alert is open already: one is enough
  on conflict (alert_type, subject) where resolved_at is null do nothing
$$;

create function private.resolve_alert(alert_type text, subject text)
returns void language sql volatile set search_path = '' as $$
  update public.system_alerts a set resolved_at = now()
  where a.alert_type = resolve_alert.alert_type and a.subject = resolve_alert.subject and a.resolved_at is null
$$;

-- Keys of callers and keys of the system never meet, so that no id that an answer or a table shows opens an answer as an
-- Idempotency-Key. Without a caller's key the request id stands for it: a broken connection may make the HTTP client of an edge
-- function send a call twice, and the second run of one request gets the first one's answer.
create function private.answer_key(idempotency_key text, system_key text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  -- a blank key would stand for every request whose caller forgot to set one; a long one does not fit into the index
  if private.trimmed(idempotency_key) = '' or length(idempotency_key) > 255 then
    perform private.refuse_field('idempotency_key', 'must be 1 to 255 characters and not blank');
  end if;
  return coalesce('caller:' || idempotency_key, 'system:' || system_key);
end $$;

-- The scope of a key: a use case for one tenant and one caller; servers, which have no actor, share only their tenant's.
create function private.answer_scope(use_case text, tenant uuid, actor uuid)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return use_case || ':' || coalesce(tenant::text, 'platform') || ':' || coalesce(actor::text, 'server');
end $$;

-- Identifies what was asked for, where the database is called without an edge function that does so.
create function private.request_hash(variadic parts jsonb[])
returns text language plpgsql immutable set search_path = '' as $$
begin
  return encode(sha256(convert_to(to_jsonb(parts)::text, 'UTF8')), 'hex');
end $$;

-- Stores an answer in one write, where the caller has looked for it in a query of its own. False when a concurrent request has used the
-- key meanwhile: the caller undoes its work and finds that answer. Without an answer the key is taken for one that comes later.
create function private.keep_answer(scope text, key text, request_hash text, answer jsonb)
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  if key is null then
    return true;
  end if;
  insert into private.idempotency_keys as k (scope, key, request_hash, answer)
  values (scope, key, request_hash, answer)
  on conflict on constraint idempotency_keys_are_unique do update
    set request_hash = excluded.request_hash, answer = excluded.answer, created_at = now()
    where (k.answer is null and k.request_hash is not distinct from excluded.request_hash) or k.created_at < now() - (
      select w.replayed_for from private.replay_windows w where w.use_case = split_part(k.scope, ':', 1));
  return found;
end $$;

-- Was the request with this key answered? Then a limit has counted it, and the repeated one costs nothing.
create function private.is_answered(scope text, key text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from private.idempotency_keys k
    where k.scope = is_answered.scope and k.key = is_answered.key and k.answer is not null);
end $$;

-- Frees the key of a request that is refused without being rolled back, because what it recorded must stay (an alert).
create function private.free_key(scope text, key text)
returns void language sql volatile set search_path = '' as $$
  delete from private.idempotency_keys k
  where k.scope = free_key.scope and k.key = free_key.key and k.answer is null
$$;

-- The key of a request: the caller's Idempotency-Key; else a key of the system, which stands for the work itself or for the HTTP
-- request, because a broken connection may make the HTTP client of an edge function send a call twice. Null when there is none.
create function private.request_key(request public.request, system_key text default null)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return private.answer_key(request.idempotency_key, coalesce(system_key, request.id::text));
end $$;

-- The stored answer of a repeated request, or null for a new one, whose key is taken until the transaction ends: a concurrent request
-- with the key waits here, and a refusal frees the key, so that only successes are kept. RB-409: the key stands for another request.
create function private.replay(request public.request, scope text, system_key text default null)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  request_key constant text := private.request_key(request, system_key);
  stored private.idempotency_keys;
begin
  if request_key is null then
    return null;
  end if;
  insert into private.idempotency_keys as k (scope, key, request_hash)
  values (scope, request_key, request.hash)
  on conflict on constraint idempotency_keys_are_unique do update
    set request_hash = excluded.request_hash, answer = null, created_at = now()
    where k.created_at < now() - (
      select w.replayed_for from private.replay_windows w where w.use_case = split_part(k.scope, ':', 1));
  if found then
    return null;
  end if;
  select k.* into stored from private.idempotency_keys k
  where k.scope = replay.scope and k.key = request_key;
  if stored.request_hash is distinct from request.hash then
    perform private.refuse('RB-409');
  end if;
  return case when stored.answer is not null then private.answered(stored.answer, null, true) end;
end $$;

-- Stores the result of a request for its repetitions, also one that comes later than the request (a bought card), and returns the
-- answer. What is sealed is not stored.
create function private.answer(
  request public.request, scope text, result jsonb, sealed jsonb default null, system_key text default null)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  update private.idempotency_keys k set answer = result, created_at = now()
  where k.scope = answer.scope and k.key = private.request_key(request, system_key);
  return private.answered(result, sealed);
end $$;

alter table public.audit_events enable row level security;
alter table public.system_alerts enable row level security;

grant select on public.audit_events, public.system_alerts to authenticated, service_role;

create policy "Admins read the audit events of their clients" on public.audit_events
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Admins read the alerts of their clients" on public.system_alerts
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
