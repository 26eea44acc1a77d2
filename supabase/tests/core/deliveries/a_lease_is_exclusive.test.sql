begin;
set local search_path = public, extensions, tests;
select plan(25);

select tests.keep(tests.create_delivery());
select is((select exposed_at from public.gift_cards where id = tests.the('card')), now(),
  'deliveries: a card that the API answered with → marked as disclosed to its caller');
update public.gift_cards set exposed_at = null where id = tests.the('card');
select tests.keep('lease', tests.lease(tests.the('delivery')));

-- what the worker gets
select is(tests.kept('lease') - array['attemptId', 'leaseToken', 'sealed', 'merge', 'attemptStartedAt'],
  jsonb_build_object( 'deliveryId', tests.the('delivery'), 'channel', 'sms', 'deliverTo', '+12025550100', 'clientName',
  'Client', 'template', '{"subject": null, "body": null}'::jsonb), 'lease_deliveries: → the address and the template');
select is(tests.kept('lease') -> 'merge', jsonb_build_object('first_name', 'Ada', 'last_name', 'Archer', 'amount',
  25.00, 'currency', 'USD', 'brand', (select name from public.gift_card_brands where id = tests.the('brand')),
  'redemption_url', 'https://brand.example/redeem', 'expiration_date', ''), '… the values to merge');
select is(decode(tests.kept('lease') #>> '{sealed,code}', 'base64'),
  (select code_sealed from private.card_secrets where gift_card_id = tests.the('card')), '… and the sealed card');
select row_eq($$ select status, attempts, lease_token, leased_until > now() from public.deliveries
  where id = tests.the('delivery') $$,
  row('sending'::text, 1, (tests.kept('lease') ->> 'leaseToken')::uuid, true), 'lease_deliveries: → status sending');
select row_eq($$ select delivery_id, attempt_number, status, finished_at from public.delivery_attempts
  where id = (tests.kept('lease') ->> 'attemptId')::uuid $$,
  row(tests.the('delivery'), 1, 'calling'::text, null::timestamptz), 'lease_deliveries: → the attempt is a row before the call');
select is((select exposed_at from public.gift_cards where id = tests.the('card')), now(),
  'lease_deliveries: → the card counts as disclosed');

-- no other worker gets it
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: a leased delivery → not leased again');
select is(tests.report(tests.kept('lease') || jsonb_build_object('leaseToken', gen_random_uuid()), 'sent',
  'SM1') #> '{result}', '{"deliveryId": null, "status": null, "accepted": false}',
  'complete_delivery_attempt: another token → not accepted');
select is((select status from public.deliveries where id = tests.the('delivery')), 'sending', '… and changes nothing');
select is(tests.report(tests.kept('lease'), 'sent', 'SM1') #> '{result}',
  jsonb_build_object('deliveryId', tests.the('delivery'), 'status', 'sent', 'accepted', true),
  'complete_delivery_attempt: the lease''s token → applied');
select is(tests.report(tests.kept('lease'), 'permanent') #>> '{result,accepted}', 'false', '… once');
select is(tests.lease(tests.the('delivery')), null, 'lease_deliveries: a sent delivery → not leased');

-- what success leaves
select row_eq($$ select status, provider, provider_message_id, sent_at, delivered_at, failed_at,
  lease_token from public.deliveries
    where id = tests.the('delivery') $$,
  row('sent'::text, 'twilio'::text, 'SM1'::text, now(), null::timestamptz, null::timestamptz, null::uuid),
    '… the delivery is sent');
select row_eq('select status, delivered_at, delivery_method from public.gift_cards where id = tests.the(''card'')',
  row('delivered'::text, now(), 'sms'::text), '… the card is delivered');
select row_eq($$ select gift_card_id, phone_number, message_sid, status, attempt_number,
  error_message from public.sms_delivery_log
    where delivery_id = tests.the('delivery') $$,
  row(tests.the('card'), '+12025550100'::text, 'SM1'::text, 'sent'::text, 1, null::text),
    '… sms_delivery_log has its row');

-- batches
select tests.keep('second', tests.create_delivery() -> 'delivery');
select tests.keep('third', tests.create_delivery() -> 'delivery');
update public.deliveries set next_attempt_at = now() + interval '1 minute' where id = tests.the('third');
select is(jsonb_array_length(public.lease_deliveries(tests.the('third'), 10) #> '{result,deliveries}'), 0,
  'lease_deliveries: not due → not leased');
update public.deliveries set next_attempt_at = '2000-01-02' where id = tests.the('third');
update public.deliveries set next_attempt_at = '2000-01-01' where id = tests.the('second');
select is(public.lease_deliveries(null, 1) #>> '{result,deliveries,0,deliveryId}', tests.the('second')::text,
  'lease_deliveries: the oldest due first');
select is(public.lease_deliveries(null, 1) #>> '{result,deliveries,0,deliveryId}', tests.the('third')::text,
  '… then the next');

-- templates and dates
select tests.keep(tests.create_promise(0));
update public.clients set time_zone = 'America/New_York' where id = tests.the('client');
update public.campaigns set sms_template = 'Hi {{first_name}}: {{code}}', email_subject = 'Yours',
  email_template = 'Hello: {{code}}' where id = tests.the('campaign');
update public.campaign_recipients set first_name = null where id = tests.the('recipient');
select tests.add_cards(tests.the('pool'), 1, '2030-07-04');
select tests.keep('by_mail',
  tests.lease((tests.provision(tests.the('recipient'), delivery_method => 'email',
  deliver_to => 'ada@example.com') #>> '{result,delivery,id}')::uuid));
select is(tests.kept('by_mail') -> 'template', '{"subject": "Yours", "body": "Hello: {{code}}"}',
  'lease_deliveries: an e-mail → the campaign''s subject and text');
select is(tests.kept('by_mail') #>> '{merge,expiration_date}', 'July 4, 2030', 'lease_deliveries: a date → in the client''s time zone');
select is(tests.kept('by_mail') #>> '{merge,first_name}', '', 'lease_deliveries: an unknown name → empty');
select is(tests.report(tests.kept('by_mail'), 'sent', 'SG1') #>> '{result,status}', 'sent', 'complete_delivery_attempt: an e-mail → sent');
select row_eq($$ select email_address, message_id, status from public.email_delivery_log
  where delivery_id = (tests.kept('by_mail') ->> 'deliveryId')::uuid $$,
  row('ada@example.com'::text, 'SG1'::text, 'sent'::text), '… email_delivery_log has its row');

-- a card of the platform's, for a client where the next day has begun
update public.clients set time_zone = 'Asia/Tokyo' where id = tests.the('client');
insert into public.client_brands (client_id, brand_id) values (tests.the('client'), tests.the('brand'));
select tests.create_pool(null, tests.the('brand'), 1, expires_on => '2031-07-04');
select tests.keep('far',
  (tests.provision(tests.create_recipients(tests.the('campaign'))) #>> '{result,delivery,id}')::uuid);
select is(tests.lease(tests.the('far')) #>> '{merge,expiration_date}', 'July 4, 2031',
  'lease_deliveries: an expiry date → as uploaded, in any time zone');

select * from finish();
rollback;
