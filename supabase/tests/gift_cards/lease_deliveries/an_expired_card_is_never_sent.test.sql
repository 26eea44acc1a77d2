begin;
set local search_path = public, extensions, tests;
select plan(50);

create function pg_temp.expire(card_id uuid, expires_at timestamptz default now() - interval '1 second') returns void language sql as $$
  with lot as (
    insert into private.card_lots (pool_id, expires_at)
    select c.pool_id, expire.expires_at from public.gift_cards c where c.id = card_id
    on conflict on constraint card_lots_are_unique do update set expires_at = excluded.expires_at returning id)
  update public.gift_cards c
  set lot_id = l.id, expires_at = expire.expires_at, claimed_at = least(c.claimed_at, expire.expires_at - interval '25 hours')
  from lot l where c.id = card_id
$$;
create function pg_temp.of_recipient(what text) returns uuid language sql as $$
  select case what when 'card' then c.id else d.id end
  from public.gift_card_grants g
  left join public.gift_cards c on c.grant_id = g.id
  left join public.deliveries d on d.topic = 'gift_card' and d.subject_id = c.id and d.status = 'queued'
  where g.recipient_id = tests.the('recipient') and g.cancelled_at is null
$$;
create function pg_temp.set_up(cards int) returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_promise(cards));
  perform tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
  -- an agent's answer shows no code
  perform tests.keep('sent', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), deliver_to => null)
    -> 'result');
  perform tests.keep('card', tests.kept('sent') #> '{giftCard,id}'), tests.keep('message', tests.kept('sent') #> '{delivery,id}');
end $$;
create function pg_temp.bills() returns text language sql as $$
  select string_agg(b.quantity || ' ' || (b.gift_card_id = tests.the('card')), ', ' order by b.created_at, b.reverses_id nulls first, b.id)
  from public.billing_transactions b where b.recipient_id = tests.the('recipient')
$$;

-- with another card in stock
select pg_temp.set_up(2);
select pg_temp.expire(tests.the('card'));
select is(tests.lease(tests.the('message')), null, 'lease_deliveries: the card has expired since it was claimed → not leased');
select row_eq($$ select status, error_code, attempts from public.deliveries where id = tests.the('message') $$,
  row('cancelled'::text, 'card_expired'::text, 0), '… and its message is cancelled');
select row_eq($$ select status, grant_id, recipient_id, exposed_at from public.gift_cards where id = tests.the('card') $$,
  row('expired'::text, null::uuid, null::uuid, null::timestamptz), '… the card is expired, without grant or recipient');
select isnt(pg_temp.of_recipient('card'), tests.the('card'), '… another card is claimed for the recipient');
select is((select status from public.gift_cards where id = pg_temp.of_recipient('card')), 'claimed', '… and waits for its message');
select is((select sum(quantity)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 1, '… billed once');
select is((select count(*)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 3,
  '… the first bill is reversed');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'fulfilled', '… nothing is pending');
select is((select deliver_to from public.deliveries where id = pg_temp.of_recipient('message')),
  (select phone from public.campaign_recipients where id = tests.the('recipient')),
  '… its message goes to the same address');
select is(tests.lease(pg_temp.of_recipient('message')) #>> '{sealed,giftCardId}', pg_temp.of_recipient('card')::text,
  'lease_deliveries: the new message presents the new card');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- without one
select pg_temp.set_up(1);
select tests.keep('granted_at', (select created_at from public.gift_card_grants where recipient_id = tests.the('recipient')));
select pg_temp.expire(tests.the('card'));
select is(tests.lease(tests.the('message')), null, 'lease_deliveries: no other card in stock → not leased');
select row_eq($$ select status, delivery_method, deliver_to, created_at from public.pending_rewards where recipient_id = tests.the('recipient') $$,
  row('awaiting_inventory'::text, 'sms'::text, (select phone from public.campaign_recipients where id = tests.the('recipient')), (tests.kept('granted_at') #>> '{}')::timestamptz),
  '… the reward is pending at its old place');
select is((select sum(quantity)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 0, '… not billed');
select isnt_empty($$ select from public.system_alerts where alert_type = 'no_gift_card_inventory' and client_id = tests.the('client')
  and resolved_at is null $$, '… with an alert');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select tests.add_cards(tests.the('pool'), 1);
update public.pending_rewards set next_attempt_at = now(), last_attempt_at = now() - interval '1 minute'
where recipient_id = tests.the('recipient');
select public.fulfil_pending_reward('{}');
select isnt(pg_temp.of_recipient('message'), null, 'fulfil_pending_reward: the restock brings it');

-- a card whose campaign is paused meanwhile
select pg_temp.set_up(2);
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select pg_temp.expire(tests.the('card'));
select is(tests.lease(tests.the('message')), null, 'lease_deliveries: the campaign is paused → not leased');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient') and status like 'awaiting%'), 1,
  '… and the reward is pending');

-- near to its date
select pg_temp.set_up(2);
select pg_temp.expire(tests.the('card'), now() + interval '59 minutes');
select is(tests.lease(tests.the('message')), null, 'lease_deliveries: less than an hour is left → not leased');
select is((select status from public.gift_cards where id = tests.the('card')), 'available', '… the card is in stock until it expires');
select row_eq($$ select available_cards, expiring_cards from public.gift_card_pools where id = tests.the('pool') $$, row(0, 1),
  '… and may not be given');
select isnt(pg_temp.of_recipient('card'), null, '… another one is');
select pg_temp.set_up(2);
select pg_temp.expire(tests.the('card'), now() + interval '61 minutes');
select isnt(tests.lease(tests.the('message')), null, 'lease_deliveries: more than an hour is left → sent');

-- of a brand whose cards may be given until they expire
select pg_temp.set_up(2);
update public.gift_card_brands set minimum_validity = '0' where id = tests.the('brand');
select pg_temp.expire(tests.the('card'), now() + interval '1 minute');
select isnt(tests.lease(tests.the('message')), null, 'lease_deliveries: a brand without a minimum validity → sent until it expires');

-- disclosed before: in the answer
select tests.keep(tests.create_promise(2));
select tests.keep('sent', tests.redeem(tests.redemption_token(tests.the('recipient')), delivery_method => 'sms') -> 'result');
select tests.keep('card', tests.kept('sent') #> '{giftCard,id}');
select tests.keep('message', tests.kept('sent') #> '{delivery,id}');
select isnt((select exposed_at from public.gift_cards where id = tests.the('card')), null, 'lease_deliveries: the answer has disclosed the code');
select pg_temp.expire(tests.the('card'), now() + interval '59 minutes');
select isnt(tests.lease(tests.the('message')), null, 'lease_deliveries: a card that was shown is sent until it expires');
update public.deliveries set status = 'queued', lease_token = null, leased_until = null where id = tests.the('message');
select pg_temp.expire(tests.the('card'));
select is(tests.lease(tests.the('message')), null, 'lease_deliveries: a card that was shown has expired → not leased');
select is((select status from public.gift_cards where id = tests.the('card')), 'expired', '… the card is expired');
select is(pg_temp.of_recipient('card'), tests.the('card'), '… and still the recipient''s: no other one is given');
select is(pg_temp.bills(), '1 true', '… and billed');
select isnt_empty($$ select from public.system_alerts where alert_type = 'gift_card_expired_unsent' and client_id = tests.the('client')
  and subject = tests.kept('card') #>> '{}' and resolved_at is null $$, '… with an alert');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-010', 'lease_deliveries: provisioning again → GC-010');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- an admin allows a replacement
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.sign_in(tests.the('agent'));
select throws_ok(format('select public.allow_gift_card_replacement(%L, %L)', tests.the('card'), 'Never sent'), 'RB403', null,
  'allow_gift_card_replacement: an agent → RB-403');
select tests.sign_in(tests.the('admin'));
select is((public.allow_gift_card_replacement(tests.the('card'), 'Never sent')).status, 'expired',
  'allow_gift_card_replacement: a card that expired before it was sent');
select tests.sign_out();
select isnt_empty($$ select from public.audit_events where subject_id = tests.the('card') and reason = 'Never sent'
  and actor_id = tests.the('admin') $$, '… audited with the reason');
select is_empty($$ select from public.system_alerts where alert_type = 'gift_card_expired_unsent'
  and subject = tests.kept('card') #>> '{}' and resolved_at is null $$, '… whose alert is resolved');
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', '… then another one is given');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- a resend of a card that has expired
select pg_temp.set_up(2);
select tests.report(tests.lease(tests.the('message')), 'sent', 'SM-' || gen_random_uuid());
select tests.keep('again', tests.resend(tests.the('card'), 'sms', null, null)
  #> '{result,delivery,id}');
select pg_temp.expire(tests.the('card'));
select is(tests.lease(tests.the('again')), null, 'lease_deliveries: a resend of a delivered card that has expired → not leased');
select is((select status from public.gift_cards where id = tests.the('card')), 'expired', '… the card is expired');
select pg_temp.set_up(2);
select tests.report(tests.lease(tests.the('message')), 'sent', 'SM-' || gen_random_uuid());
select pg_temp.expire(tests.the('card'));
select is(tests.resend(tests.the('card'), 'sms', null, null) ->> 'code', 'RB-400',
  'resend_gift_card: an expired card → RB-400');

-- a batch leases the others
select pg_temp.set_up(3);
select tests.keep('other', tests.provision_for_caller(tests.the('agent'),
  recipient_id => tests.create_recipients(tests.the('campaign')), deliver_to => null) #> '{result,delivery,id}');
select pg_temp.expire(tests.the('card'));
update public.deliveries set next_attempt_at = now() - interval '10 years' where id in (tests.the('message'), tests.the('other'));
select results_eq($$ select l ->> 'deliveryId' from jsonb_array_elements(public.lease_deliveries(null, 2) #> '{result,deliveries}') l $$,
  $$ select tests.kept('other') #>> '{}' $$, 'lease_deliveries: the other messages of a batch are leased');

-- an address that has opted out meanwhile
select pg_temp.set_up(2);
select tests.keep('other', tests.provision_for_caller(tests.the('agent'),
  recipient_id => tests.create_recipients(tests.the('campaign')), deliver_to => null) #> '{result,delivery,id}');
select pg_temp.expire(tests.the('card'));
select private.opt_out('sms', (select deliver_to from public.deliveries where id = tests.the('message')), 'sms_reply', 'STOP');
update public.deliveries set next_attempt_at = now() - interval '10 years' where id in (tests.the('message'), tests.the('other'));
select results_eq($$ select l ->> 'deliveryId' from jsonb_array_elements(public.lease_deliveries(null, 2) #> '{result,deliveries}') l $$,
  $$ select tests.kept('other') #>> '{}' $$, 'lease_deliveries: expired, and the address has opted out → the others are leased');
select is((select status from public.deliveries where id = tests.the('message')), 'cancelled', '… and its own message stays cancelled');

-- a prepaid payer whose credit is for one card
select tests.keep(tests.create_promise(2));
select tests.keep('account', tests.give_credit(tests.the('client'), 25));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('sent', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), deliver_to => null)
  -> 'result');
select is((select balance from public.ledger_accounts where id = tests.the('account')), 0::numeric, 'lease_deliveries: a card is paid for');
select pg_temp.expire((tests.kept('sent') #>> '{giftCard,id}')::uuid);
select tests.lease((tests.kept('sent') #>> '{delivery,id}')::uuid);
select isnt(pg_temp.of_recipient('message'), null, 'lease_deliveries: a prepaid payer gets another card');
select is((select balance from public.ledger_accounts where id = tests.the('account')), 0::numeric, '… and pays once');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
