begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_delivery());
select tests.add_cards(tests.the('pool'), 5);
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-1');

create function pg_temp.allow(actor uuid default tests.the('admin'), reason text default 'the wrong number') returns text language plpgsql as $$
declare
  card public.gift_cards;
begin
  perform tests.sign_in(actor);
  card := public.allow_gift_card_replacement(tests.the('card'), reason);
  perform tests.sign_out();
  return card.status;
end $$;
create function pg_temp.ask() returns jsonb language sql as $$
  select a - 'outcome' from tests.provision(tests.the('recipient')) a
$$;

select throws_ok('select pg_temp.allow()', 'RB400', 'The card is delivered: there is nothing to replace',
  'allow_gift_card_replacement: a card that still counts → RB-400');
select tests.sign_out();
select tests.sign_in(tests.the('admin'));
select public.cancel_gift_card(tests.the('card'), 'sent to the wrong number');
select tests.sign_out();

-- its own words
select tests.keep('refusal', pg_temp.ask());
select is(tests.kept('refusal') ->> 'code', 'GC-010', 'provision_gift_card: cancelled without replacement → GC-010');
select is(tests.kept('refusal') ->> 'message', 'The reward was cancelled without replacement',
  'allow_gift_card_replacement: GC-010 of a cancelled card → its own message');
select is(tests.kept('refusal') #>> '{details,status}', 'cancelled', '… with the status of the card');
select matches(tests.kept('refusal') #>> '{details,solution}', 'allow_gift_card_replacement', '… and the solution');
select is(tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient')) ->> 'message',
  'The reward was cancelled without replacement', 'provision_gift_card_for_call_center: the same for an agent');
select is(tests.redeem(tests.redemption_token(tests.the('recipient'))) - 'details' - 'outcome', jsonb_build_object('code', 'GC-010',
  'message', 'Already provisioned'), 'redeem_gift_card: the public form says nothing of a cancellation');

-- allowed
select throws_ok('select pg_temp.allow(tests.the(''agent''))', 'RB403', null, 'allow_gift_card_replacement: an agent → RB-403');
select tests.sign_out();
select throws_ok('select pg_temp.allow(reason => '' '')', 'RB400', 'reason is required', 'allow_gift_card_replacement: no reason → RB-400');
select tests.sign_out();
select is(pg_temp.allow(), 'cancelled', 'allow_gift_card_replacement: an admin of the client → allowed');
select is(pg_temp.allow(), 'cancelled', 'allow_gift_card_replacement: once more → nothing new');
select row_eq($$ select actor_id, reason, count(*) over () from public.audit_events
  where action = 'gift_card.replacement_allowed' and subject_id = tests.the('card') $$,
  row(tests.the('admin'), 'the wrong number'::text, 1::bigint), '… audited once, with the reason');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select tests.keep('second', tests.provision(tests.the('recipient')) #> '{result,giftCard,id}');
select isnt(tests.the('second'), tests.the('card'), 'provision_gift_card: then another card is given');
select is(pg_temp.ask() ->> 'message', 'Already provisioned', 'provision_gift_card: and no third one → GC-010');

-- an expired card
select tests.keep('card', tests.the('second'));
select tests.report(tests.lease((select id from public.deliveries where subject_id = tests.the('card'))), 'sent', 'SM-2');
select private.mark_cards_expired(array[tests.the('card')]);
select is(pg_temp.ask() ->> 'message', 'The gift card of this reward has expired', 'provision_gift_card: an expired card → GC-010 in its own words');
select is(pg_temp.allow(reason => 'it came too late'), 'expired', 'allow_gift_card_replacement: an expired card → allowed');
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', 'provision_gift_card: then another card is given');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
