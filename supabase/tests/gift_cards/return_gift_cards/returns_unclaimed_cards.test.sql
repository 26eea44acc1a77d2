begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_promise(0));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 10));
select tests.give_credit(tests.the('client'), 200);
select tests.add_cards(tests.the('pool'), 1);
create function pg_temp.credit() returns numeric language sql as $$
  select b.available from public.wallet_balances b where b.owner_id = tests.the('client')
$$;
create function pg_temp.counters(pool text) returns jsonb language sql as $$
  select jsonb_build_array(p.total_cards, p.available_cards) from public.gift_card_pools p where p.id = tests.the(pool)
$$;

select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 4, 24.50, tests.the('pool')) #> '{result,saleId}');
select tests.keep('dearer', tests.sell(tests.the('master'), tests.the('client'), 1, 26, tests.the('pool')) #> '{result,saleId}');
select is(pg_temp.credit(), 76.00, 'return_gift_cards: four cards at 24.50 and one at 26.00 are paid');
select tests.keep('answer', tests.return_cards(tests.the('sale'), 3));
select is((tests.kept('answer') -> 'result') - 'returnId', jsonb_build_object('saleId', tests.the('sale'), 'masterPoolId',
  tests.the('master'), 'buyerPoolId', tests.the('pool'), 'quantity', 3, 'totalAmount', 73.50, 'currency', 'USD',
  'returnedToCredit', true), 'return_gift_cards: three of them are returned');
select is(pg_temp.counters('pool'), '[3, 3]', '… out of the client''s pool');
select is(pg_temp.counters('master'), '[8, 8]', '… into the master pool');
select is((select count(*)::int from public.gift_cards c join private.card_lots l on l.id = c.lot_id and l.pool_id = c.pool_id
  where c.pool_id = tests.the('master') and c.client_id is null), 8, 'return_gift_cards: → cards of the master pool have no client');
select is(pg_temp.credit(), 149.50, '… and refunded at the price of the sale');
select row_eq($$ select client_id, sale_id, quantity, total_amount from public.admin_card_returns $$,
  row(tests.the('client'), tests.the('sale'), 3, 73.50::numeric(18,2)), '… the return is recorded');
select is((select metadata ->> 'quantity' from public.audit_events
  where subject_id = tests.the('sale') and action = 'gift_cards.returned'), '3', '… and audited');
select throws_ok('update public.admin_card_returns set quantity = 1', 'P0001', null, 'return_gift_cards: an update of a return → error');
select is(tests.return_cards(tests.the('sale'), 2) - 'message', '{"outcome": "refused", "code": "GC-003", "details":
  {"available": 1, "requested": 2}}', 'return_gift_cards: more than are left of the sale → only those; none of another sale or upload');
select is(pg_temp.counters('pool'), '[3, 3]', '… then none is left');

select tests.keep('once', tests.return_cards(tests.the('sale'), 1, idempotency_key => 'once'));
select is(tests.return_cards(tests.the('sale'), 1, idempotency_key => 'once') -> 'result', tests.kept('once') -> 'result',
  'return_gift_cards: the same key → the same answer');
select is(pg_temp.credit(), 174.00, '… and returns once');

-- the uploaded card, or that of the other sale: the last two are claimed
select tests.provision(tests.the('recipient'));
select tests.provision(tests.create_recipients(tests.the('campaign')));
select is(tests.return_cards(tests.the('dearer'), 1) ->> 'code', 'GC-003', 'return_gift_cards: a claimed card → not returned');
select is(tests.return_cards(gen_random_uuid(), 1) ->> 'code', 'RB-404', 'return_gift_cards: an unknown sale → RB-404');
select is(tests.return_cards(tests.the('dearer'), 0) ->> 'code', 'RB-400', 'return_gift_cards: zero cards → RB-400');

select tests.keep('again', tests.sell(tests.the('master'), tests.the('client'), 9, 1, tests.the('pool')) #> '{result,saleId}');
select is(pg_temp.counters('pool'), '[11, 9]', 'return_gift_cards: returned cards → can be sold again');
update private.card_lots set expires_at = now() - interval '1 minute' where pool_id = tests.the('pool');
update public.gift_cards set expires_at = now() - interval '1 minute' where pool_id = tests.the('pool');
select is(tests.return_cards(tests.the('again'), 1) ->> 'code', 'GC-003', 'return_gift_cards: an expired card → not returned');

select tests.keep('postpaid', tests.create_client());
select tests.add_cards(tests.the('master'), 2);
select tests.keep('unpaid', tests.sell(tests.the('master'), tests.the('postpaid'), 2) #> '{result,saleId}');
select is(tests.return_cards(tests.the('unpaid'), 2) #>> '{result,returnedToCredit}', 'false',
  'return_gift_cards: an uncharged sale → nothing returned to credit');
select is((select count(*)::int from public.ledger_accounts where client_id = tests.the('postpaid')), 0, '… nothing is returned');
select is(pg_temp.counters('master'), '[2, 2]', '… but the cards');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
