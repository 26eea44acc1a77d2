-- A client that has dollars and a campaign in dollars is sold cards in euros: dollars pay no euros, and a dollar campaign gives no
-- card in euros.
begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(0));
insert into public.brand_denominations (brand_id, denomination, currency, price) values (tests.the('brand'), 25, 'EUR', 24.80);
insert into public.card_pools (brand_id, pool_name, denomination, currency, pool_type, cost_per_card)
values (tests.the('brand'), 'Euros', 25, 'EUR', 'master', 22);
select tests.keep('master', (select id from public.card_pools where pool_name = 'Euros' and brand_id = tests.the('brand')));
select tests.add_cards(tests.the('master'), 4);
select tests.give_credit(tests.the('client'), 500);
create function pg_temp.credit(currency text) returns numeric language sql as $$
  select a.balance from public.ledger_accounts a where a.owner_id = tests.the('client') and a.asset = 'credit:' || currency
$$;

select is(tests.sell(tests.the('master'), tests.the('client'), 2, null) ->> 'code', 'GC-006',
  'sell_gift_cards: credit in dollars does not pay a price in euros');
select is((select available_cards from public.gift_card_pools where id = tests.the('master')), 4, '… nothing has moved');
select is((select count(*)::int from public.card_pools where client_id = tests.the('client') and currency = 'EUR'), 0,
  '… no pool is left');
select private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:EUR'),
  private.credit_account('agency', c.agency_id, 'EUR'), 60, 'euros'),
  private.post_credit('allocation', private.credit_account('agency', c.agency_id, 'EUR'),
    private.credit_account('client', c.id, 'EUR'), 60, 'passed on')
from public.clients c where c.id = tests.the('client');
select tests.keep('sold', tests.sell(tests.the('master'), tests.the('client'), 2, null) -> 'result');
select is(array[tests.kept('sold') ->> 'currency', tests.kept('sold') ->> 'totalAmount', tests.kept('sold') ->> 'pricePerCard'],
  array['EUR', '49.60', '24.80'], 'sell_gift_cards: euros → sold at the price in euros');
select is(pg_temp.credit('EUR'), 10.40, '… the euros are spent');
select is(pg_temp.credit('USD'), 500.00, '… the dollars are not');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-003', 'provision_gift_card: a campaign in dollars → no card in euros');

update public.campaigns set currency = 'EUR' where id = tests.the('campaign');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-003', '… a promise in dollars stays in dollars');
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('second')) ->> 'outcome', 'ok', 'provision_gift_card: a campaign in euros → the card');
select row_eq($$ select currency, price, cost_basis, margin from public.billing_transactions
  where recipient_id = tests.the('second') $$, row('EUR'::text, 24.80::numeric(18,2), 22.00::numeric(18,2), 2.80::numeric(18,2)),
  '… billed at the price of the sale');
select is(pg_temp.credit('EUR'), 10.40, '… and not charged again');
select is(tests.return_cards((tests.kept('sold') ->> 'saleId')::uuid, 1) #>> '{result,returnedToCredit}', 'true',
  'return_gift_cards: the other card');
select is(pg_temp.credit('EUR'), 35.20, '… at the price of the sale');
select is_empty($$ select * from private.invariant_violations $$, 'invariants: none is violated');

select * from finish();
rollback;
