begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_delivery('sms', '+12025550177'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM21610');
select public.record_delivery_status('twilio', 'SM21610', null, 'failed', '30003');
select ok(not private.is_opted_out('sms', '+12025550177'), 'record_delivery_status: an unreachable phone → no opt-out');

select tests.keep(tests.create_delivery('sms', '+12025550178'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM21611');
select public.record_delivery_status('twilio', 'SM21611', null, 'failed', '21610');
select row_eq($$ select source, wording from public.contact_opt_outs where address = '+12025550178' $$,
  row('provider'::text, null::text), 'record_delivery_status: error 21610 → opt-out');
select is((select status from public.deliveries where id = tests.the('delivery')), 'undelivered', '… the message is undelivered');
select is((select channel from public.deliveries where subject_id = tests.the('card') and id <> tests.the('delivery')), 'email',
  '… and the card takes the other channel');

select * from finish();
rollback;
