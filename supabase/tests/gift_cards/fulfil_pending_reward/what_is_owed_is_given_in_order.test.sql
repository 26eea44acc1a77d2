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

select is(pg_temp.fulfil(), '{"isDone": true}', 'Without stock nothing can be done');
select tests.add_cards(tests.the('pool'), 1);
select tests.keep('done', pg_temp.fulfil());
select is(jsonb_build_array(tests.kept('done') -> 'isDone', tests.kept('done') -> 'code', tests.kept('done') -> 'purchase'),
  '[false, null, null]', 'With one card in stock …');
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('second'),
  '… it goes to whom it was owed first');
select row_eq($$ select channel, deliver_to from public.deliveries where id = (tests.kept('done') ->> 'deliveryId')::uuid $$,
  row('sms'::text, '+12025550142'::text), '… at the address that was given then');
select is((select gift_card_id::text from public.call_conditions_met where recipient_id = tests.the('second')),
  tests.kept('done') ->> 'giftCardId', '… and the condition that the agent noted names it');
select is((select granted_by from public.gift_card_grants where recipient_id = tests.the('second')), tests.the('agent'),
  '… given by whom it was asked for');
select is((select status from public.pending_rewards where recipient_id = tests.the('second')), 'fulfilled', 'That one is fulfilled');
select is(pg_temp.fulfil(), '{"isDone": true}', 'The other one waits on');
select tests.add_cards(tests.the('pool'), 5);
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('first'),
  'More stock serves it');
select is((select d.deliver_to from public.deliveries d where d.id = (tests.kept('done') ->> 'deliveryId')::uuid),
  (select phone from public.campaign_recipients where id = tests.the('first')),
  'Whom nobody waits for with an answer, a message reaches at his own phone');
select is((select exposed_at from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), null,
  'No answer has shown the code');
select is(pg_temp.fulfil(), '{"isDone": true}', 'Nothing is owed any more');
select is_empty($$ select from public.system_alerts where alert_type = 'no_gift_card_inventory' and resolved_at is null $$,
  'The alarm is over');
select is(tests.provision(tests.the('second')) ->> 'code', 'GC-010', 'GC-010 holds for what was fulfilled');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('second')), 1, 'Each has one card');

-- what stands in the way for another reason waits, and makes nobody else wait
update public.gift_cards set status = 'expired', expired_at = now() where status = 'available';
select tests.keep('mute', tests.create_recipients(tests.the('campaign')));
select tests.keep('next', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = null, email = null where id = tests.the('mute');
select tests.provision(tests.the('mute'), delivery_method => null, deliver_to => null);
select tests.provision(tests.the('next'));
update public.pending_rewards set created_at = now() - interval '1 hour' where recipient_id = tests.the('mute');
select tests.add_cards(tests.the('pool'), 2);
select is(pg_temp.fulfil() ->> 'code', 'GC-012', 'Who has no address cannot be given anything');
select row_eq($$ select attempts, code, status, next_attempt_at > now() from public.pending_rewards
  where recipient_id = tests.the('mute') $$, row(1, 'GC-012'::text, 'awaiting_inventory'::text, true), 'It waits for another time');
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('next'),
  'The next one is served meanwhile');
update public.campaign_recipients set phone = '+12025550143' where id = tests.the('mute');
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('mute');
select tests.keep('done', pg_temp.fulfil());
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('mute'),
  'With an address it is served, too');

-- a supplier serves what is owed, once
select tests.keep('last', tests.create_recipients(tests.the('campaign')));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.suppliers() returns text[] language sql as $$ select array[tests.kept('supplier') #>> '{}'] $$;
select tests.provision(tests.the('last'));
select is(pg_temp.fulfil(), '{"isDone": true}', 'A supplier without credentials is not asked');
select tests.keep('done', pg_temp.fulfil(pg_temp.suppliers()));
select isnt(tests.kept('done') ->> 'purchase', null, 'A supplier is asked for what is owed');
select is(pg_temp.fulfil(pg_temp.suppliers()), '{"isDone": true}', 'What is being bought is not bought again');
select is(tests.complete_purchase(tests.kept('done') -> 'purchase', 'declined') ->> 'code', 'GC-005', 'Declined …');
select row_eq($$ select attempts, code, next_attempt_at > now() from public.pending_rewards where recipient_id = tests.the('last') $$,
  row(1, 'GC-005'::text, true), '… it waits for another time');
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('last');
select is(tests.complete_purchase(pg_temp.fulfil(pg_temp.suppliers()) -> 'purchase') ->> 'outcome', 'ok', 'Then it is bought');
select is((select status from public.pending_rewards where recipient_id = tests.the('last')), 'fulfilled', 'And fulfilled');
select is_empty('select * from private.invariant_violations', 'No invariant is broken');

select * from finish();
rollback;
