-- An agent gave the card, so no answer showed its code; its message waits. The admin takes it back: nothing is left of the promise.
begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise(1));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('answer', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')));
select tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');
select tests.keep('grant', (select grant_id from public.gift_cards where id = tests.the('card')));

create function pg_temp.counters() returns int[] language sql as $$
  select array[total_cards, available_cards, claimed_cards, delivered_cards] from public.gift_card_pools
    where id = tests.the('pool')
$$;
create function pg_temp.cancel(reason text default 'wrong person', allow_replacement boolean default false)
returns public.gift_cards language plpgsql as $$
declare
  card public.gift_cards;
begin
  perform tests.sign_in(tests.the('admin'));
  card := public.cancel_gift_card(tests.the('card'), reason, allow_replacement);
  perform tests.sign_out();
  return card;
end $$;

select is(pg_temp.counters(), '{1,0,1,0}', 'cancel_gift_card: the card is claimed');
select throws_ok('select pg_temp.cancel('' '')', 'RB400', 'reason is required', 'cancel_gift_card: no reason → RB-400');
select tests.sign_out();
select is((pg_temp.cancel()).status, 'available', 'cancel_gift_card: an undisclosed card → returned to its pool');
select is(pg_temp.counters(), '{1,1,0,0}', '… the counters are exact at once');
select row_eq('select client_id, recipient_id, grant_id, claimed_at, stuck_at, delivery_method from public.gift_cards
  where id = tests.the(''card'')', row(tests.the('client'), null::uuid, null::uuid, null::timestamptz, null::timestamptz,
  null::text), '… as if it had never been claimed');
select is((select status from public.deliveries where subject_id = tests.the('card')), 'cancelled',
  '… its message is cancelled');
select is(public.lease_deliveries(null, 100) #>> '{result,deliveries}', '[]', '… and not leased');
select isnt((select cancelled_at from public.gift_card_grants where id = tests.the('grant')), null,
  'cancel_gift_card: an undisclosed card → the grant is cancelled');
select is((select gift_card_id from public.call_conditions_met where recipient_id = tests.the('recipient')), null,
  '… the condition stays met, without a card');
select results_eq('select quantity, price, cost_basis, margin, reverses_id is not null from public.billing_transactions
  where grant_id = tests.the(''grant'') order by quantity desc',
  $$ values (1, 25.00, 23.50, 1.50, false), (-1, -25.00, -23.50, -1.50, true) $$, '… the bill is reversed');
select row_eq('select action, actor_id, reason, metadata ->> ''was'' from public.audit_events
    where subject_id = tests.the(''card'') order by id desc limit 1',
  row('gift_card.returned'::text, tests.the('admin'), 'wrong person'::text, 'claimed'::text), '… audited with actor and reason');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select throws_ok('select pg_temp.cancel()', 'RB400', 'The card is available: there is nothing to cancel',
  'cancel_gift_card: twice → RB-400');
select tests.sign_out();
select throws_matching(format('insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id,
    grant_id, gift_card_id, reverses_id, source, stock_owner, currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id)
  select client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, id, source, stock_owner, currency, denomination,
    -cost_basis, -platform_price, -client_price, billed_entity_type, billed_entity_id from public.billing_transactions
  where grant_id = %L and reverses_id is null', tests.the('grant')), 'billing_transactions_(one_for_a_grant|are_reversed_once)',
  'cancel_gift_card: a bill is reversed once');
select throws_matching(format('insert into public.billing_transactions (client_id, agency_id, campaign_id, recipient_id,
    grant_id, gift_card_id, source, stock_owner, currency, denomination, cost_basis, platform_price, client_price, billed_entity_type, billed_entity_id)
  select client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source, stock_owner, currency, denomination,
    -cost_basis, -platform_price, -client_price, billed_entity_type, billed_entity_id from public.billing_transactions
  where grant_id = %L and reverses_id is null', tests.the('grant')), 'billing_transactions_amounts_fit_direction',
  'cancel_gift_card: only a reversal has negative amounts');

-- the recipient may have a card again, and the same card may be given again
select tests.keep('second', tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')));
select is(tests.kept('second') ->> 'outcome', 'ok', 'cancel_gift_card: provisioning again → a card');
select is(tests.kept('second') #> '{result,giftCard,id}', tests.kept('card'), '… here the same one');
select is((select gift_card_id from public.call_conditions_met where recipient_id = tests.the('recipient')), tests.the('card'),
  '… it is the condition''s card');
select is((select sum(quantity)::int from public.billing_transactions where gift_card_id = tests.the('card')), 1,
  '… three bills, one card paid');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-010', 'cancel_gift_card: provisioning a third time → GC-010');
select is(tests.provision(tests.the('recipient')) #>> '{details,giftCardId}', tests.kept('card') #>> '{}',
  'provision_gift_card: the same recipient → the card that the recipient has');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- the message of the new promise is the only one that is sent
select tests.keep('lease', tests.lease((tests.kept('second') #>> '{result,delivery,id}')::uuid));
select tests.report(tests.kept('lease'), 'permanent', null, '21211');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'email'), 1,
  'apply_delivery_outcome: undelivered after an earlier cancelled message → the other channel');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
