-- How a statement is measured: run, undone, and what it took. Loaded into the copies that the growth benchmark and test work on.

create schema probe;
grant usage on schema probe to anon, authenticated, service_role;

-- Rows that this transaction has read by table, by scans and through indexes, also in what was undone. Tables that a deployment fills
-- and that never grow are left out.
create function probe.reads() returns jsonb language sql volatile as $$
  select coalesce(jsonb_object_agg(s.relname, s.seq_tup_read + coalesce(s.idx_tup_fetch, 0)), '{}') from pg_stat_xact_all_tables s
  where s.schemaname in ('public', 'private', 'auth') and s.seq_tup_read + coalesce(s.idx_tup_fetch, 0) > 0
    and s.relname <> all (array['dialing_codes', 'national_numbers', 'error_catalogue', 'webhook_event_types', 'attempt_limits', 'merge_tags'])
$$;

-- Runs a statement as the caller up to so many times, each time undone; stops early after some seconds.
create function probe.run(statement text, times int, seconds int default 4)
returns table (ms float8, pages bigint, rows_read bigint, rows_returned bigint, mostly text) language plpgsql volatile as $$
declare
  started_at timestamptz := clock_timestamp();
  before jsonb;
  plan jsonb;
begin
  for n in 1..times loop
    before := probe.reads();
    begin
      execute 'explain (analyze, buffers, timing off, format json) ' || statement into plan;
      set constraints all immediate;
      raise exception using errcode = 'UNDOO';
    exception when sqlstate 'UNDOO' then
      null;
    end;
    ms := (plan #>> '{0,Execution Time}')::float8 + (plan #>> '{0,Planning Time}')::float8;
    pages := (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
    select coalesce(sum(d.read), 0), (array_agg(d.key || ' ' || d.read order by d.read desc))[1] into rows_read, mostly
    from (select a.key, a.value::bigint - coalesce((before ->> a.key)::bigint, 0) as read from jsonb_each_text(probe.reads()) a) d;
    rows_returned := (plan #>> '{0,Plan,Actual Rows}')::float8::bigint;
    return next;
    exit when clock_timestamp() > started_at + seconds * interval '1 s' and n >= 2;
  end loop;
end $$;

grant execute on function probe.reads, probe.run to anon, authenticated, service_role;

-- What the world is made of, by name.
create table probe.facts (name text primary key, value text);
grant select on probe.facts to anon, authenticated, service_role;

create function probe.the(name text) returns uuid language sql stable as $$
  select f.value::uuid from probe.facts f where f.name = the.name
$$;
create function probe.keep(name text, value text) returns void language sql volatile as $$
  insert into probe.facts values (name, value) on conflict on constraint facts_pkey do update set value = excluded.value
$$;

-- Keeps what an expression gives; what cannot be made is said, and its entry points are not measured.
create table probe.problems (name text, problem text);
create function probe.make(name text, expression text) returns void language plpgsql volatile as $$
declare
  value text;
begin
  execute format('select (select %s)::text', expression) into value;
  perform probe.keep(name, value);
exception when others then
  insert into probe.problems values (name, sqlstate || ': ' || sqlerrm);
end $$;
