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
  'provision_gift_card: SMS without a number → GC-012');
select is(tests.provision(tests.the('mute'), delivery_method => 'email',
  deliver_to => null) #>> '{details,fields,0,field}', 'email', 'provision_gift_card: e-mail without an address → names email');
select is(tests.provision(tests.the('mute'), delivery_method => 'email', deliver_to => 'ada@example.com') ->> 'outcome',
  'ok', '… with an address → ok');

select is(tests.provision(tests.the('recipient'), tests.the('agent')) ->> 'code', 'RB-403',
  'provision_gift_card: an agent → RB-403');
select is(tests.provision(gen_random_uuid()) ->> 'code', 'RB-404', 'provision_gift_card: an unknown recipient → RB-404');
select is(public.provision_gift_card((tests.kept('other') ->> 'campaign')::uuid, tests.the('recipient'), null, null, 1,
  null, null, row(gen_random_uuid(), null, null, null, null)::public.request) ->> 'code', 'RB-404', 'provision_gift_card: a recipient of another campaign → RB-404');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('recipient')), 0,
  '… no card is claimed');

select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', 'provision_gift_card: the first request → the card');
select tests.keep('second', tests.provision(tests.the('recipient')));
select is(tests.kept('second') ->> 'code', 'GC-010', 'provision_gift_card: the second request → GC-010');
select is(tests.kept('second') -> 'details',
  (select jsonb_build_object('giftCardId', id, 'status', status, 'claimedAt', claimed_at) from public.gift_cards
  where recipient_id = tests.the('recipient')), '… with the id of the card');
select is(tests.provision(tests.the('recipient'), delivery_method => 'email', deliver_to => 'x@example.com') ->> 'code',
  'GC-010', '… by another surface, too');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('recipient')), 1,
  '… one card for one grant');
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value)
values (tests.the('client'), tests.the('campaign'), 2, 'Condition 2', tests.the('brand'), 25);
select is(tests.provision(tests.the('recipient'), condition_number => 2) ->> 'outcome', 'ok',
  'provision_gift_card: another condition → another grant');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('second'), idempotency_key => 'key', request_hash => 'one') ->> 'outcome', 'ok',
  'provision_gift_card: a key is used');
select is(tests.provision(tests.the('second'), idempotency_key => 'key', request_hash => 'two') ->> 'code', 'RB-409',
  'provision_gift_card: the same key with another request → RB-409');
select is((select error_code from public.gift_card_provisioning_trace
  where recipient_id = tests.the('second') and status = 'failed'), 'RB-409', '… its trace stays, too');

select * from finish();
rollback;
