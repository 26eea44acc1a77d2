-- The counters of a pool: exact for a reader at any time, and the same after they are folded.
begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep(tests.create_promise(0));
create function pg_temp.counters() returns int[] language sql as $$
  select array[total_cards, available_cards, claimed_cards, delivered_cards] from public.gift_card_pools
    where id = tests.the('pool')
$$;
create function pg_temp.folded() returns int[] language sql as $$
  select array[total_cards, available_cards, claimed_cards, delivered_cards] from public.card_pools
    where id = tests.the('pool')
$$;
create function pg_temp.lots() returns int[] language sql as $$
  select array_agg(available_cards order by expires_at nulls last) from private.card_lots
    where pool_id = tests.the('pool')
$$;

select tests.add_cards(tests.the('pool'), 6);
select tests.add_cards(tests.the('pool'), 4, current_date + 30);
select is(pg_temp.counters(), '{10,10,0,0}', 'stock: new cards → counted at once');
select tests.settle(tests.the('pool'));
select is(pg_temp.folded(), '{10,10,0,0}', 'fold_pool: → the same figures');
select is(pg_temp.lots(), '{4,6}', '… for each lot, too');

select count(tests.provision(r)) from tests.create_recipients(tests.the('campaign'), 5) r;
select is(pg_temp.counters(), '{10,5,5,0}', 'stock: claims → counted at once');
select is(pg_temp.folded(), '{10,10,0,0}', '… without writing the pool');
select tests.settle(tests.the('pool'));
select is(pg_temp.folded(), '{10,5,5,0}', 'fold_pool: → writes them');
select is(pg_temp.lots(), '{0,5}', '… the lot that expires first');
select tests.settle(tests.the('pool'));
select is(pg_temp.folded(), '{10,5,5,0}', 'fold_pool: again → no change');

-- by hand, as in Studio
update public.gift_cards set status = 'delivered', delivered_at = now() where pool_id = tests.the('pool')
  and status = 'claimed';
select is(pg_temp.counters(), '{10,5,0,5}', 'stock: an edit of many cards → counted');
update public.gift_cards set status = 'redeemed', redeemed_at = now() where pool_id = tests.the('pool')
  and status = 'delivered';
select is(pg_temp.counters(), '{10,5,0,5}', 'stock: redeemed cards → counted as delivered');
delete from private.card_secrets where gift_card_id in (
  select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available');
delete from public.gift_cards where id = (select id from public.gift_cards where pool_id = tests.the('pool')
  and status = 'available' limit 1);
select is(pg_temp.counters(), '{9,4,0,5}', 'stock: a deleted card → not counted');
update public.gift_cards set status = 'expired', expired_at = now()
where id = (select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available' limit 1);
select is(pg_temp.counters(), '{9,3,0,5}', 'stock: an expired card → in the total only');
select tests.keep('moves', (select count(*) from private.card_movements));
update public.gift_cards set exposed_at = now() where pool_id = tests.the('pool') and status = 'redeemed';
select is((select count(*) from private.card_movements), (tests.kept('moves') #>> '{}')::bigint,
  'stock: an edit without a change of status → no movement');
select tests.settle(tests.the('pool'));
select is(pg_temp.folded(), pg_temp.counters(), 'stock: all of it is the same after a fold');
select is(pg_temp.lots(), '{0,3}', '… for the lots, too');

-- cards that move to another pool
select tests.keep('other', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
insert into private.card_lots (pool_id) values (tests.the('other'));
update public.gift_cards set pool_id = tests.the('other'),
  lot_id = (select id from private.card_lots where pool_id = tests.the('other')) where pool_id = tests.the('pool')
  and status = 'available';
select is(pg_temp.counters(), '{6,0,0,5}', 'stock: moved cards → leave one pool');
select is((select array[total_cards, available_cards] from public.gift_card_pools where id = tests.the('other')),
  '{3,3}', '… and enter the other');

select * from finish();
rollback;
