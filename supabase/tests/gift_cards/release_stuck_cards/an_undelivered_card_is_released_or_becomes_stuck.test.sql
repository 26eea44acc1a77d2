begin;
set local search_path = public, extensions, tests;
select plan(45);

-- a card that an agent gives; its message waits
create function pg_temp.give(how text default 'agent') returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_promise(1));
  perform tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
  perform tests.keep('answer', case how
    when 'agent' then tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'))
    else tests.provision(tests.the('recipient')) end);
  perform tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');
  perform tests.keep('delivery', tests.kept('answer') #> '{result,delivery,id}');
  perform tests.keep('grant', (select grant_id from public.gift_cards where id = tests.the('card')));
end $$;
create function pg_temp.age(minutes int default 11) returns void language sql as $$
  update public.gift_cards set claimed_at = now() - make_interval(mins => minutes) where id = tests.the('card');
  -- its message was made at the same moment
  update public.deliveries set created_at = now() - make_interval(mins => minutes) where subject_id = tests.the('card')
$$;
create function pg_temp.status() returns text language sql as $$
  select status from public.gift_cards where id = tests.the('card')
$$;
create function pg_temp.sweep() returns jsonb language sql as $$
  select private.release_waiting_cards(now(), 100)
$$;
create function pg_temp.alert() returns timestamptz[] language sql as $$
  select array_agg(resolved_at) from public.system_alerts
  where alert_type = 'stuck_gift_card' and subject = tests.kept('card') #>> '{}'
$$;
-- nothing but the cards of this test
update public.gift_cards set claimed_at = now() where status = 'claimed';

-- never handed to a provider
select pg_temp.give();
select pg_temp.age(9);
select is(pg_temp.sweep(), '{"released": 0, "stuck": 0}', 'release_stuck_cards: before ten minutes → nothing');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 1, "stuck": 0}', 'release_stuck_cards: after ten minutes, undisclosed → released');
select is(pg_temp.status(), 'available', '… it is in stock again');
select row_eq('select available_cards, claimed_cards from public.gift_card_pools where id = tests.the(''pool'')', row(1, 0),
  '… the counters are exact at once');
select is((select status from public.deliveries where id = tests.the('delivery')), 'cancelled', '… its message is cancelled');
select is((select sum(price) from public.billing_transactions where grant_id = tests.the('grant')), 0.00, '… its bill is reversed');
select row_eq('select recipient_id, condition_number, delivery_method, deliver_to, created_at, status
    from public.pending_rewards where recipient_id = tests.the(''recipient'')',
  row(tests.the('recipient'), 1, 'sms'::text, '+12025550100'::text,
    (select created_at from public.gift_card_grants where id = tests.the('grant')), 'awaiting_inventory'::text),
  'release_stuck_cards: released → the reward is pending at its old place in the queue');
select is((select count(*)::int from public.audit_events where action = 'gift_card.released'
  and subject_id = tests.the('card')), 1, '… audited');
select is(pg_temp.alert(), null, 'release_stuck_cards: released → no alert');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select is(pg_temp.sweep(), '{"released": 0, "stuck": 0}', 'release_stuck_cards: a second run → nothing');

-- the same reward a second time: something else holds it up
select tests.keep('answer', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')));
select is(tests.kept('answer') #> '{result,giftCard,id}', tests.kept('card'), 'release_stuck_cards: the reward is provisioned again');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'fulfilled',
  'fulfil_pending_reward: → the reward is not pending any more');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 1}', 'release_stuck_cards: waiting a second time → stuck');
select is(pg_temp.alert(), array[null::timestamptz], '… an alert is raised');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select is((public.cancel_gift_card(tests.the('card'), 'the sender is down')).status, 'available',
  'cancel_gift_card: an undisclosed card → in stock');
select tests.sign_out();
select is(pg_temp.alert(), array[now()], '… the alert is resolved');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- an answer showed the code
select pg_temp.give('api');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 1}', 'release_stuck_cards: a disclosed card → stuck');
select is(pg_temp.status(), 'stuck', '… status stuck');
select is((select claimed_cards from public.gift_card_pools where id = tests.the('pool')), 1, '… counted as claimed');

-- an attempt with an unknown outcome
select pg_temp.give();
select tests.keep('lease', tests.lease(tests.the('delivery')));
select tests.report(tests.kept('lease'), 'ambiguous');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 1}', 'release_stuck_cards: a card whose message may have been sent → stuck');
select is(pg_temp.alert(), array[null::timestamptz], 'release_stuck_cards: an attempt of unknown outcome → alert');
select is((select metadata ->> 'gift_card_id' from public.system_alerts where alert_type = 'stuck_gift_card'
  and subject = tests.kept('card') #>> '{}'), tests.kept('card') #>> '{}', '… the alert names the card');
select public.record_delivery_status('twilio', 'SM77', (tests.kept('lease') ->> 'attemptId')::uuid, 'delivered', null);
select is(pg_temp.status(), 'delivered', 'get_delivery: found → delivered');
select is(pg_temp.alert(), array[now()], '… the alert is resolved');

-- a try that failed, and will be made again
select pg_temp.give();
select tests.report(tests.lease(tests.the('delivery')), 'retriable', null, '429');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 1}', 'release_stuck_cards: a card that a provider was asked to send → stuck');
select is(tests.resend(tests.the('card'), 'email', 'ada@example.com', 'asked by phone',
  tests.request(tests.the('agent'))) ->> 'outcome', 'ok', 'resend_gift_card: a stuck card → queued');
select tests.report(tests.lease((select id from public.deliveries where subject_id = tests.the('card') and channel = 'email')),
  'sent', 'EM1');
select is(pg_temp.status(), 'delivered', '… delivered');
select is(pg_temp.alert(), array[now()], '… the alert is resolved');

-- an address that opted out, and no other
select pg_temp.give();
update public.campaign_recipients set email = null where id = tests.the('recipient');
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550100', 'test');
select tests.lease(tests.the('delivery'));
select is((select status from public.deliveries where id = tests.the('delivery')), 'suppressed', 'lease_deliveries: the address has opted out → suppressed');
select is(pg_temp.status(), 'stuck', 'lease_deliveries: suppressed, no other channel → stuck');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 0}', '… another run changes nothing');
delete from public.contact_opt_outs where address = '+12025550100';

-- held back by the daily cap of SMS
select pg_temp.give();
update public.clients set sms_daily_max = 0 where id = tests.the('client');
select is(tests.lease(tests.the('delivery')), null, 'release_stuck_cards: the daily cap holds a message back');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 0, "stuck": 0}', 'release_stuck_cards: held back by the daily cap → waits for its day');
update public.deliveries set next_attempt_at = now() - interval '11 minutes' where id = tests.the('delivery');
select is(pg_temp.sweep(), '{"released": 1, "stuck": 0}', 'release_stuck_cards: not sent on that day either → released');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- what is being sent at this moment is seen by tests/concurrency
select pg_temp.give();
select pg_temp.age();
select is(private.release_waiting_cards(now(), 0), '{"released": 0, "stuck": 0}', 'release_stuck_cards: a run releases no more than its batch');
select is(public.release_stuck_cards() #>> '{result,released}', '1', 'release_stuck_cards: the job releases it');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- a condition that asks for consent, which an admin passed over: the job that gives the card again passes it over, too
select tests.keep(tests.create_promise(1));
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
select tests.keep('card', tests.provision_for_caller(tests.create_user('client_admin', tests.the('client')),
  recipient_id => tests.the('recipient'), skip_verification => true) #> '{result,giftCard,id}');
select pg_temp.age();
select is(pg_temp.sweep(), '{"released": 1, "stuck": 0}', 'release_stuck_cards: it is released');
-- nothing but the reward of this test
update public.pending_rewards set next_attempt_at = now() + interval '1 day', code = 'GC-009'
where recipient_id <> tests.the('recipient') and status like 'awaiting%';
select is(public.fulfil_pending_reward('{}') #> '{result,giftCardId}', tests.kept('card'), '… and provisioned again by the job');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'fulfilled',
  'fulfil_pending_reward: → not pending any more');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
