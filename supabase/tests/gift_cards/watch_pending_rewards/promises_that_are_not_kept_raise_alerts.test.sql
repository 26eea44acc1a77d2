begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(0));
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(a.alert_type, ', ' order by a.alert_type) from public.system_alerts a
  where a.client_id = tests.the('client') and a.resolved_at is null and (a.alert_type like 'pending_reward%' or a.alert_type = 'ended_campaign_owes')
$$;
create function pg_temp.watch() returns int language sql as $$
  select (public.watch_pending_rewards() #>> '{result,resolved}')::int
$$;
select tests.provision(tests.the('recipient'));
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('second'));

select pg_temp.watch();
select is(pg_temp.alerts(), null, 'watch_pending_rewards: rewards of today → nothing');

-- not offered any more, and no stock that would show it
update public.gift_card_brands set is_enabled = false where id = tests.the('brand');
select pg_temp.watch(), pg_temp.watch();
select is(pg_temp.alerts(), 'pending_reward_blocked', 'watch_pending_rewards: a brand that is not enabled any more → one alert');
select row_eq($$ select severity, metadata ->> 'code', metadata ->> 'brand_id' from public.system_alerts
  where alert_type = 'pending_reward_blocked' $$, row('critical'::text, 'GC-002'::text, tests.the('brand')::text), '… says which card');
update public.gift_card_brands set is_enabled = true where id = tests.the('brand');
select is(pg_temp.watch(), 1, 'watch_pending_rewards: enabled again → resolved');
select is(pg_temp.alerts(), null, '… and nothing is open');
insert into public.agency_brands (agency_id, brand_id, is_enabled)
select c.agency_id, tests.the('brand'), false from public.clients c where c.id = tests.the('client');
select pg_temp.watch();
select is(pg_temp.alerts(), 'pending_reward_blocked', 'watch_pending_rewards: an agency that does not offer it any more → an alert');
select is((select count(*)::int from public.system_alerts where alert_type = 'pending_reward_blocked'), 2, '… another crossing → another alert');
update public.agency_brands set is_enabled = true where brand_id = tests.the('brand');
select pg_temp.watch();

-- late
update public.pending_rewards set created_at = now() - interval '23 hours' where recipient_id = tests.the('second');
select pg_temp.watch();
select is(pg_temp.alerts(), null, 'watch_pending_rewards: 23 hours → nothing');
update public.pending_rewards set created_at = now() - interval '25 hours' where campaign_id = tests.the('campaign');
select pg_temp.watch(), pg_temp.watch();
select is(pg_temp.alerts(), 'pending_rewards_overdue', 'watch_pending_rewards: two rewards older than 24 hours → one alert for the campaign');
select row_eq($$ select client_id, subject, metadata ->> 'campaign_status' from public.system_alerts where alert_type = 'pending_rewards_overdue' $$,
  row(tests.the('client'), tests.the('campaign')::text, 'active'::text), '… says which campaign, and its status');
select tests.add_cards(tests.the('pool'), 1);
select public.fulfil_pending_reward('{}');
select is(pg_temp.watch(), 0, 'watch_pending_rewards: one of two is fulfilled → the other is still late');
select tests.add_cards(tests.the('pool'), 1);
select public.fulfil_pending_reward('{}');
select is(pg_temp.watch(), 1, 'watch_pending_rewards: the last is given → resolved');

-- paused, ended
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('third'));
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select pg_temp.watch();
select is(pg_temp.alerts(), null, 'watch_pending_rewards: a paused campaign with a reward of today → nothing');
update public.pending_rewards set created_at = now() - interval '25 hours' where recipient_id = tests.the('third');
select pg_temp.watch();
select is(pg_temp.alerts(), 'pending_rewards_overdue', 'watch_pending_rewards: a paused campaign with an old one → an alert');
update public.pending_rewards set created_at = now() where recipient_id = tests.the('third');
update public.campaigns set status = 'ended' where id = tests.the('campaign');
select pg_temp.watch();
select is(pg_temp.alerts(), 'ended_campaign_owes', 'watch_pending_rewards: an ended campaign with a pending reward → an alert, at any age');
update public.campaigns set status = 'active' where id = tests.the('campaign');
select is(pg_temp.watch(), 1, 'watch_pending_rewards: active again → resolved');
select is(pg_temp.alerts(), null, '… and nothing is open');

-- a condition without a card
update public.campaign_conditions set card_value = null where campaign_id = tests.the('campaign');
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem(tests.redemption_token(tests.the('fourth')), delivery_method => 'sms', deliver_to => '+12025550141') ->> 'code',
  'GC-003', 'watch_pending_rewards: a code of a condition without a card');
select is(pg_temp.watch(), 0, 'watch_pending_rewards: a condition that still has no card …');
select is(pg_temp.alerts(), 'pending_reward_blocked', '… stays an alert');
update public.pending_rewards set status = 'cancelled' where brand_id is null and campaign_id = tests.the('campaign');
select is(pg_temp.alerts(), null, 'watch_pending_rewards: a manual end of the last reward → resolves the alert, too');

select * from finish();
rollback;
