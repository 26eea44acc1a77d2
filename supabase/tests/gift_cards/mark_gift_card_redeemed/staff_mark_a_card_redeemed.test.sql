begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_delivery());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.mark(card uuid default tests.the('card')) returns public.gift_cards language plpgsql as $$
declare
  marked public.gift_cards;
begin
  perform tests.sign_in(tests.the('agent'));
  marked := public.mark_gift_card_redeemed(card, 'told us on the phone');
  perform tests.sign_out();
  return marked;
end $$;

select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select row_eq('select status, redeemed_at from pg_temp.mark()', row('redeemed'::text, now()), 'mark_gift_card_redeemed: a delivered card → redeemed');
select row_eq($$ select actor_id, reason, metadata ->> 'confirmed_by' from public.audit_events
    where action = 'gift_card.redeemed' and subject_id = tests.the('card') $$,
  row(tests.the('agent'), 'told us on the phone'::text, 'staff'::text), 'mark_gift_card_redeemed: → the audit event has actor, reason and staff');
select is((pg_temp.mark()).status, 'redeemed', 'mark_gift_card_redeemed: twice → redeemed');
select is((select count(*)::int from public.audit_events where action = 'gift_card.redeemed' and subject_id = tests.the('card')),
  1, 'mark_gift_card_redeemed: twice → recorded once');
select is((select delivered_cards from public.gift_card_pools where id = tests.the('pool')), 1,
  'mark_gift_card_redeemed: a claimed card → counts as delivered');

-- the answer showed the code, the message is still on its way
select tests.keep(tests.create_delivery());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select row_eq('select status, delivered_at from pg_temp.mark()', row('redeemed'::text, now()),
  'mark_gift_card_redeemed: a claimed card → delivered and redeemed');
select is((select delivered_cards from public.gift_card_pools where id = tests.the('pool')), 1, '… it counts as delivered');

-- a stuck one
select tests.keep(tests.create_delivery());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.gift_cards set status = 'stuck', stuck_at = now() where id = tests.the('card');
select is((pg_temp.mark()).status, 'redeemed', 'mark_gift_card_redeemed: a stuck card → redeemed');
select is((select resolved_at from public.system_alerts where alert_type = 'stuck_gift_card'
  and subject = tests.kept('card') #>> '{}'), now(), 'mark_gift_card_redeemed: a stuck card → its alert is resolved');

-- undisclosed cards cannot have been used
select tests.keep(tests.create_promise(2));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('card', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'))
  #> '{result,giftCard,id}');
select throws_ok('select pg_temp.mark()', 'RB400', 'The card is claimed: it cannot have been used',
  'mark_gift_card_redeemed: an undisclosed card → RB-400');
select tests.sign_out();
select throws_ok($$ select pg_temp.mark((select id from public.gift_cards
  where pool_id = tests.the('pool') and status = 'available')) $$,
  'RB400', 'The card is available: it cannot have been used', 'mark_gift_card_redeemed: a card in stock → RB-400');
select tests.sign_out();
update public.gift_cards set status = 'cancelled', cancelled_at = now(), exposed_at = now() where id = tests.the('card');
select throws_ok('select pg_temp.mark()', 'RB400', 'The card is cancelled: it cannot have been used',
  'mark_gift_card_redeemed: a cancelled card → RB-400');
select tests.sign_out();
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
