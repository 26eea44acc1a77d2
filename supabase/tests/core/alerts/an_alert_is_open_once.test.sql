begin;
set local search_path = public, extensions, tests;
select plan(7);

create function pg_temp.alerts() returns text language sql as $$
  select concat_ws('/', count(*) filter (where resolved_at is null), count(*)) from public.system_alerts
    where alert_type = 'test'
$$;

select private.raise_alert('test', 'warning', 'It burns', '{"where": "here"}', 'house');
select private.raise_alert('test', 'critical', 'It still burns', '{}', 'house');
select is(pg_temp.alerts(), '1/1', 'raise_alert: an open alert → not raised again');
select is((select message from public.system_alerts where alert_type = 'test'), 'It burns', 'raise_alert: raised twice → the first message stays');
select private.raise_alert('test', 'warning', 'It burns', '{}', 'barn');
select is(pg_temp.alerts(), '2/2', 'raise_alert: another subject → another alert');
select private.resolve_alert('test', 'house');
select is(pg_temp.alerts(), '1/2', 'resolve_alert: → resolves the alert of its subject only');
select private.raise_alert('test', 'warning', 'It burns again', '{}', 'house');
select is(pg_temp.alerts(), '2/3', 'raise_alert: after resolve_alert → a new alert');
select throws_ok('select private.raise_alert(''test'', ''loud'', ''x'', ''{}'', ''x'')', '23514', null,
  'raise_alert: a severity other than info, warning, critical → error');
select lives_ok('select private.resolve_alert(''test'', ''nothing'')', 'resolve_alert: no open alert → no error');

select * from finish();
rollback;
