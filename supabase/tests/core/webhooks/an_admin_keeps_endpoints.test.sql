begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
insert into private.webhook_event_types values ('test.happened', 'For this test.');

select tests.sign_in(tests.the('admin'));
select tests.keep('made', public.create_webhook_endpoint(tests.the('client'), 'https://hooks.example.com/in', '{test.happened}'));
select matches(tests.kept('made') ->> 'secret', '^whsec_[A-Za-z0-9+/]{43}=$', 'create_webhook_endpoint: → its secret, once');
select tests.keep('endpoint', tests.kept('made') #> '{endpoint,id}');
select is_empty($$ select column_name from information_schema.columns
  where table_schema = 'public' and table_name ~ '^webhook_' and column_name ~ 'secret' $$, '… no table shows the secret');
select throws_ok($$ select from private.webhook_secrets $$, '42501', null, '… not even to its admin');
select throws_ok(format('select public.create_webhook_endpoint(%L, %L, %L)', tests.the('client'), 'https://hooks.example.com/', '{test.nothing}'),
  'RB400', 'There is no event test.nothing', 'update_webhook_endpoint: an unknown event type → RB-400');

select throws_ok(format('select public.create_webhook_endpoint(%L, %L)', tests.the('client'), url), 'RB400', null, url || ' is refused')
from unnest(array['http://hooks.example.com/', 'ftp://hooks.example.com/', 'https://user:pass@hooks.example.com/',
  'https://hooks.example.com/#x', 'javascript:alert(1)', 'https://', 'hooks.example.com']) url;

select tests.keep('rotated', public.rotate_webhook_secret(tests.the('endpoint')));
select isnt(tests.kept('rotated') ->> 'secret', tests.kept('made') ->> 'secret', 'rotate_webhook_secret: → another secret');
select tests.sign_out();

select private.enqueue_webhook(tests.the('client'), 'test.happened', null, '{}');
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}');
select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') #>> '{body,type}', 'test.happened', 'enqueue_webhook: only subscribed types are queued');
select is(tests.kept('lease') -> 'secrets', jsonb_build_array(tests.kept('rotated') -> 'secret', tests.kept('made') -> 'secret'),
  'rotate_webhook_secret: for a day both secrets sign, the new one first');
select tests.report_webhook(tests.kept('lease'), 200);
update private.webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null;

select tests.sign_in(tests.the('admin'));
select tests.keep('test', (select id from public.send_test_event(tests.the('endpoint'))));
select tests.sign_out();
select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') #>> '{body,type}', 'webhook.test', 'send_test_event: → queued, whatever the endpoint subscribes to');
select is(tests.kept('lease') -> 'secrets', jsonb_build_array(tests.kept('rotated') -> 'secret'), '… after the day the new secret signs alone');

select tests.sign_in(tests.the('admin'));
select throws_ok(format('select public.replay_webhook_message(%L)', tests.the('test')), 'RB400', null, 'replay_webhook_message: a queued message → refused');
select tests.sign_out();
select tests.report_webhook(tests.kept('lease'), 200);
select tests.sign_in(tests.the('admin'));
select results_eq(format('select id, status, attempts_max from public.replay_webhook_message(%L)', tests.the('test')),
  $$ values (tests.the('test'), 'queued', 11) $$, 'replay_webhook_message: a delivered message → under its id, with ten more attempts');
select tests.sign_out();
select bag_eq($$ select action from public.audit_events where client_id = tests.the('client') and actor_id = tests.the('admin') $$,
  $$ values ('webhook_endpoint.created'), ('webhook_endpoint.secret_rotated'), ('webhook_message.replayed') $$, '… the audit log has the actor');

select * from finish();
rollback;
