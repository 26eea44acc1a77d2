begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.campaign_recipients set phone = '+12025550111' where id = tests.the('recipient');
update public.clients set name = 'Acme   Inc' where id = tests.the('client');

select tests.keep('answer', tests.ask_for_consent(tests.the('recipient'), tests.the('agent')));
select is(tests.kept('answer') #>> '{result,status}', 'requested', 'An agent asks a recipient for consent');
select row_eq($$ select client_id, recipient_id, channel, address, action, source, wording, wording_version, recorded_by
  from public.consents $$,
  row(tests.the('client'), tests.the('recipient'), 'sms'::text, '+12025550111'::text, 'requested'::text, 'agent'::text,
    'Acme Inc: reply YES'::text, 'v1'::text, tests.the('agent')), 'The request is kept with its exact words and their version');
select row_eq($$ select notice, merge, channel, deliver_to, status from public.deliveries $$,
  row('sms_opt_in'::text, '{"wording": "Acme Inc: reply YES"}'::jsonb, 'sms'::text, '+12025550111'::text, 'queued'::text),
  'The same words are queued');
select is((select count(*)::int from public.audit_events where action = 'sms_opt_in.requested'
  and actor_id = tests.the('agent')), 1, 'It is audited');
select is((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null,
  'Asking is no consent');
select is((private.open_request('sms', '+12025550111')).wording, 'Acme Inc: reply YES', 'The request is open');

-- the company's own name, another phone, a repeated call
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', company => 'House', key => 'k', hash => 'h')
  #>> '{result,status}', 'requested', 'Another phone may be asked');
select is((select wording from public.consents where address = '+12025550112'), 'House: reply YES',
  'request_sms_opt_in: COMPANY_NAME is set → it is used for the client''s name');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', key => 'k', hash => 'h') ->> 'replayed', 'true',
  'The same key asks once');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550112', key => 'k', hash => 'other') ->> 'code', 'RB-409',
  'A key is for one request');

-- limits
select tests.ask_for_consent(tests.the('recipient'));
select is(tests.ask_for_consent(tests.the('recipient')) #>> '{result,status}', 'requested', 'A phone is asked three times a day');
select tests.keep('answer', tests.ask_for_consent(tests.the('recipient')));
select is(tests.kept('answer') ->> 'code', 'RB-429', 'And no more');
select cmp_ok((tests.kept('answer') #>> '{details,retryAfter}')::int, '<=', 86400, 'It says when to ask again');
select is((select count(*)::int from public.consents where address = '+12025550111'), 3, 'What is refused leaves nothing');

-- refusals
select is(tests.ask_for_consent(gen_random_uuid()) ->> 'code', 'RB-404', 'request_sms_opt_in: an unknown recipient → RB-404');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '12025550111') ->> 'code', 'GC-012', 'A phone is E.164');
update public.campaign_recipients set phone = null where id = tests.the('recipient');
select is(tests.ask_for_consent(tests.the('recipient')) ->> 'code', 'GC-012', 'request_sms_opt_in: no phone → GC-012');
select is(tests.ask_for_consent(tests.the('recipient'), tests.the('agent'), '+12025550113', session => gen_random_uuid()) ->> 'code',
  'RB-404', 'A call that is not the agent''s is unknown');
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550113', 'test');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550113') ->> 'code', 'RB-400',
  'Who has opted out is not asked');
select private.lift_opt_out('sms', '+12025550113');
insert into public.consents (client_id, channel, address, action, source, wording)
values (tests.the('client'), 'sms', '+12025550113', 'opted_in', 'web_form', 'I agree');
select is(tests.ask_for_consent(tests.the('recipient'), phone => '+12025550113') #>> '{result,status}', 'opted_in',
  'Who has agreed is not asked again');
select is((select count(*)::int from public.deliveries where deliver_to = '+12025550113'), 0, 'And gets no message');

-- the proof stays
select throws_ok('update public.consents set wording = ''other''', null, null, 'A consent is never changed');
select throws_ok('delete from public.consents', null, null, 'Nor removed');
select throws_ok($$ insert into public.consents (channel, address, action, source) values ('sms', '+1', 'opted_in', 'x') $$,
  '23514', null, 'A consent without words is none');

select * from finish();
rollback;
