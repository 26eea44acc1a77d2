begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
select is(tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '21610',
  'Opted out') #>> '{result,status}', 'failed', 'The carrier says that the recipient has opted out');
select row_eq('select channel, address, source from public.contact_opt_outs where address = ''+12025550101''',
  row('sms'::text, '+12025550101'::text, 'provider'::text), 'We remember it');
select is((select channel from public.deliveries where subject_id = tests.the('card') and id <> tests.the('delivery')),
  'email', 'The card takes the other channel');

select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
select is(tests.lease(tests.the('delivery')), null, 'A later message to that phone is not leased');
select row_eq('select status, failed_at, failure_kind, error_code, attempts from public.deliveries
  where id = tests.the(''delivery'')', row('suppressed'::text, now(), 'permanent'::text, 'opted_out'::text, 0),
  'lease_deliveries: opted out → suppressed without an attempt');
select is_empty('select from public.delivery_attempts where delivery_id = tests.the(''delivery'')',
  'No provider is called');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'email'
  and status = 'queued'), 1, 'The card takes the other channel at once');

-- both channels are closed
select tests.keep(tests.create_delivery(deliver_to => '+12025550101'));
insert into public.contact_opt_outs (channel, address, source)
select 'email', email, 'test' from public.campaign_recipients where id = tests.the('recipient');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: opted out → no lease');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 1,
  'An address that opted out is no other channel');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'), 'delivery_failed',
  'lease_deliveries: opted out on both channels → alert');

-- an opt-out between queueing and sending counts; another phone is not concerned
select tests.keep(tests.create_delivery(deliver_to => '+12025550102'));
select isnt(tests.lease(tests.the('delivery')), null, 'Another phone is not concerned');
select tests.keep(tests.create_delivery('email', 'ada@example.com'));
insert into public.contact_opt_outs (channel, address, source) values ('email', 'ada@example.com', 'test');
select is(tests.lease(tests.the('delivery')), null, 'An opt-out after the queueing and before the sending counts');

select * from finish();
rollback;
