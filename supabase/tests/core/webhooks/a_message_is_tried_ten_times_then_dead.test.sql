begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{"a": 1}');
create view pg_temp.message as select * from public.webhook_messages where endpoint_id = tests.the('endpoint');

select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') ->> 'messageId', (select id::text from message), 'webhooks: a retry keeps the message''s id');
select is(tests.kept('lease') #> '{body,data}', '{"a": 1}', 'lease_webhooks: → the body with the event''s data');
select is(tests.kept('lease') #>> '{body,type}', 'webhook.test', '… and its type');
select is_empty($$ select tests.lease_webhooks(tests.the('endpoint')) $$, 'lease_webhooks: a leased message → not leased to another worker');
select is((select status from public.webhook_attempts where id = (tests.kept('lease') ->> 'attemptId')::uuid), 'calling',
  'lease_webhooks: an attempt is recorded before it is made');

select is(tests.report_webhook(tests.kept('lease') || jsonb_build_object('leaseToken', gen_random_uuid()), 200) #> '{result,accepted}',
  'false', 'complete_webhook_attempt: a lapsed lease → not accepted');
select is(tests.report_webhook(tests.kept('lease'), 500) #>> '{result,status}', 'queued', 'complete_webhook_attempt: a failure → retried');
select is(tests.report_webhook(tests.kept('lease'), 200) #> '{result,accepted}', 'false', 'complete_webhook_attempt: an attempt is reported once');
select ok((select next_attempt_at - now() between interval '5 s' and interval '5.5 s' from message), '… after 5 seconds');

create temp table waits (tries int, waits interval);
do $$
declare
  lease jsonb;
begin
  for n in 2..10 loop
    select l into lease from tests.lease_webhooks(tests.the('endpoint')) l;
    perform tests.report_webhook(lease, 503);
    insert into waits select m.attempts, m.next_attempt_at - now() from public.webhook_messages m
    where m.endpoint_id = tests.the('endpoint');
  end loop;
end $$;
select is_empty($$
  select * from waits w join (values (2, interval '5 min'), (3, '30 min'), (4, '2 h'), (5, '5 h'), (6, '10 h'), (7, '14 h'), (8, '20 h'),
    (9, '24 h')) s (tries, waits) using (tries) where w.waits not between s.waits and s.waits * 1.1 $$,
  '… then after 5 and 30 minutes, 2, 5, 10, 14, 20 and 24 hours, with jitter');
select is((select max(tries) from waits), 10, '… ten attempts in all');
select results_eq($$ select status, attempts, failed_at is not null from message $$, $$ values ('failed', 10, true) $$,
  '… then it is a dead letter, and stays visible');
select is((select count(*)::int from public.webhook_attempts a join message m on m.id = a.message_id where a.http_status >= 500), 10,
  '… with each attempt and its response');

select results_eq($$ select is_active, disabled_reason from public.webhook_endpoints where id = tests.the('endpoint') $$,
  $$ values (false, 'repeated_failures') $$, 'webhooks: an endpoint that accepted nothing all that time → disabled');
select is((select severity from public.system_alerts where subject = tests.the('endpoint')::text and alert_type = 'webhook_endpoint_disabled'
  and client_id = tests.the('client') and resolved_at is null), 'critical', '… an alert is raised');
select isnt_empty($$ select from public.system_alerts where subject = tests.the('endpoint')::text
  and alert_type = 'webhook_endpoint_failing' and resolved_at is not null $$, '… with the time of the first failure');
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}');
select is((select count(*)::int from message), 1, 'enqueue_webhook: a disabled endpoint → no message');

select * from finish();
rollback;
