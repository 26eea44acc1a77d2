-- Attempts: every attempt on a surface that takes a code, also the failed ones, and the limits that read them.
-- An attempt takes a token from each blocking bucket before anything is looked up, and gets it back when it succeeds; the guarded
-- upsert makes the cap exact however many attempts come at once. Counters shared by many visitors never block: failures are
-- counted by the beginning of the code, by scope (the campaign or client that is tried) and by surface. Beyond the budget of a scope
-- or a surface an alert is open, unknown codes are answered with RB-429, and an address has fewer failures left; a right code from
-- an address without failures is never held up. Codes and addresses are kept as fingerprints only.

create table public.redemption_attempts (
  id bigint generated always as identity primary key,
  client_id uuid,
  surface text not null,
  subject text,
  code_fingerprint text,
  outcome text not null,
  code text,
  request_id uuid,
  created_at timestamptz not null default now(),
  constraint redemption_attempts_outcome_is_valid check (outcome in ('succeeded', 'refused', 'limited')),
  constraint redemption_attempts_refused_has_a_code check ((outcome = 'succeeded') = (code is null))
);
comment on table public.redemption_attempts is
  'Every attempt to use a code: surface, subject (fingerprint of the address, or the user), fingerprint of the code, outcome. '
  'code is the refusal that was found, also where the public was answered RB-429 because the failure budget was spent.';

create table private.attempt_limits (
  surface text not null,
  kind text not null,
  attempts_max int not null,
  window_seconds int not null,
  blocks boolean not null default true,
  slows boolean not null default false,
  slowed_max int,
  constraint attempt_limits_are_unique primary key (surface, kind),
  constraint attempt_limits_are_positive check (attempts_max > 0 and window_seconds > 0 and slowed_max > 0),
  constraint attempt_limits_a_budget_never_blocks check (not (blocks and slows)),
  constraint attempt_limits_only_what_blocks_is_slowed check (blocks or slowed_max is null)
);
comment on table private.attempt_limits is
  'How many failed attempts a surface allows in a window, by kind of key. blocks: further attempts with the key are refused before '
  'the look-up, after slowed_max failures while the surface or scope is slowed down. slows: a failure budget (kinds scope and '
  'surface), which slows down beyond attempts_max. Neither: only an alert.';

create table private.attempt_buckets (
  surface text not null,
  kind text not null,
  key text not null,
  window_starts_at timestamptz not null,
  shard int not null default 0,
  taken int not null,
  constraint attempt_buckets_are_unique primary key (surface, kind, key, window_starts_at, shard)
);
comment on table private.attempt_buckets is
  'Tokens taken by attempts that have not succeeded, by key and window. Counters that many failures share have sixteen shards, so '
  'that they do not wait for each other.';

create table private.attempt_slowdowns (
  surface text not null,
  scope text not null,
  slowed_until timestamptz not null,
  constraint attempt_slowdowns_are_unique primary key (surface, scope)
);
comment on table private.attempt_slowdowns is
  'Surfaces (scope all) and scopes whose failure budget is spent, and until when an address has fewer failures there.';

create index redemption_attempts_client_id_idx on public.redemption_attempts (client_id, id);
create index redemption_attempts_created_at_idx on public.redemption_attempts using brin (created_at);
create index attempt_buckets_window_starts_at_idx on private.attempt_buckets (window_starts_at);

-- An address as proxies write it: with a port, in brackets, with a zone, IPv4 written as IPv6. Null when it is none.
create function private.address_of(address text)
returns inet language plpgsql immutable set search_path = '' as $$
declare
  bare text := btrim(address);
  parsed inet;
begin
  bare := case
    when bare ~ '^\[.*\](:\d+)?$' then substring(bare from '^\[(.*)\]')
    when bare ~ '^[\d.]+:\d+$' then split_part(bare, ':', 1)
    else bare end;
  -- without a zone (fe80::1%eth0), and without a mask
  parsed := host(split_part(bare, '%', 1)::inet)::inet;
  if family(parsed) = 6 and parsed <<= '::ffff:0:0/96' then
    return '0.0.0.0'::inet + (parsed - '::ffff:0:0'::inet);
  end if;
  return parsed;
exception when invalid_text_representation then
  return null;
end $$;

-- Addresses of one IPv6 network count as one visitor; so do all requests without an address.
create function private.network_of(address inet, prefix_length int default 64)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return coalesce(case family(address)
    when 6 then network(set_masklen(address, prefix_length))::text
    else host(address)
  end, 'unknown');
end $$;

create function private.window_start(window_seconds int)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return to_timestamp(floor(extract(epoch from now()) / window_seconds) * window_seconds);
end $$;

create function private.seconds_left(window_seconds int)
returns int language plpgsql volatile set search_path = '' as $$
begin
  return greatest(1, ceil(extract(epoch from
    private.window_start(window_seconds) + make_interval(secs => window_seconds) - clock_timestamp()))::int);
end $$;

-- Takes one token from a bucket; false when none is left.
create function private.take_token(surface text, kind text, key text, window_seconds int, attempts_max int)
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  insert into private.attempt_buckets as b (surface, kind, key, window_starts_at, taken)
  values (surface, kind, key, private.window_start(window_seconds), 1)
  on conflict on constraint attempt_buckets_are_unique
    do update set taken = b.taken + 1 where b.taken < attempts_max;
  return found;
end $$;

-- The failures of a key in the present window.
create function private.failures_of(surface text, kind text, key text, window_seconds int)
returns bigint language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(sum(b.taken), 0) from private.attempt_buckets b
    where b.surface = failures_of.surface and b.kind = failures_of.kind and b.key = failures_of.key
      and b.window_starts_at = private.window_start(window_seconds));
end $$;

-- Counts a failure in a random shard of its counter, and returns how many there are in the window.
create function private.count_failure(surface text, kind text, key text, window_seconds int)
returns bigint language plpgsql volatile set search_path = '' as $$
begin
  insert into private.attempt_buckets as b (surface, kind, key, window_starts_at, shard, taken)
  values (surface, kind, key, private.window_start(window_seconds), floor(random() * 16)::int, 1)
  on conflict on constraint attempt_buckets_are_unique do update set taken = b.taken + 1;
  return private.failures_of(surface, kind, key, window_seconds);
end $$;

-- One alert for a surface and scope, however many addresses are at it; for a key without a scope (a member of staff, an endpoint)
-- one for the key. What it counts is renewed every few seconds only, so that attackers do not wait for its row.
create function private.report_burst(surface text, kind text, keys jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  scope text := case kind when 'surface' then 'all' else keys ->> 'scope' end;
  about text := coalesce(surface || ':' || scope, concat_ws(':', surface, kind, keys ->> kind));
  is_budget boolean := kind in ('scope', 'surface');
  counts jsonb := (
    select jsonb_build_object('failures', private.failures_of(l.surface, l.kind, scope, l.window_seconds))
    from private.attempt_limits l
    where l.surface = report_burst.surface and l.kind = case scope when 'all' then 'surface' else 'scope' end);
  open_alert public.system_alerts;
begin
  select a.* into open_alert from public.system_alerts a
  where a.alert_type = 'redemption_burst' and a.subject = about and a.resolved_at is null;
  if open_alert.id is null then
    perform private.raise_alert('redemption_burst', case when is_budget then 'critical' else 'warning' end,
      'Many failed attempts on ' || surface, jsonb_build_object('surface', surface, 'kind', kind, 'scope', scope, 'kinds',
        jsonb_build_array(kind), 'counted_at', round(extract(epoch from clock_timestamp()))) || coalesce(counts, '{}'), about, (keys ->> 'client')::uuid);
  elsif not open_alert.metadata -> 'kinds' ? kind or (open_alert.client_id is null and keys ? 'client')
    or (open_alert.metadata ->> 'counted_at')::numeric < extract(epoch from clock_timestamp()) - 5 then
    update public.system_alerts a
    set severity = case when is_budget then 'critical' else a.severity end,
      -- a limit that blocks before the look-up does not know whose campaign it is
      client_id = coalesce(a.client_id, (keys ->> 'client')::uuid),
      metadata = a.metadata || jsonb_build_object('counted_at', round(extract(epoch from clock_timestamp())), 'kinds', case when a.metadata -> 'kinds' ? kind
        then a.metadata -> 'kinds' else a.metadata -> 'kinds' || to_jsonb(kind) end) || coalesce(counts, '{}')
    where a.id = open_alert.id;
  end if;
end $$;

-- A blocked caller may send any scope: only a scope with counted failures gets its own alert.
create function private.known_scope(surface text, keys jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return case when not keys ? 'scope' or exists (
    select from private.attempt_buckets b
    where b.surface = known_scope.surface and b.kind = 'scope' and b.key = keys ->> 'scope'
      and b.window_starts_at > now() - interval '1 day') then keys else keys || '{"scope": "none"}' end;
end $$;

-- Gives tokens of an attempt back, by kind.
create function private.return_tokens(surface text, keys jsonb, kinds text[])
returns void language plpgsql volatile set search_path = '' as $$
begin
  update private.attempt_buckets b set taken = b.taken - 1
  from private.attempt_limits l
  where l.surface = return_tokens.surface and l.kind = any (kinds) and keys ? l.kind and l.blocks
    and b.surface = l.surface and b.kind = l.kind and b.key = keys ->> l.kind
    and b.window_starts_at = private.window_start(l.window_seconds) and b.taken > 0;
end $$;

-- Before the look-up: takes one token for each blocking key ({"ip": "…", "code": "…"}). Returns the seconds to wait when one
-- is used up, else null.
create function private.take_attempt(surface text, keys jsonb)
returns int language plpgsql volatile set search_path = '' as $$
declare
  bucket record;
  taken text[] := '{}';
  wait_seconds int;
begin
  for bucket in
    select l.kind, l.window_seconds, case when l.slowed_max is not null and exists (
      select from private.attempt_slowdowns d
      where d.surface = l.surface and d.scope in ('all', keys ->> 'scope') and d.slowed_until > now())
      then l.slowed_max else l.attempts_max end as attempts_max
    from private.attempt_limits l
    where l.surface = take_attempt.surface and keys ? l.kind and l.blocks
    -- the same order in all transactions, to prevent deadlocks
    order by l.kind
  loop
    if private.take_token(surface, bucket.kind, keys ->> bucket.kind, bucket.window_seconds, bucket.attempts_max) then
      taken := taken || bucket.kind;
    else
      perform private.report_burst(surface, bucket.kind, private.known_scope(surface, keys));
      wait_seconds := greatest(wait_seconds, private.seconds_left(bucket.window_seconds));
    end if;
  end loop;
  if wait_seconds is not null then
    -- an attempt that is refused by one limit does not use the others up
    perform private.return_tokens(surface, keys, taken);
  end if;
  return wait_seconds;
end $$;

-- Beyond a failure budget: for a window an address has fewer failures. Renewed once in half a window.
create function private.slow_down(surface text, scope text, window_seconds int)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if exists (
    select from private.attempt_slowdowns d
    where d.surface = slow_down.surface and d.scope = slow_down.scope
      and d.slowed_until > now() + make_interval(secs => window_seconds / 2)) then
    return;
  end if;
  insert into private.attempt_slowdowns as d (surface, scope, slowed_until)
  values (surface, scope, now() + make_interval(secs => window_seconds))
  on conflict on constraint attempt_slowdowns_are_unique do update set slowed_until = excluded.slowed_until;
end $$;

-- After the look-up: an attempt that was no failure gets its tokens back, a failure counts where many share a counter. Returns the
-- seconds for the Retry-After of a failure when a failure budget is spent, else null.
create function private.settle_attempt(surface text, keys jsonb, failed boolean)
returns int language plpgsql volatile set search_path = '' as $$
declare
  bucket private.attempt_limits;
  wait_seconds int;
begin
  if not failed then
    perform private.return_tokens(surface, keys, array(select jsonb_object_keys(keys)));
    return null;
  end if;
  keys := keys || '{"surface": "all"}';
  for bucket in
    select l.* from private.attempt_limits l
    where l.surface = settle_attempt.surface and keys ? l.kind and not l.blocks order by l.kind
  loop
    continue when private.count_failure(surface, bucket.kind, keys ->> bucket.kind, bucket.window_seconds) <= bucket.attempts_max;
    perform private.report_burst(surface, bucket.kind, keys);
    if bucket.slows then
      perform private.slow_down(surface, keys ->> bucket.kind, bucket.window_seconds);
      -- after one mistyped code a retry is allowed soon: only an address with failures waits for the end of the window
      wait_seconds := least(private.seconds_left(bucket.window_seconds), 60);
    end if;
  end loop;
  return wait_seconds;
end $$;

-- The alert of a surface and scope is resolved a day after its last burst.
create function private.resolve_bursts()
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.system_alerts a set resolved_at = now()
  where a.alert_type = 'redemption_burst' and a.resolved_at is null and a.metadata ->> 'scope' is not null
    and (a.metadata ->> 'counted_at')::numeric < extract(epoch from now() - interval '1 day');
end $$;

-- The refusal of an attempt that comes too soon.
create function private.limited(wait_seconds int)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return private.refused('RB429', null, jsonb_build_object('retryAfter', wait_seconds)::text);
end $$;

create function private.record_attempt(
  surface text, subject text, redemption_code text, refusal_code text, request_id uuid, client_id uuid default null)
returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into public.redemption_attempts (client_id, surface, subject, code_fingerprint, outcome, code, request_id)
  values (client_id, surface, subject, private.code_fingerprint(redemption_code),
    case when refusal_code is null then 'succeeded' when refusal_code = 'RB-429' then 'limited' else 'refused' end,
    refusal_code, request_id);
end $$;

-- The keys of an attempt: fingerprints of the caller's network, of the IPv6 site that it belongs to (a site has 65,536 networks) and of
-- the code, and the user. scope: the campaign or client that is tried, none when no one is named.
create function private.attempt_keys(request public.request, code text default null, scope text default null)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  address constant inet := private.address_of(request.ip);
  keys jsonb := jsonb_build_object('ip', private.fingerprint(private.network_of(address)), 'scope', coalesce(scope, 'none'));
begin
  if family(address) = 6 then
    keys := keys || jsonb_build_object('site', private.fingerprint(private.network_of(address, 48)));
  end if;
  if request.actor is not null then
    keys := keys || jsonb_build_object('user', request.actor);
  end if;
  if code is not null then
    keys := keys || jsonb_build_object('code', private.code_fingerprint(code),
      'prefix', private.fingerprint(left(coalesce(private.canonical_code(code), code), 4)));
  end if;
  return keys;
end $$;

-- Opens an attempt before the look-up: takes one token for each blocking key. Returns the seconds to wait when one is used up, else
-- null; then close_attempt settles what was taken.
create function private.open_attempt(surface text, keys jsonb)
returns int language plpgsql volatile set search_path = '' as $$
begin
  return private.take_attempt(surface, keys);
end $$;

-- Closes an attempt: settles its tokens, records it, and returns the refusal for the caller, which is RB-429 when it was a guess and a
-- failure budget is spent (null after a success). counts_as_guess: null when open_attempt refused it, and nothing is left to settle.
-- recorded_as: the surface of the record, where two surfaces share one budget. A code is kept as its fingerprint.
create function private.close_attempt(
  surface text, keys jsonb, request public.request, subject text, code text, client_id uuid, refusal jsonb, counts_as_guess boolean,
  recorded_as text default null)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  wait_seconds int;
begin
  if counts_as_guess is not null then
    wait_seconds := private.settle_attempt(surface, keys, counts_as_guess);
  end if;
  perform private.record_attempt(
    coalesce(recorded_as, surface), subject, code, refusal ->> 'code', request.id, client_id);
  return case when wait_seconds is not null then private.limited(wait_seconds) else refusal end;
end $$;

alter table public.redemption_attempts enable row level security;

grant select on public.redemption_attempts to authenticated, service_role;

create policy "Admins read the attempts on their clients" on public.redemption_attempts
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
