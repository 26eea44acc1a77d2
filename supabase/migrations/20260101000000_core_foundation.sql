-- Foundation: schemas and default privileges.
-- Tables and the functions that clients may call live in `public`; helpers, triggers and secrets in `private`,
-- which the API does not expose. Every grant is written out in a migration.

create schema private;
comment on schema private is 'Helpers, triggers and secrets: not exposed by the API.';

grant usage on schema private to authenticated, service_role;

-- By default Postgres grants execute on new functions to public; some projects also grant new tables.
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated, service_role;

-- Makes the public wrapper of an admin entry point from its body: the same arguments, defaults and result, run as its caller.
-- The body in `private` is a security definer that checks the caller; the named roles may execute both, and no other role may.
create function private.publish(body regprocedure, roles text[], comment text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  entry_point pg_catalog.pg_proc;
  wrapper text;
begin
  select p.* into entry_point from pg_catalog.pg_proc p where p.oid = body;
  wrapper := format('public.%I(%s)', entry_point.proname, pg_get_function_identity_arguments(body));
  execute format('create function public.%I(%s) returns %s language sql %s security invoker set search_path = %L as %L',
    entry_point.proname, pg_get_function_arguments(body), pg_get_function_result(body),
    case entry_point.provolatile when 'v' then 'volatile' when 's' then 'stable' else 'immutable' end, '',
    format('select %s private.%I(%s)', case when entry_point.proretset then '* from' end, entry_point.proname, (
      select string_agg(quote_ident(a.name), ', ' order by a.place)
      from unnest(entry_point.proargnames) with ordinality a (name, place) where a.place <= entry_point.pronargs)));
  execute format('comment on function %s is %L', wrapper, comment);
  execute format('grant execute on function %s, %s to %s', body, wrapper, (
    select string_agg(quote_ident(r.role), ', ') from unnest(roles) r (role)));
end $$;

create type public.request as (id uuid, actor uuid, ip text, idempotency_key text, hash text);
comment on type public.request is
  'The request that an entry point serves, as a JSON object in an RPC: id (of the HTTP request), actor (the user; null for servers and '
  'jobs), ip (the caller''s address), idempotency_key (header Idempotency-Key), hash (identifies what was asked for, to refuse a key '
  'that is used for another request).';

-- Refusals: a function refuses by raising a code of the catalogue as SQLSTATE (GC-003 → GC003) and lets it propagate. Only an entry
-- point whose refusal must leave rows catches it, records them, and returns the refusal as data. Anything else is a bug and propagates.

create table private.error_catalogue (
  code text primary key,
  message text not null,
  solution text not null
);
comment on table private.error_catalogue is 'Message and solution of each error code, generated from errors.ts.';

-- details carries the code as callers know it. Message and details reach the server log: no code, token, address or other value of
-- the caller belongs there. Null takes the catalogue's message.
create function private.refuse(code text, message text default null, details jsonb default '{}')
returns void language plpgsql set search_path = '' as $$
declare
  known private.error_catalogue;
begin
  select c.* into known from private.error_catalogue c where c.code = refuse.code;
  raise exception using
    errcode = replace(code, '-', ''),
    message = coalesce(message, known.message, code),
    detail = coalesce(details, '{}') || jsonb_build_object('code', code),
    hint = coalesce(details ->> 'solution', known.solution, '');
end $$;

create function private.is_refusal(state text)
returns boolean language plpgsql immutable set search_path = '' as $$
begin
  return state ~ '^(GC|VC|WL|PC|TK|OP|RB)[0-9]{3}$';
end $$;

-- A refusal as data, from what was caught. Null takes the catalogue's message.
create function private.refused(state text, message text, details text)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  dashed constant text := left(state, 2) || '-' || right(state, 3);
begin
  return jsonb_build_object(
    'outcome', 'refused', 'code', dashed,
    'message', coalesce(nullif(message, dashed), (select c.message from private.error_catalogue c where c.code = dashed)),
    'details', coalesce(nullif(details, ''), '{}')::jsonb - 'code');
end $$;

-- What was caught, as data, by an entry point whose refusal leaves rows: a bug becomes the unknown error, with its message for the
-- log. A transient error (a deadlock, a server that shuts down) is raised again, for a retry.
create function private.refusal_of(state text, message text, details text)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if private.is_refusal(state) then
    return private.refused(state, message, details);
  elsif state in ('40001', '40P01') or state ~ '^(08|53|57|58)' then
    raise exception using errcode = state, message = message;
  end if;
  return private.refused('RB500', state || ': ' || message, null);
end $$;

create function private.answered(result jsonb, sealed jsonb default null, replayed boolean default false)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('outcome', 'ok', 'replayed', replayed, 'result', result, 'sealed', sealed);
end $$;

create function private.refuse_change()
returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception '% is append-only: % is not allowed', tg_table_name, lower(tg_op);
end $$;

-- A date given as an expiry means the end of that day where the client is.
create function private.end_of_day(day date, time_zone text)
returns timestamptz language sql stable set search_path = '' as $$
  select (day + 1)::timestamp at time zone time_zone
$$;
