begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}');
select tests.keep('lost', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
update public.webhook_messages set leased_until = now() - interval '1 second' where endpoint_id = tests.the('endpoint');

select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') ->> 'messageId', tests.kept('lost') ->> 'messageId',
  'lease_webhooks: a lapsed lease → the same message again, under the same id');
select is((select status from public.webhook_attempts where id = (tests.kept('lost') ->> 'attemptId')::uuid), 'lapsed',
  '… the attempt of the crashed worker has lapsed');
select is(tests.report_webhook(tests.kept('lost'), 200) #> '{result,accepted}', 'false',
  'complete_webhook_attempt: the crashed worker''s late report → not accepted');
select is(tests.report_webhook(tests.kept('lease'), 200) #>> '{result,status}', 'delivered', 'complete_webhook_attempt: the second worker''s report → applied');

select * from finish();
rollback;
