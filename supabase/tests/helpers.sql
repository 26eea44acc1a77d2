-- Factories for tests, valid by default: each takes only what matters to the test and makes its own tenant.
-- Here is what every domain needs; the others stand by domain in helpers_*.sql. Loaded into test databases only.

create schema if not exists tests;

-- Whoever a test plays may call its helpers.
grant usage on schema tests to anon, authenticated, service_role;
alter default privileges in schema tests grant execute on functions to anon, authenticated, service_role;

create or replace function tests.create_client(time_zone text default 'UTC')
returns uuid language sql set search_path = '' as $$
  with agency as (
    insert into public.agencies (name, slug) values ('Agency', 'agency-' || gen_random_uuid()) returning id)
  insert into public.clients (agency_id, name, slug, time_zone)
  select a.id, 'Client', 'client-' || gen_random_uuid(), time_zone from agency a returning id
$$;

create or replace function tests.create_user(role text default null, client_id uuid default null)
returns uuid language plpgsql set search_path = '' as $$
declare
  new_id uuid := gen_random_uuid();
begin
  insert into auth.users (id, email, email_confirmed_at) values (new_id, new_id || '@example.com', now());
  if role is not null then
    insert into public.memberships (user_id, role, agency_id, client_id)
    select new_id, role, case when role = 'agency_admin' then c.agency_id end,
      case when role not in ('platform_admin', 'agency_admin') then c.id end
    from (select null) x left join public.clients c on c.id = create_user.client_id;
  end if;
  return new_id;
end $$;

-- A moment as a caller writes it.
create or replace function tests.iso(at timestamptz)
returns text language sql stable set search_path = '' as $$
  select to_json(at) #>> '{}'
$$;

-- Acts as a signed-in user, or as nobody, until the end of the transaction.
create or replace function tests.sign_in(user_id uuid)
returns void language plpgsql set search_path = '' as $$
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', user_id, 'role', 'authenticated')::text, true);
  perform set_config('role', 'authenticated', true);
end $$;

create or replace function tests.sign_out()
returns void language plpgsql set search_path = '' as $$
begin
  perform set_config('role', 'none', true);
  perform set_config('request.jwt.claims', '', true);
end $$;

-- What a test remembers by name until it ends: tests.keep(tests.create_promise()), then tests.the('recipient').
create or replace function tests.keep(facts jsonb)
returns void language sql set search_path = '' as $$
  select set_config('tests.facts',
    (coalesce(nullif(current_setting('tests.facts', true), ''), '{}')::jsonb || facts)::text, true)
$$;

create or replace function tests.keep(name text, fact anyelement)
returns void language sql set search_path = '' as $$
  select tests.keep(jsonb_build_object(name, fact))
$$;

create or replace function tests.kept(name text)
returns jsonb language sql stable as $$
  select current_setting('tests.facts')::jsonb -> name
$$;

create or replace function tests.the(name text)
returns uuid language sql stable as $$
  select (tests.kept(name) #>> '{}')::uuid
$$;

-- What a query finds after a change that is undone again.
create or replace function tests.found_after(change text, query text)
returns text language plpgsql as $$
declare
  found_rows text;
begin
  begin
    execute change;
    execute query into found_rows;
    raise exception using errcode = 'UNDOO';
  exception when sqlstate 'UNDOO' then
    null;
  end;
  return found_rows;
end $$;

-- The refusal that a statement raises: its code and details, or null when it passes. A bug is raised on.
create or replace function tests.refusal_of(statement text)
returns jsonb language plpgsql as $$
declare
  details text;
begin
  execute statement;
  return null;
exception when others then
  if sqlstate !~ '^[A-Z]{2}[0-9]{3}$' then
    raise;
  end if;
  get stacked diagnostics details = pg_exception_detail;
  return details::jsonb;
end $$;

-- A raised refusal as callRpc reads it: like one that an entry point returns. A bug is raised again.
create or replace function tests.refusal(state text, message text, details text)
returns jsonb language plpgsql as $$
begin
  if state !~ '^[A-Z]{2}[0-9]{3}$' then
    raise exception using errcode = state, message = message, detail = details;
  end if;
  return private.refused(state, message, details);
end $$;

-- A request as an edge function passes it on.
create or replace function tests.request(
  actor uuid default null, idempotency_key text default null, hash text default null, ip text default '192.0.2.1',
  id uuid default gen_random_uuid())
returns public.request language sql volatile as $$
  select row(id, actor, ip, idempotency_key, hash)::public.request
$$;

-- Entry points with their refusals as data.

create or replace function tests.export_report(
  report text, client_id uuid default null, from_day text default null, to_day text default null,
  request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.export_report(report, client_id, from_day, to_day, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;
