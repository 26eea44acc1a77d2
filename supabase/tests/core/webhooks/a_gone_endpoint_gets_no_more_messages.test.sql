begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}') from generate_series(1, 5);

select tests.keep('leases', (select jsonb_agg(l) from tests.lease_webhooks(tests.the('endpoint')) l));
select is(jsonb_array_length(tests.kept('leases')), 2, 'lease_webhooks: an endpoint → two messages at once at most');
select is(tests.report_webhook(tests.kept('leases') -> 0, 200) #>> '{result,status}', 'delivered', 'complete_webhook_attempt: the first → delivered');
select is(tests.report_webhook(tests.kept('leases') -> 1, 410) #>> '{result,status}', 'failed', 'complete_webhook_attempt: 410 → not retried');
select results_eq($$ select is_active, disabled_reason from public.webhook_endpoints where id = tests.the('endpoint') $$,
  $$ values (false, 'gone') $$, '… the endpoint is disabled at once');
select bag_eq($$ select status, error_code, count(*)::int from public.webhook_messages where endpoint_id = tests.the('endpoint') group by 1, 2 $$,
  $$ values ('delivered', null, 1), ('failed', 'http_410', 1), ('failed', 'endpoint_disabled', 3) $$, '… waiting messages become dead letters');
select is_empty($$ select tests.lease_webhooks(tests.the('endpoint')) $$, '… none of them is sent');

select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select throws_ok(format('select public.send_test_event(%L)', tests.the('endpoint')), 'RB400', null, 'send_test_event: a disabled endpoint → refused');
select is((select is_active from public.update_webhook_endpoint(tests.the('endpoint'), is_active => true)), true,
  'update_webhook_endpoint: an admin enables it again');
select is(public.replay_webhook_messages(tests.the('endpoint'), tests.iso(now() - interval '1 hour')), 4, '… and replays the dead letters');
select tests.sign_out();
select is_empty($$ select from public.system_alerts where subject = tests.the('endpoint')::text and resolved_at is null $$,
  '… the alert is resolved');

select * from finish();
rollback;
