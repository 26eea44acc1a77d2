-- After a leak: the codes that can still bring a card are replaced, those that were used stay, and a repeat replaces none twice.
begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep(tests.create_promise(1));
select tests.keep('given', tests.the('recipient'));
select tests.keep('owed', tests.create_recipients(tests.the('campaign')));
select tests.keep('free', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 5) r));
select tests.keep('elsewhere', tests.create_promise(0));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.provision(tests.the('given'));
select tests.provision(tests.the('owed'));
select is((select status from public.pending_rewards where recipient_id = tests.the('owed')), 'awaiting_inventory',
  'rotate_redemption_codes: one recipient with a card, one with a pending reward, five with neither');
create temp table old as select recipient_id, redemption_token, redemption_code from public.recipient_codes
  where client_id = tests.the('client');
create function pg_temp.replaced() returns bigint language sql as $$
  select count(*) from old o join public.recipient_codes c using (recipient_id) where o.redemption_code <> c.redemption_code
$$;

select tests.sign_in(tests.the('admin'));
select tests.keep('first', public.rotate_redemption_codes(tests.the('campaign'), batch_size => 2, reason => 'letters were lost'));
select tests.sign_out();
select is(tests.kept('first') - 'issuedBefore',
  jsonb_build_object('campaignId', tests.the('campaign'), 'rotated', 2, 'remaining', 3, 'kept', 2),
  'rotate_redemption_codes: batch_size → so many replaced, the rest counted');
select is(pg_temp.replaced(), 2::bigint, 'rotate_redemption_codes: batch_size → no more are replaced');

select tests.sign_in(tests.the('admin'));
select tests.keep('second', public.rotate_redemption_codes(tests.the('campaign'), tests.kept('first') ->> 'issuedBefore',
  idempotency_key => 'leak-1'));
select is(tests.kept('second') - 'campaignId' - 'issuedBefore', '{"rotated": 3, "remaining": 0, "kept": 2}',
  'rotate_redemption_codes: again with issued_before → the rest');
select is((public.rotate_redemption_codes(tests.the('campaign'), tests.kept('first') ->> 'issuedBefore')) ->> 'rotated', '0',
  'rotate_redemption_codes: again with issued_before → no code is replaced twice');
select is(public.rotate_redemption_codes(tests.the('campaign'), tests.kept('first') ->> 'issuedBefore',
  idempotency_key => 'leak-1'), tests.kept('second'), 'rotate_redemption_codes: the same idempotency key → the stored answer');
select throws_ok($$ select public.rotate_redemption_codes(tests.the('campaign'), idempotency_key => 'leak-1') $$, 'RB409', null,
  'rotate_redemption_codes: the same idempotency key, another request → RB-409');
select throws_ok($$ select public.rotate_redemption_codes(tests.the('campaign'), 'yesterday') $$, 'RB400', null,
  'rotate_redemption_codes: issued_before that is no moment → RB-400');
select throws_ok($$ select public.rotate_redemption_codes(tests.the('campaign'), batch_size => 0) $$, 'RB400', null,
  'rotate_redemption_codes: batch_size 0 → RB-400');
select throws_ok($$ select public.rotate_redemption_codes(tests.the('campaign'), pattern => 'SPRING-##') $$, 'RB400', null,
  'rotate_redemption_codes: a pattern that can be guessed → RB-400');
select tests.sign_out();

select is(pg_temp.replaced(), 5::bigint, 'rotate_redemption_codes: every unused code is another one');
select is_empty($$ select from old o join public.recipient_codes c using (recipient_id)
  where o.redemption_code <> c.redemption_code and recipient_id in (tests.the('given'), tests.the('owed')) $$,
  'rotate_redemption_codes: codes of a card or a pending reward → kept');
select is_empty($$ select from public.recipients r where r.id in (select jsonb_array_elements_text(tests.kept('free'))::uuid)
  and r.code_last4 is distinct from right(r.redemption_token, 4) $$,
  'rotate_redemption_codes: code_last4 follows the new code');
select tests.add_cards(tests.the('pool'), 1);
select is(tests.redeem((select redemption_token from old where recipient_id = (tests.kept('free') ->> 0)::uuid)) ->> 'code', 'GC-011',
  'redeem_gift_card: a replaced code → GC-011');
select is(tests.redeem(tests.redemption_token((tests.kept('free') ->> 0)::uuid)) ->> 'outcome', 'ok',
  'redeem_gift_card: the new code → a card');
select results_eq($$ select reason, actor_id, metadata -> 'rotated' from public.audit_events
  where action = 'redemption_codes.rotated' and subject_id = tests.the('campaign') order by id limit 1 $$,
  $$ values ('letters were lost', tests.the('admin'), '2'::jsonb) $$, 'rotate_redemption_codes: an audit row with its reason');

select set_config('role', 'service_role', true);
select is(public.rotate_redemption_codes(tests.the('campaign'), include_used => true) - 'campaignId' - 'issuedBefore',
  '{"rotated": 7, "remaining": 0, "kept": 0}', 'rotate_redemption_codes: by a server, include_used → every code');
select set_config('role', 'none', true);
select tests.sign_in(tests.the('agent'));
select throws_ok($$ select public.rotate_redemption_codes(tests.the('campaign')) $$, 'RB403', null,
  'rotate_redemption_codes: an agent → RB-403');
select throws_ok($$ select public.rotate_redemption_codes((tests.kept('elsewhere') ->> 'campaign')::uuid) $$, 'RB404', null,
  'rotate_redemption_codes: another client''s campaign → RB-404');
select tests.sign_out();
select is((select count(*) from public.recipient_codes where client_id = tests.the('client')), 7::bigint,
  'rotate_redemption_codes: each recipient has one code');

select * from finish();
rollback;
