begin;
set local search_path = public, extensions, tests;
select plan(30);

select tests.keep(tests.create_promise());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('foreigner', tests.create_user('client_admin', tests.create_client()));
update public.campaign_recipients set phone = '+12025550131', email = 'Ada@Example.com' where id = tests.the('recipient');

select tests.sign_in(tests.the('agent'));
select lives_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'web_form', 'I agree to texts', null, 'form-3',
  '203.0.113.9') $$, 'record_consent: an agent records a consent from a form');
select row_eq($$ select client_id, address, action, source, wording, wording_version, host(ip), recorded_by from public.consents $$,
  row(tests.the('client'), '+12025550131'::text, 'opted_in'::text, 'web_form'::text, 'I agree to texts'::text, 'form-3'::text,
    '203.0.113.9'::text, tests.the('agent')), '… with its words, version and address');
select isnt((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null, '… the recipient has opted in');
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', ' ') $$, 'RB400', null,
  'record_consent: no words → RB-400');
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'sms_reply', 'yes') $$, 'RB400', null,
  'record_consent: staff as the source reply → refused');
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', null, 'yes') $$, 'RB400', null,
  'record_consent: no source → refused');
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'fax', 'agent', 'yes') $$, 'GC012', null,
  'record_consent: an unknown channel → refused');

-- said in a call, by e-mail, on the web
select lives_ok($$ select public.record_opt_out(tests.the('recipient'), 'sms', wording => 'Stop it, she said') $$,
  'record_consent: an agent records an opt-out');
select row_eq($$ select action, source, wording, recorded_by from public.consents order by id desc limit 1 $$,
  row('opted_out'::text, 'agent'::text, 'Stop it, she said'::text, tests.the('agent')), '… it is stored');
select is((select sms_opted_in_at from public.campaign_recipients where id = tests.the('recipient')), null, '… and ends the consent');
select lives_ok($$ select public.record_opt_out(tests.the('recipient'), 'email', 'web_form') $$, '… by e-mail, too');
select throws_ok($$ select public.record_opt_out(tests.the('recipient'), 'sms', address => '+12025550139') $$, 'RB404', null,
  'record_opt_out: an address that the client never wrote to → RB-404');
select throws_ok($$ select public.record_opt_out(tests.the('recipient'), 'sms', 'provider') $$, 'RB400', null,
  'record_consent: a provider as the source → refused');
select tests.sign_out();
select ok(private.is_opted_out('sms', '+12025550131') and private.is_opted_out('email', 'ADA@example.com'),
  'record_consent: nothing is leased to either address');
select tests.provision(tests.the('recipient'), delivery_method => 'email', deliver_to => 'Ada@Example.com');
select is(tests.lease((select id from public.deliveries)), null, '… in any notation');
select is((select alert_type from public.system_alerts where client_id = tests.the('client')), 'delivery_failed',
  'record_opt_out: both channels opted out → the card is stuck, alert');

-- taking it back
select tests.sign_in(tests.the('foreigner'));
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', 'yes') $$, 'RB404', null,
  'record_consent: staff of another client → RB-404');
select throws_ok($$ select public.record_opt_out(tests.the('recipient'), 'sms') $$, 'RB404', null, '… for an opt-out, too');
select tests.sign_out();
select tests.sign_in(tests.the('agent'));
select lives_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', 'Write to me again') $$,
  'record_consent: an opt-out that staff relayed → lifted');
select tests.sign_out();
select ok(not private.is_opted_out('sms', '+12025550131'), 'record_consent: the opt-out is lifted: messages are sent again');
select public.record_opt_out(r.id, 'sms') from public.campaign_recipients r, lateral (select tests.sign_in(tests.the('agent'))) s
where r.id = tests.the('recipient');
select tests.sign_out();
select tests.write_sms('+12025550131', 'STOP', 'opt_out');
select tests.sign_in(tests.the('agent'));
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', 'yes, she said') $$, 'RB400', null,
  'record_consent: an opt-out of the owner → RB-400');
select tests.sign_out();
select ok(private.is_opted_out('sms', '+12025550131'), '… the e-mail address stays opted out');
select set_eq($$ select action from public.audit_events where actor_id = tests.the('agent') $$,
  $$ values ('consent.recorded'), ('opt_out.recorded') $$, 'record_consent: all of it is audited');

-- a server with the secret key
create function pg_temp.record(action text, key text default null, source text default 'web_form') returns jsonb
language sql as $$
  select tests.record_recipient_consent(tests.the('recipient'), 'email', action, source, 'I said so', null, 'form-4', '2001:db8::1',
    tests.request(idempotency_key => key, hash => 'hash'))
$$;
select is(pg_temp.record('opted_in') #>> '{result,action}', 'opted_in', 'record_consent: a server records a consent from a form');
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_recipient_consent: by a server, an opt-out that staff relayed → lifted');
select is(pg_temp.record('opted_out') #>> '{result,action}', 'opted_out', '… or an opt-out');
select row_eq($$ select action, source, wording, host(ip) from public.consents order by id desc limit 1 $$,
  row('opted_out'::text, 'web_form'::text, 'I said so'::text, '2001:db8::1'::text), '… with its IP address');
select is(pg_temp.record('opted_in', 'key') ->> 'outcome', 'ok', 'record_recipient_consent: by a server, its own opt-out → lifted');
select is(pg_temp.record('opted_in', 'key') ->> 'replayed', 'true', 'record_consent: the same key → recorded once');
select private.opt_out('email', 'ada@example.com', 'provider', 'spamreport');
select is(pg_temp.record('opted_in') ->> 'code', 'RB-400', 'record_consent: an opt-out by the owner''s own reply → not lifted by staff');

select * from finish();
rollback;
