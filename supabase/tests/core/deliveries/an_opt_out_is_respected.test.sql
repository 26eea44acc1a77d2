begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
select is(tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '21610',
  'Opted out') #>> '{result,status}', 'failed', 'complete_delivery_attempt: error 21610 of the carrier → suppressed');
select row_eq('select channel, address, source from public.contact_opt_outs where address = ''+12025550101''',
  row('sms'::text, '+12025550101'::text, 'provider'::text), '… the opt-out is recorded');
select is((select channel from public.deliveries where subject_id = tests.the('card') and id <> tests.the('delivery')),
  'email', '… the card takes the other channel');

select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: an opted-out phone → not leased');
select row_eq('select status, failed_at, failure_kind, error_code, attempts from public.deliveries
  where id = tests.the(''delivery'')', row('suppressed'::text, now(), 'permanent'::text, 'opted_out'::text, 0),
  'lease_deliveries: opted out → suppressed without an attempt');
select is_empty('select from public.delivery_attempts where delivery_id = tests.the(''delivery'')',
  '… no provider is called');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'email'
  and status = 'queued'), 1, '… the card takes the other channel at once');

-- both channels are closed
select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
insert into public.contact_opt_outs (channel, address, source)
select 'email', email, 'test' from public.campaign_recipients where id = tests.the('recipient');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: opted out → no lease');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 1,
  'deliveries: an opted-out e-mail address → not used as the other channel');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'), 'delivery_failed',
  'lease_deliveries: opted out on both channels → alert');

-- an opt-out between queueing and sending counts; another phone is not concerned
select tests.keep(tests.create_delivery(deliver_to => '+12025550102'));
select isnt(tests.lease(tests.the('delivery')), null, 'lease_deliveries: another phone → leased');
select tests.keep(tests.create_delivery('email', 'ada@example.com'));
insert into public.contact_opt_outs (channel, address, source) values ('email', 'ada@example.com', 'test');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: an opt-out between queueing and sending → suppressed');

select * from finish();
rollback;
