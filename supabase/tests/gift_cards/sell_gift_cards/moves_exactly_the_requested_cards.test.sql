begin;
set local search_path = public, extensions, tests;
select plan(27);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 6, cost => 23.00));
select tests.add_cards(tests.the('master'), 4, (now() + interval '90 days')::date);
select tests.add_cards(tests.the('master'), 2, (now() + interval '60 days')::date);
create function pg_temp.counters(pool text) returns jsonb language sql as $$
  select jsonb_build_array(p.total_cards, p.available_cards) from public.gift_card_pools p where p.id = tests.the(pool)
$$;

select tests.keep('answer', tests.sell(tests.the('master'), tests.the('client'), 5, 24.50));
select tests.keep('sale', tests.kept('answer') #> '{result,saleId}');
select tests.keep('pool', tests.kept('answer') #> '{result,buyerPoolId}');
select is(tests.kept('answer') -> 'result', jsonb_build_object('saleId', tests.the('sale'), 'masterPoolId',
  tests.the('master'), 'buyerClientId', tests.the('client'), 'buyerPoolId', tests.the('pool'), 'quantity', 5,
  'pricePerCard', 24.50, 'totalAmount', 122.50, 'platformPricePerCard', 24.50, 'currency', 'USD', 'chargedToCredit', false), 'sell_gift_cards: → the answer has the sale');
select is(pg_temp.counters('master'), '[7, 7]', 'The master pool has five cards less');
select is(pg_temp.counters('pool'), '[5, 5]', 'And the new pool has them');
select row_eq($$ select p.client_id, p.brand_id, p.pool_name, p.denomination, p.currency, p.pool_type, p.client_cost_per_card
  from public.card_pools p where p.id = tests.the('pool') $$,
  row(tests.the('client'), tests.the('brand'), 'Client - ' || (select name from public.gift_card_brands where id = tests.the('brand')),
    25.00::numeric(18,2), 'USD'::text, 'client'::text, 24.50::numeric(18,2)),
  'The new pool is the client''s, of the same brand and value, and its cards cost the client what they were sold for');
select is((select count(*)::int from public.gift_cards c join private.card_lots l on l.id = c.lot_id and l.pool_id = c.pool_id
  where c.pool_id = tests.the('pool') and c.client_id = tests.the('client') and l.expires_at is not distinct from c.expires_at),
  5, 'Each card is the client''s, in the lot of its expiry');
select bag_eq($$ select c.expires_at::date - now()::date, count(*)::int from public.gift_cards c
  where c.pool_id = tests.the('pool') group by 1 $$, $$ values (61, 2), (91, 3) $$, 'The earliest expiry is sold first');
select row_eq($$ select master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, total_amount, cost_per_card
  from public.admin_card_sales where id = tests.the('sale') $$, row(tests.the('master'), tests.the('client'),
  tests.the('pool'), 5, 24.50::numeric(18,2), 122.50::numeric(18,2), 23.00::numeric(18,2)), 'The sale is on record');
select is((select metadata ->> 'quantity' from public.audit_events
  where subject_id = tests.the('sale') and action = 'gift_cards.sold' and client_id = tests.the('client')), '5', 'And audited');
select throws_ok('update public.admin_card_sales set price_per_card = 1', 'P0001', null, 'No sale is changed');
select throws_ok('delete from public.admin_card_sales', 'P0001', null, 'And none is erased');

select is(tests.sell(tests.the('master'), tests.the('client'), 2, 24.00, tests.the('pool')) ->> 'outcome', 'ok',
  'A client''s pool that is there can be filled');
select is(pg_temp.counters('pool'), '[7, 7]', 'By exactly so many cards');
select is(tests.sell(tests.the('master'), tests.the('client'), 6) - 'message', '{"outcome": "refused", "code": "GC-003",
  "details": {"available": 5, "requested": 6}}', 'One card too many is refused');
select is(pg_temp.counters('master'), '[5, 5]', 'And moves none');
select tests.keep('once', tests.sell(tests.the('master'), tests.the('client'), 1, idempotency_key => 'once'));
select is(tests.sell(tests.the('master'), tests.the('client'), 1, idempotency_key => 'once') -> 'result',
  tests.kept('once') -> 'result', 'The same key gets the same answer');
select is(pg_temp.counters('master'), '[4, 4]', 'And sells once');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, idempotency_key => 'once') ->> 'code', 'RB-409',
  'Another sale with the key is refused');
update public.brand_denominations set price = 24.75 where brand_id = tests.the('brand');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, null) #>> '{result,pricePerCard}', '24.75',
  'Without a price the cards are sold at the client''s');

select tests.keep('dying', tests.create_pool(null, tests.the('brand'), 1, expires_on => (now() + interval '1 day')::date));
select tests.add_cards(tests.the('dying'), 1);
update private.card_lots set expires_at = now() - interval '1 minute'
  where pool_id = tests.the('dying') and expires_at is not null;
update public.gift_cards set expires_at = now() - interval '1 minute'
  where pool_id = tests.the('dying') and expires_at is not null;
select is(tests.sell(tests.the('dying'), tests.the('client'), 2) #> '{details,available}', '1', 'No expired card is sold');

select tests.keep('foreign', tests.create_client());
select is(tests.sell(tests.the('pool'), tests.the('foreign'), 1) ->> 'code', 'RB-404', 'A client''s pool is not for sale');
select is(tests.sell(tests.the('master'), gen_random_uuid(), 1) ->> 'code', 'RB-404', 'Nor is there a buyer that is not');
select is(tests.sell(tests.the('master'), tests.the('foreign'), 1, buyer_pool_id => tests.the('pool')) ->> 'code', 'RB-404',
  'The pool must be the buyer''s');
select tests.keep('other', tests.create_pool(tests.the('client'), tests.the('brand'), 0, 10));
select is(tests.sell(tests.the('master'), tests.the('client'), 1, buyer_pool_id => tests.the('other')) ->> 'code', 'RB-400',
  'And of the same value');
select is(tests.sell(tests.the('master'), tests.the('client'), 0) ->> 'code', 'RB-400', 'No sale of nothing');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, 0.005) ->> 'code', 'RB-400', 'No price of half cents');
update public.card_pools set is_active = false where id = tests.the('pool');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, buyer_pool_id => tests.the('pool')) ->> 'code', 'RB-400',
  'No sale to a pool that is put away');
select is_empty('select * from private.invariant_violations', 'Everything agrees');

select * from finish();
rollback;
