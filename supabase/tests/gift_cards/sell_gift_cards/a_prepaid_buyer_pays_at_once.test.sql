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
select is(tests.kept('sale') ->> 'chargedToCredit', 'true', 'The sale says that it is paid');
select is(pg_temp.credit(), 26.50, 'With the buyer''s credit');
select row_eq($$ select t.client_id, t.transfer_type, e.amount from public.ledger_transfers t
  join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
  where t.reference_id = (tests.kept('sale') ->> 'saleId')::uuid $$,
  row(tests.the('client'), 'card_sale'::text, 73.50::numeric(18,2)), 'It is revenue in the client''s books');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, 24.50) ->> 'code', 'GC-006', 'Credit that is short refuses');
select is(pg_temp.credit(), 26.50, 'And takes nothing');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('master') and status = 'available'), 7,
  'And moves no card');
select is((select count(*)::int from public.admin_card_sales where client_id = tests.the('client')), 1, 'And records no sale');
select is((select count(*)::int from public.card_pools where client_id = tests.the('client')), 1, 'And leaves no empty pool');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, 0) #>> '{result,chargedToCredit}', 'false',
  'Cards that are given away cost nothing');
select is_empty('select * from private.invariant_violations', 'The books balance');

select * from finish();
rollback;
