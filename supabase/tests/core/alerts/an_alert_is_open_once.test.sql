begin;
set local search_path = public, extensions, tests;
select plan(7);

create function pg_temp.alerts() returns text language sql as $$
  select concat_ws('/', count(*) filter (where resolved_at is null), count(*)) from public.system_alerts
    where alert_type = 'test'
$$;

select private.raise_alert('test', 'warning', 'It burns', '{"where": "here"}', 'house');
select private.raise_alert('test', 'critical', 'It still burns', '{}', 'house');
select is(pg_temp.alerts(), '1/1', 'An alert that is open is not raised again');
select is((select message from public.system_alerts where alert_type = 'test'), 'It burns', 'The first word stands');
select private.raise_alert('test', 'warning', 'It burns', '{}', 'barn');
select is(pg_temp.alerts(), '2/2', 'Another subject is another alert');
select private.resolve_alert('test', 'house');
select is(pg_temp.alerts(), '1/2', 'It is resolved for its subject');
select private.raise_alert('test', 'warning', 'It burns again', '{}', 'house');
select is(pg_temp.alerts(), '2/3', 'And may be raised again');
select throws_ok('select private.raise_alert(''test'', ''loud'', ''x'', ''{}'', ''x'')', '23514', null,
  'A severity is info, warning or critical');
select lives_ok('select private.resolve_alert(''test'', ''nothing'')', 'Resolving what is not open is no failure');

select * from finish();
rollback;
