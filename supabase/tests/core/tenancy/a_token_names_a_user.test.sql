-- caller, admin_caller: a token whose subject is no UUID names no user, and never passes for a server.
begin;
set local search_path = public, extensions, tests;
select plan(8);

create function pg_temp.caller(function_name text, claims text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', claims, true);
  execute 'select private.' || function_name || '()' into answer;
  return coalesce(answer, 'server');
exception when others then
  return sqlstate;
end $$;

select is(pg_temp.caller(f.name, c.claims), 'RB401', f.name || ': claims ' || c.claims || ' → RB-401')
from (values ('caller'), ('admin_caller')) f (name), (values
  ('{"role": "authenticated", "sub": "agent-7"}'), ('{"role": "authenticated", "sub": ""}'), ('{"role": "authenticated"}'), ('{}')) c (claims);

select * from finish();
rollback;
