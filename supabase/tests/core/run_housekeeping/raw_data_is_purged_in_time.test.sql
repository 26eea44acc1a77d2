begin;
set local search_path = public, extensions, tests;
select plan(25);

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));

create function pg_temp.event(id text, days int, status text default 'ignored') returns void language sql as $$
  insert into public.crm_events (client_id, endpoint_id, event_id, event_names, contact_id, payload, status, processed_at,
    request_id, created_at)
  values (tests.the('client'), tests.the('endpoint'), id, '{visit}', 'crm-1', '{"email": "ada@example.com"}', status,
    case when status <> 'received' then now() end, gen_random_uuid(), now() - make_interval(days => days))
$$;
create function pg_temp.payloads() returns text language sql as $$
  select string_agg(event_id, ' ' order by event_id) from public.crm_events
  where endpoint_id = tests.the('endpoint') and payload is not null
$$;

-- CRM payloads
select pg_temp.event('a', 91);
select pg_temp.event('b', 89);
select pg_temp.event('c', 91, 'received');
select ok((public.run_housekeeping() #>> '{result,purged}')::int >= 1, 'run_housekeeping: the answer says how many rows were erased');
select is(pg_temp.payloads(), 'b c', 'run_housekeeping: the payload of an old event → erased, unless it still waits');
select row_eq($$ select event_id, event_type, contact_id, status from public.crm_events
  where endpoint_id = tests.the('endpoint') and payload is null $$,
  row('a'::text, 'visit'::text, 'crm-1'::text, 'ignored'::text), '… its row stays');
select is(public.record_crm_events(tests.the('endpoint'), '[{"eventId": "a", "names": ["visit"], "contactId": "crm-1", "payload": {"again": true}}]',
  tests.request())
  #>> '{result,events,0,isNew}', 'false', 'record_crm_events: an event whose payload is purged → not new');
select is(pg_temp.payloads(), 'b c', '… without the payload');
update public.crm_events set leased_until = now() + interval '1 hour' where endpoint_id = tests.the('endpoint');
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select is((public.replay_crm_event(id)).status, 'received', '… it can be replayed') from public.crm_events where event_id = 'a';
select tests.sign_out();
select tests.keep('event', (select id from public.crm_events where event_id = 'a' and endpoint_id = tests.the('endpoint')));
select is(public.process_crm_event(tests.the('event'), '{}') #>> '{result,status}', 'provisioned', '… and earns its reward');

update private.retention set kept_for = '10 days' where what = 'crm_payloads';
select public.run_housekeeping();
select is(pg_temp.payloads(), 'c', 'run_housekeeping: the retention period is a setting');
select pg_temp.event(n::text, 20) from generate_series(1, 5) n;
select is(private.purge_crm_payloads(now() - interval '10 days', 3), 3, 'run_housekeeping: a round erases no more than its batch');
select is(pg_temp.payloads(), '4 5 c', '… the next round takes the others, the oldest first');

-- the others, by age
create function pg_temp.old(what text) returns interval language sql as $$
  select kept_for + interval '1 hour' from private.retention r where r.what = old.what
$$;
create function pg_temp.young(what text) returns interval language sql as $$
  select kept_for - interval '1 hour' from private.retention r where r.what = young.what
$$;
insert into public.inbound_messages (provider_message_id, phone, body, meaning, created_at)
values ('old', '+12025550199', 'Hi', 'other', now() - pg_temp.old('inbound_messages')),
  ('young', '+12025550199', 'Hi', 'other', now() - pg_temp.young('inbound_messages'));
insert into private.seen_events (provider, event_id, created_at)
values ('test', 'old', now() - pg_temp.old('seen_events')), ('test', 'young', now() - pg_temp.young('seen_events'));
insert into public.redemption_attempts (surface, outcome, subject, created_at)
values ('test', 'succeeded', 'old', now() - pg_temp.old('redemption_attempts')),
  ('test', 'succeeded', 'young', now() - pg_temp.young('redemption_attempts'));
insert into public.provisioning_traces (request_id, steps, step_ends, started_at, created_at)
values (tests.the('event'), '{old}', array[now()], now() - pg_temp.old('provisioning_traces'), now() - pg_temp.old('provisioning_traces')),
  (tests.the('event'), '{young}', array[now()], now() - pg_temp.young('provisioning_traces'), now() - pg_temp.young('provisioning_traces'));
select set_eq('select provider_message_id from public.inbound_messages where phone = ''+12025550199''', array['old', 'young'],
  'run_housekeeping: payloads, old and recent');
select public.run_housekeeping();
select set_eq('select provider_message_id from public.inbound_messages where phone = ''+12025550199''', array['young'],
  'run_housekeeping: texts of recipients → erased');
select set_eq('select event_id from private.seen_events where provider = ''test''', array['young'], 'run_housekeeping: seen event ids → deleted');
select set_eq('select subject from public.redemption_attempts where surface = ''test''', array['young'], 'run_housekeeping: old attempts → purged');
select set_eq('select step_name from public.gift_card_provisioning_trace where request_id = tests.the(''event'')',
  array['young'], 'run_housekeeping: traces → deleted');

-- what has ended
insert into public.system_alerts (alert_type, severity, message, subject, created_at, resolved_at)
select 'test', 'info', 'm', 'old', now() - interval '9 years', now() - pg_temp.old('resolved_alerts')
union all select 'test', 'info', 'm', 'young', now() - interval '9 years', now() - pg_temp.young('resolved_alerts')
union all select 'test', 'info', 'm', 'open', now() - interval '9 years', null;
insert into public.pending_rewards (client_id, campaign_id, recipient_id, condition_number, surface, currency, status, code, delivery_method, created_at)
select tests.the('client'), tests.the('campaign'), tests.the('recipient'), 9, 'api', 'USD', r.status, 'GC-003', r.name, now() - r.age
from (values ('cancelled', 'sms', pg_temp.old('ended_rewards')), ('cancelled', 'email', pg_temp.young('ended_rewards')),
  ('awaiting_configuration', 'api', interval '9 years')) r (status, name, age);
insert into public.call_sessions (client_id, caller_phone, agent_user_id, created_at)
select tests.the('client'), r.name, gen_random_uuid(), now() - r.age
from (values ('old', pg_temp.old('calls')), ('young', pg_temp.young('calls'))) r (name, age);
insert into public.call_conditions_met (client_id, call_session_id, campaign_id, recipient_id, condition_number)
select s.client_id, s.id, tests.the('campaign'), tests.the('recipient'), 9 from public.call_sessions s where s.caller_phone = 'old';
select pg_temp.event('ended', 401), pg_temp.event('waiting', 401, 'received');
select public.run_housekeeping();
select set_eq('select subject from public.system_alerts where alert_type = ''test''', '{young, open}'::text[],
  'run_housekeeping: alerts that were resolved long ago → deleted');
select set_eq('select delivery_method from public.pending_rewards where recipient_id = tests.the(''recipient'') and condition_number = 9',
  '{email, api}'::text[], 'run_housekeeping: rewards that ended long ago → deleted; a pending one stays');
select set_eq('select caller_phone from public.call_sessions where client_id = tests.the(''client'')', '{young}'::text[],
  'run_housekeeping: old calls → deleted');
select is((select count(*)::int from public.call_conditions_met where recipient_id = tests.the('recipient') and condition_number = 9), 1,
  '… the conditions that callers met stay');
select set_eq('select event_id from public.crm_events where endpoint_id = tests.the(''endpoint'') and event_id in (''ended'', ''waiting'')',
  '{waiting}'::text[], 'run_housekeeping: CRM events that ended long ago → deleted');

-- what a client's words leave behind
select tests.write_sms('+12025550198', 'leave me alone', 'opt_out', 'said');
update public.inbound_messages set created_at = now() - interval '2 years' where provider_message_id = 'said';
select public.run_housekeeping();
select is_empty('select from public.inbound_messages where provider_message_id = ''said''', 'run_housekeeping: the message of an opt-out → erased');
select row_eq('select source, wording from public.consents where address = ''+12025550198''',
  row('sms_reply'::text, 'leave me alone'::text), '… its words stay as the proof');
select ok(private.is_opted_out('sms', '+12025550198'), '… and the opt-out holds');

select throws_ok($$ update private.retention set kept_for = '0' $$, '23514', null, 'run_housekeeping: recent data → kept');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
