-- Agents cannot read codes; they check the one that a caller reads out.
begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('elsewhere', tests.create_promise(0));
select tests.keep('token', tests.redemption_token(tests.the('recipient')));
select tests.keep('foreign_token', tests.redemption_token((tests.kept('elsewhere') ->> 'recipient')::uuid));
select tests.keep('ended', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('of_ended', tests.create_recipients(tests.the('ended')));
select tests.keep('ended_token', tests.redemption_token(tests.the('of_ended')));
update public.campaigns set status = 'ended' where id = tests.the('ended');

create function pg_temp.check_code(code text, campaign_id uuid default null) returns jsonb language sql as $$
  select tests.start_call_session(tests.the('agent'), '+12025550777', campaign_id, code)
$$;

select tests.keep('answer', pg_temp.check_code(lower(' ' || (tests.kept('token') #>> '{}'))));
select is(tests.kept('answer') #>> '{result,matches,0,recipientId}', tests.the('recipient')::text,
  'start_call_session: a code from another phone, in another case → its recipient');
select row_eq($$ select client_id, recipient_id, checked_recipient_id, caller_phone from public.call_sessions
  where id = (tests.kept('answer') #>> '{result,callSessionId}')::uuid $$,
  row(tests.the('client'), tests.the('recipient'), tests.the('recipient'), '+12025550777'::text),
  'start_call_session: a code → the session says whose code was checked');
select is(position(tests.kept('token') #>> '{}' in (tests.kept('answer'))::text), 0, 'start_call_session: the answer has no code');

select is(pg_temp.check_code(c.code, c.campaign_id), '{"outcome": "refused", "code": "GC-011", "message": "Invalid redemption code",
  "details": {}}'::jsonb, format('start_call_session: %s → GC-011', c.title))
from (values ('NOBO-DYHA-STHI', null::uuid, 'an unknown code'), (tests.kept('foreign_token') #>> '{}', null, 'a code of another tenant'),
  (tests.kept('ended_token') #>> '{}', null, 'a code of a campaign that has ended'), ('СКИДКА', null, 'a text that is no code'), ('', null, 'an empty text'),
  (tests.kept('token') #>> '{}', tests.the('ended'), 'a code of another campaign than the one named')) as c (code, campaign_id, title);
select is((select count(*) from public.call_sessions where agent_user_id = tests.the('agent')), 1::bigint,
  'start_call_session: GC-011 → no session');
select results_eq($$ select outcome, count(*) from public.redemption_attempts
  where surface = 'start-call-session' and subject = tests.the('agent')::text group by 1 order by 1 $$,
  $$ values ('refused', 6::bigint), ('succeeded', 1) $$, 'start_call_session: each code → an attempt');
select tests.start_call_session(tests.the('agent'), '+12025550777');
select is((select count(*) from public.redemption_attempts where subject = tests.the('agent')::text), 7::bigint,
  'start_call_session: without a code → no attempt');
select is((select checked_recipient_id from public.call_sessions where agent_user_id = tests.the('agent')
  and recipient_id is null), null, 'start_call_session: without a code → no checked recipient');

-- guessing
select is((select count(*) from generate_series(1, 24) where pg_temp.check_code('GUES-SEDC-ODES') ->> 'code' = 'GC-011'), 24::bigint,
  'start_call_session: 30 wrong codes in ten minutes → GC-011 each');
select is(pg_temp.check_code(tests.kept('token') #>> '{}') ->> 'code', 'RB-429', 'start_call_session: the 31st → RB-429');
select is(tests.start_call_session(tests.the('agent'), '+12025550777') ->> 'outcome', 'ok',
  'start_call_session: without a code after RB-429 → a session');
select is(tests.start_call_session(tests.create_user(), '+12025550111', null, tests.kept('token') #>> '{}') ->> 'code',
  'RB-403', 'start_call_session: a code from a user without a membership → RB-403');

select * from finish();
rollback;
