begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}') from generate_series(1, 5);

select tests.keep('leases', (select jsonb_agg(l) from tests.lease_webhooks(tests.the('endpoint')) l));
select is(jsonb_array_length(tests.kept('leases')), 2, 'An endpoint is called twice at once and no more');
select is(tests.report_webhook(tests.kept('leases') -> 0, 200) #>> '{result,status}', 'delivered', 'It takes the first');
select is(tests.report_webhook(tests.kept('leases') -> 1, 410) #>> '{result,status}', 'failed', '410 is not tried again');
select results_eq($$ select is_active, disabled_reason from public.webhook_endpoints where id = tests.the('endpoint') $$,
  $$ values (false, 'gone') $$, 'It disables the endpoint at once');
select bag_eq($$ select status, error_code, count(*)::int from public.webhook_messages where endpoint_id = tests.the('endpoint') group by 1, 2 $$,
  $$ values ('delivered', null, 1), ('failed', 'http_410', 1), ('failed', 'endpoint_disabled', 3) $$, 'What waited is kept as dead letters');
select is_empty($$ select tests.lease_webhooks(tests.the('endpoint')) $$, 'None of it is sent');

select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select throws_ok(format('select public.send_test_event(%L)', tests.the('endpoint')), 'RB400', null, 'Nothing can be sent there');
select is((select is_active from public.update_webhook_endpoint(tests.the('endpoint'), is_active => true)), true, 'An admin enables it again');
select is(public.replay_webhook_messages(tests.the('endpoint'), tests.iso(now() - interval '1 hour')), 4, 'and has the dead letters sent again');
select tests.sign_out();
select is_empty($$ select from public.system_alerts where subject = tests.the('endpoint')::text and resolved_at is null $$,
  'The alert is over');

select * from finish();
rollback;
