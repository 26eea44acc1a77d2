-- A prepaid agency above a prepaid client: each level pays its own price from its own account, also when the other one has more.
-- Platform price 24.00, client price 26.40 (the agency's markup is 10 %). The agency has 140, its client 60:
--   a card billed to the client   agency 140 − 24 = 116   client 60 − 26.40 = 33.60
--   a card billed to the agency   agency 116 − 24 =  92   client 33.60
--   a card billed to the client   agency  92 − 24 =  68   client 33.60 − 26.40 = 7.20
begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_promise(12));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
update public.brand_denominations set price = 24 where brand_id = tests.the('brand');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10);
select tests.keep('agencys', tests.create_campaign(tests.the('client'), tests.the('brand'), billing_entity => 'agency'));
-- the agency has 200 and gives 60 of them to its client
select tests.give_credit(tests.the('client'), 140, 'agency');
select tests.give_credit(tests.the('client'), 60);
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
create function pg_temp.credit() returns numeric[] language sql as $$
  select array[(select balance from public.ledger_accounts where owner_id = tests.the('agency') and asset = 'credit:USD'),
    (select balance from public.ledger_accounts where owner_id = tests.the('client') and asset = 'credit:USD')]
$$;
create function pg_temp.give(campaign text) returns jsonb language sql as $$
  select tests.provision(tests.create_recipients(tests.the(campaign)))
$$;
create function pg_temp.give_unseen(campaign text) returns jsonb language sql as $$
  select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.create_recipients(tests.the(campaign)))
    #> '{result,giftCard,id}'
$$;
create function pg_temp.take_back(card text) returns text language plpgsql as $$
declare
  card_after public.gift_cards;
begin
  perform tests.sign_in(tests.the('agency_admin'));
  card_after := public.cancel_gift_card(tests.the(card), 'wrong person');
  perform tests.sign_out();
  return card_after.status;
end $$;

select is(pg_temp.credit(), array[140.00, 60.00], 'charge_credit: the balance of each level');
select tests.keep('clients_card', pg_temp.give_unseen('campaign'));
select is(pg_temp.credit(), array[116.00, 33.60], 'charge_credit: the client is billed → it pays its agency 26.40, the agency the platform 24.00');
select is(private.balance_at(private.system_account(tests.the('client'), 'revenue', 'credit:USD'), 'infinity'), 26.40,
  'charge_credit: what the client paid is revenue in its agency''s books');
select tests.keep('card', pg_temp.give_unseen('agencys'));
select is(pg_temp.credit(), array[92.00, 33.60], 'charge_credit: the agency is billed → it pays the platform price, its client nothing');
select is(pg_temp.give('campaign') #>> '{result,billing,price}', '26.40', 'charge_credit: the client is billed its agency''s price');
select is(pg_temp.credit(), array[68.00, 7.20], 'charge_credit: each level pays its own price again');
select is(pg_temp.give('campaign') ->> 'code', 'GC-006', 'charge_credit: only the client is short → GC-006');
select is(pg_temp.credit(), array[68.00, 7.20], '… neither level pays');
select is(pg_temp.give('agencys') ->> 'outcome', 'ok', 'charge_credit: a client without credit does not stop its agency');
select is(pg_temp.give('agencys') ->> 'outcome', 'ok', '… nor a second time');
select is(pg_temp.credit(), array[20.00, 7.20], '… the agency has 20.00 left');
select tests.give_credit(tests.the('client'), 100);
select is(pg_temp.give('campaign') ->> 'code', 'GC-006', 'charge_credit: only the agency is short → GC-006');
select is(pg_temp.give('agencys') ->> 'code', 'GC-006', 'charge_credit: the client''s credit does not pay for its agency');
select is(pg_temp.credit(), array[20.00, 107.20], '… neither level pays');
select is((select array_agg(distinct r.status) from public.pending_rewards r where r.client_id = tests.the('client')),
  array['awaiting_credit'], '… the rewards wait for credit');

-- a reversal refunds the original payers at both levels, also after the billed level has changed
update public.campaigns set billing_entity = 'client' where id = tests.the('agencys');
select is(pg_temp.take_back('card'), 'available', 'charge_credit: the agency''s card is undisclosed');
select is(pg_temp.credit(), array[44.00, 107.20], '… and its price is the agency''s again');
select is(pg_temp.take_back('clients_card'), 'available', 'charge_credit: the client''s card is undisclosed');
select is(pg_temp.credit(), array[68.00, 133.60], '… and each level has its price again');
select is(pg_temp.give('agencys') ->> 'outcome', 'ok', 'charge_credit: from now on the client is billed');
select is(pg_temp.credit(), array[44.00, 107.20], '… and both levels pay');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
