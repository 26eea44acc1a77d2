-- redeem_gift_card: guesses from many addresses spend the failure budget of a campaign; a right code is never held up by them.
begin;
set local search_path = public, extensions, tests;
select plan(23);

select tests.keep(tests.create_promise(9));
select tests.keep('quiet', tests.create_promise(3));
create function pg_temp.guess(n int, campaign uuid default tests.the('campaign'), ip text default null) returns text language sql as $$
  select tests.redeem('GUES-' || substr(upper(translate(md5(n::text), '01', 'xy')), 1, 12), campaign,
    ip => coalesce(ip, '10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256)) ->> 'code'
$$;
create function pg_temp.alerts() returns setof public.system_alerts language sql as $$
  select * from public.system_alerts where alert_type = 'redemption_burst' and created_at = now()
$$;
create temp table right_codes as
  select row_number() over () as number, id from tests.create_recipients(tests.the('campaign'), 12) id;
alter table right_codes add column redemption_token text;
update right_codes set redemption_token = tests.redemption_token(id);
create function pg_temp.right_code(nth int) returns text language sql as $$
  select redemption_token from right_codes where number = nth
$$;

-- what every campaign shares is tested below
update private.attempt_limits set attempts_max = 1000000 where surface = 'redeem-gift-card' and kind in ('prefix', 'surface');

-- 1,200 guesses, each from an address of its own
select tests.keep('told', (select jsonb_object_agg(g.code, g.times) from (
  select pg_temp.guess(n) as code, count(*) as times from generate_series(1, 1200) n group by 1) g));
select is(tests.kept('told'), '{"GC-011": 1000, "RB-429": 200}', 'redeem_gift_card: 1,200 guesses from 1,200 addresses → RB-429 after the campaign''s budget of 1,000');
select results_eq('select subject, severity, client_id from pg_temp.alerts()',
  $$ values ('redeem-gift-card:' || tests.the('campaign'), 'critical', tests.the('client')) $$,
  'report_burst: 1,200 addresses → one alert, for the campaign''s client');
select is((select count(*)::int from public.redemption_attempts where created_at = now() and outcome = 'refused' and code = 'GC-011'), 1200,
  'record_attempt: beyond the budget → what was found is recorded');
update public.system_alerts set metadata = metadata || '{"counted_at": 0}' where created_at = now();
select is(pg_temp.guess(1201), 'RB-429', 'redeem_gift_card: one more → RB-429');
select is((select metadata ->> 'failures' from pg_temp.alerts()), '1201', 'report_burst: the open alert → its count is renewed');
select cmp_ok((tests.redeem('GUES-NOBO-DYSC-ODEX', tests.the('campaign'), ip => '11.0.0.1') #>> '{details,retryAfter}')::int, '<=', 60,
  'redeem_gift_card: beyond the budget → Retry-After of a minute at most');

-- right codes while the attack runs
select is(tests.redeem(pg_temp.right_code(1), tests.the('campaign'), ip => '11.0.0.2') ->> 'outcome', 'ok',
  'redeem_gift_card: a right code from a clean address, during the attack → the card');
select tests.keep('token', to_jsonb(pg_temp.right_code(2)));
select tests.redeem(tests.kept('token') #>> '{}', tests.the('campaign'), ip => '11.0.0.3');
select is(tests.redeem(tests.kept('token') #>> '{}', tests.the('campaign'), ip => '11.0.0.3') ->> 'code', 'GC-010',
  'redeem_gift_card: a used code, during the attack → GC-010');
select is((select count(*)::int from generate_series(1, 9) n
  where tests.redeem(pg_temp.right_code(n + 2), tests.the('campaign'), ip => '11.0.0.4') ->> 'outcome' = 'ok'), 7,
  'redeem_gift_card: an office of nine, during the attack → a card each until the stock is empty');
select is((select array_agg(pg_temp.guess(n, ip => '11.0.0.5')) from generate_series(20001, 20003) n), '{RB-429,RB-429,RB-429}',
  'redeem_gift_card: three failures of an address, during the attack …');
select cmp_ok((tests.redeem('GUES-NOBO-DYSC-ODEX', tests.the('campaign'), ip => '11.0.0.5') #>> '{details,retryAfter}')::int, '>=', 1,
  '… → it waits before anything is looked up');
select is((select count(*)::int from public.redemption_attempts where created_at = now() and outcome = 'limited'), 1, '… and its fourth attempt is recorded as limited');

-- others
select is(pg_temp.guess(30001, (tests.kept('quiet') ->> 'campaign')::uuid), 'GC-011', 'redeem_gift_card: a wrong code of another campaign → GC-011');
select is(pg_temp.guess(30002, null), 'GC-011', 'redeem_gift_card: a wrong code without a campaign → GC-011');
select is((select count(pg_temp.guess(30003, gen_random_uuid(), '11.0.0.6')) from generate_series(1, 25)), 25::bigint, 'redeem_gift_card: a visitor invents campaigns …');
select set_eq('select subject from pg_temp.alerts()',
  array['redeem-gift-card:' || tests.the('campaign'), 'redeem-gift-card:none'], '… → no alert for any of them but one');

-- IPv6: networks of one site
select is((select count(*)::int from generate_series(0, 249) n
  where pg_temp.guess(40000 + n, null, '2001:db8:7:' || to_hex(n) || '::1') = 'GC-011'), 200,
  'redeem_gift_card: 250 networks of one IPv6 site → RB-429 after 200');
select is(pg_temp.guess(40300, null, '[2001:db8:8:1::1]:443'), 'GC-011', 'redeem_gift_card: another site → GC-011');

-- the surface in total
update private.attempt_limits set attempts_max = 10 where surface = 'redeem-gift-card' and kind = 'surface';
select is(pg_temp.guess(50001, (tests.kept('quiet') ->> 'campaign')::uuid), 'RB-429', 'redeem_gift_card: the surface''s budget is spent → RB-429 on every campaign');
select is((select severity from pg_temp.alerts() where subject = 'redeem-gift-card:all'), 'critical', 'report_burst: the surface''s budget → an alert of its own');

-- the end of it
update private.attempt_buckets set window_starts_at = window_starts_at - interval '10 minutes';
update private.attempt_slowdowns set slowed_until = now() - interval '1 second';
select is(pg_temp.guess(50002), 'GC-011', 'redeem_gift_card: in the next window → GC-011');
update public.system_alerts set metadata = metadata || jsonb_build_object('counted_at', extract(epoch from now() - interval '25 hours'))
where created_at = now() and subject = 'redeem-gift-card:none';
select private.resolve_bursts();
select set_eq('select subject from pg_temp.alerts() where resolved_at is null',
  array['redeem-gift-card:' || tests.the('campaign'), 'redeem-gift-card:all'], 'resolve_bursts: a day after the last burst → the alert is resolved');
select is_empty('select from private.attempt_buckets where kind in (''scope'', ''surface'') and taken < 1', 'count_failure: shards → no empty ones');

select * from finish();
rollback;
