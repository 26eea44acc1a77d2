begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep(tests.create_promise(3));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

select tests.sign_in(tests.the('agent'));
select throws_ok(format('select public.update_confirmation_policy(%L, true)', tests.the('client')), 'RB403', null,
  'update_confirmation_policy: agent → RB-403');
select tests.sign_in(tests.the('admin'));
select throws_ok(format('select public.update_confirmation_policy(%L, null)', tests.the('client')), 'RB400', null,
  'update_confirmation_policy: null → RB-400');
select is((public.update_confirmation_policy(tests.the('client'), true)).requires_confirmation_code, true,
  'update_confirmation_policy: admin of the client → on');
select tests.sign_out();
select isnt_empty($$ select from public.audit_events where action = 'confirmation_policy.updated' and subject_id = tests.the('client') $$,
  'update_confirmation_policy: audited');

select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')) ->> 'code', 'GC-009',
  'provision_gift_card_for_call_center: client demands the code, none given → GC-009');
select is(tests.provision_for_caller(tests.the('agent'), tests.redemption_token(tests.the('recipient'))) ->> 'outcome', 'ok',
  'provision_gift_card_for_call_center: client demands the code, code given → ok');
select is(tests.provision_for_caller(tests.the('admin'), recipient_id => (select tests.create_recipients(tests.the('campaign'))),
  skip_verification => true) ->> 'outcome', 'ok', 'provision_gift_card_for_call_center: an admin skips the verification → ok');

select * from finish();
rollback;
