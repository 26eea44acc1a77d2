-- Two tenants of tests.create_reported_tenant, asked for one at a time and together, in currencies of their own:
-- the first in XTS: 10 stocked, 5 available worth 125, 5 given, 4 delivered, 1 redeemed (0.25), 3 of 8 tries (0.375), 90 s,
--   revenue 125, cost 100, margin 25 (0.2), 1 reward owed.
-- the second in XTS, too: together twice of everything, at the same rates. A third has its card in XXX: a row of its own.
begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep('a', tests.create_reported_tenant(currency => 'XTS'));
select tests.keep('b', tests.create_reported_tenant(currency => 'XTS'));
select tests.keep('c', tests.create_promise(1));
update public.card_pools set currency = 'XXX' where id = (tests.kept('c') ->> 'pool')::uuid;
select tests.give_card((tests.kept('c') ->> 'recipient')::uuid, (tests.kept('c') ->> 'pool')::uuid, '2026-03-01');
insert into public.pending_rewards (client_id, campaign_id, recipient_id, condition_number, surface, code, brand_id, denomination, currency,
  created_at)
values ((tests.kept('a') ->> 'client')::uuid, (tests.kept('a') ->> 'campaign')::uuid, (tests.kept('a') #>> '{recipients,0}')::uuid, 9,
  'api', 'GC-003', (tests.kept('a') ->> 'brand')::uuid, 25, 'XTS', '2026-03-20');
select tests.sign_in(tests.create_user('platform_admin'));
select results_eq($$
  select agencies, clients, campaigns, stocked_cards, available_cards, available_value, given_cards, from_inventory, from_suppliers,
    delivered_cards, redeemed_cards, owed_rewards, delivery_attempts, delivery_success_rate, redemption_rate,
    average_seconds_to_delivery, value_given, revenue, cost, margin, margin_rate
  from public.report_platform_analytics((tests.kept('a') ->> 'client')::uuid) $$,
  $$ values (1::bigint, 1::bigint, 1::bigint, 10::bigint, 5::bigint, 125.00, 5::bigint, 5::bigint, 0::bigint, 4::bigint, 1::bigint,
    1::bigint, 8::bigint, 0.3750, 0.2500, 90.0, 125.00, 125.00, 100.00, 25.00, 0.2000) $$, 'report_platform_analytics: one client');
select results_eq($$
  select agencies, clients, given_cards, delivered_cards, redeemed_cards, delivery_success_rate, redemption_rate, revenue, margin,
    margin_rate from public.report_platform_analytics() where currency = 'XTS' $$,
  $$ values (2::bigint, 2::bigint, 10::bigint, 8::bigint, 2::bigint, 0.3750, 0.2500, 250.00, 50.00, 0.2000) $$,
  'report_platform_analytics: all clients together');
select results_eq($$ select given_cards, value_given from public.report_platform_analytics() where currency = 'XXX' $$,
  $$ values (1::bigint, 25.00) $$, 'report_platform_analytics: another currency → another row');
select results_eq($$
  select given_cards, delivery_success_rate, margin_rate from public.report_platform_analytics(null, '2020-01-01', '2020-02-01')
  where currency = 'XTS' $$,
  $$ values (0::bigint, null::numeric, null::numeric) $$, 'report_platform_analytics: a range without cards → null rates');
select tests.sign_out();

select tests.sign_in(tests.create_user('client_admin', (tests.kept('a') ->> 'client')::uuid));
select throws_ok('select public.report_platform_analytics()', 'RB403', null, 'report_platform_analytics: a client admin → RB-403');
select tests.sign_out();
select tests.sign_in(tests.create_user());
select throws_ok('select public.report_platform_analytics()', 'RB403', null, 'report_platform_analytics: a user without membership → RB-403');
select tests.sign_out();

select * from finish();
rollback;
