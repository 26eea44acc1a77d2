-- Request ids are for admins, who read traces and audit events by them: tables that agents read do not show them.
begin;
set local search_path = public, extensions, tests;
select plan(2);

select tests.keep(tests.create_busy_tenant());
create function pg_temp.shows(relation regclass) returns boolean language plpgsql as $$
declare
  shown boolean;
begin
  perform tests.sign_in(tests.the('agent'));
  execute format('select exists (select from %s where request_id is not null)', relation) into shown;
  perform tests.sign_out();
  return shown;
end $$;

select is_empty($$
  with relations as materialized (
    select c.oid::regclass as relation from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'request_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
      and has_table_privilege('authenticated', c.oid, 'select'))
  select relation::text from relations where pg_temp.shows(relation) $$,
  'idempotency: no table shows a request id to an agent');
select is_empty('select from private.idempotency_keys where key ~ ''^[0-9a-f]{8}-''', 'idempotency: no stored answer has a request id alone as its key');

select * from finish();
rollback;
