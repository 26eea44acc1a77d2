-- Unknown events and contacts, refused and owed rewards: each stands in its row with the reason; none is lost.
begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_promise(0));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('elsewhere', tests.create_promise(1));
select tests.create_crm_endpoint(tests.kept('elsewhere'), contact_id => 'crm-elsewhere');

create function pg_temp.outcome(event public.crm_events) returns text language sql as $$
  select concat_ws(' ', event.status, event.code, event.message)
$$;

select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), names => '{unheard_of}')),
  'ignored No condition matches this event', 'process_crm_event: no matching condition → ignored');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-9')),
  'ignored No recipient of the campaign has this contact id', 'process_crm_event: an unknown contact → ignored');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-elsewhere')),
  pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-9')),
  'process_crm_event: a contact of another client → unknown');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), campaign => tests.kept('elsewhere') ->> 'campaign')),
  'ignored No condition matches this event', 'process_crm_event: a campaign of another client → unknown');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), campaign => 'camp-456')),
  'ignored No condition matches this event', 'process_crm_event: an invalid campaign id → unknown');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), contact_id => null)),
  'ignored The event names no contact', 'process_crm_event: no contact → ignored');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), names => '{}')),
  'ignored The event has no name', 'process_crm_event: no event name → ignored');

-- owed
create temp table owed as select * from tests.take_crm_event(tests.the('endpoint'), 'owed');
select is((select row(status, code)::text from owed), '(owed,GC-003)', 'process_crm_event: no stock → pending, GC-003');
select is((select count(*) from public.pending_rewards where recipient_id = tests.the('recipient') and status like 'awaiting%'),
  1::bigint, 'process_crm_event: no stock → the event waits in the queue');
select tests.add_cards(tests.the('pool'), 5);
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', '… once provisioned');
select is((select row(status, code)::text from public.crm_events where id = (select id from owed)), '(provisioned,)',
  '… the event is provisioned');
select is((select c.recipient_id from public.crm_events e join public.gift_cards c on c.id = e.gift_card_id
  where e.id = (select id from owed)), tests.the('recipient'), 'fulfil_pending_reward: → the event has the card');

-- cancelled
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'crm-2' where id = tests.the('second');
update public.gift_cards set status = 'cancelled', cancelled_at = now() where pool_id = tests.the('pool') and status = 'available';
create temp table off as select * from tests.take_crm_event(tests.the('endpoint'), 'off', 'crm-2');
update public.pending_rewards set status = 'cancelled' where recipient_id = (select recipient_id from off);
select is((select pg_temp.outcome(e) from public.crm_events e where id = (select id from off)),
  'refused GC-003 The reward was cancelled', 'process_crm_event: its pending reward is cancelled → the event is refused');

-- refused by the campaign
select tests.add_cards(tests.the('pool'), 5);
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'crm-3' where id = tests.the('third');
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select is(pg_temp.outcome(tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3')),
  'refused RB-400 The campaign is paused', 'process_crm_event: a paused campaign → RB-400');
update public.campaigns set status = 'active', billing_entity = null where id = tests.the('campaign');
select is((tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3')).code, 'GC-008', 'process_crm_event: no billing entity → GC-008');
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select is((tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3')).code, 'GC-009', 'process_crm_event: no opt-in → GC-009');
update public.campaign_conditions set requires_opt_in = false where campaign_id = tests.the('campaign');
update public.campaign_recipients set phone = null, email = null where id = tests.the('third');
select is((tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3')).code, 'GC-012', 'process_crm_event: no address → GC-012');

-- which of two
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value, crm_event_name)
values (tests.the('client'), tests.the('campaign'), 2, 'Another', tests.the('brand'), 25, 'visit');
select is((tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3')).code, 'RB-400', 'process_crm_event: two matching conditions → RB-400');
update public.campaign_conditions set crm_event_name = 'visit:shop' where campaign_id = tests.the('campaign') and condition_number = 2;
update public.campaign_recipients set phone = '+12025550188' where id = tests.the('third');
create temp table named as
  select * from tests.take_crm_event(tests.the('endpoint'), contact_id => 'crm-3', names => '{visit:shop,visit}');
select is((select condition_number from named), 2, 'process_crm_event: the more specific condition wins');
select is((select status from named), 'provisioned', '… and provisions its card');

-- our own failure
select tests.keep('event', tests.record_crm_event(tests.the('endpoint')));
select is(public.fail_crm_event(tests.the('event')) #>> '{result,code}', 'GC-015', 'process_crm_event: an error of ours → GC-015, recorded');
select isnt_empty(format('select from public.system_alerts where alert_type = %L and subject = %L and resolved_at is null',
  'crm_event_failed', tests.the('endpoint')), 'fail_crm_event: → alert');

select * from finish();
rollback;
