begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_promise(0));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 2, cost => 22.00));
select tests.give_credit(tests.the('client'), 49.00);
select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 2, 24.50, tests.the('pool')) #> '{result,saleId}');
create function pg_temp.credit() returns numeric language sql as $$
  select b.available from public.wallet_balances b where b.owner_id = tests.the('client')
$$;
select is(pg_temp.credit(), 0.00, 'sell_gift_cards: all credit is spent on the cards');

update public.campaigns set billing_entity = 'agency' where id = tests.the('campaign');
select tests.keep('answer', tests.provision_for_caller(tests.create_user('call_agent', tests.the('client')),
  recipient_id => tests.the('recipient')));
select is(tests.kept('answer') ->> 'outcome', 'ok', 'sell_gift_cards: a card that was bought needs no credit');
select row_eq($$ select b.sale_id, b.price, b.cost_basis, b.margin, b.billed_entity_type
  from public.billing_transactions b where b.recipient_id = tests.the('recipient') $$,
  row(tests.the('sale'), 24.50::numeric(18,2), 22.00::numeric(18,2), 2.50::numeric(18,2), 'client'::text),
  '… its bill has the sale, the price, the cost and the buyer');
select is(pg_temp.credit(), 0.00, '… nothing is charged');

select is((public.cancel_gift_card((tests.kept('answer') #>> '{result,giftCard,id}')::uuid, 'asked')).status, 'available',
  'sell_gift_cards: the card is returned to stock undisclosed')
from (select tests.sign_in(tests.create_user('client_admin', tests.the('client')))) s;
select tests.sign_out();
select is(pg_temp.credit(), 0.00, 'return_gift_cards: a card of the client''s own → no money with it');
select row_eq($$ select sum(b.price), sum(b.quantity), count(distinct b.sale_id) from public.billing_transactions b
  where b.recipient_id = tests.the('recipient') $$, row(0.00, 0::bigint, 1::bigint), '… the bill is reversed, with its sale');
select is(tests.return_cards(tests.the('sale'), 2) ->> 'outcome', 'ok', 'return_gift_cards: → back to the platform');
select is(pg_temp.credit(), 49.00, '… with the price that was paid');

select tests.add_cards(tests.the('pool'), 1);
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');
select tests.keep('again', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('again')) ->> 'outcome', 'ok', 'sell_gift_cards: a card that was uploaded, not bought, …');
select is(pg_temp.credit(), 24.00, '… is charged when it is given');
select is((select sale_id from public.billing_transactions where recipient_id = tests.the('again')), null,
  '… no sale on its bill');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
