begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.campaign_recipients set phone = '+12025550111' where id = tests.the('recipient');
-- the same phone at another client
select tests.keep('elsewhere', tests.create_promise());
update public.campaign_recipients set phone = '+12025550111' where id = (tests.kept('elsewhere') ->> 'recipient')::uuid;

create function pg_temp.call(phone text, campaign_id uuid default null) returns jsonb language plpgsql as $$
declare
  result jsonb := tests.start_call_session(tests.the('agent'), phone, campaign_id) -> 'result';
begin
  perform tests.keep('session', result -> 'callSessionId');
  return result -> 'matches';
end $$;

select is(pg_temp.call('+12025550111'),
  (select jsonb_build_array(jsonb_build_object('recipientId', r.id, 'firstName', 'Ada', 'lastName', 'Archer',
  'campaignId', r.campaign_id, 'campaignName', 'Campaign', 'phoneLast4', '0111')) from public.campaign_recipients r
  where r.id = tests.the('recipient')), 'start_call_session: the caller is found at the agent''s client only');
select row_eq($$ select client_id, campaign_id, recipient_id, agent_user_id, caller_phone from public.call_sessions
  where id = tests.the('session') $$,
  row(tests.the('client'), tests.the('campaign'), tests.the('recipient'), tests.the('agent'), '+12025550111'::text),
    'start_call_session: one match → the recipient of the call');

select tests.keep('second_campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('second', tests.create_recipients(tests.the('second_campaign')));
update public.campaign_recipients set phone = '+12025550111' where id = tests.the('second');
select is(jsonb_array_length(pg_temp.call('+12025550111')), 2, 'start_call_session: two matches → the agent chooses');
select row_eq('select client_id, recipient_id from public.call_sessions where id = tests.the(''session'')',
  row(null::uuid, null::uuid), '… the call has no recipient yet');
select is(pg_temp.call('+12025550111', tests.the('second_campaign')) #>> '{0,recipientId}', tests.the('second')::text,
  'start_call_session: a campaign → narrows the matches');
update public.campaigns set status = 'ended' where id = tests.the('second_campaign');
select is(jsonb_array_length(pg_temp.call('+12025550111')), 1, 'start_call_session: an ended campaign → left out');
select tests.keep('many', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 60) r));
update public.campaign_recipients set phone = '+12025550222' where id in (select r::uuid from jsonb_array_elements_text(tests.kept('many')) r);
select tests.keep('answer', tests.start_call_session(tests.the('agent'), '+12025550222') -> 'result');
select is(jsonb_array_length(tests.kept('answer') -> 'matches'), 50, 'start_call_session: more than fifty matches → fifty');
select is(tests.kept('answer') -> 'hasMoreMatches', 'true', '… and that there are more');
select is(pg_temp.call('+12025550999'), '[]', 'start_call_session: an unknown phone → no match');
select is((select caller_phone from public.call_sessions where id = tests.the('session')), '+12025550999',
  '… its call is recorded all the same');
select is(pg_temp.call('+12025550111', (tests.kept('elsewhere') ->> 'campaign')::uuid), '[]',
  'start_call_session: a campaign of another tenant → no match');

select is(tests.start_call_session(tests.create_user('customer', tests.the('client')), '+12025550111'), '{"outcome": "refused", "code": "RB-403", "message": "Not allowed", "details": {}}'::jsonb,
  'start_call_session: a customer → RB-403');
select is(tests.start_call_session(tests.create_user(), '+12025550111') ->> 'code', 'RB-403',
  'start_call_session: a user without a membership → RB-403');
select is((select count(*)::int from public.call_sessions where agent_user_id <> tests.the('agent')
  and caller_phone = '+12025550111'), 0, '… no call is recorded');

select * from finish();
rollback;
