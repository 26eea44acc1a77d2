-- Of the 5 cards of tests.create_reported_tenant 4 are delivered (0.8) and 1 of these is redeemed (1 / 4 = 0.25); they are worth
-- 5 × 25 = 125, of which 25 are redeemed. Two more of 10 EUR, delivered after 30 s, one redeemed: a row of their own, 20 and 10.
begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('euros', tests.create_pool(tests.the('client'), tests.the('brand'), 2, 10));
update public.card_pools set currency = 'EUR' where id = tests.the('euros');
select tests.give_card(r, tests.the('euros'), '2026-03-05 12:00Z', '2026-03-05 12:00:30Z',
  case when n = 1 then timestamptz '2026-03-06 12:00Z' end)
from (select r, row_number() over () as n from tests.create_recipients(tests.the('campaign'), 2) r) x;

select tests.sign_in(tests.the('admin'));
select results_eq($$
  select client_id, currency, given_cards, delivered_cards, redeemed_cards, delivery_rate, redemption_rate, value_given,
    value_redeemed, average_seconds_to_delivery from public.report_brand_performance() $$,
  $$ values (tests.the('client'), 'EUR', 2::bigint, 2::bigint, 1::bigint, 1.0000, 0.5000, 20.00, 10.00, 30.0),
    (tests.the('client'), 'USD', 5::bigint, 4::bigint, 1::bigint, 0.8000, 0.2500, 125.00, 25.00, 90.0) $$,
  'report_brand_performance: a row for each currency, none of another tenant');
select results_eq($$ select given_cards, delivery_rate, redemption_rate from public.report_brand_performance(null, '2026-03-04', '2026-03-05') $$,
  $$ values (1::bigint, 0.0000, null::numeric) $$, 'report_brand_performance: nothing delivered → no rate');
select is_empty($$ select from public.report_brand_performance(null, '2026-02-01', '2026-03-01') $$,
  'report_brand_performance: a range without cards → no rows');
select throws_ok(format('select public.report_brand_performance(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_brand_performance: another tenant''s client → RB-404');
select tests.sign_out();

select * from finish();
rollback;
