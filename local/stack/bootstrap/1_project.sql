-- What a hosted Supabase project has before its first migration. Run by the superuser supabase_admin on a new database.
-- The role postgres, which owns the project and runs its migrations, is no superuser, here as there.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role postgres login createrole createdb replication bypassrls;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role postgres set search_path = "$user", public, extensions;
alter role supabase_auth_admin set search_path = auth;

alter database postgres owner to postgres;
alter schema public owner to postgres;
create schema extensions authorization postgres;
create schema auth authorization supabase_auth_admin;
create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;
create extension pg_stat_statements with schema extensions;
create publication supabase_realtime;

-- No default privileges for the API's roles: since 2026-10 new hosted projects expose only what a migration grants.
grant usage on schema public, extensions, auth to postgres, anon, authenticated, service_role;

-- As on hosted, a change of the schema tells the REST API to forget what it knew.
create function extensions.pgrst_ddl_watch() returns event_trigger
language plpgsql
set search_path = ''
as $$
begin
  notify pgrst, 'reload schema';
end
$$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_ddl_watch();

-- The advisors read from here which schemas the API exposes.
alter database postgres set "pgrst.db_schemas" = 'public';
