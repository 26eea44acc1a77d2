begin;
set local search_path = public, extensions, tests;
select no_plan();

select tests.keep('client', tests.create_client());
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select tests.keep('endpoint', (public.create_webhook_endpoint(tests.the('client'), 'https://hooks.example/x', '{voucher.redeemed}') #>> '{endpoint,id}')::uuid);
select throws_ok(format('select public.create_webhook_endpoint(tests.the(''client''), %L, %L::text[])', 'https://hooks.example/y', events), 'RB400',
  'events must be a list of at least one event; * is all of them', format('create_webhook_endpoint: %s → RB-400', coalesce(events, 'null')))
from unnest(array['{}', '{null}', '{voucher.redeemed,null}', '{{voucher.redeemed},{package.expired}}', null]) events;
select throws_ok(format('select public.update_webhook_endpoint(tests.the(''endpoint''), events => %L::text[])', events), 'RB400',
  'events must be a list of at least one event; * is all of them', format('update_webhook_endpoint: %s → RB-400', events))
from unnest(array['{}', '{null}']) events;
select throws_ok($$ select public.update_webhook_endpoint(tests.the('endpoint'), events => '{voucher.redeem}') $$, 'RB400',
  'There is no event voucher.redeem; did you mean voucher.redeemed?', 'update_webhook_endpoint: an event that does not exist → RB-400 with the nearest');
select is((public.update_webhook_endpoint(tests.the('endpoint'), description => 'CRM')).events, '{voucher.redeemed}',
  'update_webhook_endpoint: no events → leaves them');

select * from finish();
rollback;
