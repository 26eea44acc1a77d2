begin;
set local search_path = public, extensions, tests;
select plan(4);

create function pg_temp.alerts() returns text language sql as $$
  select concat_ws('/', count(*) filter (where resolved_at is null), count(*)) from public.system_alerts
  where alert_type = 'job_failed' and subject = 'deliveries'
$$;

select public.record_job_round('deliveries', true);
select is(pg_temp.alerts(), '0/0', 'record_job_round: a round that succeeded → no alert');
select public.record_job_round('deliveries', false), public.record_job_round('deliveries', false);
select is(pg_temp.alerts(), '1/1', 'record_job_round: it fails twice → one alert');
select public.record_job_round('webhooks', true);
select is(pg_temp.alerts(), '1/1', 'record_job_round: another job succeeds → the alert stays');
select public.record_job_round('deliveries', true);
select is(pg_temp.alerts(), '0/1', 'record_job_round: it succeeds again → resolved');

select * from finish();
rollback;
