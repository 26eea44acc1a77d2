begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('foreigner', tests.create_user('client_admin', tests.create_client()));
update public.campaign_recipients set phone = '+12025550151' where id = tests.the('recipient');
create function pg_temp.alerts(reply text) returns int language sql as $$
  select count(*)::int from public.system_alerts
  where alert_type = 'reply_to_review' and subject = tests.the(reply)::text and client_id = tests.the('client') and resolved_at is null
$$;
create function pg_temp.decide(reply text, decision text, who text default 'agent', note text default null) returns text language plpgsql as $$
declare
  answer jsonb;
begin
  perform tests.sign_in(tests.the(who));
  answer := public.decide_reply(tests.the(reply), decision, note);
  perform tests.sign_out();
  return (answer ->> 'review') || ' ' || (answer ->> 'isOptedOut');
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;

select tests.keep('reply', tests.unclear_reply(tests.the('recipient')));
select ok(not private.is_opted_out('sms', '+12025550151'),
  'receive_sms: "I need to cancel my appointment" → no opt-out');
select is((select answer from public.inbound_messages where id = tests.the('reply')), null, 'receive_sms: unclear → not answered');
select is(pg_temp.alerts('reply'), 1, 'receive_sms: unclear → alert to the client');
select tests.sign_in(tests.the('agent'));
select row_eq($$ select client_id, recipient_id, body from public.replies_to_review $$,
  row(tests.the('client'), tests.the('recipient'), 'I need to cancel my appointment'::text),
  'replies_to_review: staff of the client see the reply');
select tests.sign_in(tests.the('foreigner'));
select is_empty('select from public.replies_to_review', 'replies_to_review: staff of another client do not');
select tests.sign_out();

select is(pg_temp.decide('reply', 'dismissed', 'foreigner'), 'RB404', 'decide_reply: staff of another client → RB-404');
select is(pg_temp.decide('reply', 'maybe'), 'RB400', 'decide_reply: another decision → RB-400');
select is(pg_temp.decide('reply', null), 'RB400', 'decide_reply: no decision → RB-400');
select is(pg_temp.decide('reply', 'dismissed', note => 'about the dentist'), 'dismissed false', 'decide_reply: dismissed → still opted in');
select row_eq($$ select review, reviewed_by, review_note from public.inbound_messages where id = tests.the('reply') $$,
  row('dismissed'::text, tests.the('agent'), 'about the dentist'::text), 'decide_reply: dismissed → actor and reason are stored');
select is(pg_temp.alerts('reply'), 0, 'decide_reply: decided → the alert is resolved');
select is(pg_temp.decide('reply', 'dismissed'), 'dismissed false', 'decide_reply: the same decision again → the same answer');
select is(pg_temp.decide('reply', 'opted_out'), 'RB400', 'decide_reply: another decision afterwards → RB-400');

select tests.keep('second', tests.unclear_reply(tests.the('recipient'), 'cancel my order please'));
select is(pg_temp.decide('second', 'opted_out'), 'opted_out true', 'decide_reply: opted_out → nothing is sent any more');
select row_eq($$ select source, wording, recorded_by from public.contact_opt_outs where address = '+12025550151' $$,
  row('agent'::text, 'cancel my order please'::text, tests.the('agent')), 'decide_reply: opted_out → an opt-out with the wording of the reply');
select set_eq($$ select action, reason from public.audit_events where subject_type = 'inbound_message' $$,
  $$ values ('reply.dismissed', 'about the dentist'), ('reply.opted_out', null) $$, 'decide_reply: each decision is audited');
select tests.sign_in(tests.the('agent'));
select lives_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', 'It was about an order, keep texting me') $$,
  'record_consent: what staff decided → staff may take it back');
select tests.sign_out();

-- a clear word settles what is open; START after the reply outweighs a late decision
select tests.keep('third', tests.unclear_reply(tests.the('recipient'), 'can I cancel my visit'));
select tests.write_sms('+12025550151', 'STOP', 'opt_out');
select is((select review from public.inbound_messages where id = tests.the('third')), 'opted_out',
  'receive_sms: a STOP afterwards → the open reply is settled');
select is(pg_temp.alerts('third'), 0, 'receive_sms: a STOP afterwards → its alert is resolved');
select tests.write_sms('+12025550151', 'START', 'opt_in');
select is(pg_temp.decide('third', 'dismissed'), 'RB400', 'decide_reply: what a STOP has settled → RB-400');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
