-- A pending reward keeps its brand and value when the condition changes, and every cause that is fixed wakes all of them.
begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(0));
create function pg_temp.fulfil() returns jsonb language sql as $$ select public.fulfil_pending_reward('{}') -> 'result' $$;
create function pg_temp.value(recipient text) returns numeric language sql as $$
  select p.denomination from public.gift_cards c join public.card_pools p on p.id = c.pool_id where c.recipient_id = tests.the(recipient)
$$;
create function pg_temp.later() returns void language sql as $$
  update public.pending_rewards set last_attempt_at = now() - interval '1 minute', next_attempt_at = now() + interval '1 hour'
  where campaign_id = tests.the('campaign') and status like 'awaiting%'
$$;

select tests.provision(tests.the('recipient'));
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('second'));
update public.pending_rewards set created_at = now() - interval '1 hour' where recipient_id = tests.the('recipient');
insert into public.brand_denominations (brand_id, denomination, price) values (tests.the('brand'), 50, 49);
select tests.create_pool(tests.the('client'), tests.the('brand'), 5, 50);
update public.campaign_conditions set card_value = 50 where campaign_id = tests.the('campaign');
select is(pg_temp.fulfil(), '{"isDone": true}', 'fulfil_pending_reward: stock of the condition''s new value → does not fulfil a promise of the old value');
select tests.add_cards(tests.the('pool'), 2);
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, 'fulfil_pending_reward: a condition changed meanwhile → what was promised');
select is(pg_temp.value('recipient'), 25.00, '… which is the old value');
select row_eq($$ select b.denomination, b.price from public.billing_transactions b where b.recipient_id = tests.the('recipient') $$,
  row(25.00::numeric(18,2), 25.00::numeric(18,2)), '… billed as what it is');
select is(tests.provision(tests.the('second')) ->> 'outcome', 'ok', 'provision_gift_card: a second request → the promised card');
select is(pg_temp.value('second'), 25.00, '… which is the old value');
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('third'));
select is(pg_temp.value('third'), 50.00, 'provision_gift_card: after the change → the new value');
update public.campaign_conditions set card_value = 25 where campaign_id = tests.the('campaign');
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('fourth'));
update public.campaign_conditions set card_value = 50 where campaign_id = tests.the('campaign');
select is(tests.provision(tests.the('fourth'), denomination => 50) ->> 'message',
  'brandId and denomination must be those of the pending reward, or left out', 'fulfil_pending_reward: GC-012 has the pending reward');

-- GC-002, cured
select tests.keep('fifth', tests.create_recipients(tests.the('campaign')));
update public.campaign_conditions set card_value = 25 where campaign_id = tests.the('campaign');
select tests.provision(tests.the('fifth'));
select tests.add_cards(tests.the('pool'), 2);
update public.brand_denominations set is_enabled = false where brand_id = tests.the('brand') and denomination = 25;
select is(jsonb_build_array(pg_temp.fulfil() -> 'code', pg_temp.fulfil() -> 'code'), '["GC-002", "GC-002"]',
  'fulfil_pending_reward: a value that is not offered any more → GC-002 for each');
select is((select count(*)::int from public.pending_rewards where status = 'awaiting_configuration' and campaign_id = tests.the('campaign')),
  2, 'fulfil_pending_reward: both wait for the configuration');
select is((select count(*)::int from public.system_alerts where alert_type = 'pending_reward_blocked' and resolved_at is null), 1,
  'pending_reward_blocked: raised once');
select pg_temp.later();
select is(pg_temp.fulfil(), '{"isDone": true}', '… nothing is attempted meanwhile');
update public.brand_denominations set is_enabled = true where brand_id = tests.the('brand') and denomination = 25;
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, 'fulfil_pending_reward: GC-002 cured → the first is given at once');
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, '… and so is the second');
select is_empty($$ select from public.system_alerts where alert_type = 'pending_reward_blocked' and resolved_at is null $$,
  'pending_reward_blocked: resolved');

-- cured without stock
update public.campaigns set billing_entity = null where id = tests.the('campaign');
select tests.keep('sixth', tests.create_recipients(tests.the('campaign')));
select tests.redeem(tests.redemption_token(tests.the('sixth')), delivery_method => 'sms', deliver_to => '+12025550149');
select is((select status from public.pending_rewards where recipient_id = tests.the('sixth')), 'awaiting_configuration',
  'fulfil_pending_reward: no billing entity → awaiting_configuration');
select pg_temp.later();
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');
select is(pg_temp.fulfil() ->> 'code', 'GC-003', 'fulfil_pending_reward: GC-008 cured without stock → GC-003');
select is((select status from public.pending_rewards where recipient_id = tests.the('sixth')), 'awaiting_inventory', '… and it waits for stock');

-- its delay notice
select tests.add_cards(tests.the('pool'), 1);
select pg_temp.later();
select isnt(pg_temp.fulfil() ->> 'giftCardId', null, '… then it is fulfilled');
select is((select d.status from public.deliveries d join public.pending_rewards r on r.id = d.subject_id
  where r.recipient_id = tests.the('sixth')), 'cancelled', 'fulfil_pending_reward: a delay notice that was not sent → cancelled');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
