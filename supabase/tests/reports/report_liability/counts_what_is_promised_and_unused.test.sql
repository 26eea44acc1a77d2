-- Of tests.create_reported_tenant, told on April 1, 2026 (UTC; before the fifth card): of the 4 cards given in March one is redeemed,
-- 3 are not: 30, 29 and 28 days old, all "0-30 days", worth 75. On May 1 they are 60, 59 and 58 days old, and the fifth is 29.
-- Told on March 2, 00:00 the first card was not redeemed yet: 1 card of 25.
-- A reward owed since February 1 is 59 days old on April 1 ("31-60 days"); fulfilled on April 10, it is no debt on May 1.
begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
insert into public.pending_rewards (client_id, campaign_id, recipient_id, condition_number, surface, code, brand_id, denomination,
  currency, created_at, status, fulfilled_at)
values (tests.the('client'), tests.the('campaign'), (tests.kept('recipients') ->> 0)::uuid, 9, 'api', null, tests.the('brand'), 25,
  'USD', '2026-02-01', 'fulfilled', '2026-04-10');

select tests.sign_in(tests.the('admin'));
select results_eq($$
  select currency, age, given_cards, given_value, owed_rewards, owed_value, total_value, expiring_cards
  from public.report_liability(null, null, '2026-04-01') $$,
  $$ values ('USD', '0-30 days', 3::bigint, 75.00, 0::bigint, 0.00, 75.00, 0::bigint),
    ('USD', '31-60 days', 0::bigint, 0.00, 1::bigint, 25.00, 25.00, 0::bigint) $$,
  'report_liability: → granted and pending rewards by age, of this tenant only');
select results_eq($$ select age, given_cards, owed_rewards, total_value from public.report_liability(null, null, '2026-05-01') $$,
  $$ values ('0-30 days', 1::bigint, 0::bigint, 25.00), ('31-60 days', 3::bigint, 0::bigint, 75.00) $$,
  'report_liability: a month later → older, without the fulfilled reward');
select results_eq($$ select given_cards, oldest_at from public.report_liability(null, '2026-03-01', '2026-03-02') $$,
  $$ values (1::bigint, timestamptz '2026-03-01 12:00Z') $$, 'report_liability: redeemed after the range → counted');
select is_empty($$ select from public.report_liability(null, '2026-01-01', '2026-02-01') $$, 'report_liability: before any promise → no row');
select throws_ok(format('select public.report_liability(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_liability: another tenant''s client → RB-404');
select tests.sign_out();

update public.gift_cards set expires_at = '2026-04-20' where id = (tests.kept('cards') ->> 1)::uuid;
select results_eq($$ select given_cards, expiring_cards, expiring_value
  from public.report_liability(tests.the('client'), null, '2026-04-01') where age = '0-30 days' $$,
  $$ values (3::bigint, 1::bigint, 25.00) $$, 'report_liability: a card expires within 30 days → counted as expiring');
select results_eq($$ select sum(given_cards) from public.report_liability(tests.the('client'), null, '2026-05-01') $$,
  $$ values (3::numeric) $$, 'report_liability: an expired card → not counted');
select is(array(select private.age_of(d) from unnest(array[0, 30, 31, 90, 91, 180, 181, 365, 366]) d),
  array['0-30 days', '0-30 days', '31-60 days', '61-90 days', '91-180 days', '91-180 days', '181-365 days', '181-365 days',
    'over 365 days'], 'report_liability: ages have no gaps');

select * from finish();
rollback;
