-- Computed by hand: cost 20.00, platform price 24.00, the agency's markup 10 % = 26.40. Both levels are prepaid; the agency has 300
-- after it gave its client 200.
--   3 cards without a price   agency 300 − 72.00 = 228.00   client 200 − 79.20 = 120.80
--   2 cards for 23.00 each    agency 228 − 46.00 = 182.00   client 120.80 − 46.00 = 74.80   (passed through)
--   1 of the 3 is returned    agency 182 + 24.00 = 206.00   client 74.80 + 26.40 = 101.20
begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(0));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
update public.brand_denominations set price = 24 where brand_id = tests.the('brand');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10);
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 40, cost => 20));
select tests.give_credit(tests.the('client'), 300, 'agency');
select tests.give_credit(tests.the('client'), 200);
create function pg_temp.credit() returns numeric[] language sql as $$
  select array[(select balance from public.ledger_accounts where owner_id = tests.the('agency') and asset = 'credit:USD'),
    (select balance from public.ledger_accounts where owner_id = tests.the('client') and asset = 'credit:USD')]
$$;

select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 3, null) #> '{result,saleId}');
select row_eq($$ select price_per_card, platform_price_per_card, total_amount, platform_total_amount, cost_per_card
  from public.admin_card_sales where id = tests.the('sale') $$,
  row(26.40::numeric(18,2), 24.00::numeric(18,2), 79.20::numeric(18,2), 72.00::numeric(18,2), 20.00::numeric(18,2)),
  'sell_gift_cards: without a price → the client is charged its agency''s, the agency the platform''s');
select is(pg_temp.credit(), array[228.00, 120.80], 'sell_gift_cards: each level pays its own price');
select tests.keep('passed', tests.sell(tests.the('master'), tests.the('client'), 2, 23) #> '{result,saleId}');
select row_eq($$ select price_per_card, platform_price_per_card from public.admin_card_sales where id = tests.the('passed') $$,
  row(23.00::numeric(18,2), 23.00::numeric(18,2)), 'sell_gift_cards: a price that the platform names → passed through');
select is(pg_temp.credit(), array[182.00, 74.80], 'sell_gift_cards: each level pays');
select is(tests.return_cards(tests.the('sale'), 1) #>> '{result,returnedToCredit}', 'true', 'return_gift_cards: a card goes back');
select is(pg_temp.credit(), array[206.00, 101.20], 'return_gift_cards: each level gets its own price back');
select is(tests.sell(tests.the('master'), tests.the('client'), 4, null) ->> 'code', 'GC-006', 'sell_gift_cards: only the client is short → GC-006');
select tests.give_credit(tests.the('client'), 200);
select is(tests.sell(tests.the('master'), tests.the('client'), 9, null) ->> 'code', 'GC-006', 'sell_gift_cards: only the agency is short → GC-006');
select is(pg_temp.credit(), array[206.00, 301.20], '… neither level pays');

-- what was sold is paid for: given, it is billed at both levels as it was sold, and charged at neither
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', 'provision_gift_card: a sold card → provisioned');
select row_eq($$ select b.platform_price, b.client_price, b.margin, b.agency_margin
  from public.billing_transactions b join public.admin_card_sales s on s.id = b.sale_id
  where b.recipient_id = tests.the('recipient') and (b.platform_price, b.client_price) = (s.platform_price_per_card, s.price_per_card) $$,
  (select row(s.platform_price_per_card, s.price_per_card, (s.platform_price_per_card - 20)::numeric(18,2),
    (s.price_per_card - s.platform_price_per_card)::numeric(18,2))
    from public.admin_card_sales s join public.billing_transactions b on b.sale_id = s.id where b.recipient_id = tests.the('recipient')),
  'record_billing: a sold card → the prices of its sale');
select is(pg_temp.credit(), array[206.00, 301.20], 'charge_credit: a sold card → nothing again');
select is((select jsonb_object_agg(key, value) from jsonb_each(tests.billing_statement(null, tests.the('agency'), now()::date::text)
  #> '{result,totals,0}') where key in ('amount', 'paidFromCredit', 'amountDue', 'cardsSold')),
  '{"amount": 94.00, "paidFromCredit": 94.00, "amountDue": 0.00, "cardsSold": 4}',
  'get_billing_statement: the agency''s sales at its price, 72.00 + 46.00 − 24.00, paid from its credit');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
