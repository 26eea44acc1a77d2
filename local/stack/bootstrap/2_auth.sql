-- Gives the auth schema that lite has made the helpers, columns, owner and privileges it has on a hosted project.
-- Hosted's helpers read the claims in both of PostgREST's forms; lite's own ones know only the older form.

create or replace function auth.uid() returns uuid
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;

create or replace function auth.role() returns text
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;

create or replace function auth.email() returns text
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;

create or replace function auth.jwt() returns jsonb
language sql stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;

alter table auth.users add column if not exists instance_id uuid, add column if not exists is_super_admin boolean;
alter table auth.users alter column id set not null;

do $$
declare
  relation regclass;
  routine regprocedure;
begin
  for relation in select oid from pg_class where relnamespace = 'auth'::regnamespace and relkind in ('r', 'p') loop
    execute format('alter table %s owner to supabase_auth_admin', relation);
    execute format('alter table %s enable row level security', relation);
    execute format('revoke all on %s from anon, authenticated, public', relation);
    execute format('grant select, insert, update, delete, references, trigger on %s to postgres, service_role', relation);
  end loop;
  for routine in select oid from pg_proc where pronamespace = 'auth'::regnamespace loop
    execute format('alter function %s owner to supabase_auth_admin', routine);
    execute format('grant execute on function %s to public, postgres', routine);
  end loop;
end
$$;
