-- A pool of 20: 10 are delivered, of these 2 are cancelled, 1 is redeemed and 1 expires with its recipient; 1 is on its way, 1 stuck,
-- 2 expire in stock, 1 is too near to its expiry to be given. So: claimed 2 (stuck 1), delivered 7 (redeemed 1), expired 3, cancelled 2,
-- available 5, expiring 1; given 10; received 8 of 20 = 0.4.
begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(17));
select tests.add_cards(tests.the('pool'), 2, current_date + 5);
select tests.add_cards(tests.the('pool'), 1, current_date + 6);
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));

-- the stock first, so that the claims take what has no date
update private.card_lots set expires_at = now() - interval '1 day' where pool_id = tests.the('pool') and expires_at = current_date + 6;
update public.gift_cards set expires_at = now() - interval '1 day' where pool_id = tests.the('pool') and expires_at = current_date + 6;
select private.mark_cards_expired(array(
  select id from public.gift_cards where pool_id = tests.the('pool') and expires_at < now()));
update private.card_lots set expires_at = now() + interval '1 hour' where pool_id = tests.the('pool') and expires_at > now();

create function pg_temp.give() returns uuid language sql as $$
  select (tests.provision(tests.create_recipients(tests.the('campaign')), delivery_method => null, deliver_to => null)
    #>> '{result,giftCard,id}')::uuid
$$;
select tests.keep('given', (select jsonb_agg(pg_temp.give()) from generate_series(1, 10)));
select tests.keep('waiting', tests.provision(tests.create_recipients(tests.the('campaign'))) #> '{result,giftCard,id}');
select tests.keep('stuck', tests.provision(tests.create_recipients(tests.the('campaign'))) #> '{result,giftCard,id}');
update public.gift_cards set status = 'stuck', stuck_at = now() where id = tests.the('stuck');
select tests.sign_in(tests.the('admin'));
select public.cancel_gift_card((tests.kept('given') ->> n)::uuid, 'A test') from generate_series(0, 1) n;
select public.mark_gift_card_redeemed((tests.kept('given') ->> 2)::uuid);
select tests.sign_out();
select private.mark_cards_expired(array[(tests.kept('given') ->> 3)::uuid]);

create function pg_temp.pool() returns jsonb language sql as $$
  select to_jsonb(p) - '{id,client_id,brand_id,pool_name,denomination,currency,pool_type,campaign_id,cost_per_card,stock_owner,client_cost_per_card,is_active,created_at,archived_at}'::text[]
  from public.gift_card_pools p where p.id = tests.the('pool')
$$;
select tests.keep('pool_counts', pg_temp.pool());
select is(tests.kept('pool_counts'), '{"total_cards": 20, "available_cards": 5, "expiring_cards": 1, "claimed_cards": 2,
  "stuck_cards": 1, "delivered_cards": 7, "redeemed_cards": 1, "expired_cards": 3, "cancelled_cards": 2,
  "utilization_rate": 0.4000}', 'gift_card_pools: counts each card once');
select is((
  select (c ->> 'available_cards')::int + (c ->> 'expiring_cards')::int + (c ->> 'claimed_cards')::int
    + (c ->> 'delivered_cards')::int + (c ->> 'expired_cards')::int + (c ->> 'cancelled_cards')::int
  from (select tests.kept('pool_counts') as c) x), 20, '… and they add up to the total');

select tests.sign_in(tests.the('admin'));
select row_eq($$ select total_cards::int, available_cards::int, expiring_cards::int, given_cards::int, stuck_cards::int,
    delivered_cards::int, redeemed_cards::int, expired_cards::int, cancelled_cards::int, utilization_rate
  from public.report_pool_performance(tests.the('client')) where pool_id = tests.the('pool') $$,
  row(20, 5, 1, 10, 1, 7, 1, 3, 2, 0.4000), 'report_pool_performance: counts as gift_card_pools does; cancelled cards are apart');
select results_eq($$ select counted_as, count(*)::int from public.gift_card_inventory where pool_id = tests.the('pool')
  group by counted_as order by counted_as $$,
  $$ values ('available', 6), ('cancelled', 2), ('claimed', 2), ('delivered', 7), ('expired', 3) $$,
  'gift_card_inventory: counts as gift_card_pools does');
select row_eq($$ select given_cards::int, delivered_cards::int, redeemed_cards::int, cancelled_cards::int, delivery_rate,
    redemption_rate, value_given from public.report_brand_performance(tests.the('client')) $$,
  row(10, 7, 1, 2, 0.8000, 0.1250, 250.00), 'report_brand_performance: a card that expired with its recipient had been delivered');
select row_eq($$ select given_cards::int, delivered_cards::int, redeemed_cards::int, cancelled_cards::int, recipients_rewarded::int
  from public.report_campaign_comparison(tests.the('client')) $$, row(10, 7, 1, 2, 10), 'report_campaign_comparison: the same');
select is((select sum(given_cards)::int from public.report_geography(tests.the('client'))), 10, 'report_geography: the same');
select tests.sign_in(tests.the('platform'));
select row_eq($$ select given_cards::int, delivered_cards::int, redeemed_cards::int, cancelled_cards::int, available_cards::int
  from public.report_platform_analytics(tests.the('client')) $$, row(10, 7, 1, 2, 5), 'report_platform_analytics: the same');
select tests.sign_out();

update public.gift_cards set status = 'claimed', stuck_at = null where id = tests.the('stuck');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
