-- Of the 5 cards of tests.create_reported_tenant: California 2 (both delivered), New York 2 (both delivered, 1 redeemed = 0.5),
-- one recipient without a known place (not delivered). A second card for one in New York: 3 cards, still 2 recipients, 75 USD.
begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

select tests.sign_in(tests.the('admin'));
select bag_eq($$
  select country, state, currency, recipients, given_cards, delivered_cards, redeemed_cards, redemption_rate, value_given
  from public.report_geography() $$,
  $$ values ('US', 'CA', 'USD', 2::bigint, 2::bigint, 2::bigint, 0::bigint, 0.0000, 50.00),
    ('US', 'NY', 'USD', 2::bigint, 2::bigint, 2::bigint, 1::bigint, 0.5000, 50.00),
    ('unknown', 'unknown', 'USD', 1::bigint, 1::bigint, 0::bigint, 0::bigint, null::numeric, 25.00) $$,
  'report_geography: a place in any notation → one row; none of another tenant');
select is_empty($$ select from public.report_geography(null, '2026-02-01', '2026-03-01') $$, 'report_geography: a range without cards → no rows');
select throws_ok(format('select public.report_geography(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_geography: another tenant''s client → RB-404');
select tests.sign_out();

select tests.give_card((tests.kept('recipients') ->> 0)::uuid, tests.the('pool'), '2026-03-09', condition_number => 2);
select results_eq($$
  select recipients, given_cards, value_given from public.report_geography(tests.the('client')) where state = 'NY' $$,
  $$ values (2::bigint, 3::bigint, 75.00) $$, 'report_geography: a recipient with two cards → counted once');

select * from finish();
rollback;
