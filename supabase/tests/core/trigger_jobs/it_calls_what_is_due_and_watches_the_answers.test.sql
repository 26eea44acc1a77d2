begin;
set local search_path = public, extensions, tests;
select plan(17);

create extension pg_cron;
create extension pg_net;
create extension supabase_vault;
select private.schedule_jobs('https://ref.supabase.co', repeat('t', 43));
update public.pending_rewards set next_attempt_at = now() + interval '1 day', last_attempt_at = now() where status like 'awaiting%';
update public.deliveries set next_attempt_at = now() + interval '1 day' where status in ('queued', 'unknown');

create function pg_temp.request() returns net.http_request_queue language sql as
  'select q from net.http_request_queue q order by id desc limit 1';
-- The trigger of that job comes to an end, as pg_net writes it.
create function pg_temp.answer(status int, reason text default null) returns void language sql as $$
  insert into net._http_response (id, status_code, error_msg) values ((pg_temp.request()).id, status, reason)
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(concat_ws(' ', subject, case when resolved_at is null then 'open' else 'resolved' end,
    metadata ->> 'status', metadata ->> 'reason'), '; ' order by created_at)
  from public.system_alerts where alert_type = 'job_trigger_failed'
$$;

select is(private.trigger_jobs(), 0, 'trigger_jobs: nothing is due → no call');
select is((select count(*)::int from net.http_request_queue), 0, '… and pg_net has nothing to send');

select tests.keep(tests.create_delivery());
select is(private.trigger_jobs(), 1, 'trigger_jobs: a queued message → one call');
select is((pg_temp.request()).url, 'https://ref.supabase.co/functions/v1/jobs', '… of the function jobs');
select is(convert_from((pg_temp.request()).body, 'UTF8')::jsonb, '{"job": "deliveries"}', '… for that job');
select is((pg_temp.request()).headers, jsonb_build_object('content-type', 'application/json', 'x-jobs-token', repeat('t', 43)),
  '… with the token that can do nothing else, and no key of the project');
select is((pg_temp.request()).timeout_milliseconds, 5000, '… and it waits for five seconds at most');

select pg_temp.answer(202);
select private.watch_triggers();
select is(pg_temp.alerts(), null, 'watch_triggers: 202 → no alert');
select is_empty('select from net._http_response', 'watch_triggers: an answer that was read → deleted');
select is_empty('select from private.job_triggers', '… and the memory of its trigger is deleted');

select private.trigger_jobs();
select pg_temp.answer(401);
select private.trigger_jobs();
select is(pg_temp.alerts(), 'deliveries open 401', 'watch_triggers: 401 → an alert with the status');
select pg_temp.answer(null, 'Timeout of 5000 ms reached');
select private.trigger_jobs();
select is(pg_temp.alerts(), 'deliveries open 401', 'watch_triggers: it fails again → still one alert');
select pg_temp.answer(202);
select private.watch_triggers();
select is(pg_temp.alerts(), 'deliveries resolved 401', 'watch_triggers: 202 → the alert is resolved');

select private.trigger_jobs();
select pg_temp.answer(null, 'Timeout of 5000 ms reached');
select private.watch_triggers();
select matches(pg_temp.alerts(), 'deliveries open Timeout', 'watch_triggers: a timeout → an alert with the reason');

select private.resolve_alert('job_trigger_failed', 'deliveries');
select private.trigger_jobs();
select private.watch_triggers();
select is((select count(*)::int from private.job_triggers), 1, 'watch_triggers: no answer yet → it is waited for');
update private.job_triggers set triggered_at = now() - interval '3 minutes';
select private.watch_triggers();
select matches(pg_temp.alerts(), 'deliveries open pg_net has not reported', 'watch_triggers: no answer in two minutes → an alert');
select is_empty('select from private.job_triggers', 'watch_triggers: and it is not waited for any more');

select * from finish();
rollback;
