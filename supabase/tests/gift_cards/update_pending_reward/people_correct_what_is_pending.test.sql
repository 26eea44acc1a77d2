begin;
set local search_path = public, extensions, tests;
select plan(31);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('stranger', tests.create_user('client_admin', tests.create_client()));
create function pg_temp.owe() returns void language plpgsql as $$
begin
  perform tests.keep('who', tests.create_recipients(tests.the('campaign')));
  perform tests.keep('reward', (tests.provision(tests.the('who'), deliver_to => '+12025550141') #>> '{details,pendingReward,id}')::uuid);
end $$;
create function pg_temp.update(
  delivery_method text default null, deliver_to text default null, reason text default 'Mistyped', brand_id uuid default null,
  denomination numeric default null) returns text language plpgsql as $$
declare
  reward public.pending_rewards;
begin
  reward := public.update_pending_reward(tests.the('reward'), delivery_method, deliver_to, reason, brand_id, denomination);
  return concat_ws(' ', reward.delivery_method, reward.deliver_to, reward.denomination);
exception when others then
  return sqlstate;
end $$;
grant execute on function pg_temp.update to authenticated;

select pg_temp.owe();
select tests.sign_in(tests.the('stranger'));
select is(pg_temp.update(deliver_to => '+12025550142'), 'RB404', 'update_pending_reward: another client''s → RB-404');
select tests.sign_in(tests.the('agent'));
select is(pg_temp.update(deliver_to => '+12025550142', reason => ' '), 'GC012', 'update_pending_reward: without a reason → GC-012');
select is(pg_temp.update(), 'RB400', 'update_pending_reward: nothing to change → RB-400');
select is(pg_temp.update(deliver_to => '0142'), 'GC012', 'update_pending_reward: no address → GC-012');
select is(pg_temp.update('fax', '+12025550142'), 'GC012', 'update_pending_reward: no such method → GC-012');
select is(pg_temp.update(denomination => 50), 'RB403', 'update_pending_reward: an agent changes the promise → RB-403');
select is(pg_temp.update(deliver_to => '+12025550142'), 'sms +12025550142 25.00', 'update_pending_reward: an agent corrects the phone');
select is(pg_temp.update('email', 'Jo@Example.com'), 'email jo@example.com 25.00', '… or the method');
select is(pg_temp.update('sms'), 'sms ' || (select phone from public.campaign_recipients where id = tests.the('who')) || ' 25.00',
  'update_pending_reward: no address → the recipient''s stored contact');
select tests.sign_out();
select results_eq($$ select actor_id, reason from public.audit_events where subject_id = tests.the('reward') order by id $$,
  $$ select tests.the('agent'), 'Mistyped' from generate_series(1, 3) $$, 'update_pending_reward: each correction is audited, with the reason');
select is_empty($$ select from public.gift_card_grants where recipient_id = tests.the('who') $$, 'update_pending_reward: no grant is left');
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550150', 'test');
select tests.sign_in(tests.the('agent'));
select is(pg_temp.update(deliver_to => '+12025550150'), 'RB400', 'update_pending_reward: an address that has opted out → RB-400');

-- the quota of staff
select tests.sign_out();
update private.attempt_limits set attempts_max = 3 where surface = 'staff-disclosure';
select tests.sign_in(tests.the('agent'));
select is(pg_temp.update(deliver_to => '+12025550152'), 'sms +12025550152 25.00', 'update_pending_reward: the third other address of an agent');
select is(pg_temp.update(deliver_to => '+12025550153'), 'RB429', 'update_pending_reward: one more than the quota → RB-429');
select is(pg_temp.update('sms'), 'sms ' || (select phone from public.campaign_recipients where id = tests.the('who')) || ' 25.00',
  'update_pending_reward: the recipient''s own address → takes no quota');
select tests.sign_out();
update private.attempt_limits set attempts_max = 20 where surface = 'staff-disclosure';

-- consent
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select tests.sign_in(tests.the('agent'));
select is(pg_temp.update(deliver_to => '+12025550151'), 'GC009', 'update_pending_reward: a phone that has not agreed → GC-009');
select tests.sign_out();
update public.campaign_conditions set requires_opt_in = false where campaign_id = tests.the('campaign');

-- the promise
insert into public.brand_denominations (brand_id, denomination) values (tests.the('brand'), 50);
select tests.sign_in(tests.the('admin'));
select is(pg_temp.update(denomination => 40), 'GC002', 'update_pending_reward: a value that is not offered → GC-002');
select ok(pg_temp.update(denomination => 50, reason => 'The 25 is gone') like '% 50.00', 'update_pending_reward: an admin changes the value');
select tests.sign_out();
select row_eq($$ select metadata #> '{from,denomination}', metadata #> '{to,denomination}', reason from public.audit_events
  where subject_id = tests.the('reward') and action = 'pending_reward.changed' $$,
  row('25.00'::jsonb, '50.00'::jsonb, 'The 25 is gone'::text), 'update_pending_reward: the audit log has both');
select is_empty($$ select from public.system_alerts where alert_type = 'no_gift_card_inventory' and resolved_at is null $$,
  'update_pending_reward: no reward waits for a 25');
select tests.create_pool(tests.the('client'), tests.the('brand'), 1, 50);
select is((select p.denomination from public.gift_cards c join public.card_pools p on p.id = c.pool_id
  where c.id = (public.fulfil_pending_reward('{}') #>> '{result,giftCardId}')::uuid), 50.00, 'update_pending_reward: a 50 is provisioned');
select tests.sign_in(tests.the('admin'));
select is(pg_temp.update(deliver_to => '+12025550142'), 'GC010', 'update_pending_reward: after the card was given → GC-010');

-- while it is being bought
select tests.sign_out();
select pg_temp.owe();
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('purchase', public.fulfil_pending_reward(array[tests.kept('supplier') #>> '{}']) #> '{result,purchase}');
select tests.sign_in(tests.the('admin'));
select is(pg_temp.update(deliver_to => '+12025550142'), 'GC005', 'update_pending_reward: while the card is being bought → GC-005');
select throws_ok($$ select public.cancel_pending_reward(tests.the('reward'), 'A test') $$, 'GC005', null,
  'cancel_pending_reward: while the card is being bought → GC-005');
-- a later request corrects what the purchase remembers
select tests.sign_out();
select is(tests.provision(tests.the('who'), deliver_to => '+12025550143') #> '{details,pendingReward,deliverTo}', '"+1•••••0143"',
  'provision_gift_card: a correction while the card is being bought → GC-005 with the new address');
select is((select deliver_to from public.pending_rewards where id = tests.the('reward')), '+12025550143', '… the reward has it');
select tests.keep('bought', tests.complete_supplier_purchase(tests.kept('purchase')) #> '{result,delivery,id}');
select is((select deliver_to from public.deliveries where id = tests.the('bought')), '+12025550143', '… so has the card');

-- without a reward: bought for the first request
select tests.keep('direct', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', tests.provision(tests.the('direct'), deliver_to => '+12025550144',
  suppliers => array[tests.kept('supplier') #>> '{}']));
select is(tests.provision(tests.the('direct'), deliver_to => '+12025550145') #> '{details,pendingReward,deliverTo}', '"+1•••••0145"',
  'provision_gift_card: a correction of the first purchase → GC-005 with the new address');
select is((select count(*)::int from public.audit_events where action = 'gift_card_purchase.redirected'), 2, 'update_pending_reward: both are audited');
select tests.keep('bought', tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}') #> '{result,delivery,id}');
select is((select deliver_to from public.deliveries where id = tests.the('bought')), '+12025550145',
  'update_pending_reward: the card goes to the new address');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
