begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.campaign_recipients set phone = '+12025550111' where id = tests.the('recipient');
update public.clients set name = 'Acme   Inc' where id = tests.the('client');

select tests.keep('answer', tests.ask_for_consent(tests.the('recipient'), tests.the('agent')));
select is(tests.kept('answer') #>> '{result,status}', 'requested', 'request_sms_opt_in: an agent asks a recipient for consent');
select row_eq($$ select client_id, recipient_id, channel, address, action, source, wording, wording_version, recorded_by
  from public.consents $$,
  row(tests.the('client'), tests.the('recipient'), 'sms'::text, '+12025550111'::text, 'requested'::text, 'agent'::text,
    'Acme Inc: reply YES'::text, 'v1'::text, tests.the('agent')), 'request_sms_opt_in: the request is stored with its words and version');
select row_eq($$ select notice, merge, channel, deliver_to, status from public.deliveries $$,
  row('sms_opt_in'::text, '{"wording": "Acme Inc: reply YES"}'::jsonb, 'sms'::text, '+12025550111'::text, 'queued'::text),
  '… the same words are queued');
select is((select count(*)::int from public.audit_events where action = 'sms_opt_in.requested'
  and actor_id = tests.the('agent')), 1, '… audited');
select is((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null,
  'request_sms_opt_in: a request is no consent');
select is((private.open_request('sms', '+12025550111')).wording, 'Acme Inc: reply YES', '… it is open');

-- the company's own name, another phone, a repeated call
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', company => 'House', key => 'k', hash => 'h')
  #>> '{result,status}', 'requested', 'request_sms_opt_in: another phone may be asked');
select is((select wording from public.consents where address = '+12025550112'), 'House: reply YES',
  'request_sms_opt_in: COMPANY_NAME is set → it is used for the client''s name');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', key => 'k', hash => 'h') ->> 'replayed', 'true',
  'request_sms_opt_in: the same key → one request');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', key => 'k', hash => 'other') ->> 'code', 'RB-409',
  'request_sms_opt_in: the same key with another request → RB-409');

-- limits
select tests.ask_for_consent(tests.the('recipient'));
select is(tests.ask_for_consent(tests.the('recipient')) #>> '{result,status}', 'requested', 'request_sms_opt_in: a phone → three requests a day');
select tests.keep('answer', tests.ask_for_consent(tests.the('recipient')));
select is(tests.kept('answer') ->> 'code', 'RB-429', '… no more');
select cmp_ok((tests.kept('answer') #>> '{details,retryAfter}')::int, '<=', 86400, '… with the seconds to wait');
select is((select count(*)::int from public.consents where address = '+12025550111'), 3, 'request_sms_opt_in: a refusal leaves nothing');

-- refusals
select is(tests.ask_for_consent(gen_random_uuid()) ->> 'code', 'RB-404', 'request_sms_opt_in: an unknown recipient → RB-404');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '12025550111') ->> 'code', 'GC-012',
  'request_sms_opt_in: a phone that is not E.164 → refused');
update public.campaign_recipients set phone = null where id = tests.the('recipient');
select is(tests.ask_for_consent(tests.the('recipient')) ->> 'code', 'GC-012', 'request_sms_opt_in: no phone → GC-012');
select is(tests.ask_for_consent(tests.the('recipient'), tests.the('agent'), '+12025550113', session => gen_random_uuid()) ->> 'code',
  'RB-404', 'request_sms_opt_in: a call of another agent → RB-404');
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550113', 'test');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550113') ->> 'code', 'RB-400',
  'request_sms_opt_in: an opted-out phone → refused');
select private.lift_opt_out('sms', '+12025550113');
insert into public.consents (client_id, channel, address, action, source, wording)
values (tests.the('client'), 'sms', '+12025550113', 'opted_in', 'web_form', 'I agree');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550113') #>> '{result,status}', 'opted_in',
  'request_sms_opt_in: a phone that has agreed → no new request');
select is((select count(*)::int from public.deliveries where deliver_to = '+12025550113'), 0, '… and no message');

-- the proof stays
select throws_ok('update public.consents set wording = ''other''', null, null, 'consents: update → error');
select throws_ok('delete from public.consents', null, null, 'consents: delete → error');
select throws_ok($$ insert into public.consents (channel, address, action, source) values ('sms', '+1', 'opted_in', 'x') $$,
  '23514', null, 'consents: without words → refused');

select * from finish();
rollback;
