-- The address of a pending reward is that of the last request by staff or a server, never silently the first, mistyped one.
begin;
set local search_path = public, extensions, tests;
select plan(27);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.reward(recipient text default 'recipient') returns public.pending_rewards language sql as $$
  select r from public.pending_rewards r where r.recipient_id = tests.the(recipient) and r.status like 'awaiting%'
$$;
create function pg_temp.notices() returns text language sql as $$
  select string_agg(concat_ws(' ', d.channel, d.deliver_to, d.status), ', ' order by d.status) from public.deliveries d
  where d.subject_id = (pg_temp.reward()).id
$$;

select tests.keep('first', tests.provision(tests.the('recipient'), deliver_to => '+12025550141'));
select is(tests.kept('first') #> '{details,pendingReward}', jsonb_build_object('id', (pg_temp.reward()).id, 'deliveryMethod', 'sms',
  'deliverTo', '+1•••••0141', 'createdAt', now()), 'provision_gift_card: GC-003 → the pending reward, its address masked');
select is(pg_temp.notices(), 'sms +12025550141 queued', 'provision_gift_card: the delay notice is queued');

select tests.keep('second', tests.provision(tests.the('recipient'), deliver_to => '+12025550142'));
select is(tests.kept('second') ->> 'code', 'GC-003', 'provision_gift_card: a correction while there is no stock → GC-003');
select is(tests.kept('second') #> '{details,pendingReward,id}', tests.kept('first') #> '{details,pendingReward,id}', '… with the same id');
select is(tests.kept('second') #>> '{details,pendingReward,deliverTo}', '+1•••••0142', '… and the new address');
select row_eq($$ select (pg_temp.reward()).delivery_method, (pg_temp.reward()).deliver_to $$, row('sms'::text, '+12025550142'::text),
  'provision_gift_card: a new address → the reward has it');
select is(pg_temp.notices(), 'sms +12025550141 cancelled, sms +12025550142 queued', '… so has the delay notice that was not sent yet');
select row_eq($$ select client_id, actor_id, metadata from public.audit_events
  where action = 'pending_reward.redirected' and subject_id = (pg_temp.reward()).id $$,
  row(tests.the('client'), null::uuid, '{"surface": "api", "from": {"method": "sms", "deliver_to": "+1•••••0141"},
    "to": {"method": "sms", "deliver_to": "+1•••••0142"}}'::jsonb), '… the audit log has both addresses, masked');
select tests.provision(tests.the('recipient'), deliver_to => '+12025550142');
select is((select count(*)::int from public.audit_events where action = 'pending_reward.redirected'), 1,
  'provision_gift_card: the same address again → no correction');

-- by e-mail, by an agent
select tests.keep('third', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  delivery_method => 'email', deliver_to => 'jo@example.com'));
select is(tests.kept('third') #>> '{details,pendingReward,deliverTo}', 'j•••@example.com', 'provision_gift_card: an agent → corrects the method, too');
select row_eq($$ select (pg_temp.reward()).surface, (pg_temp.reward()).requested_by $$, row('call_center'::text, tests.the('agent')),
  '… the reward belongs to the agent''s request now');
select tests.provision(tests.the('recipient'), delivery_method => null, deliver_to => null);
select is((pg_temp.reward()).deliver_to, 'jo@example.com', 'provision_gift_card: a request without a delivery → no correction');
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select is((tests.take_crm_event(tests.the('endpoint'))).status, 'owed', 'provision_gift_card: a CRM event of the same reward …');
select is((pg_temp.reward()).deliver_to, 'jo@example.com', '… names no address, and corrects none');

select tests.add_cards(tests.the('pool'), 1);
select tests.keep('done', public.fulfil_pending_reward('{}') -> 'result');
select row_eq($$ select channel, deliver_to from public.deliveries where id = (tests.kept('done') ->> 'deliveryId')::uuid $$,
  row('email'::text, 'jo@example.com'::text), 'fulfil_pending_reward: the card goes to the address given last');
select is((select code from public.pending_rewards where recipient_id = tests.the('recipient')), null,
  'provision_gift_card: a fulfilled reward has no code');
select throws_ok($$ update public.pending_rewards set code = 'GC-003' where recipient_id = tests.the('recipient') $$, '23514', null,
  'pending_rewards: a fulfilled reward with a code → pending_rewards_code_matches_status');
select is(tests.provision(tests.the('recipient'), deliver_to => '+12025550143') ->> 'code', 'GC-010',
  'provision_gift_card: a correction after the card was given → GC-010');

-- consent
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select tests.keep('shy', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set sms_opted_in_at = now() where id = tests.the('shy');
select tests.keep('own', (select phone from public.campaign_recipients where id = tests.the('shy')));
select is(tests.provision(tests.the('shy'), deliver_to => tests.kept('own') #>> '{}') ->> 'code', 'GC-003', 'provision_gift_card: with consent → pending');
select is(tests.provision(tests.the('shy'), deliver_to => '+12025550144') ->> 'code', 'GC-009',
  'provision_gift_card: a correction to a phone that has not agreed → GC-009');
select is((pg_temp.reward('shy')).deliver_to, tests.kept('own') #>> '{}', '… and the reward keeps its address');

-- a configuration that lacks something: the correction counts, and API callers hear the true code
update public.campaign_conditions set requires_opt_in = false where campaign_id = tests.the('campaign');
update public.campaigns set billing_entity = null where id = tests.the('campaign');
select tests.keep('answer', tests.provision(tests.the('shy'), deliver_to => '+12025550145'));
select is(tests.kept('answer') ->> 'code', 'GC-008', 'provision_gift_card: a pending reward without a billing entity → GC-008');
select is((pg_temp.reward('shy')).deliver_to, '+12025550145', '… and its address is corrected');
update public.campaigns set billing_entity = 'client', status = 'paused' where id = tests.the('campaign');
select tests.keep('answer', tests.provision(tests.the('shy'), deliver_to => '+12025550146'));
select is(jsonb_build_array(tests.kept('answer') -> 'code', tests.kept('answer') #> '{details,pendingReward,deliverTo}'),
  '["RB-400", "+1•••••0146"]', 'provision_gift_card: a pending reward of a paused campaign → RB-400, and its address is corrected');
update public.campaigns set status = 'active' where id = tests.the('campaign');

-- credit
select tests.add_cards(tests.the('pool'), 3);
update public.clients set prepaid_since = now() where id = tests.the('client');
select tests.keep('poor', tests.create_recipients(tests.the('campaign')));
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('poor'), deliver_to => '+12025550147')
  #>> '{details,pendingReward,deliverTo}', '+1•••••0147', 'provision_gift_card: GC-006 has the address of the reward, too');
select is((select gift_card_id from public.call_conditions_met where recipient_id = tests.the('poor')), null,
  'provision_gift_card_for_call_center: GC-006 → the condition met names no card');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
