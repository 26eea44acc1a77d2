begin;
set local search_path = public, extensions, tests;
select plan(45);

create function pg_temp.card() returns text language sql as $$
  select concat_ws(' ', c.status, case when c.delivered_at is not null then 'by ' || c.delivery_method end,
    case when c.status = 'stuck' and c.stuck_at is not null then 'with its time' end)
  from public.gift_cards c where c.id = tests.the('card')
$$;
create function pg_temp.alerts() returns text language sql as $$
  select coalesce(string_agg(a.alert_type, ', ' order by a.alert_type), 'none') from public.system_alerts a
  where a.subject = tests.the('card')::text and a.resolved_at is null
$$;
create function pg_temp.resend(channel text, address text) returns text language plpgsql as $$
declare
  answer jsonb := tests.resend(tests.the('card'), channel, address, 'asked');
begin
  perform tests.keep('resent', answer #> '{result,delivery,id}');
  return coalesce(answer ->> 'code', answer ->> 'outcome');
end $$;
create function pg_temp.counters() returns int[] language sql as $$
  select array[available_cards, claimed_cards, delivered_cards] from public.gift_card_pools where id = tests.the('pool')
$$;
create function pg_temp.give(email text default null) returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_delivery());
  update public.campaign_recipients r set email = give.email where r.id = tests.the('recipient');
end $$;

-- a callback
select pg_temp.give();
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-1');
select is(pg_temp.card(), 'delivered by sms', 'apply_delivery_outcome: a provider takes the message → delivered');
select public.record_delivery_status('twilio', 'SM-1', null, 'undelivered', '30003');
select is(pg_temp.card(), 'stuck with its time', 'apply_delivery_outcome: undelivered, and no other channel → stuck');
select is(pg_temp.alerts(), 'delivery_failed', 'apply_delivery_outcome: a stuck card raises an alert');
select is(pg_temp.counters(), '{0,1,0}', 'apply_delivery_outcome: a stuck card counts as claimed, not as delivered');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
update public.gift_cards set claimed_at = now() - interval '1 hour' where id = tests.the('card');
update public.deliveries set created_at = now() - interval '1 hour' where subject_id = tests.the('card');
select private.release_waiting_cards(now(), 100);
select is(pg_temp.card(), 'stuck with its time', 'release_stuck_cards: a stuck card whose code may have been disclosed → stays stuck');
select public.record_delivery_status('twilio', 'SM-1', null, 'sent', null);
select public.record_delivery_status('twilio', 'SM-1', null, 'delivered', null);
select is(pg_temp.card(), 'stuck with its time', 'record_delivery_status: a contrary status of the same rank → nothing changes');

-- a corrected contact
select is(pg_temp.resend('sms', '+12025550166'), 'ok', 'resend_gift_card: a stuck card → ok');
select is(pg_temp.card(), 'claimed', 'resend_gift_card: the card is claimed again');
select is(pg_temp.alerts(), 'none', 'resend_gift_card: its alert is resolved');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select private.release_waiting_cards(now(), 100);
select is(pg_temp.card(), 'claimed', 'release_stuck_cards: the new message has ten minutes of its own');
select tests.report(tests.lease(tests.the('resent')), 'sent', 'SM-2');
select is(pg_temp.card(), 'delivered by sms', 'apply_delivery_outcome: the resend is sent → delivered');
select is(pg_temp.counters(), '{0,0,1}', '… and counted as stuck');
select public.record_delivery_status('twilio', 'SM-2', null, 'undelivered', '30005');
select is(pg_temp.card(), 'stuck with its time', 'apply_delivery_outcome: the resend is undelivered, too → stuck again');
select is(pg_temp.alerts(), 'delivery_failed', '… and the alert is raised again');

-- a corrected address by the other channel
select is(pg_temp.resend('email', 'ada@example.com'), 'ok', 'resend_gift_card: by the other channel → ok');
select tests.report(tests.lease(tests.the('resent')), 'permanent', null, '550');
select is(pg_temp.card(), 'stuck with its time', 'apply_delivery_outcome: that is refused → stuck');
select public.record_delivery_status('twilio', 'SM-2', null, 'read', null);
select is(pg_temp.card(), 'stuck with its time', 'record_delivery_status: a late status of a failed message → nothing changes');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- the other channel
select pg_temp.give('ada@example.com');
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-3');
select public.record_delivery_status('twilio', 'SM-3', null, 'undelivered', '30003');
select is(pg_temp.card(), 'claimed', 'apply_delivery_outcome: undelivered, and the e-mail is queued → claimed');
select is(pg_temp.alerts(), 'none', 'apply_delivery_outcome: another message is under way → no alert');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select tests.keep('mail', (select id from public.deliveries where subject_id = tests.the('card') and channel = 'email'));
select tests.keep('lease', tests.lease(tests.the('mail')));
update public.delivery_attempts set created_at = now() where delivery_id = tests.the('mail');
select tests.report(tests.kept('lease'), 'sent', 'EM-3');
update public.deliveries set sent_at = now() + interval '1 minute' where id = tests.the('mail');
select public.record_delivery_status('sendgrid', 'EM-3', null, 'delivered', null);
select row_eq($$ select c.status, c.delivery_method, c.delivered_at from public.gift_cards c where c.id = tests.the('card') $$,
  (select row('delivered'::text, 'email'::text, d.delivered_at) from public.deliveries d where d.id = tests.the('mail')),
  'apply_delivery_outcome: the e-mail delivers after the SMS failed → method and time are those of the e-mail');

-- an opt-out at the lease, before anything was handed out
select tests.keep(tests.create_promise());
update public.campaign_recipients set email = null, phone = '+12025550177' where id = tests.the('recipient');
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('answer', tests.provision_for_caller(tests.the('admin'), recipient_id => tests.the('recipient'),
  deliver_to => '+12025550177'));
select tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');
select tests.keep('delivery', tests.kept('answer') #> '{result,delivery,id}');
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550177', 'test');
select tests.lease(tests.the('delivery'));
select is(pg_temp.card(), 'stuck with its time', 'apply_delivery_outcome: suppressed by an opt-out, and no other channel → stuck');
select is_empty($$ select * from private.invariant_violations where invariant <> 'opt_outs_without_proof' $$,
  'invariants: none is violated');
select tests.sign_in(tests.the('admin'));
select is((public.cancel_gift_card(tests.the('card'), 'opted out')).status, 'available',
  'cancel_gift_card: a stuck card that was never handed to a provider → available');
select tests.sign_out();
select is(pg_temp.alerts(), 'none', 'cancel_gift_card: the alert is resolved');
select is_empty($$ select * from private.invariant_violations where invariant <> 'opt_outs_without_proof' $$,
  'cancel_gift_card: a card whose SMS was suppressed → no invariant is violated');

-- the same card, given to another recipient: the first recipient's suppressed message does not count
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
select tests.keep('delivery', tests.provision(tests.the('recipient'), delivery_method => 'email', deliver_to => 'bob@example.com')
  #> '{result,delivery,id}');
-- the first message is of another moment than the second claim
update public.deliveries set created_at = now() - interval '1 day' where subject_id = tests.the('card') and status = 'suppressed';
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '550');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'sms' and status = 'queued'),
  1, 'apply_delivery_outcome: a card that came back and was given again → its new recipient''s other channel is tried');

-- cancelled from stuck, and exposed
select pg_temp.give();
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '21211');
select is(pg_temp.card(), 'stuck with its time', 'apply_delivery_outcome: a number that does not exist, and no other channel → stuck');
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select is((public.cancel_gift_card(tests.the('card'), 'no contact', true)).status, 'cancelled',
  'cancel_gift_card: a stuck card that may have been disclosed → cancelled, never in stock');
select tests.sign_out();
select is(pg_temp.alerts(), 'none', 'cancel_gift_card: its alert is resolved');

-- used all the same
select pg_temp.give();
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '21211');
select is((private.redeem_card(tests.the('card'), null, null, null)).status, 'redeemed', 'apply_delivery_outcome: a stuck card may have been used');
select is(pg_temp.alerts(), 'none', 'apply_delivery_outcome: the card is under way or has arrived → no alert');

-- an answer that shows the card delivers it: a resend that fails takes nothing back
select tests.keep(tests.create_promise());
update public.campaign_recipients set email = null where id = tests.the('recipient');
select tests.keep('card', tests.provision(tests.the('recipient'), delivery_method => null, deliver_to => null)
  #> '{result,giftCard,id}');
select is(pg_temp.resend('sms', '+12025550166'), 'ok', 'resend_gift_card: to another phone → ok');
select tests.report(tests.lease(tests.the('resent')), 'permanent', null, '21211');
select is(pg_temp.card(), 'delivered by api', 'apply_delivery_outcome: a resend of a card that an answer showed fails → stays delivered');
select is(pg_temp.alerts(), 'delivery_failed', 'apply_delivery_outcome: the open alert is that of the resend');

-- a second message under way decides
select pg_temp.give('ada@example.com');
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-4');
select is(pg_temp.resend('sms', '+12025550166'), 'ok', 'resend_gift_card: to another phone → ok');
select public.record_delivery_status('twilio', 'SM-4', null, 'undelivered', '30003');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 2,
  'apply_delivery_outcome: undelivered while a resend is under way → that one decides');
select is(pg_temp.card(), 'claimed', 'apply_delivery_outcome: the card is claimed meanwhile');
select tests.report(tests.lease(tests.the('resent')), 'permanent', null, '21211');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'email'), 1,
  'apply_delivery_outcome: that fails as well → the other channel');

-- its claim link was opened: it has arrived, also if the carrier reports a failure
select pg_temp.give();
update public.campaigns set requires_claim_link = true where id = tests.the('campaign');
select tests.keep('lease', tests.lease(tests.the('delivery')));
select tests.report(tests.kept('lease'), 'sent', 'SM-5');
select public.reveal_gift_card((tests.kept('lease') #>> '{claim,linkId}')::uuid, 'a device of the recipient',
  tests.request(ip => '203.0.113.7'));
select public.record_delivery_status('twilio', 'SM-5', null, 'undelivered', '30003');
select is(pg_temp.card(), 'delivered by sms', 'apply_delivery_outcome: undelivered, but its claim link was opened → delivered');
select is(pg_temp.alerts(), 'none', 'apply_delivery_outcome: the card is under way or has arrived → no alert');
select is_empty($$ select * from private.invariant_violations where invariant <> 'opt_outs_without_proof' $$, 'invariants: none is violated');

select * from finish();
rollback;
