begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_promise(0));
select tests.keep('recipients', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 20) r));

-- Gives so many cards more, one by one, with a fold after each.
create function pg_temp.give(how_many int) returns void language plpgsql as $$
begin
  for n in 1..how_many loop
    perform tests.provision((select r.id from public.campaign_recipients r where r.campaign_id = tests.the('campaign')
      and not exists (select from public.gift_card_grants g where g.recipient_id = r.id) limit 1));
    perform tests.settle(tests.the('pool'));
  end loop;
end $$;
create function pg_temp.open_alerts() returns text language sql as $$
  select string_agg(alert_type || '/' || severity, ' ' order by alert_type) from public.system_alerts
  where subject = tests.kept('pool') #>> '{}' and resolved_at is null
$$;
create function pg_temp.all_alerts() returns int language sql as $$
  select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}'
$$;

select is(pg_temp.open_alerts(), null, 'stock: an empty new pool → no alert');
select tests.add_cards(tests.the('pool'), 20);
select tests.settle(tests.the('pool'));
select is(pg_temp.open_alerts(), null, 'stock: a full pool → no alert');
select pg_temp.give(16);
select is(pg_temp.open_alerts(), null, 'stock: 20 % → no alert');
select pg_temp.give(1);
select is(pg_temp.open_alerts(), 'low_gift_card_inventory/warning', 'stock: below 20 % → warning');
select pg_temp.give(1);
select is(pg_temp.all_alerts(), 1, '… once');
select row_eq($$ select client_id, metadata -> 'available', metadata -> 'total',
  metadata ->> 'pool_id' from public.system_alerts where subject = tests.kept('pool') #>> '{}' $$,
  row(tests.the('client'), '3'::jsonb, '20'::jsonb, tests.the('pool')::text), '… with the pool and what was left');
select matches((select message from public.system_alerts where subject = tests.kept('pool') #>> '{}'),
  'Gift card pool Pool is below 20%', '… in its message');
select pg_temp.give(1);
select is(pg_temp.open_alerts(), 'critical_gift_card_inventory/critical low_gift_card_inventory/warning',
  'stock: below 10 % → critical');
select pg_temp.give(1);
select is(pg_temp.open_alerts(),
  'critical_gift_card_inventory/critical low_gift_card_inventory/warning pool_exhausted/critical',
  'stock: zero → exhausted');
select is(pg_temp.all_alerts(), 3, 'stock: three steps → three alerts');
select tests.settle(tests.the('pool'));
select is(pg_temp.all_alerts(), 3, 'stock: a fold without movements → no alert');

select tests.add_cards(tests.the('pool'), 3);
select tests.settle(tests.the('pool'));
select is(pg_temp.open_alerts(), 'low_gift_card_inventory/warning', 'stock: restocked to 3 of 23 → alerts of lower steps are resolved');
select tests.add_cards(tests.the('pool'), 20);
select tests.settle(tests.the('pool'));
select is(pg_temp.open_alerts(), null, 'stock: restocked → all are resolved');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}'
  and resolved_at = now()), 3, '… and kept');

select tests.create_recipients(tests.the('campaign'), 20);
select pg_temp.give(15);
select is(pg_temp.open_alerts(), 'low_gift_card_inventory/warning', 'stock: the next crossing → another alert');
select is(pg_temp.all_alerts(), 4, '… only that one');

-- a pool that is stocked and emptied between two folds
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 1));
update public.gift_cards set status = 'expired', expired_at = now() where pool_id = tests.the('pool');
select tests.settle(tests.the('pool'));
select matches(pg_temp.open_alerts(), 'pool_exhausted',
  'stock: stocked and emptied between two folds → exhausted');


-- cards that are sold leave the pool with nothing, not even a total
select tests.keep('pool', tests.create_pool(null, tests.the('brand'), 4));
select tests.keep('buyer', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
select tests.settle(tests.the('pool'));
insert into private.card_lots (pool_id) values (tests.the('buyer'));
create function pg_temp.move(source uuid, target uuid, how_many int) returns void language plpgsql as $$
begin
  update public.gift_cards c set pool_id = target,
    lot_id = (select l.id from private.card_lots l where l.pool_id = target and l.expires_at is null)
  where c.id in (select m.id from public.gift_cards m where m.pool_id = source order by m.id limit how_many);
  perform tests.settle(source);
  perform tests.settle(target);
end $$;
select pg_temp.move(tests.the('pool'), tests.the('buyer'), 3);
select is(pg_temp.open_alerts(), null, 'stock: a pool that sold most of its cards → measured by what it has left');
select pg_temp.move(tests.the('pool'), tests.the('buyer'), 1);
select matches(pg_temp.open_alerts(), 'pool_exhausted', 'stock: a pool that sold its last card → exhausted');
select pg_temp.move(tests.the('buyer'), tests.the('pool'), 2);
select is(pg_temp.open_alerts(), null, '… returned cards resolve it');

-- a returned card restocks, too
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 1, campaign_id => tests.the('campaign')));
select tests.keep('card', tests.provision_for_caller(tests.create_user('call_agent', tests.the('client')),
  recipient_id => tests.create_recipients(tests.the('campaign'))) #> '{result,giftCard,id}');
select tests.settle(tests.the('pool'));
select matches(pg_temp.open_alerts(), 'pool_exhausted', 'stock: the last card is claimed → exhausted');
select private.return_to_stock(c, null) from public.gift_cards c where c.id = tests.the('card');
select tests.settle(tests.the('pool'));
select is(pg_temp.open_alerts(), null, 'stock: it is returned → the alerts are resolved');

select * from finish();
rollback;
