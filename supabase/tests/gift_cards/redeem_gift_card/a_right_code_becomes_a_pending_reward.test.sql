-- With an incomplete configuration, a right code earns its reward: the public form gets GC-003 with the pending reward's id.
begin;
set local search_path = public, extensions, tests;
select plan(33);

select tests.keep(tests.create_promise(1));
create function pg_temp.reward() returns public.pending_rewards language sql as $$
  select r from public.pending_rewards r where r.recipient_id = tests.the('visitor') and r.status like 'awaiting%'
$$;
-- A new visitor redeems the code while something is changed.
create function pg_temp.redeem_with(change text) returns jsonb language plpgsql as $$
begin
  perform tests.keep('visitor', tests.create_recipients(tests.the('campaign')));
  execute change;
  return tests.redeem(tests.redemption_token(tests.the('visitor')), delivery_method => 'sms', deliver_to => '+12025550141');
end $$;
create function pg_temp.again(deliver_to text default '+12025550141', method text default 'sms') returns jsonb language sql as $$
  select tests.redeem(tests.redemption_token(tests.the('visitor')), delivery_method => method, deliver_to => deliver_to)
$$;
create function pg_temp.outcome(answer jsonb) returns text language sql as $$
  select concat_ws(' ', answer ->> 'code', answer #>> '{details,pendingReward,id}' = (pg_temp.reward()).id::text, (pg_temp.reward()).code,
    (pg_temp.reward()).status, (pg_temp.reward()).denomination)
$$;

select is(pg_temp.outcome(pg_temp.redeem_with($$ update public.campaigns set billing_entity = null where id = tests.the('campaign') $$)),
  'GC-003 t GC-008 awaiting_configuration 25.00', 'redeem_gift_card: no billing entity → GC-003, and pending with GC-008');
select is((select error_code from public.gift_card_provisioning_trace where recipient_id = tests.the('visitor') and status = 'failed'),
  'GC-008', 'redeem_gift_card: the trace has the true code');
select isnt_empty($$ select from public.system_alerts where alert_type = 'pending_reward_blocked' and resolved_at is null $$,
  'redeem_gift_card: pending_reward_blocked is raised');
select is((select notice from public.deliveries where subject_id = (pg_temp.reward()).id), 'reward_delayed',
  'redeem_gift_card: the recipient gets a delay notice');
select is_empty($$ select from public.gift_card_grants where recipient_id = tests.the('visitor') $$, 'redeem_gift_card: no grant is left');
select is(tests.provision(tests.create_recipients(tests.the('campaign'))) - 'message',
  '{"outcome": "refused", "code": "GC-008", "details": {}}', 'provision_gift_card: a server, no billing entity → GC-008, and nothing is pending');
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');

select is(pg_temp.outcome(pg_temp.redeem_with($$ update public.gift_card_brands set is_enabled = false where id = tests.the('brand') $$)),
  'GC-003 t GC-002 awaiting_configuration 25.00', 'redeem_gift_card: a brand that is not enabled → GC-003, and pending with GC-002');
update public.gift_card_brands set is_enabled = true where id = tests.the('brand');
select is(pg_temp.outcome(pg_temp.redeem_with($$ update public.clients set is_active = false where id = tests.the('client') $$)),
  'GC-003 t RB-400 awaiting_configuration 25.00', 'redeem_gift_card: a client that is not active → GC-003, and pending');
update public.clients set is_active = true where id = tests.the('client');

-- promised nothing yet
select is(pg_temp.outcome(pg_temp.redeem_with($$ update public.campaign_conditions set brand_id = null where campaign_id = tests.the('campaign') $$)),
  'GC-003 t GC-001 awaiting_configuration', 'redeem_gift_card: a condition without a brand → GC-003, and pending without a promise');
select is((pg_temp.again() #>> '{details,pendingReward,id}'), (pg_temp.reward()).id::text, 'redeem_gift_card: twice → the same pending reward');
select is((select count(*)::int from public.system_alerts where alert_type = 'pending_reward_blocked' and resolved_at is null
  and subject = tests.the('campaign') || ':condition:1'), 1, 'redeem_gift_card: one alert for the condition');
update public.campaign_conditions set brand_id = tests.the('brand') where campaign_id = tests.the('campaign');
select row_eq($$ select (pg_temp.reward()).brand_id, (pg_temp.reward()).denomination $$, row(tests.the('brand'), 25.00::numeric(18,2)),
  'redeem_gift_card: the first card of a condition → promised to earlier pending rewards');
select is_empty($$ select from public.system_alerts where alert_type = 'pending_reward_blocked' and resolved_at is null
  and subject = tests.the('campaign') || ':condition:1' $$, '… and the alert is resolved');
update public.pending_rewards set created_at = now() - interval '2 minutes' where id = (pg_temp.reward()).id;
select tests.keep('done', public.fulfil_pending_reward('{}') -> 'result');
select is((select recipient_id from public.gift_cards where id = (tests.kept('done') ->> 'giftCardId')::uuid), tests.the('visitor'),
  'fulfil_pending_reward: → provisions it');

-- what is not ours
select is(pg_temp.redeem_with($$ update public.campaigns set status = 'ended' where id = tests.the('campaign') $$) ->> 'code', 'GC-011',
  'redeem_gift_card: a campaign that has ended → GC-011, like an unknown code');
select is((pg_temp.reward()).id, null, '… and nothing is pending: the offer is over');
update public.campaigns set status = 'active' where id = tests.the('campaign');
select is(pg_temp.redeem_with($$ update public.campaign_conditions set is_self_service = false where campaign_id = tests.the('campaign') $$) ->> 'code',
  'GC-011', 'redeem_gift_card: no self-service condition → GC-011, like an unknown code');
select is((pg_temp.reward()).id, null, '… and nothing is pending: nothing was earned');
update public.campaign_conditions set is_self_service = true, requires_opt_in = true where campaign_id = tests.the('campaign');
select is(pg_temp.redeem_with($$ update public.campaigns set billing_entity = null where id = tests.the('campaign') $$) ->> 'code', 'GC-009',
  'redeem_gift_card: without consent and without a billing entity → GC-009');
select is((pg_temp.reward()).id, null, '… and nothing is pending');
update public.campaign_conditions set requires_opt_in = false where campaign_id = tests.the('campaign');
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');

-- a new address on the public form
select is(pg_temp.outcome(pg_temp.redeem_with('select')), 'GC-003 t GC-003 awaiting_inventory 25.00', 'redeem_gift_card: no stock');
select is(pg_temp.again('+12025550142') #>> '{details,pendingReward,deliverTo}', '+1•••••0142',
  'redeem_gift_card: a new address within 30 minutes → replaces the old one');
update public.pending_rewards set created_at = now() - interval '31 minutes' where id = (pg_temp.reward()).id;
select tests.keep('answer', pg_temp.again('+12025550143'));
select is(jsonb_build_array(tests.kept('answer') -> 'code', tests.kept('answer') #> '{details,pendingReward,deliverTo}'),
  '["GC-003", "+1•••••0142"]', 'redeem_gift_card: another address after 30 minutes → GC-003, and the old one stays');
select is((pg_temp.reward()).deliver_to, '+12025550142', '… the reward has the address');
select is(pg_temp.again((select email from public.campaign_recipients where id = tests.the('visitor')), 'email') ->> 'code', 'GC-003',
  'redeem_gift_card: the recipient''s stored contact …');
select is((pg_temp.reward()).deliver_to, (select email from public.campaign_recipients where id = tests.the('visitor')),
  '… replaces the old address at any time');
select tests.add_cards(tests.the('pool'), 5);
select is(pg_temp.again('+12025550143') ->> 'code', 'GC-003', 'redeem_gift_card: stock arrives, another address → the card no sooner');
select is(pg_temp.again(null, null) ->> 'code', 'GC-003', '… nor does a browser');
select is_empty($$ select from public.gift_cards where recipient_id = tests.the('visitor') $$, '… no card is claimed');
select is(pg_temp.again((select email from public.campaign_recipients where id = tests.the('visitor')), 'email') ->> 'outcome', 'ok',
  'redeem_gift_card: the address of the pending reward → the card');
-- nowhere to go
update public.gift_cards set status = 'expired', expired_at = now() where status = 'available' and pool_id = tests.the('pool');
select tests.keep('visitor', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = null, email = null where id = tests.the('visitor');
select is(pg_temp.again(null, null) #> '{details,pendingReward}', jsonb_build_object('id', (pg_temp.reward()).id, 'createdAt', now()),
  'redeem_gift_card: a reward without an address is pending, too');
update public.pending_rewards set created_at = now() - interval '31 minutes' where id = (pg_temp.reward()).id;
select is(pg_temp.again('+12025550148') #>> '{details,pendingReward,deliverTo}', '+1•••••0148', '… and takes an address at any time');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
