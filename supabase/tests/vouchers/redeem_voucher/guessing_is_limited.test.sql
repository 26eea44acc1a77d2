begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('voucher', tests.create_voucher(tests.the('client')));

-- by account: ten wrong codes in ten minutes, of both functions together
select count(tests.redeem_voucher(tests.the('customer'), code => 'GUESS-' || n, ip => '198.51.100.' || n)) from generate_series(1, 6) n;
select count(tests.validate_voucher(tests.the('customer'), code => 'GUESS-' || n, ip => '198.51.100.' || n)) from generate_series(7, 10) n;
select tests.keep('limited', tests.redeem_voucher(tests.the('customer'), code => 'GUESS-11', ip => '198.51.100.11'));
select is(tests.kept('limited') ->> 'code', 'RB-429', 'redeem_voucher: the eleventh wrong code of an account → RB-429');
select cmp_ok((tests.kept('limited') #>> '{details,retryAfter}')::int, '>=', 1, '… with the seconds to wait');
select is(tests.validate_voucher(tests.the('customer'), tests.the('voucher'), ip => '198.51.100.12') ->> 'code', 'RB-429',
  'validate_voucher: → the same limit');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('voucher'), ip => '198.51.100.13') ->> 'code', 'RB-429',
  'redeem_voucher: limited, with a valid code → the same RB-429');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client')), tests.the('voucher'), ip => '198.51.100.13')
  ->> 'outcome', 'ok', 'redeem_voucher: other accounts are not limited');

-- by address: twenty, for any account
select count(tests.redeem_voucher(tests.create_customer(tests.the('client')), code => 'GUESS-' || n, ip => '203.0.113.9')) from generate_series(1, 20) n;
select is(tests.redeem_voucher(tests.create_customer(tests.the('client')), tests.the('voucher'), ip => '203.0.113.9') ->> 'code',
  'RB-429', 'redeem_voucher: the twenty-first wrong code of an address → RB-429');

-- what costs nothing
select tests.keep('before', (select sum(taken) from private.attempt_buckets where kind in ('ip', 'user')));
select tests.keep('honest', tests.create_customer(tests.the('client')));
select count(tests.redeem_voucher(tests.the('honest'), tests.the('voucher'), ip => '192.0.2.1')) from generate_series(1, 12);
select is(tests.redeem_voucher(tests.the('honest'), tests.the('voucher'), ip => '192.0.2.1') ->> 'code', 'VC-007',
  'redeem_voucher: a repeated valid code → not limited');
select tests.validate_voucher(tests.the('honest'), tests.the('voucher'), ip => '192.0.2.1');
select is((select sum(taken) from private.attempt_buckets where kind in ('ip', 'user')), (tests.kept('before') #>> '{}')::bigint,
  'redeem_voucher: a success or a refusal of a valid code → takes no token');
select is(tests.redeem_voucher(tests.the('honest'), code => 'WRONG-CODE', ip => '192.0.2.1') ->> 'code', 'VC-001', 'redeem_voucher: a wrong code');
select is((select sum(taken) from private.attempt_buckets where kind in ('ip', 'user')), (tests.kept('before') #>> '{}')::bigint + 2,
  '… takes one of the account''s and one of the address''s');

-- a code that many have heard of
select count(tests.redeem_voucher(tests.create_customer(tests.the('client')), code => 'OLD-ADVERT', ip => '198.18.0.' || n)) from generate_series(1, 51) n;
select is((select count(*)::int from public.system_alerts where alert_type = 'redemption_burst' and created_at = now()
  and subject = 'redeem-voucher:' || tests.the('client') and metadata -> 'kinds' ? 'code'), 1, 'redeem_voucher: one wrong code from many addresses → alert');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client')), code => 'OLD-ADVERT', ip => '198.18.1.1') ->> 'code',
  'VC-001', 'redeem_voucher: the same code again → VC-001, not limited');

-- the window ends
update private.attempt_buckets set window_starts_at = window_starts_at - interval '10 minutes';
select is(tests.redeem_voucher(tests.the('customer'), tests.the('voucher')) ->> 'outcome', 'ok',
  'redeem_voucher: after ten minutes → the attempt is allowed again');

-- what is kept of all that
select is((select count(*)::int from public.voucher_redemption_attempts where user_id = tests.the('customer')), 14,
  'redeem_voucher: every attempt is recorded, limited ones too');
select is_empty($$
  select from public.redemption_attempts a where created_at = now()
    and (a::text ~* '(guess|198\.51|203\.0|old-adv)' or a.code_fingerprint !~ '^[0-9a-f]{64}$') $$,
  'redeem_voucher: codes are stored as fingerprints, addresses not at all');

select * from finish();
rollback;
