begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(9));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('colleague', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('session', (tests.start_call_session(tests.the('colleague'), '+12025550777')
  #>> '{result,callSessionId}')::uuid);
select tests.keep('foreigner', tests.create_promise() -> 'recipient');

select is(tests.provision_for_caller(tests.the('agent'), 'NOBODY-HAS-THIS') ->> 'code', 'GC-011',
  'provision_gift_card_for_call_center: an unknown code → GC-011');
select is(tests.provision_for_caller(tests.the('agent'), tests.redemption_token(tests.the('foreigner'))) ->> 'code',
  'GC-011', 'provision_gift_card_for_call_center: a code of another client → GC-011');
select is(tests.provision_for_caller(tests.the('agent'), '🎁') ->> 'code', 'GC-011',
  'provision_gift_card_for_call_center: a code without a valid character → GC-011');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => gen_random_uuid()) ->> 'code', 'RB-404',
  'provision_gift_card_for_call_center: an unknown recipient → RB-404');
select is(tests.provision_for_caller(tests.the('agent')) ->> 'code', 'RB-404', 'provision_gift_card_for_call_center: neither recipient nor code → RB-404');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  condition_number => 2) ->> 'code', 'GC-001', 'provision_gift_card_for_call_center: a condition that the campaign does not have → GC-001');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  call_session_id => tests.the('session')) ->> 'code', 'RB-404', 'provision_gift_card_for_call_center: a call of another agent → RB-404');
select is((select recipient_id from public.call_sessions where id = tests.the('session')), null,
  '… that call is unchanged');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status <> 'available'), 0,
  '… no card is claimed');
select is_empty('select from public.call_conditions_met where client_id = tests.the(''client'')',
  '… no condition is recorded');

select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), delivery_method => null)
  ->> 'code', 'GC-012', 'provision_gift_card_for_call_center: no delivery → GC-012, since the agent does not see the code');

-- verification
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')) ->> 'code', 'GC-009',
  'provision_gift_card_for_call_center: a caller who has not opted in → GC-009');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'),
  skip_verification => true) ->> 'code', 'RB-403', 'provision_gift_card_for_call_center: an agent skips the verification → RB-403');
select is(tests.provision_for_caller(tests.the('admin'), recipient_id => tests.the('recipient'),
  skip_verification => true) ->> 'outcome', 'ok', 'provision_gift_card_for_call_center: an admin skips the verification → ok');
select is((select metadata ->> 'verification_skipped' from public.audit_events where action = 'gift_card.provisioned'
  and client_id = tests.the('client')), 'true', '… audited');

-- guessing
select count(tests.provision_for_caller(tests.the('agent'), 'GUESS-' || n)) from generate_series(1, 40) n;
select is(tests.provision_for_caller(tests.the('agent'), 'GUESS-41') ->> 'code', 'RB-429',
  'provision_gift_card_for_call_center: an agent who guesses → RB-429');
select cmp_ok((tests.provision_for_caller(tests.the('agent'), 'GUESS-42') #>> '{details,retryAfter}')::int, '<=', 600,
  '… with the seconds to wait');
select is((select count(*)::int from public.redemption_attempts where subject = tests.kept('agent') #>> '{}'
  and code = 'GC-011'), 30, 'provision_gift_card_for_call_center: thirty wrong codes in ten minutes → the limit');
select is(tests.provision_for_caller(tests.the('colleague'), 'GUESS-43') ->> 'code', 'GC-011',
  'provision_gift_card_for_call_center: other agents are not limited');

select * from finish();
rollback;
