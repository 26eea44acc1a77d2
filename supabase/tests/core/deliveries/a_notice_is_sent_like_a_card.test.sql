-- A notice has no card: it names a default template, and passes through the same outbox.
begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_promise(0));
select tests.keep('delivery', private.enqueue_notice(tests.the('client'), 'reward_delayed', tests.the('recipient'),
  tests.the('recipient'), 'sms', '+12025550177', '{"first_name": "Ada"}'));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(tests.kept('lease') - array['deliveryId', 'attemptId', 'attemptStartedAt', 'leaseToken'],
  '{"channel": "sms", "deliverTo": "+12025550177", "clientName": "Client", "notice": "reward_delayed",
    "merge": {"first_name": "Ada"}}', 'lease_deliveries: a notice → its text and values, and no card');
select is(tests.report(tests.kept('lease'), 'sent', 'SM1') #>> '{result,status}', 'sent', '… it is sent');
select is_empty('select from public.gift_cards where status <> ''available''', '… no card is changed');

select tests.keep('delivery', private.enqueue_notice(tests.the('client'), 'reward_delayed', tests.the('recipient'),
  tests.the('recipient'), 'sms', '+12025550178', '{}'));
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550178', 'test');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: a notice to an opted-out address → suppressed');

select throws_ok($$ insert into public.deliveries (client_id, topic, subject_id, channel, deliver_to)
  values (tests.the('client'), 'notice', gen_random_uuid(), 'sms', '+12025550177') $$, '23514', null,
  'deliveries: a notice without its text → refused');
select throws_ok($$ insert into public.deliveries (client_id, topic, notice, subject_id, channel, deliver_to)
  values (tests.the('client'), 'gift_card', 'reward_delayed', gen_random_uuid(), 'sms', '+12025550177') $$, '23514', null,
  'lease_deliveries: a card → the text of its campaign');

select * from finish();
rollback;
