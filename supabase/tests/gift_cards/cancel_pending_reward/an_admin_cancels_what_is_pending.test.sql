begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('reward', (tests.provision(tests.the('recipient')) #>> '{details,pendingReward,id}')::uuid);

select tests.sign_in(tests.the('agent'));
select throws_ok($$ select public.cancel_pending_reward(tests.the('reward'), 'A test') $$, 'RB403', null,
  'cancel_pending_reward: an agent → RB-403');
select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.cancel_pending_reward(tests.the('reward'), null) $$, 'GC012', 'A reason is needed',
  'cancel_pending_reward: without a reason → GC-012');
select throws_ok($$ select public.cancel_pending_reward(gen_random_uuid(), 'A test') $$, 'RB404', null,
  'cancel_pending_reward: an unknown one → RB-404');
select is((public.cancel_pending_reward(tests.the('reward'), 'A test')).status, 'cancelled', 'cancel_pending_reward: an admin cancels it');
select throws_ok($$ select public.cancel_pending_reward(tests.the('reward'), 'Again') $$, 'RB400', 'The reward is cancelled',
  'cancel_pending_reward: twice → RB-400');
select tests.sign_out();
select row_eq($$ select actor_id, reason, metadata from public.audit_events where action = 'pending_reward.cancelled' $$,
  row(tests.the('admin'), 'A test'::text, '{"code": "GC-003"}'::jsonb), 'cancel_pending_reward: audited');
select is((select status from public.deliveries where subject_id = tests.the('reward')), 'cancelled', 'cancel_pending_reward: the delay notice is cancelled');
select is_empty($$ select from public.system_alerts where alert_type = 'no_gift_card_inventory' and resolved_at is null $$,
  'cancel_pending_reward: no reward is pending → the alert is resolved');
select is_empty($$ select from public.gift_card_grants where recipient_id = tests.the('recipient') $$, 'cancel_pending_reward: no grant is left');
select tests.add_cards(tests.the('pool'), 1);
select is(public.fulfil_pending_reward('{}') -> 'result', '{"isDone": true}', 'fulfil_pending_reward: a cancelled reward → not given');
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', 'cancel_pending_reward: a new request → the recipient gets the card');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
