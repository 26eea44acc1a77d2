begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
insert into private.webhook_event_types values ('test.happened', 'For this test.');

select tests.sign_in(tests.the('admin'));
select tests.keep('made', public.create_webhook_endpoint(tests.the('client'), 'https://hooks.example.com/in', '{test.happened}'));
select matches(tests.kept('made') ->> 'secret', '^whsec_[A-Za-z0-9+/]{43}=$', 'A new endpoint comes with its secret');
select tests.keep('endpoint', tests.kept('made') #> '{endpoint,id}');
select is_empty($$ select column_name from information_schema.columns
  where table_schema = 'public' and table_name ~ '^webhook_' and column_name ~ 'secret' $$, 'It is nowhere to be read again');
select throws_ok($$ select from private.webhook_secrets $$, '42501', null, 'Not even by its admin');
select throws_ok(format('select public.create_webhook_endpoint(%L, %L, %L)', tests.the('client'), 'https://hooks.example.com/', '{test.nothing}'),
  'RB400', 'There is no event test.nothing', 'An event that is never told cannot be wanted');

select throws_ok(format('select public.create_webhook_endpoint(%L, %L)', tests.the('client'), url), 'RB400', null, url || ' is refused')
from unnest(array['http://hooks.example.com/', 'ftp://hooks.example.com/', 'https://user:pass@hooks.example.com/',
  'https://hooks.example.com/#x', 'javascript:alert(1)', 'https://', 'hooks.example.com']) url;

select tests.keep('rotated', public.rotate_webhook_secret(tests.the('endpoint')));
select isnt(tests.kept('rotated') ->> 'secret', tests.kept('made') ->> 'secret', 'A new secret is another one');
select tests.sign_out();

select private.enqueue_webhook(tests.the('client'), 'test.happened', null, '{}');
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}');
select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') #>> '{body,type}', 'test.happened', 'Only what an endpoint wants is told');
select is(tests.kept('lease') -> 'secrets', jsonb_build_array(tests.kept('rotated') -> 'secret', tests.kept('made') -> 'secret'),
  'For a day both secrets sign, the new one first');
select tests.report_webhook(tests.kept('lease'), 200);
update private.webhook_secrets set expires_at = now() - interval '1 second' where expires_at is not null;

select tests.sign_in(tests.the('admin'));
select tests.keep('test', (select id from public.send_test_event(tests.the('endpoint'))));
select tests.sign_out();
select tests.keep('lease', (select l from tests.lease_webhooks(tests.the('endpoint')) l));
select is(tests.kept('lease') #>> '{body,type}', 'webhook.test', 'A test event is told, whatever an endpoint wants');
select is(tests.kept('lease') -> 'secrets', jsonb_build_array(tests.kept('rotated') -> 'secret'), 'After the day the new secret signs alone');

select tests.sign_in(tests.the('admin'));
select throws_ok(format('select public.replay_webhook_message(%L)', tests.the('test')), 'RB400', null, 'What is on its way is not replayed');
select tests.sign_out();
select tests.report_webhook(tests.kept('lease'), 200);
select tests.sign_in(tests.the('admin'));
select results_eq(format('select id, status, attempts_max from public.replay_webhook_message(%L)', tests.the('test')),
  $$ values (tests.the('test'), 'queued', 11) $$, 'What was delivered can be, under its id and with ten more tries');
select tests.sign_out();
select bag_eq($$ select action from public.audit_events where client_id = tests.the('client') and actor_id = tests.the('admin') $$,
  $$ values ('webhook_endpoint.created'), ('webhook_endpoint.secret_rotated'), ('webhook_message.replayed') $$, 'Who did it is on record');

select * from finish();
rollback;
