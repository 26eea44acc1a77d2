begin;
set local search_path = public, extensions, tests;
select plan(27);

create function pg_temp.fulfil(suppliers text[] default '{}') returns jsonb language sql as $$
  select public.fulfil_pending_reward(suppliers) -> 'result'
$$;

select tests.keep(tests.create_promise(0));
select tests.keep('first', tests.the('recipient'));
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.provision(tests.the('first'), delivery_method => null, deliver_to => null);
select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('second'), deliver_to => '+12025550142');
update public.pending_rewards set created_at = now() - interval '1 hour' where recipient_id = tests.the('second');

select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: no stock → nothing to fulfil');
select tests.add_cards(tests.the('pool'), 1);
select tests.keep('done', pg_temp.fulfil());
select is(jsonb_build_array(tests.kept('done') -> 'isDone', tests.kept('done') -> 'code', tests.kept('done') -> 'purchase'),
  '[false, null, null]', 'fulfil_pending_reward: one card in stock …');
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('second'),
  '… the oldest pending reward gets it');
select row_eq($$ select channel, deliver_to from public.deliveries where id = (tests.kept('done') ->> 'deliveryId')::uuid $$,
  row('sms'::text, '+12025550142'::text), '… at the address that was given then');
select is((select gift_card_id::text from public.call_conditions_met where recipient_id = tests.the('second')),
  tests.kept('done') ->> 'giftCardId', '… and the condition that the agent recorded has it');
select is((select granted_by from public.gift_card_grants where recipient_id = tests.the('second')), tests.the('agent'),
  '… with the actor of the request');
select is((select status from public.pending_rewards where recipient_id = tests.the('second')), 'fulfilled', '… the first reward is fulfilled');
select is(pg_temp.fulfil(), '{"isDone": true}', '… the other one still waits');
select tests.add_cards(tests.the('pool'), 5);
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('first'),
  'fulfil_pending_reward: more stock → fulfils it');
select is((select d.deliver_to from public.deliveries d where d.id = (tests.kept('done') ->> 'deliveryId')::uuid),
  (select phone from public.campaign_recipients where id = tests.the('first')),
  'fulfil_pending_reward: without a caller → the message goes to the recipient''s own phone');
select is((select exposed_at from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), null,
  '… no answer has disclosed the code');
select is(pg_temp.fulfil(), '{"isDone": true}', '… nothing is pending');
select is_empty($$ select from public.system_alerts where alert_type = 'no_gift_card_inventory' and resolved_at is null $$,
  '… the alert is resolved');
select is(tests.provision(tests.the('second')) ->> 'code', 'GC-010', 'fulfil_pending_reward: provisioning after fulfilment → GC-010');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('second')), 1, '… each recipient has one card');

-- a reward that is blocked for another reason waits, and does not block others
update public.gift_cards set status = 'expired', expired_at = now() where status = 'available';
select tests.keep('mute', tests.create_recipients(tests.the('campaign')));
select tests.keep('next', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = null, email = null where id = tests.the('mute');
select tests.provision(tests.the('mute'), delivery_method => null, deliver_to => null);
select tests.provision(tests.the('next'));
update public.pending_rewards set created_at = now() - interval '1 hour' where recipient_id = tests.the('mute');
select tests.add_cards(tests.the('pool'), 2);
select is(pg_temp.fulfil() ->> 'code', 'GC-012', 'fulfil_pending_reward: no address → not fulfilled');
select row_eq($$ select attempts, code, status, next_attempt_at > now() from public.pending_rewards
  where recipient_id = tests.the('mute') $$, row(1, 'GC-012'::text, 'awaiting_inventory'::text, true), '… retried later');
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('next'),
  '… the next reward is fulfilled meanwhile');
update public.campaign_recipients set phone = '+12025550143' where id = tests.the('mute');
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('mute');
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('mute'),
  '… with an address it is fulfilled');

-- a supplier serves what is owed, once
select tests.keep('last', tests.create_recipients(tests.the('campaign')));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.suppliers() returns text[] language sql as $$ select array[tests.kept('supplier') #>> '{}'] $$;
select tests.provision(tests.the('last'));
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: a supplier without credentials → not called');
select tests.keep('done', pg_temp.fulfil(pg_temp.suppliers()));
select isnt(tests.kept('done') ->> 'purchase', null, 'fulfil_pending_reward: a supplier is called for a pending reward');
select is(pg_temp.fulfil(pg_temp.suppliers()), '{"isDone": true}', '… a reward being purchased is not purchased again');
select is(tests.complete_supplier_purchase(tests.kept('done') -> 'purchase', 'declined') ->> 'code', 'GC-005', '… declined …');
select row_eq($$ select attempts, code, next_attempt_at > now() from public.pending_rewards where recipient_id = tests.the('last') $$,
  row(1, 'GC-005'::text, true), '… it waits for another time');
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('last');
select is(tests.complete_supplier_purchase(pg_temp.fulfil(pg_temp.suppliers()) -> 'purchase') ->> 'outcome', 'ok', '… then purchased');
select is((select status from public.pending_rewards where recipient_id = tests.the('last')), 'fulfilled', '… and fulfilled');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
