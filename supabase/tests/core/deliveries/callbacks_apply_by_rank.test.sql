begin;
set local search_path = public, extensions, tests;
select plan(33);

create function pg_temp.call_back(id text, status text, attempt uuid default null, error_code text default null,
  provider text default 'twilio')
returns text language sql as $$
  select concat_ws(' ', r ->> 'applied', r ->> 'status')
  from (select public.record_delivery_status(provider, id, attempt, status, error_code) -> 'result' as r) x
$$;

select tests.keep(tests.create_delivery());
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select is(pg_temp.call_back('SM1', 'queued'), 'false', 'record_delivery_status: a status of the same rank → no change');
select is(pg_temp.call_back('SM1', 'sent'), 'true sent', 'record_delivery_status: sent → sent');
select is(pg_temp.call_back('SM1', 'sending'), 'false', 'record_delivery_status: a late callback → no change');
select is(pg_temp.call_back('SM1', 'sent'), 'false', 'record_delivery_status: a repeated callback → no change');
select is(pg_temp.call_back('SM1', 'delivered'), 'true delivered', 'record_delivery_status: delivered → delivered');
select row_eq('select status, delivered_at, provider_status from public.deliveries where id = tests.the(''delivery'')',
  row('delivered'::text, now(), 'delivered'::text), '… the delivery says so');
select is((select status from public.sms_delivery_log where delivery_id = tests.the('delivery')), 'delivered',
  '… and the log');
select is(pg_temp.call_back('SM1', 'sent'), 'false', 'record_delivery_status: reversed callbacks → no change');
select is(pg_temp.call_back('SM1', 'undelivered'), 'false', '… delivered stays delivered');
select is(pg_temp.call_back('SM1', 'read'), 'true delivered', 'record_delivery_status: read → read');
select is(pg_temp.call_back('SM1', 'an unknown status'), 'false', 'record_delivery_status: an unknown status → not applied');
select is(pg_temp.call_back('SM-other', 'delivered'), 'false', 'record_delivery_status: an unknown message → no change');
select is(pg_temp.call_back('SM-other', 'delivered', gen_random_uuid()), 'false', 'record_delivery_status: an unknown attempt → not applied');
select is(pg_temp.call_back('SM-other', 'undelivered',
  (select id from public.delivery_attempts where delivery_id = tests.the('delivery'))), 'false',
  'record_delivery_status: another message with this attempt → not applied');
select is(pg_temp.call_back('SM1', 'undelivered', provider => 'sendgrid'), 'false',
  'record_delivery_status: another provider''s message with this id → no change');
select is((select status from public.deliveries where id = tests.the('delivery')), 'delivered',
  'deliveries: a card whose callback is lost → delivered all the same');

-- the callback comes before the worker's report, or instead of it
select tests.keep(tests.create_delivery());
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(pg_temp.call_back('SM2', 'delivered', (tests.kept('lease') ->> 'attemptId')::uuid), 'true delivered',
  'record_delivery_status: before the worker''s report → applied');
select is(tests.report(tests.kept('lease'), 'sent', 'SM2') #>> '{result,accepted}', 'false',
  '… the report changes nothing');
select row_eq('select status, provider, provider_message_id, lease_token from public.deliveries
  where id = tests.the(''delivery'')', row('delivered'::text, 'twilio'::text, 'SM2'::text, null::uuid),
  'record_delivery_status: a late callback → the final status stays');
select row_eq('select status, provider_message_id, finished_at is not null from public.delivery_attempts
  where delivery_id = tests.the(''delivery'')', row('sent'::text, 'SM2'::text, true), 'record_delivery_status: → the attempt is finished');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', 'deliveries: the card is delivered');

-- a callback settles what was unknown
select tests.keep(tests.create_delivery());
select tests.keep('lease', tests.lease(tests.the('delivery')));
select tests.report(tests.kept('lease'), 'ambiguous');
update public.gift_cards set status = 'stuck', stuck_at = now() where id = tests.the('card');
select is(pg_temp.call_back('SM3', 'sent', (tests.kept('lease') ->> 'attemptId')::uuid), 'true sent',
  'record_delivery_status: an unknown outcome → settled');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered',
  'record_delivery_status: a stuck card → delivered');
select is(tests.lease_unknown(tests.the('delivery')), null, '… and nothing is left to look up');

-- it did not arrive
select tests.keep(tests.create_delivery());
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM4');
select is(pg_temp.call_back('SM4', 'undelivered', error_code => '30003'), 'true undelivered',
  'record_delivery_status: undelivered → failed');
select row_eq('select status, failed_at, error_code, failure_kind from public.deliveries
  where id = tests.the(''delivery'')', row('undelivered'::text, now(), '30003'::text, 'permanent'::text),
  '… the delivery has failed');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'email'), 1,
  '… the card takes the other channel');
select is(pg_temp.call_back('SM4', 'failed'), 'false', 'record_delivery_status: another status of the same meaning → no change');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 2,
  '… the other channel is taken once');
select is(pg_temp.call_back('SM4', 'delivered'), 'false', 'record_delivery_status: delivered after undelivered → no change');

-- e-mail
select tests.keep(tests.create_delivery('email', 'ada@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SG5');
select is(pg_temp.call_back('SG5', 'bounce', provider => 'sendgrid'), 'true undelivered',
  'record_delivery_status: a bounced e-mail → undelivered');
select tests.keep(tests.create_delivery('email', 'bob@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SG6');
select pg_temp.call_back('SG6', 'delivered', provider => 'sendgrid');
select pg_temp.call_back('SG6', 'spamreport', provider => 'sendgrid');
select is((select status from public.deliveries where id = tests.the('delivery')), 'delivered',
  'record_delivery_status: a complaint → still delivered');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
