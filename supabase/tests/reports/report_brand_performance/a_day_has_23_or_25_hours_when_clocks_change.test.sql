-- New York: March 8, 2026 is from 05:00 to 04:00 UTC (23 hours), November 1 from 04:00 to 05:00 UTC (25 hours).
begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep('client', tests.create_client('America/New_York'));
select tests.keep('brand', tests.create_brand());
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 8));
select tests.give_card(r.id, tests.the('pool'), t.at::timestamptz) from (
  select row_number() over () as n, c as id from tests.create_recipients(tests.the('campaign'), 8) c) r
join (values (1, '2026-03-08 04:59:59Z'), (2, '2026-03-08 05:00Z'), (3, '2026-03-09 03:59:59Z'), (4, '2026-03-09 04:00Z'),
  (5, '2026-11-01 03:59:59Z'), (6, '2026-11-01 04:00Z'), (7, '2026-11-02 04:59:59Z'), (8, '2026-11-02 05:00Z')) t (n, at) using (n);

create function pg_temp.given(from_day text, to_day text) returns bigint language sql as $$
  select coalesce(sum(given_cards), 0)::bigint from public.report_brand_performance(tests.the('client'), from_day, to_day)
$$;

select is(pg_temp.given('2026-03-07', '2026-03-08'), 1::bigint, 'report_brand_performance: the day before clocks go forward');
select is(pg_temp.given('2026-03-08', '2026-03-09'), 2::bigint, '… has an hour more than the day on which they do');
select is(pg_temp.given('2026-03-09', '2026-03-10'), 1::bigint, '… and the next day begins an hour earlier');
select is(pg_temp.given('2026-11-01', '2026-11-02'), 2::bigint, 'report_brand_performance: the day on which they go back has 25 hours');
select is(pg_temp.given('2026-11-02', '2026-11-03'), 1::bigint, '… and the next one begins after them');
select is(pg_temp.given('2026-03-01', '2026-12-01'), 8::bigint, 'report_brand_performance: each card is in exactly one day');

select * from finish();
rollback;
