begin;
set local search_path = public, extensions, tests;
select plan(25);

select tests.keep(tests.create_delivery());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('grant', (select grant_id from public.gift_cards where id = tests.the('card')));

create function pg_temp.cancel(allow_replacement boolean default false, card uuid default tests.the('card'))
returns text language plpgsql as $$
declare
  cancelled public.gift_cards;
begin
  perform tests.sign_in(tests.the('admin'));
  cancelled := public.cancel_gift_card(card, 'sent to the wrong number', allow_replacement);
  perform tests.sign_out();
  return cancelled.status;
end $$;
create function pg_temp.counters() returns int[] language sql as $$
  select array[total_cards, available_cards, claimed_cards, delivered_cards] from public.gift_card_pools
    where id = tests.the('pool')
$$;

-- an answer showed its code
select is(pg_temp.cancel(), 'cancelled', 'cancel_gift_card: a disclosed card → cancelled, not returned to stock');
select is(pg_temp.counters(), '{1,0,0,0}', '… counted in the total only');
select is((select status from public.deliveries where id = tests.the('delivery')), 'cancelled', '… its message is cancelled');
select is((select cancelled_at from public.gift_card_grants where id = tests.the('grant')), null, '… its grant stays fulfilled');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-010',
  'cancel_gift_card: a cancelled card without a replacement allowed: provisioning again → GC-010');
select is((select sum(price) from public.billing_transactions where grant_id = tests.the('grant')), 25.00, '… it stays billed');
select is((select metadata ->> 'replacement_allowed' from public.audit_events where action = 'gift_card.cancelled'
  and subject_id = tests.the('card')), 'false', 'cancel_gift_card: → the audit event says that no replacement is allowed');
select throws_ok('select pg_temp.cancel()', 'RB400', 'The card is cancelled: there is nothing to cancel',
  'cancel_gift_card: twice → RB-400');
select tests.sign_out();
select is(tests.resend(tests.the('card'), 'sms', '+12025550166', null)
  ->> 'code', 'RB-400', 'resend_gift_card: a cancelled card → RB-400');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- the recipient gets another one
select tests.keep(tests.create_delivery());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select tests.add_cards(tests.the('pool'), 1);
select is(pg_temp.cancel(true), 'cancelled', 'cancel_gift_card: a delivered card → cancelled');
select tests.keep('replacement', tests.provision(tests.the('recipient')) #> '{result,giftCard,id}');
select isnt(tests.kept('replacement'), null, 'allow_gift_card_replacement: → the recipient gets a new card');
select isnt(tests.kept('replacement'), tests.kept('card'), '… it is another card');
select is((select sum(quantity)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 2,
  '… both are billed');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-010', 'cancel_gift_card: a second replacement → GC-010');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- a try is under way
select tests.keep(tests.create_delivery());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(pg_temp.cancel(), 'cancelled', 'cancel_gift_card: a card whose message is being sent → cancelled');
select tests.report(tests.kept('lease'), 'retriable', null, '429');
select is((select status from public.deliveries where id = tests.the('delivery')), 'cancelled',
  'cancel_gift_card: an attempt that fails afterwards → not retried');
select is((select status from public.gift_cards where id = tests.the('card')), 'cancelled', '… it stays cancelled');
select tests.keep(tests.create_delivery());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(pg_temp.cancel(), 'cancelled', '… its replacement is another card');
select tests.report(tests.kept('lease'), 'permanent', null, '21211');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 1,
  'cancel_gift_card: a cancelled card whose message fails → no other channel');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('card') #>> '{}'), 0,
  'cancel_gift_card: → no alert about the delivery');
select tests.keep(tests.create_delivery());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select is(pg_temp.cancel(), 'cancelled', 'cancel_gift_card: a second replacement → a third card');
select tests.report(tests.kept('lease'), 'sent', 'SM3');
select is((select status from public.gift_cards where id = tests.the('card')), 'cancelled',
  'cancel_gift_card: a cancelled card whose message was sent → stays cancelled');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
