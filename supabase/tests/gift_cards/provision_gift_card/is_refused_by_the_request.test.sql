begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep(tests.create_promise(5));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('other', tests.create_promise());
select tests.keep('mute', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = null, email = null where id = tests.the('mute');

select is(tests.provision(tests.the('mute'), deliver_to => null), '{"outcome": "refused", "code": "GC-012",
    "message": "There is no address to deliver to",
      "details": {"fields": [{"field": "phone", "problem": "is missing"}]}}'::jsonb,
  'GC-012: an SMS without a number');
select is(tests.provision(tests.the('mute'), delivery_method => 'email',
  deliver_to => null) #>> '{details,fields,0,field}', 'email', 'GC-012: an e-mail without an address');
select is(tests.provision(tests.the('mute'), delivery_method => 'email', deliver_to => 'ada@example.com') ->> 'outcome',
  'ok', 'With an address it is given');

select is(tests.provision(tests.the('recipient'), tests.the('agent')) ->> 'code', 'RB-403',
  'RB-403: an agent gives cards to callers only');
select is(tests.provision(gen_random_uuid()) ->> 'code', 'RB-404', 'RB-404: a recipient whom nobody knows');
select is(public.provision_gift_card(null, (tests.kept('other') ->> 'campaign')::uuid, tests.the('recipient'), null,
  null, 1, null, null, gen_random_uuid(), null, null) ->> 'code', 'RB-404', 'RB-404: a recipient of another campaign');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('recipient')), 0,
  'None of them took a card');

select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', 'The first request for a card gets it');
select tests.keep('second', tests.provision(tests.the('recipient')));
select is(tests.kept('second') ->> 'code', 'GC-010', 'GC-010: the second one does not');
select is(tests.kept('second') -> 'details',
  (select jsonb_build_object('giftCardId', id, 'status', status, 'claimedAt', claimed_at) from public.gift_cards
  where recipient_id = tests.the('recipient')), 'It is told which card there is already');
select is(tests.provision(tests.the('recipient'), delivery_method => 'email', deliver_to => 'x@example.com') ->> 'code',
  'GC-010', 'GC-010: nor by another way');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('recipient')), 1,
  'There is one card for one promise');
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value)
values (tests.the('client'), tests.the('campaign'), 2, 'Condition 2', tests.the('brand'), 25);
select is(tests.provision(tests.the('recipient'), condition_number => 2) ->> 'outcome', 'ok',
  'Another condition is another promise');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('second'), idempotency_key => 'key', request_hash => 'one') ->> 'outcome', 'ok',
  'A key is used');
select is(tests.provision(tests.the('second'), idempotency_key => 'key', request_hash => 'two') ->> 'code', 'RB-409',
  'RB-409: the same key with another request');
select is((select error_code from public.gift_card_provisioning_trace
  where recipient_id = tests.the('second') and status = 'failed'), 'RB-409', 'Its trace stays, too');

select * from finish();
rollback;
