begin;
set local search_path = public, extensions, tests;
select plan(24);

create function pg_temp.stock() returns int[] language sql as $$
  select array[total_cards, available_cards, expiring_cards] from public.gift_card_pools where id = tests.the('pool')
$$;
create function pg_temp.claim() returns text language sql as $$
  select a ->> 'outcome' || coalesce(' ' || (a ->> 'code'), '') from (
    select tests.provision(tests.create_recipients(tests.the('campaign'))) as a) x
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(alert_type || ' ' || (metadata ->> 'available'), ', ' order by alert_type) from public.system_alerts
  where subject = tests.kept('pool') #>> '{}' and resolved_at is null
$$;
create function pg_temp.set_expiry(expires_at timestamptz) returns void language sql as $$
  update private.card_lots l set expires_at = set_expiry.expires_at where l.pool_id = tests.the('pool');
  update public.gift_cards c set expires_at = set_expiry.expires_at where c.pool_id = tests.the('pool')
$$;

select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 2, current_date + 3);
select is(pg_temp.stock(), '{2,2,0}', 'provision_gift_card: two cards are available');

-- past its date
select pg_temp.set_expiry(now() - interval '1 second');
select is(pg_temp.stock(), '{2,0,2}', 'gift_card_pools: expired cards that no job has marked are expiring, not available');
select is(pg_temp.claim(), 'refused GC-003', 'provision_gift_card: only expired cards → GC-003');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status = 'available'), 2,
  '… neither is claimed');

-- near to its date
select pg_temp.set_expiry(now() + interval '24 hours');
select is(pg_temp.claim(), 'refused GC-003', 'provision_gift_card: a card that is good for 24 hours and no longer → GC-003');
select pg_temp.set_expiry(now() + interval '24 hours 1 second');
select is(pg_temp.claim(), 'ok', 'provision_gift_card: a card that is good for more than 24 hours → given');

-- the alerts follow when nothing moves but the clock
select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 5, current_date + 30);
select tests.add_cards(tests.the('pool'), 1);
select tests.settle(tests.the('pool'));
select is(pg_temp.alerts(), null, 'fold_pool: a full pool → no alert');
update private.card_lots set expires_at = now() + interval '2 hours' where pool_id = tests.the('pool') and expires_at is not null;
select is(pg_temp.alerts(), null, 'provision_gift_card: time passes, no card moves');
select cmp_ok((public.expire_gift_cards() #>> '{result,poolsRecounted}')::int, '>=', 1, 'expire_gift_cards: recounts the pool');
select is(pg_temp.alerts(), 'low_gift_card_inventory 1', 'expire_gift_cards: one of six cards may be given → low_gift_card_inventory');
select is(pg_temp.stock(), '{6,1,5}', '… the pool has the same counters');
select is((select array[available_cards, expiring_cards] from public.card_pools where id = tests.the('pool')), '{6,5}',
  '… its counters are folded');
select is((public.expire_gift_cards() #>> '{result,poolsRecounted}')::int, 0, '… the next round finds nothing to do');
select is(pg_temp.claim(), 'ok', 'provision_gift_card: the last unexpired card is claimed');
select is(pg_temp.claim(), 'refused GC-003', 'provision_gift_card: none may be given → GC-003');
select tests.settle(tests.the('pool'));
select is(pg_temp.alerts(), 'critical_gift_card_inventory 0, low_gift_card_inventory 1, pool_exhausted 0',
  'provision_gift_card: a pool with five expired cards → exhausted');
select is((private.lock_cards(tests.the('pool'), 0)), '{}', 'provision_gift_card: nothing left to sell …');
select throws_ok(format('select private.lock_cards(%L, 1)', tests.the('pool')), 'GC003', null,
  'lock_cards: cards that may not be given are not sold → GC-003');

-- a brand may say otherwise
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.sign_in(tests.the('platform'));
select is(public.update_minimum_validity(0, tests.the('brand')), interval '0', 'update_minimum_validity: of a brand');
select throws_ok('select public.update_minimum_validity(-1)', 'RB400', null, 'update_minimum_validity: below zero → RB-400');
select tests.sign_out();
select is(pg_temp.stock(), '{6,5,0}', 'update_minimum_validity: 0 hours → all that has not expired is available');
select is(pg_temp.alerts(), null, '… and the alerts are resolved');
select is(pg_temp.claim(), 'ok', '… and given');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
