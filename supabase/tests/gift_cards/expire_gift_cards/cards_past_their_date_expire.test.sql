begin;
set local search_path = public, extensions, tests;
select plan(29);

select tests.keep(tests.create_promise(2));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.counters() returns int[] language sql as $$
  select array[total_cards, available_cards, claimed_cards, delivered_cards] from public.gift_card_pools
    where id = tests.the('pool')
$$;
create function pg_temp.statuses() returns text language sql as $$
  select string_agg(status || '=' || n, ' ' order by status) from (
    select status, count(*) as n from public.gift_cards where pool_id = tests.the('pool') group by status) s
$$;

-- two without a date, six with one: one is shown, one is sent, one is claimed, three stay in stock
select tests.add_cards(tests.the('pool'), 6, current_date + 3);
select tests.keep('sent', tests.provision(tests.the('recipient')) -> 'result');
select tests.report(tests.lease((tests.kept('sent') #>> '{delivery,id}')::uuid), 'sent', 'SM1');
select tests.keep('used', tests.provision(tests.create_recipients(tests.the('campaign')), delivery_method => null,
  deliver_to => null) #> '{result,giftCard,id}');
select private.redeem_card(tests.the('used'), null, null, null);
select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.create_recipients(tests.the('campaign')));
select is(pg_temp.statuses(), 'available=5 claimed=1 delivered=1 redeemed=1', 'expire_gift_cards: the pool has cards of every status');
select is(private.expire_cards(now() + interval '3 days', 100), '{"expiredInStock": 0, "expiredDelivered": 0}',
  'expire_gift_cards: on the last day → nothing expires');
select is(pg_temp.statuses(), 'available=5 claimed=1 delivered=1 redeemed=1', '… nothing is changed');
select is(private.expire_cards(now() + interval '5 days', 2), '{"expiredInStock": 2, "expiredDelivered": 1}',
  'expire_gift_cards: a run expires no more than its batch');
select is(pg_temp.counters(), '{8,3,1,1}', '… the counters are exact at once');
select is(private.expire_cards(now() + interval '5 days', 100), '{"expiredInStock": 1, "expiredDelivered": 0}',
  '… the next run expires the rest');
select is(private.expire_cards(now() + interval '5 days', 100), '{"expiredInStock": 0, "expiredDelivered": 0}',
  '… the one after it nothing');
select is(pg_temp.statuses(), 'available=2 claimed=1 expired=4 redeemed=1',
  'expire_gift_cards: in stock and delivered → expired; redeemed and in delivery → not');
select is(pg_temp.counters(), '{8,2,1,1}', 'expire_gift_cards: expired cards count in the total only');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and expired_at = now()), 4,
  'expire_gift_cards: each has its time');
select results_eq('select (metadata ->> ''in_stock'')::int, (metadata ->> ''given'')::int from public.audit_events
  where action = ''gift_cards.expired'' and subject_id = tests.the(''pool'') order by id',
  'values (2, 0), (0, 1), (1, 0)', 'expire_gift_cards: audited, one row for each run');
select tests.settle(tests.the('pool'));
select row_eq('select total_cards, available_cards, delivered_cards from public.card_pools where id = tests.the(''pool'')',
  row(8, 2, 1), 'fold_pool: → the same figures');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- expiry empties a pool: the alerts tell
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 2, expires_on => current_date));
select tests.settle(tests.the('pool'));
select private.expire_cards(now() + interval '2 days', 100);
select tests.settle(tests.the('pool'));
select is((select string_agg(alert_type, ' ' order by alert_type) from public.system_alerts
  where subject = tests.kept('pool') #>> '{}' and resolved_at is null),
  'critical_gift_card_inventory low_gift_card_inventory pool_exhausted', 'expire_gift_cards: a pool whose cards expire → exhausted');

-- the message of an expired card is cancelled
select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 1, current_date + 3);
select tests.keep('sent', tests.provision(tests.the('recipient')) -> 'result');
select tests.report(tests.lease((tests.kept('sent') #>> '{delivery,id}')::uuid), 'sent', 'SM2');
select tests.keep('again', tests.resend((tests.kept('sent') #>> '{giftCard,id}')::uuid, 'sms', '+12025550100', null) #> '{result,delivery,id}');
select private.expire_cards(now() + interval '5 days', 100);
select is((select status from public.deliveries where id = tests.the('again')), 'cancelled',
  'expire_gift_cards: the message of an expired card → cancelled');
select is(public.confirm_redemption(tests.redemption_token(tests.the('recipient')), null,
  tests.request(ip => '203.0.113.7')) ->> 'code', 'GC-011', 'confirm_redemption: an expired card → GC-011');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-010', 'expire_gift_cards: provisioning again → GC-010, the grant was fulfilled');

-- the policy of the brand
select tests.keep(tests.create_promise(0));
update public.clients set time_zone = 'Asia/Tokyo' where id = tests.the('client');
update public.gift_card_brands set valid_days = 30 where id = tests.the('brand');
select tests.add_cards(tests.the('pool'), 1);
select tests.add_cards(tests.the('pool'), 1, current_date + 3);
select set_eq('select expires_at from public.gift_cards where pool_id = tests.the(''pool'')',
  $$ select private.end_of_day(d, 'Asia/Tokyo') from unnest(array[
    (now() at time zone 'Asia/Tokyo')::date + 30, current_date + 3]) d $$,
  'assign_expiry_dates: no date → by the policy, the end of that day in the client''s time zone');
select is((public.expire_gift_cards() #>> '{result,dated}')::int, 0, 'assign_expiry_dates: a second run → nothing to date');

-- a policy that comes after the cards
select tests.keep(tests.create_promise(3));
update public.gift_cards set created_at = now() - interval '40 days' where pool_id = tests.the('pool');
select tests.keep('given', tests.provision(tests.the('recipient')) #> '{result,giftCard,id}');
update public.gift_card_brands set valid_days = 30 where id = tests.the('brand');
select cmp_ok((public.expire_gift_cards() #>> '{result,dated}')::int, '>=', 2, 'assign_expiry_dates: → dates the stock');
select is((select expires_at from public.gift_cards where id = tests.the('given')), null, '… provisioned cards keep their date');
select is(pg_temp.statuses(), 'claimed=1 expired=2', '… cards older than the policy expire at once');
select is(tests.provision(tests.create_recipients(tests.the('campaign'))) ->> 'code', 'GC-003', '… provisioning: an expired card → GC-003');
select is(pg_temp.counters(), '{3,0,1,0}', '… the counters are exact');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- cards that return to stock
select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 1, current_date + 3);
select tests.keep('given', tests.provision_for_caller(
  tests.create_user('call_agent', tests.the('client')), recipient_id => tests.the('recipient')) #> '{result,giftCard,id}');
update private.card_lots set expires_at = now() - interval '1 hour' where pool_id = tests.the('pool');
select private.expire_cards(now(), 1000);
select is((select is_expired from private.card_lots where pool_id = tests.the('pool')), true,
  'expire_gift_cards: a lot past its expiry without cards in stock → not read again');
select private.return_to_stock(c, null) from public.gift_cards c where c.id = tests.the('given');
select is(pg_temp.statuses(), 'available=1', '… a card that returns to it is in stock');
select private.expire_cards(now(), 1000);
select is(pg_temp.statuses(), 'expired=1', '… and expires in the next run');

select tests.keep(tests.create_promise(1));
select tests.keep('given', tests.provision_for_caller(
  tests.create_user('call_agent', tests.the('client')), recipient_id => tests.the('recipient')) #> '{result,giftCard,id}');
update public.gift_card_brands set valid_days = 30 where id = tests.the('brand');
update private.undated_brands set noted_at = now() - interval '2 hours';
select private.date_cards(1000);
select private.return_to_stock(c, null) from public.gift_cards c where c.id = tests.the('given');
select private.date_cards(1000);
select isnt((select expires_at from public.gift_cards where id = tests.the('given')), null,
  'date_cards: a card without a date returns to the stock of a brand that was done → dated');

select * from finish();
rollback;
