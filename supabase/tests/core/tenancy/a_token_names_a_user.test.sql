-- private.caller: a token whose subject is no UUID names no user, and never passes for a server or the SQL editor.
begin;
set local search_path = public, extensions, tests;
select plan(8);

-- as a body is, which runs as its owner
create function tests.body() returns text language sql security definer as 'select private.caller()::text';

create function pg_temp.caller(role text, claims text) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', claims, true);
  perform set_config('role', role, true);
  answer := tests.body();
  return coalesce(answer, 'server');
exception when others then
  return sqlstate;
end $$;

select is(pg_temp.caller(r.role, c.claims), 'RB401', 'caller: role ' || r.role || ', claims ' || c.claims || ' → RB-401')
from (values ('authenticated'), ('none')) r (role), (values
  ('{"role": "authenticated", "sub": "agent-7"}'), ('{"role": "authenticated", "sub": ""}'), ('{"role": "authenticated"}'), ('{}')) c (claims);

select * from finish();
rollback;
