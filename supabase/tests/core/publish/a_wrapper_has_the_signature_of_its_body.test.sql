-- private.publish: the public wrapper has the arguments, defaults, result and volatility of its body, and runs as its caller.
begin;
set local search_path = public, extensions, tests;
select plan(9);

create function private.probe(first int, "select" text default 'it''s', third uuid[] default null)
returns text language plpgsql stable security definer set search_path = '' as $$
begin
  return first || "select" || coalesce(cardinality(third)::text, '-');
end $$;
select private.publish('private.probe(int, text, uuid[])', '{authenticated, service_role}', 'It''s a probe.');

create function private.probes(wanted int)
returns setof public.agencies language sql volatile security definer set search_path = '' as $$
  select a.* from public.agencies a order by a.id limit wanted
$$;
select private.publish('private.probes(int)', '{service_role}', 'Probes.');

select is(pg_get_function_arguments('public.probe'::regproc), pg_get_function_arguments('private.probe'::regproc),
  'publish: publish: arguments and defaults are those of the body');
select is((select concat_ws(' ', p.provolatile, p.prosecdef, p.prorettype::regtype, p.proconfig) from pg_proc p
  where p.oid = 'public.probe'::regproc), 's f text {"search_path=\"\""}',
  'publish: publish: volatility and result are those of the body; the wrapper is a security invoker with an empty search_path');
select is(obj_description('public.probe'::regproc, 'pg_proc'), 'It''s a probe.', 'publish: publish: the comment is on the wrapper');
select is(public.probe(1), '1it''s-', 'publish: publish: the wrapper calls the body with its defaults');
select is(public.probe(third => array[gen_random_uuid()], first => 2, "select" => 'x'), '2x1', 'publish: publish: the wrapper passes arguments by name');
select tests.create_client(), tests.create_client();
select is((select count(*)::int from public.probes(2)), 2, 'publish: publish: a set → a set of its rows');

create function pg_temp.callers_of(name text) returns text[] language sql as $$
  select array(select r.role from unnest(array['anon', 'authenticated', 'service_role']) r (role)
    where has_function_privilege(r.role, ('public.' || name)::regproc, 'execute')
      and has_function_privilege(r.role, ('private.' || name)::regproc, 'execute'))
$$;
select is(pg_temp.callers_of('probe'), array['authenticated', 'service_role'], 'publish: publish: the named roles may execute wrapper and body');
select is(pg_temp.callers_of('probes'), array['service_role'], 'publish: publish: other roles may not');

-- whatever is published, now and later
select is_empty($$
  select p.oid::regprocedure from pg_proc p join pg_proc body on body.proname = p.proname
    and body.pronamespace = 'private'::regnamespace and body.prosecdef
  where p.pronamespace = 'public'::regnamespace and not p.prosecdef and p.prolang = (select oid from pg_language where lanname = 'sql')
    and (pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), p.provolatile)
      is distinct from (pg_get_function_arguments(body.oid), pg_get_function_result(body.oid), body.provolatile) $$,
  'publish: publish: every wrapper has the signature of its body');

select * from finish();
rollback;
