begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(9));

-- by code: five failed tries in ten minutes
select count(tests.redeem('GUESS-THIS-CODE', ip => '198.51.100.' || n)) from generate_series(1, 5) n;
select tests.keep('limited', tests.redeem('guess this code', ip => '198.51.100.6'));
select is(tests.kept('limited') ->> 'code', 'RB-429',
  'redeem_gift_card: the sixth attempt of a code, from any address → RB-429');
select cmp_ok((tests.kept('limited') #>> '{details,retryAfter}')::int, '>=', 1, '… with the seconds to wait');
select cmp_ok((tests.kept('limited') #>> '{details,retryAfter}')::int, '<=', 600, '… ten minutes at most');
select is(tests.redeem('GUESS-OTHER-ONE', ip => '198.51.100.6') ->> 'code', 'GC-011', 'redeem_gift_card: another code → not limited');
select is((select count(*)::int from public.system_alerts where alert_type = 'redemption_burst' and created_at = now()
  and subject = 'redeem-gift-card:none' and metadata ->> 'kind' = 'code'), 1, 'redeem_gift_card: a burst of wrong codes → alert');

-- by address: twenty
select count(tests.redeem('ADDRESS-' || n || '-' || n, ip => '203.0.113.9')) from generate_series(1, 20) n;
select is(tests.redeem('ADDRESS-21', ip => '203.0.113.9') ->> 'code', 'RB-429',
  'redeem_gift_card: the twenty-first attempt of an address → RB-429');
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), ip => '203.0.113.9') ->> 'code', 'RB-429',
  'redeem_gift_card: limited, with a valid code → the same RB-429');
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), ip => '203.0.113.10') ->> 'outcome', 'ok',
  'redeem_gift_card: another address → not limited');
select count(tests.redeem('NETWORK-' || n || '-' || n, ip => '2001:db8:1:2::' || n)) from generate_series(1, 20) n;
select is(tests.redeem('NETWORK-21', ip => '2001:db8:1:2:ffff::1') ->> 'code', 'RB-429',
  'redeem_gift_card: one IPv6 network → one visitor');
select is(tests.redeem('NETWORK-22', ip => '2001:db8:1:3::1') ->> 'code', 'GC-011',
  'redeem_gift_card: another network → another visitor');

-- success and refusals that are no guess give the token back
-- address, code, beginning of the code, campaign and surface
select tests.keep('before', (select sum(taken) from private.attempt_buckets));
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem(tests.redemption_token(tests.the('second')), ip => '192.0.2.1') ->> 'outcome', 'ok',
  'redeem_gift_card: a code is redeemed');
select is((select sum(taken) from private.attempt_buckets), (tests.kept('before') #>> '{}')::bigint,
  '… a success takes no token');
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem(tests.redemption_token(tests.the('third')), tests.the('campaign'), ip => '192.0.2.1') ->> 'code', 'RB-400',
  'redeem_gift_card: a refusal that is not the visitor''s fault');
select is((select sum(taken) from private.attempt_buckets), (tests.kept('before') #>> '{}')::bigint,
  '… takes no token either');
select is(tests.redeem('WRONG-CODE-1', ip => '192.0.2.1') ->> 'code', 'GC-011', 'redeem_gift_card: a wrong code');
select is((select sum(taken) from private.attempt_buckets), (tests.kept('before') #>> '{}')::bigint + 5,
  '… takes one of each bucket');

-- the window ends
update private.attempt_buckets set window_starts_at = window_starts_at - interval '10 minutes';
select is(tests.redeem('GUESS-THIS-CODE', ip => '198.51.100.6') ->> 'code', 'GC-011',
  'redeem_gift_card: after ten minutes → the attempt is allowed again');

-- what is kept of all that
select is((select count(*)::int from public.redemption_attempts
  where code_fingerprint = private.fingerprint(private.canonical_code('GUESS-THIS-CODE'))), 7,
  'redeem_gift_card: every attempt is recorded, limited ones too');
select set_eq($$
  select outcome, code from public.redemption_attempts where surface = 'redeem-gift-card' and created_at = now() $$,
  $$ values ('refused', 'GC-011'), ('limited', 'RB-429'), ('succeeded', null), ('refused', 'RB-400') $$,
    '… with its outcome');
select is((select client_id from public.redemption_attempts where outcome = 'succeeded' and created_at = now() limit 1),
  tests.the('client'), 'redeem_gift_card: a valid code → its client is recorded');
select is_empty($$
  select from public.redemption_attempts a where created_at = now()
    and (a::text ~* '(guess|address-|203\.0\.113|198\.51|2001:db8)'
    or a.code_fingerprint !~ '^[0-9a-f]{64}$' or a.subject !~ '^[0-9a-f]{64}$') $$,
      'redeem_gift_card: codes and addresses are stored as fingerprints only');

select * from finish();
rollback;
