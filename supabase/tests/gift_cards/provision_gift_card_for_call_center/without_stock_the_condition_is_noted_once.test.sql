begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('colleague', tests.create_user('call_agent', tests.the('client')));
select tests.keep('session', (tests.start_call_session(tests.the('agent'), '+12025550777')
  #>> '{result,callSessionId}')::uuid);
select tests.keep('others_session',
  (tests.start_call_session(tests.the('colleague'), '+12025550777') #>> '{result,callSessionId}')::uuid);

select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  call_session_id => tests.the('session')) ->> 'code', 'GC-003', 'provision_gift_card_for_call_center: no stock → GC-003');
select row_eq('select gift_card_id, met_by_agent_id, call_session_id from public.call_conditions_met
  where recipient_id = tests.the(''recipient'')', row(null::uuid, tests.the('agent'), tests.the('session')),
  '… the condition stays recorded as met');
select is((select recipient_id from public.call_sessions where id = tests.the('session')), tests.the('recipient'),
  '… the call has its recipient');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient')), 1,
  '… the reward is pending');

select is(tests.provision_for_caller(tests.the('colleague'), recipient_id => tests.the('recipient')) ->> 'code',
  'GC-003', 'provision_gift_card_for_call_center: a second request …');
select is((select count(*)::int from public.call_conditions_met where recipient_id = tests.the('recipient')), 1,
  '… it is recorded once');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient')), 1,
  '… and pending once');

select tests.add_cards(tests.the('pool'), 1);
select is(tests.provision_for_caller(tests.the('colleague'), recipient_id => tests.the('recipient')) ->> 'outcome',
  'ok', 'provision_gift_card_for_call_center: with a card in stock');
select row_eq($$
  select m.gift_card_id = c.id, m.met_by_agent_id from public.call_conditions_met m
  join public.gift_cards c on c.recipient_id = m.recipient_id where m.recipient_id = tests.the('recipient') $$,
  row(true, tests.the('agent')), '… the condition gets its card, and keeps the first agent');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'fulfilled',
  '… nothing is pending');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select lives_ok($$ select tests.keep('answer',
  tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('second'),
  call_session_id => tests.the('others_session'))) $$, 'provision_gift_card_for_call_center: no stock, a call of another agent → no error of ours');
select is(tests.kept('answer') ->> 'outcome', 'refused', '… refused as with stock');
select is((select count(*)::int from public.gift_card_provisioning_trace where recipient_id = tests.the('second')
  and status = 'failed'), 1, '… its trace stays');
select is((select recipient_id from public.call_sessions where id = tests.the('others_session')), null,
  '… the other agent''s call is unchanged');

select * from finish();
rollback;
