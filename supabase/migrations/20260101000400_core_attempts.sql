-- Attempts: every try of every surface that takes a code, also the failed ones, and the limits that read them.
-- A try takes a token from each blocking bucket before anything is looked up, and gets it back when it succeeds; the guarded
-- upsert makes the cap exact however many tries come at once. What many honest visitors share (the beginning of a code) never
-- blocks: its failures are counted, and too many of them raise an alert. Codes and addresses are kept as fingerprints only.

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
  'Every try of a code: surface, subject (fingerprint of the address, or the user), fingerprint of the code, outcome.';

create table private.attempt_limits (
  surface text not null,
  kind text not null,
  attempts_max int not null,
  window_seconds int not null,
  blocks boolean not null default true,
  constraint attempt_limits_are_unique primary key (surface, kind),
  constraint attempt_limits_are_positive check (attempts_max > 0 and window_seconds > 0)
);
comment on table private.attempt_limits is
  'How many failed tries a surface allows in a window, by kind of key; a kind that does not block only raises an alert.';

create table private.attempt_buckets (
  surface text not null,
  kind text not null,
  key text not null,
  window_starts_at timestamptz not null,
  taken int not null,
  constraint attempt_buckets_are_unique primary key (surface, kind, key, window_starts_at)
);
comment on table private.attempt_buckets is 'Tokens taken by tries that have not succeeded, by key and window.';

create index redemption_attempts_client_id_idx on public.redemption_attempts (client_id, id);
create index redemption_attempts_created_at_idx on public.redemption_attempts using brin (created_at);
create index attempt_buckets_window_starts_at_idx on private.attempt_buckets (window_starts_at);

-- Many addresses of one IPv6 network are one visitor; so is everybody whose address is not known.
create function private.network_of(address text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  -- a dual-stack server names IPv4 visitors as IPv6
  visitor text := regexp_replace(address, '^::ffff:(\d+\.\d+\.\d+\.\d+)$', '\1', 'i');
begin
  return coalesce(case family(visitor::inet)
    when 6 then network(set_masklen(visitor::inet, 64))::text
    else host(visitor::inet)
  end, 'unknown');
exception when invalid_text_representation then
  return 'unknown';
end $$;

create function private.window_start(window_seconds int)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return to_timestamp(floor(extract(epoch from now()) / window_seconds) * window_seconds);
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

create function private.report_burst(surface text, kind text, key text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.raise_alert('redemption_burst', 'warning', 'Many failed tries on ' || surface,
    jsonb_build_object('surface', surface, 'kind', kind), concat_ws(':', surface, kind, key));
end $$;

-- Before the look-up: takes one token for each blocking key ({"ip": "…", "code": "…"}). Returns the seconds to wait when one
-- is used up, else null.
create function private.take_attempt(surface text, keys jsonb)
returns int language plpgsql volatile set search_path = '' as $$
declare
  bucket private.attempt_limits;
  wait_seconds int;
begin
  for bucket in
    select l.* from private.attempt_limits l
    where l.surface = take_attempt.surface and keys ? l.kind and l.blocks
    -- one order for everybody, so that two tries never wait for each other
    order by l.kind
  loop
    if not private.take_token(surface, bucket.kind, keys ->> bucket.kind, bucket.window_seconds, bucket.attempts_max) then
      perform private.report_burst(surface, bucket.kind, keys ->> bucket.kind);
      wait_seconds := greatest(wait_seconds, 1, ceil(extract(epoch from
        private.window_start(bucket.window_seconds) + make_interval(secs => bucket.window_seconds) - clock_timestamp()))::int);
    end if;
  end loop;
  return wait_seconds;
end $$;

-- After it: a try that was no failure gets its tokens back, a failure counts where many share a bucket.
create function private.settle_attempt(surface text, keys jsonb, failed boolean)
returns void language plpgsql volatile set search_path = '' as $$
declare
  bucket private.attempt_limits;
begin
  if not failed then
    update private.attempt_buckets b set taken = b.taken - 1
    from private.attempt_limits l
    where l.surface = settle_attempt.surface and keys ? l.kind and l.blocks
      and b.surface = l.surface and b.kind = l.kind and b.key = keys ->> l.kind
      and b.window_starts_at = private.window_start(l.window_seconds) and b.taken > 0;
    return;
  end if;
  for bucket in
    select l.* from private.attempt_limits l
    where l.surface = settle_attempt.surface and keys ? l.kind and not l.blocks order by l.kind
  loop
    if not private.take_token(surface, bucket.kind, keys ->> bucket.kind, bucket.window_seconds, bucket.attempts_max) then
      perform private.report_burst(surface, bucket.kind, keys ->> bucket.kind);
    end if;
  end loop;
end $$;

-- The keys of a visitor's try of a code, as fingerprints: his network, the code, and how it begins.
create function private.code_attempt_keys(code text, ip text)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object(
    'ip', private.fingerprint(private.network_of(ip)), 'code', private.code_fingerprint(code),
    'prefix', private.fingerprint(left(coalesce(private.canonical_code(code), code), 4)));
end $$;

-- What a try is told that comes too soon.
create function private.limited(wait_seconds int)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return private.refused('RB429', 'RB-429', jsonb_build_object('retryAfter', wait_seconds)::text);
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

alter table public.redemption_attempts enable row level security;

grant select on public.redemption_attempts to authenticated, service_role;

create policy "Admins read the attempts on their clients" on public.redemption_attempts
  for select to authenticated
  using (client_id in (select private.administered_client_ids()) or (select private.is_platform_admin()));
