begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 10));
select tests.give_credit(tests.the('client'), 100);
create function pg_temp.credit() returns numeric language sql as $$
  select b.available from public.wallet_balances b where b.owner_id = tests.the('client')
$$;

select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 3, 24.50) -> 'result');
select is(tests.kept('sale') ->> 'chargedToCredit', 'true', 'sell_gift_cards: the sale is paid');
select is(pg_temp.credit(), 26.50, '… from the buyer''s credit');
select row_eq($$ select t.client_id, t.transfer_type, e.amount from public.ledger_transfers t
  join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
  where t.reference_id = (tests.kept('sale') ->> 'saleId')::uuid $$,
  row(tests.the('client'), 'card_sale'::text, 73.50::numeric(18,2)), '… as revenue in the client''s books');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, 24.50) ->> 'code', 'GC-006', 'sell_gift_cards: not enough credit → GC-006');
select is(pg_temp.credit(), 26.50, '… and takes nothing');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('master') and status = 'available'), 7,
  '… moves no card');
select is((select count(*)::int from public.admin_card_sales where client_id = tests.the('client')), 1, '… records no sale');
select is((select count(*)::int from public.card_pools where client_id = tests.the('client')), 1, '… leaves no empty pool');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, 0) #>> '{result,chargedToCredit}', 'false',
  'sell_gift_cards: a price of zero → no charge');
select is_empty('select * from private.invariant_violations', 'invariants: the ledger balances');

select * from finish();
rollback;
