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
  'pricePerCard', 24.50, 'totalAmount', 122.50, 'platformPricePerCard', 24.50, 'currency', 'USD', 'chargedToCredit', false),
    'sell_gift_cards: → the answer has the sale');
select is(pg_temp.counters('master'), '[7, 7]', 'sell_gift_cards: the master pool has five cards less');
select is(pg_temp.counters('pool'), '[5, 5]', '… the new pool has them');
select row_eq($$ select p.client_id, p.brand_id, p.pool_name, p.denomination, p.currency, p.pool_type, p.client_cost_per_card
  from public.card_pools p where p.id = tests.the('pool') $$,
  row(tests.the('client'), tests.the('brand'), 'Client - ' || (select name from public.gift_card_brands where id = tests.the('brand')),
    25.00::numeric(18,2), 'USD'::text, 'client'::text, 24.50::numeric(18,2)),
  'sell_gift_cards: the new pool is the client''s, of the same brand and value, at the cost of the sale');
select is((select count(*)::int from public.gift_cards c join private.card_lots l on l.id = c.lot_id and l.pool_id = c.pool_id
  where c.pool_id = tests.the('pool') and c.client_id = tests.the('client') and l.expires_at is not distinct from c.expires_at),
  5, '… each card is the client''s, in the lot of its expiry');
select bag_eq($$ select c.expires_at::date - now()::date, count(*)::int from public.gift_cards c
  where c.pool_id = tests.the('pool') group by 1 $$, $$ values (61, 2), (91, 3) $$, 'sell_gift_cards: the earliest expiry is sold first');
select row_eq($$ select master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, total_amount, cost_per_card
  from public.admin_card_sales where id = tests.the('sale') $$, row(tests.the('master'), tests.the('client'),
  tests.the('pool'), 5, 24.50::numeric(18,2), 122.50::numeric(18,2), 23.00::numeric(18,2)), 'sell_gift_cards: the sale is recorded');
select is((select metadata ->> 'quantity' from public.audit_events
  where subject_id = tests.the('sale') and action = 'gift_cards.sold' and client_id = tests.the('client')), '5', '… and audited');
select throws_ok('update public.admin_card_sales set price_per_card = 1', 'P0001', null, 'admin_card_sales: update → error');
select throws_ok('delete from public.admin_card_sales', 'P0001', null, 'admin_card_sales: delete → error');

select is(tests.sell(tests.the('master'), tests.the('client'), 2, 24.00, tests.the('pool')) ->> 'outcome', 'ok',
  'sell_gift_cards: into an existing pool of the client → ok');
select is(pg_temp.counters('pool'), '[7, 7]', '… by exactly so many cards');
select is(tests.sell(tests.the('master'), tests.the('client'), 6) - 'message', '{"outcome": "refused", "code": "GC-003",
  "details": {"available": 5, "requested": 6}}', 'sell_gift_cards: one card too many → GC-003');
select is(pg_temp.counters('master'), '[5, 5]', '… moves none');
select tests.keep('once', tests.sell(tests.the('master'), tests.the('client'), 1, idempotency_key => 'once'));
select is(tests.sell(tests.the('master'), tests.the('client'), 1, idempotency_key => 'once') -> 'result',
  tests.kept('once') -> 'result', 'sell_gift_cards: the same key → the same answer');
select is(pg_temp.counters('master'), '[4, 4]', '… and sells once');
select is(tests.sell(tests.the('master'), tests.the('client'), 2, idempotency_key => 'once') ->> 'code', 'RB-409',
  'sell_gift_cards: the same key with another sale → RB-409');
update public.brand_denominations set price = 24.75 where brand_id = tests.the('brand');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, null) #>> '{result,pricePerCard}', '24.75',
  'sell_gift_cards: no price → the client''s price');

select tests.keep('dying', tests.create_pool(null, tests.the('brand'), 1, expires_on => (now() + interval '1 day')::date));
select tests.add_cards(tests.the('dying'), 1);
update private.card_lots set expires_at = now() - interval '1 minute'
  where pool_id = tests.the('dying') and expires_at is not null;
update public.gift_cards set expires_at = now() - interval '1 minute'
  where pool_id = tests.the('dying') and expires_at is not null;
select is(tests.sell(tests.the('dying'), tests.the('client'), 2) #> '{details,available}', '1', 'sell_gift_cards: an expired card → not sold');

select tests.keep('foreign', tests.create_client());
select is(tests.sell(tests.the('pool'), tests.the('foreign'), 1) ->> 'code', 'RB-404', 'sell_gift_cards: from a client''s pool → refused');
select is(tests.sell(tests.the('master'), gen_random_uuid(), 1) ->> 'code', 'RB-404', 'sell_gift_cards: to an unknown buyer → RB-404');
select is(tests.sell(tests.the('master'), tests.the('foreign'), 1, buyer_pool_id => tests.the('pool')) ->> 'code', 'RB-404',
  'sell_gift_cards: into another client''s pool → refused');
select tests.keep('other', tests.create_pool(tests.the('client'), tests.the('brand'), 0, 10));
select is(tests.sell(tests.the('master'), tests.the('client'), 1, buyer_pool_id => tests.the('other')) ->> 'code', 'RB-400',
  'sell_gift_cards: into a pool of another value → refused');
select is(tests.sell(tests.the('master'), tests.the('client'), 0) ->> 'code', 'RB-400', 'sell_gift_cards: zero cards → RB-400');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, 0.005) ->> 'code', 'RB-400', 'sell_gift_cards: a price with half a cent → RB-400');
update public.card_pools set is_active = false where id = tests.the('pool');
select is(tests.sell(tests.the('master'), tests.the('client'), 1, buyer_pool_id => tests.the('pool')) ->> 'code', 'RB-400',
  'sell_gift_cards: into an archived pool → refused');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
