begin;
set local search_path = public, extensions, tests;
select plan(37);

select tests.keep(tests.create_delivery());
update public.campaign_recipients set email = null where id = tests.the('recipient');
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(tests.report(tests.kept('lease'), 'ambiguous', null, 'ETIMEDOUT', 'No answer') #>> '{result,status}',
  'unknown', 'complete_delivery_attempt: no answer from the provider → unknown');
select row_eq('select status, failure_kind, error_code, failed_at, lease_token from public.deliveries
  where id = tests.the(''delivery'')', row('unknown'::text, 'ambiguous'::text, 'ETIMEDOUT'::text, null::timestamptz,
  null::uuid), '… an unknown delivery is not failed');
select is((select status from public.gift_cards where id = tests.the('card')), 'claimed',
  '… its card is not delivered');
select is((select status from public.sms_delivery_log where delivery_id = tests.the('delivery')), 'unknown',
  '… the log says unknown');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: an unknown delivery → not leased for sending');
update public.deliveries set next_attempt_at = now() - interval '1 day' where id = tests.the('delivery');
select is(tests.lease(tests.the('delivery')), null, '… at any later time');

-- the look-up
select is_empty($$ select from jsonb_array_elements(public.lease_unknown_deliveries(100, 60) #> '{result,deliveries}') l
  where l ->> 'deliveryId' = tests.kept('delivery') #>> '{}' $$, 'lease_unknown_deliveries: within the grace time → not leased');
select tests.keep('look_up', tests.lease_unknown(tests.the('delivery')));
select is(tests.kept('look_up') ->> 'attemptId', tests.kept('lease') ->> 'attemptId',
  'lease_unknown_deliveries: → the attempt is looked up at the provider');
select is((tests.kept('look_up') ->> 'attemptStartedAt')::timestamptz, now() - interval '1 hour',
  'lease_unknown_deliveries: → with the time of the attempt');
select is_empty($$ select from jsonb_array_elements(public.lease_unknown_deliveries(100, 60) #> '{result,deliveries}') l
  where l ->> 'deliveryId' = tests.kept('delivery') #>> '{}' $$, 'lease_unknown_deliveries: → leased to one worker at a time');

create function pg_temp.resolve(look_up jsonb, found boolean, id text default null,
  status text default null) returns jsonb language sql as $$
  select public.resolve_unknown_delivery((look_up ->> 'attemptId')::uuid, (look_up ->> 'leaseToken')::uuid, found,
    'twilio', id, status) -> 'result'
$$;
select is(pg_temp.resolve(tests.kept('look_up') || jsonb_build_object('leaseToken', gen_random_uuid()), false),
  '{"deliveryId": null, "status": null}', 'resolve_unknown_delivery: a lapsed lease token → not settled');
select is(pg_temp.resolve(tests.kept('look_up') - 'leaseToken', false), '{"deliveryId": null, "status": null}',
  'resolve_unknown_delivery: no lease token → not settled');

select is(pg_temp.resolve(tests.kept('look_up'), null) ->> 'status', 'unknown',
  'resolve_unknown_delivery: undecided → still unknown');
select row_eq($$ select alert_type, client_id from public.system_alerts where subject = tests.kept('delivery') #>> '{}'
  and resolved_at is null $$,
  row('delivery_outcome_unknown'::text, tests.the('client')), 'resolve_unknown_delivery: undecided → alert');
select is(pg_temp.resolve(tests.kept('look_up') - 'leaseToken', false) ->> 'status', null,
  'resolve_unknown_delivery: without a lease → stays unknown');
select cmp_ok((select next_attempt_at from public.deliveries where id = tests.the('delivery')), '>',
  now() + interval '50 minutes', '… it is looked up again later, with backoff');

select tests.keep('look_up', tests.lease_unknown(tests.the('delivery')));
select tests.keep('other', tests.create_delivery() -> 'delivery');
select tests.report(tests.lease(tests.the('other')), 'sent', 'SM-other');
select is(pg_temp.resolve(tests.kept('look_up'), true, 'SM-other', 'sent') -> 'taken', 'true',
  'resolve_unknown_delivery: the message of another delivery → taken as an answer');
select is((select status from public.deliveries where id = tests.the('delivery')), 'unknown', '… and settles nothing');
select is(pg_temp.resolve(tests.kept('look_up'), true, 'SM-found', 'delivered') ->> 'status', 'delivered',
  'resolve_unknown_delivery: the message is found → settled');
select row_eq('select status, provider_message_id, delivered_at from public.deliveries
  where id = tests.the(''delivery'')', row('delivered'::text, 'SM-found'::text, now()), '… with the provider''s status');
select row_eq($$ select status, message_sid from public.sms_delivery_log where delivery_id = tests.the('delivery') $$,
  row('delivered'::text, 'SM-found'::text), '… the log says so');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', 'deliveries: the card is delivered');
select isnt_empty('select from public.system_alerts where subject = tests.kept(''delivery'') #>> ''{}''
  and resolved_at is not null', '… and the alert is resolved');

-- certainly not there
select tests.keep(tests.create_delivery());
select tests.report(tests.lease(tests.the('delivery')), 'ambiguous');
select is(pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), false) ->> 'status', 'queued',
  'resolve_unknown_delivery: the provider does not have it → queued again');
select is((select status from public.delivery_attempts where delivery_id = tests.the('delivery')), 'not_sent',
  'resolve_unknown_delivery: not found → the attempt was not sent');
select tests.report(tests.lease(tests.the('delivery')), 'ambiguous');
select tests.report(tests.lease(tests.the('delivery')), 'ambiguous');
select is(pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), false) ->> 'status', 'queued', '… a second time');
select tests.report(tests.lease(tests.the('delivery')), 'ambiguous');
select is(pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), false) ->> 'status', 'failed',
  '… the third time it has failed');

select tests.keep(tests.create_delivery());
select tests.report(tests.lease(tests.the('delivery')), 'ambiguous');
select pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), null);
select pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), false);
select is((select array_agg(resolved_at) from public.system_alerts
  where alert_type = 'delivery_outcome_unknown' and subject = tests.kept('delivery') #>> '{}'), array[now()],
  'delivery_outcome_unknown: not sent after all → the alert is resolved');

-- a look-up may be wrong: the callback knows better
select tests.keep(tests.create_delivery());
select tests.keep('lease', tests.lease(tests.the('delivery')));
select tests.report(tests.kept('lease'), 'ambiguous');
select pg_temp.resolve(tests.lease_unknown(tests.the('delivery')), false);
select is(public.record_delivery_status('twilio', 'SM-late', (tests.kept('lease') ->> 'attemptId')::uuid, 'sent', null)
  #>> '{result,status}', 'sent', 'record_delivery_status: a callback after that → the message was sent');
select is(tests.lease(tests.the('delivery')), null, '… the second send is cancelled');
select row_eq('select status, message_sid from public.sms_delivery_log where delivery_id = tests.the(''delivery'')',
  row('sent'::text, 'SM-late'::text), 'record_delivery_status: a late callback → its attempt is sent');

-- a worker that died
select tests.keep(tests.create_delivery());
select tests.keep('lease', tests.lease(tests.the('delivery')));
update public.deliveries set leased_until = now() - interval '1 second' where id = tests.the('delivery');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: a lapsed lease → not leased to another worker');
select isnt(tests.lease_unknown(tests.the('delivery')), null, '… it is looked up');
select row_eq('select status, error_code, finished_at is not null from public.delivery_attempts
  where delivery_id = tests.the(''delivery'')', row('ambiguous'::text, 'lease_lapsed'::text, true),
  'lease_unknown_deliveries: a lapsed lease → the attempt is ambiguous');
select is((select status from public.deliveries where id = tests.the('delivery')), 'unknown',
  '… its outcome is unknown');
select is(tests.report(tests.kept('lease'), 'retriable') #>> '{result,accepted}', 'false',
  'complete_delivery_attempt: after the lease lapsed → not accepted');
select is((select status from public.deliveries where id = tests.the('delivery')), 'unknown', '… and changes nothing');

select * from finish();
rollback;
