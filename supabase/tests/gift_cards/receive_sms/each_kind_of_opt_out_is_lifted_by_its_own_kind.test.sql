begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise());
update public.campaign_recipients set phone = '+12025550161' where id = tests.the('recipient');
create function pg_temp.kinds(address text) returns text language sql as $$
  select string_agg(kind, ' ' order by kind) from public.contact_opt_outs o where o.address = kinds.address
$$;

select tests.ask_for_consent(tests.the('recipient'));
select tests.write_sms('+12025550161', 'YES', 'opt_in');
select tests.write_sms('+12025550161', 'STOP', 'opt_out');
select tests.keep('answer', tests.write_sms('+12025550161', 'Yes', 'opt_in', sent_by => 'whatsapp'));
select is(pg_temp.kinds('+12025550161'), 'general', 'receive_sms: "Yes" by WhatsApp → the STOP by SMS stays');
select is(tests.kept('answer') #>> '{result,answer}', null, 'receive_sms: "Yes" by WhatsApp → no opt-in is confirmed');
select is((private.last_consent(tests.the('client'), 'sms', '+12025550161')).action, 'opted_out',
  'receive_sms: "Yes" by WhatsApp → no consent to SMS');
select tests.write_sms('+12025550161', 'STOP', 'opt_out', sent_by => 'whatsapp');
select is(pg_temp.kinds('+12025550161'), 'general whatsapp', 'receive_sms: STOP by both → both are kept');
select tests.write_sms('+12025550161', 'START', 'opt_in');
select is(pg_temp.kinds('+12025550161'), 'whatsapp', 'receive_sms: START by SMS → the STOP by WhatsApp stays');
select ok(private.is_opted_out('sms', '+12025550161'), 'receive_sms: one kind is left → nothing is sent');
select tests.write_sms('+12025550161', 'START', 'opt_in', sent_by => 'whatsapp');
select ok(not private.is_opted_out('sms', '+12025550161'), 'receive_sms: each kind is lifted by its own → may be written to');
select is((private.last_consent(tests.the('client'), 'sms', '+12025550161')).action, 'opted_in',
  'receive_sms: the last kind is lifted → the consent is restored');
select tests.write_sms('+12025550161', 'STOP', 'opt_out', sent_by => 'rcs');
select tests.write_sms('+12025550161', 'START', 'opt_in');
select is(pg_temp.kinds('+12025550161'), null, 'receive_sms: RCS and SMS are one channel → START by SMS lifts STOP by RCS');

-- a request by SMS is not answered by WhatsApp
select tests.keep('other', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550162' where id = tests.the('other');
select tests.ask_for_consent(tests.the('other'));
select tests.write_sms('+12025550162', 'Yes', 'opt_in', sent_by => 'whatsapp');
select ok((private.open_request('sms', '+12025550162')).id is not null, 'receive_sms: "Yes" by WhatsApp → the request by SMS stays open');

-- staff cannot lift the owner's own opt-out, also beside one that staff recorded
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.sign_in(tests.the('agent'));
select public.record_opt_out(tests.the('recipient'), 'sms');
select tests.sign_out();
select tests.write_sms('+12025550161', 'STOP', 'opt_out', sent_by => 'whatsapp');
select tests.sign_in(tests.the('agent'));
select throws_ok($$ select public.record_consent(tests.the('recipient'), 'sms', 'agent', 'yes, they said') $$, 'RB400', null,
  'record_consent: the owner''s own STOP of another kind → RB-400');
select tests.sign_out();
select is(pg_temp.kinds('+12025550161'), 'general whatsapp', 'record_consent: refused → both stay');
select is((select count(*)::int from public.consents where address = '+12025550161' and client_id is null), 2,
  'contact_opt_outs: a second opt-out → a fact of the platform''s, which ends no consent');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
