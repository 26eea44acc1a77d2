-- Every public table and view × every role × every way to write, tried for real: writing is for the functions.
begin;
set local search_path = public, extensions, tests;
select plan((select 5 * count(*)::int from pg_class where relnamespace = 'public'::regnamespace
  and relkind in ('r', 'p', 'v', 'm', 'f')));

select tests.keep(tests.create_busy_tenant());

create temp table writers as
  select 'anon' as role, null::uuid as user_id, 'a visitor' as words
  union all select 'authenticated', tests.create_user('call_agent', tests.the('client')), 'a call agent'
  union all select 'authenticated', tests.create_user('client_admin', tests.the('client')), 'a client admin'
  union all select 'authenticated', tests.create_user('platform_admin'), 'a platform admin'
  union all select 'service_role', null, 'the server';

-- What comes of an insert, an update, a delete and a truncate, without what was meant to come.
create function pg_temp.writes(relation pg_class, w writers) returns text[] language plpgsql as $$
declare
  -- Postgres says that a view of joins cannot be written before it asks who wants to
  states text[] := case relation.relkind when 'v' then array['42501', '55000', '42809'] else array['42501'] end;
  settable text := (
    select quote_ident(a.attname) from pg_attribute a
    where a.attrelid = relation.oid and a.attnum > 0 and a.attidentity = '' and a.attgenerated = ''
      order by a.attnum limit 1);
  statement text;
  state text;
  surprises text[] := '{}';
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', w.user_id, 'role', w.role)::text, true);
  perform set_config('role', w.role, true);
  foreach statement in array array[
    'insert into public.%1$I (%2$s) values (default)', 'update public.%1$I set %2$s = %2$s', 'delete from public.%1$I',
    'truncate public.%1$I cascade'] loop
    begin
      execute format(statement, relation.relname, settable);
      state := 'written';
    exception when others then
      state := sqlstate;
    end;
    if state <> all (states) then
      surprises := surprises || (statement || ': ' || state);
    end if;
  end loop;
  perform tests.sign_out();
  return surprises;
end $$;

select is(pg_temp.writes(c, w), '{}', format('%s: %s writes nothing', c.relname, w.words))
from pg_class c, writers w
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by c.relname;

select * from finish();
rollback;
