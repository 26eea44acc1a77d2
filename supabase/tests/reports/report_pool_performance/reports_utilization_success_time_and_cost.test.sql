-- tests.create_reported_tenant says what was given. In March, where the client is New York:
--   given 5, delivered 4 of 10 cards = 0.4; tries 1 + 2 + 3 + 1 + 1 = 8, of them 3 successes = 0.375
--   claimed to delivered: (60 + 120 + 180 + 0) / 4 = 90 s; cost 5 × 20 = 100 / 4 delivered = 25.00
-- In March, where it is UTC, the fifth card is of April:
--   given 4, delivered 3 of 10 = 0.3; the same 8 tries; (60 + 120 + 180) / 3 = 120 s; 80 / 3 = 26.67
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep('a', tests.create_reported_tenant('America/New_York'));
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', (tests.kept('a') ->> 'client')::uuid));
select tests.keep('other', tests.create_user('client_admin', (tests.kept('b') ->> 'client')::uuid));
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.keep('empty', tests.create_pool((tests.kept('a') ->> 'client')::uuid, (tests.kept('a') ->> 'brand')::uuid, 0));

create function pg_temp.march(reader text) returns setof public.pool_performance language plpgsql as $$
begin
  perform tests.sign_in(tests.the(reader));
  return query select * from public.report_pool_performance(null, '2026-03-01', '2026-04-01')
    where pool_id in (select (tests.kept(t) ->> 'pool')::uuid from unnest(array['a', 'b']) t);
  perform tests.sign_out();
end $$;

select results_eq($$
  select total_cards, available_cards, given_cards, delivered_cards, redeemed_cards, utilization_rate, delivery_attempts,
    delivery_success_rate, average_seconds_to_delivery, total_cost, cost_per_redemption from pg_temp.march('admin') $$,
  $$ values (10::bigint, 5::bigint, 5::bigint, 4::bigint, 1::bigint, 0.4000, 8::bigint, 0.3750, 90.0, null::numeric, null::numeric) $$,
  'report_pool_performance: an admin in New York → March in New York, without costs');
select results_eq($$
  select given_cards, delivered_cards, utilization_rate, delivery_success_rate, average_seconds_to_delivery, total_cost,
    cost_per_redemption from pg_temp.march('other') $$,
  $$ values (4::bigint, 3::bigint, 0.3000, 0.3750, 120.0, null::numeric, null::numeric) $$,
  'report_pool_performance: an admin elsewhere → March in UTC, nothing of another tenant');
select bag_eq($$ select total_cost, cost_per_redemption from pg_temp.march('platform') $$,
  $$ values (100.00, 25.00), (80.00, 26.67) $$, 'report_pool_performance: a platform admin → both, with their costs');

select tests.sign_in(tests.the('admin'));
select results_eq($$
  select total_cards, given_cards, utilization_rate, delivery_success_rate, average_seconds_to_delivery
  from public.report_pool_performance(null, '2026-03-01', '2026-03-01') where pool_id = (tests.kept('a') ->> 'pool')::uuid $$,
  $$ values (10::bigint, 0::bigint, 0.0000, null::numeric, null::numeric) $$,
  'report_pool_performance: a range without days → zero cards and null rates');
select results_eq($$
  select total_cards, utilization_rate, cost_per_redemption from public.report_pool_performance() where pool_id = tests.the('empty') $$,
  $$ values (0::bigint, null::numeric, null::numeric) $$, 'report_pool_performance: a pool without cards → no division by zero');
select results_eq($$
  select given_cards from public.report_pool_performance(null, '2026-04-01') where pool_id = (tests.kept('a') ->> 'pool')::uuid $$,
  $$ values (0::bigint) $$, 'report_pool_performance: an open end → from the day on');
select results_eq($$
  select given_cards from public.report_pool_performance(null, null, '2026-03-02') where pool_id = (tests.kept('a') ->> 'pool')::uuid $$,
  $$ values (1::bigint) $$, 'report_pool_performance: the last day of a range is the day before its end');
select throws_ok(format('select public.report_pool_performance(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_pool_performance: another tenant''s client → RB-404');
select tests.sign_out();

select tests.keep('master', tests.create_pool(null, (tests.kept('a') ->> 'brand')::uuid, 1));
select tests.sign_in(tests.the('admin'));
select is_empty($$ select from public.report_pool_performance() where pool_type = 'master' $$,
  'report_pool_performance: master pools are not shown to a client');
select tests.sign_in(tests.the('platform'));
select isnt_empty($$ select from public.report_pool_performance() where pool_id = tests.the('master') $$,
  '… only to the platform');
select tests.sign_out();

select * from finish();
rollback;
