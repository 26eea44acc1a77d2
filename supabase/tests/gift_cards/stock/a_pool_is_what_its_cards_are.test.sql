-- In Studio anybody with the database's rights edits rows by hand. What a pool says of its cards stays true.
begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep(tests.create_promise(3));
select tests.settle(tests.the('pool'));
select tests.keep('other_brand', tests.create_brand());
select tests.keep('other_client', tests.create_client());
select tests.keep('empty', tests.create_pool(tests.the('client'), tests.the('brand'), 0));

create function pg_temp.refused(statement text, words text, description text) returns text language sql as $$
  select throws_matching(statement, words, description)
$$;
select pg_temp.refused(format('update public.card_pools set %s = 500 where id = %L', c, tests.the('pool')), 'follow its cards',
  'card_pools: an edit of ' || c || ' → refused') from unnest(array['total_cards', 'available_cards', 'claimed_cards', 'delivered_cards']) c;
select pg_temp.refused($$ insert into public.card_pools (client_id, brand_id, pool_name, denomination, total_cards, available_cards)
  values (tests.the('client'), tests.the('brand'), 'Full', 25, 1000, 1000) $$, 'follow its cards',
  'card_pools: inserted with counters → refused');
select lives_ok($$ update public.card_pools set currency = 'CAD' where id = tests.the('pool') $$,
  'stock: a mistyped value → correctable before a card is claimed');
update public.card_pools set currency = 'USD' where id = tests.the('pool');
select tests.provision(tests.the('recipient'));
select pg_temp.refused(format('update public.card_pools set %s where id = %L', e, tests.the('pool')), 'keeps its brand',
  'Cards stay what they are: ' || e) from unnest(array[
    'denomination = 50', 'currency = ''CAD''', format('brand_id = %L', tests.the('other_brand')),
    format('client_id = %L', tests.the('other_client')), 'client_id = null, pool_type = ''master''']) e;
select lives_ok($$ update public.card_pools set denomination = 50, brand_id = tests.the('other_brand') where id = tests.the('empty') $$,
  'stock: a pool without cards → any change');
select lives_ok($$ update public.card_pools set pool_name = 'Renamed', cost_per_card = 22, is_active = false
  where id = tests.the('pool') $$, 'stock: name, cost and active → always editable');

-- and edits of the cards themselves are counted
update public.gift_cards set status = 'expired', expired_at = now()
  where id = (select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available' limit 1);
select row_eq('select total_cards, available_cards from public.gift_card_pools where id = tests.the(''pool'')', row(3, 1),
  'stock: an edited card → counted at once');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
