-- A client's pool is empty and archived; what the platform sells into it later is there to give.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(0));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 3));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select isnt((public.archive_gift_card_pool(tests.the('pool'))).archived_at, null, 'archive_gift_card_pool: an empty pool → archived');
select tests.sign_out();

select is(tests.sell(tests.the('master'), tests.the('client'), 2, buyer_pool_id => tests.the('pool')) ->> 'outcome', 'ok',
  'sell_gift_cards: into an archived pool → sold');
select tests.settle(tests.the('pool'));
select row_eq('select is_active, archived_at, available_cards from public.card_pools where id = tests.the(''pool'')',
  row(true, null::timestamptz, 2), '… and the pool is active again');
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok', '… its cards are provisioned');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
