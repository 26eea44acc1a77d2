-- Views of several tables, or with sums: Postgres cannot write to them and reports it before it checks privileges, which the Data
-- API answers with a 500. With an instead-of trigger the missing privilege decides, and a write is answered with 403 (42501) as for every
-- table.

create function private.refuse_view_write()
returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception using errcode = '42501', message = format('permission denied for view %s', tg_table_name);
end $$;

do $$
declare
  view_name regclass;
begin
  for view_name in
    select c.oid from pg_catalog.pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'v' and pg_catalog.pg_relation_is_updatable(c.oid, true) & 28 <> 28
  loop
    execute format(
      'create trigger view_is_read_only instead of insert or update or delete on %s for each row '
      'execute function private.refuse_view_write()', view_name);
  end loop;
end $$;
