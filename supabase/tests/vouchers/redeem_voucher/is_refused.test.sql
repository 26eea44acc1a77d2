-- Each reason once. Nothing of a refused redemption stays but its attempt.
begin;
set local search_path = public, extensions, tests;
select plan(38);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
create function pg_temp.code(terms text, actor uuid default tests.the('customer')) returns text language sql as $$
  select tests.redeem_voucher(actor, tests.create_voucher(tests.the('client'), terms::jsonb)) ->> 'code'
$$;
create function pg_temp.details(terms text, actor uuid default tests.the('customer')) returns jsonb language sql as $$
  select tests.redeem_voucher(actor, tests.create_voucher(tests.the('client'), terms::jsonb)) -> 'details'
$$;

-- unknown and foreign
select tests.keep('foreign', tests.create_voucher(tests.create_client()));
select tests.keep('unknown', tests.redeem_voucher(tests.the('customer'), code => 'NOBODY-HAS-THIS'));
select is(tests.kept('unknown') - 'message', '{"outcome": "refused", "code": "VC-001", "details": {}}',
  'redeem_voucher: an unknown code → VC-001');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('foreign')), tests.kept('unknown'),
  'redeem_voucher: another tenant''s code → the answer for an unknown code');
select is(tests.redeem_voucher(tests.the('customer'), code => '🎁'), tests.kept('unknown'),
  'redeem_voucher: no valid code → the answer for an unknown code');
select tests.keep('mine', tests.create_voucher(tests.the('client')));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('mine'), client_id => tests.create_client()),
  tests.kept('unknown'), 'redeem_voucher: a code of another client than the one named → the answer for an unknown code');
select tests.keep('suspended', tests.create_customer(tests.the('client')));
update public.memberships set suspended_at = now() where user_id = tests.the('suspended');
select is(tests.redeem_voucher(tests.the('suspended'), tests.the('mine')), tests.kept('unknown'),
  'redeem_voucher: a suspended customer → the answer for an unknown code');

-- the voucher
select is(pg_temp.code('{"is_active": false}'), 'VC-003', 'redeem_voucher: a paused voucher → VC-003');
select is(pg_temp.code('{"starts_at": "2100-01-01"}'), 'VC-004', 'redeem_voucher: a voucher that starts later → VC-004');
select is((pg_temp.details('{"starts_at": "2100-01-01T00:00:00Z"}') ->> 'startsAt')::timestamptz,
  '2100-01-01T00:00:00Z', '… with the start');
select is(pg_temp.code('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}'), 'VC-005',
  'redeem_voucher: an expired voucher → VC-005');
select is(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01T00:00:00Z"}'),
  jsonb_build_object('expiredAt', '2020-02-01T00:00:00Z'::timestamptz, 'alternatives', '[]'::jsonb), '… with its end');

-- what is offered instead
select tests.keep('offer', tests.create_voucher(tests.the('client'),
  '{"code": "OFFER-ME2", "is_public": true, "value": 7}'));
select tests.create_voucher(tests.the('client'), '{"is_public": true, "is_active": false}');
select tests.create_voucher(tests.the('client'), '{"is_public": true, "starts_at": "2100-01-01"}');
select tests.create_voucher(tests.the('client'), '{"is_public": true, "allowed_domains": ["elsewhere.example"]}');
select tests.create_voucher(tests.create_client(), '{"is_public": true}');
select is(jsonb_path_query_array(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}'),
  '$.alternatives[*].code'), '["OFFER-ME2"]',
  '… with public vouchers that this customer may redeem, and no other code');
select tests.redeem_voucher(tests.the('customer'), tests.the('offer'));
select is(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}') -> 'alternatives', '[]',
  '… without those they have redeemed');

select tests.keep('single', tests.create_voucher(tests.the('client'), '{"usage_limit": 1}'));
select tests.keep('quicker', tests.create_customer(tests.the('client')));
select tests.redeem_voucher(tests.the('quicker'), tests.the('single'));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('single')) - 'message',
  '{"outcome": "refused", "code": "VC-006", "details": {"alternatives": []}}', 'redeem_voucher: a used-up voucher → VC-006');
select is(tests.redeem_voucher(tests.the('quicker'), tests.the('single')) ->> 'code', 'VC-007',
  'redeem_voucher: the customer who used it up → VC-007');

-- the person
select is(pg_temp.code('{}', tests.create_user('call_agent', tests.the('client'))), 'VC-008',
  'redeem_voucher: staff → VC-008');
select is(pg_temp.code('{}', tests.create_user('dealer', tests.the('client'))), 'VC-008', 'redeem_voucher: a dealer → VC-008');
select is(pg_temp.code('{}', tests.create_user('agency_admin', tests.the('client'))), 'VC-008',
  'redeem_voucher: an agency admin → VC-008');
select tests.keep('maker', tests.create_customer(tests.the('client'), email => 'm.aker+shop@gmail.com'));
select tests.keep('made', tests.create_voucher(tests.the('client'), created_by => tests.the('maker')));
select is(tests.redeem_voucher(tests.the('maker'), tests.the('made')) ->> 'code', 'VC-009',
  'redeem_voucher: the creator → VC-009');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), email => 'Maker@GoogleMail.com'), tests.the('made'))
  ->> 'code', 'VC-009', '… from another account, too');
select is(pg_temp.code(format('{"owner_id": "%s", "owner_benefit": 5}', tests.the('customer'))), 'VC-009',
  'redeem_voucher: the owner → VC-009');

-- dealers
select tests.keep('dealer', tests.create_user('dealer', tests.the('client')));
select tests.keep('his', tests.create_customer(tests.the('client'), dealer_id => tests.the('dealer')));
select is(pg_temp.code(format('{"dealer_id": "%s"}', tests.the('dealer'))), 'VC-010',
  'redeem_voucher: a dealer''s voucher, a customer of another dealer → VC-010');
select is(pg_temp.code(format('{"dealer_id": "%s"}', tests.the('dealer')), tests.the('his')), null,
  '… the dealer''s customers redeem it');
select is(pg_temp.code('{}', tests.the('his')), null, '… and vouchers without a dealer');

-- corporate vouchers
select tests.keep('employee', tests.create_customer(tests.the('client'), email => 'Ada@Corp.example', phone => '12025550123'));
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}'), 'VC-011',
  'redeem_voucher: a company''s voucher, another domain → VC-011');
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}', tests.the('employee')), null,
  '… an address of the domain → ok');
update auth.users set email_confirmed_at = null where id = tests.the('employee');
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}', tests.the('employee')), 'VC-011',
  '… an unconfirmed address → VC-011');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550199"]}', tests.the('employee')), 'VC-011',
  'redeem_voucher: a listed voucher, not on the list → VC-011');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550123"]}', tests.the('employee')), null, '… listed by phone → ok');
update auth.users set phone_confirmed_at = null where id = tests.the('employee');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550123"]}', tests.the('employee')), 'VC-011',
  '… an unconfirmed phone → VC-011');
select is(pg_temp.code(format('{"allowed_customers": ["user:%s"]}', tests.the('employee')), tests.the('employee')), null,
  '… listed by account → ok');

-- the purchase
select tests.keep('package', tests.create_package(tests.the('client'), price => 29.99));
select tests.keep('large', tests.create_voucher(tests.the('client'),
  '{"type": "percentage", "value": 20, "minimum_purchase": 30}'));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('large'), package_id => tests.the('package')) - 'message',
  '{"outcome": "refused", "code": "VC-014", "details": {"price": 29.99, "minimumPurchase": 30.00}}',
    'redeem_voucher: a package below the minimum purchase → VC-014');
select tests.keep('other', tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'percentage', 'value', 20,
  'package_id', tests.create_package(tests.the('client')))));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('other'), package_id => tests.the('package')) - 'message',
  jsonb_build_object('outcome', 'refused', 'code', 'VC-013', 'details', jsonb_build_object('packageId', (
    select package_id from public.vouchers where id = tests.the('other')))), 'redeem_voucher: a voucher for another package → VC-013, with its id');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('large'), package_id => gen_random_uuid()) ->> 'code',
  'VC-013', 'redeem_voucher: an unknown package → VC-013');

-- what stays
select is((select count(*)::int from public.voucher_usage where user_id = tests.the('customer')), 1,
  'redeem_voucher: the history has redeemed vouchers only');
select is((select count(*)::int from public.voucher_redemption_attempts
  where user_id = tests.the('customer') and outcome = 'refused'), 18, '… but every attempt is recorded');
select is((select distinct client_id from public.voucher_redemption_attempts
  where user_id = tests.the('customer') and error_code = 'VC-001'), tests.the('client'),
  'redeem_voucher: a wrong code is recorded for the client of the customer');
select is_empty($$ select from private.voucher_identities i where i.voucher_id = tests.the('large') $$,
  'redeem_voucher: a refusal counts for no person');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
