begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(9));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('colleague', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('session', (public.start_call_session(tests.the('colleague'), '+12025550777', null, gen_random_uuid())
  #>> '{result,callSessionId}')::uuid);
select tests.keep('foreigner', tests.create_promise() -> 'recipient');

select is(tests.provision_for_caller(tests.the('agent'), 'NOBODY-HAS-THIS') ->> 'code', 'GC-011',
  'GC-011: a code that nobody has');
select is(tests.provision_for_caller(tests.the('agent'), tests.redemption_token(tests.the('foreigner'))) ->> 'code',
  'GC-011', 'GC-011: a code of another client');
select is(tests.provision_for_caller(tests.the('agent'), '🎁') ->> 'code', 'GC-011',
  'GC-011: a code without a sign that counts');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => gen_random_uuid()) ->> 'code', 'RB-404',
  'RB-404: no such recipient');
select is(tests.provision_for_caller(tests.the('agent')) ->> 'code', 'RB-404', 'RB-404: nobody is named');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  condition_number => 2) ->> 'code', 'GC-001', 'GC-001: a condition that the campaign does not have');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  call_session_id => tests.the('session')) ->> 'code', 'RB-404', 'RB-404: a call of another agent');
select is((select recipient_id from public.call_sessions where id = tests.the('session')), null,
  'That call is left alone');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status <> 'available'), 0,
  'No card is taken');
select is_empty('select from public.call_conditions_met where client_id = tests.the(''client'')',
  'No condition is noted');

select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), delivery_method => null)
  ->> 'code', 'GC-012', 'GC-012: without a delivery nobody would get the code, for the agent does not see it');

-- verification
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')) ->> 'code', 'GC-009',
  'GC-009: a caller who has not opted in');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  skip_verification => true) ->> 'code', 'RB-403', 'RB-403: an agent cannot skip the verification');
select is(tests.provision_for_caller(tests.the('admin'), recipient_id => tests.the('recipient'),
  skip_verification => true) ->> 'outcome', 'ok', 'An admin can');
select is((select metadata ->> 'verification_skipped' from public.audit_events where action = 'gift_card.provisioned'
  and client_id = tests.the('client')), 'true', 'And the audit says so');

-- guessing
select count(tests.provision_for_caller(tests.the('agent'), 'GUESS-' || n)) from generate_series(1, 40) n;
select is(tests.provision_for_caller(tests.the('agent'), 'GUESS-41') ->> 'code', 'RB-429',
  'RB-429: an agent who guesses is stopped');
select cmp_ok((tests.provision_for_caller(tests.the('agent'), 'GUESS-42') #>> '{details,retryAfter}')::int, '<=', 600,
  'And told for how many seconds');
select is((select count(*)::int from public.redemption_attempts where subject = tests.kept('agent') #>> '{}'
  and code = 'GC-011'), 30, 'Thirty wrong codes in ten minutes, not more');
select is(tests.provision_for_caller(tests.the('colleague'), 'GUESS-43') ->> 'code', 'GC-011',
  'Others are not held up');

select * from finish();
rollback;
