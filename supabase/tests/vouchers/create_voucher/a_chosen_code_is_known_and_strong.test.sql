begin;
set local search_path = public, extensions, tests;
select no_plan();

select tests.keep('client', tests.create_client());
select tests.keep('offer', tests.create_package(tests.the('client')));
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
create function pg_temp.make(code text, type text default 'credit') returns text language plpgsql as $$
begin
  return (public.create_voucher(tests.the('client'), jsonb_strip_nulls(jsonb_build_object('code', code, 'type', type,
    'value', case when type <> 'package' then 20 end, 'packageId', case when type = 'package' then tests.the('offer') end))
    || '{"usageLimit": null}')).code;
exception when others then
  return sqlstate;
end $$;

select is(pg_temp.make(code), 'RB400', 'create_voucher: a code with a character that no code has → RB-400: ' || code)
from unnest(array['СКИДКА-2027', '🎁🎁2028', 'SALE-МОСКВА', '=HYPERLINK("https://x.example")', '+SAVE2027', '-SAVE-2027', '@SAVE2027',
  'SAVE(2027)', 'SAVE;2027', 'SAVE"2027"', 'SAVE_2027']) code;
select is(pg_temp.make(code, type), made, format('create_voucher: %s for a %s voucher without limit → %s', code, type, made)) from (values
  ('1234', 'credit', 'RB400'), ('1234', 'percentage', 'RB400'), ('SAVE10', 'credit', 'RB400'), ('SAVE10', 'message', 'RB400'),
  ('SAVE10', 'package', 'RB400'), ('123456789012', 'credit', 'RB400'), ('AB', 'percentage', 'RB400'), ('SAVE-10', 'percentage', 'SAVE-10'),
  ('vip', 'percentage', 'VIP'), ('Welcome-20', 'credit', 'WELCOME-20'), ('Welcome-21', 'message', 'WELCOME-21'),
  ('Welcome-22', 'package', 'WELCOME-22')) as t (code, type, made);
select is(pg_temp.make('save10', 'percentage'), 'VC018', 'create_voucher: save10 beside SAVE-10 → VC-018');
select is(pg_temp.make(E'\u00a0CAFÉ\u20112027\u200b'), 'CAFÉ-2027', 'create_voucher: odd spaces and dashes → a plain code');
select is(pg_temp.make('CAFE 2027'), 'VC018', 'create_voucher: CAFE 2027 beside CAFÉ-2027 → VC-018');
select throws_ok(format('select public.create_vouchers(tests.the(''client''), 5, %L, %L)', '{"type": "credit", "value": 5}', pattern), 'RB400', null,
  'create_vouchers: a pattern that is no code → RB-400: ' || left(pattern, 12))
from unnest(array['абв-****-****', '=****-****-****', repeat('*', 513), repeat('*', 65), '']) pattern;
select tests.sign_out();

-- direct writes to the table cannot create a weak code, either
select throws_ok($$ select tests.create_voucher(tests.the('client'), '{"code": "SAVE10"}') $$, '23514', null,
  'vouchers: a short code that gives bizcoins → refused by the table');
select throws_ok($$ select tests.create_voucher(tests.the('client'), '{"code": "СКИДКА-2027"}') $$, '23502', null,
  'vouchers: a code without a form → refused by the table');

-- typed
select is(tests.redeem_voucher(tests.the('customer'), code => typed) ->> 'code', 'VC-001', 'redeem_voucher: ' || typed || ' → VC-001')
from unnest(array['2027', 'SALE', 'СКИДКА-2027', 'САFE-2027', '🎁CAFE2027', 'CAFE2027%']) typed;
select is((select count(distinct code_fingerprint)::int from public.redemption_attempts where subject = tests.the('customer')::text
  and code = 'VC-001'), 6, 'redeem_voucher: each unknown text → an attempt with its own fingerprint');
select is((select taken from private.attempt_buckets where kind = 'user' and key = tests.the('customer')::text), 6,
  'redeem_voucher: an unknown text → takes one of the customer''s attempts');
select is(tests.validate_voucher(tests.the('customer'), code => 'СКИДКА-2027') ->> 'code', 'VC-001', 'validate_voucher: СКИДКА-2027 → VC-001');
select is(tests.redeem_voucher(tests.the('customer'), code => '  cafe  2027') ->> 'outcome', 'ok', 'redeem_voucher: cafe 2027 → CAFÉ-2027');

select * from finish();
rollback;
