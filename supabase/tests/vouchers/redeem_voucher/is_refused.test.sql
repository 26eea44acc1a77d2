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
  'VC-001: a code that nobody has');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('foreign')), tests.kept('unknown'),
  'VC-001: a foreign client''s code reads the same');
select is(tests.redeem_voucher(tests.the('customer'), code => '🎁'), tests.kept('unknown'),
  'VC-001: so does what is no code');
select tests.keep('mine', tests.create_voucher(tests.the('client')));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('mine'), client_id => tests.create_client()),
  tests.kept('unknown'), 'VC-001: and a code of another client than the one named');
select tests.keep('suspended', tests.create_customer(tests.the('client')));
update public.memberships set suspended_at = now() where user_id = tests.the('suspended');
select is(tests.redeem_voucher(tests.the('suspended'), tests.the('mine')), tests.kept('unknown'),
  'VC-001: who is suspended belongs to nobody');

-- the voucher
select is(pg_temp.code('{"is_active": false}'), 'VC-003', 'VC-003: a voucher that is paused');
select is(pg_temp.code('{"starts_at": "2100-01-01"}'), 'VC-004', 'VC-004: a voucher that begins later');
select is((pg_temp.details('{"starts_at": "2100-01-01T00:00:00Z"}') ->> 'startsAt')::timestamptz,
  '2100-01-01T00:00:00Z', 'It says when');
select is(pg_temp.code('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}'), 'VC-005',
  'VC-005: a voucher that has expired');
select is(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01T00:00:00Z"}'),
  jsonb_build_object('expiredAt', '2020-02-01T00:00:00Z'::timestamptz, 'alternatives', '[]'::jsonb), 'It says since when');

-- what is offered instead
select tests.keep('offer', tests.create_voucher(tests.the('client'),
  '{"code": "OFFER-ME2", "is_public": true, "value": 7}'));
select tests.create_voucher(tests.the('client'), '{"is_public": true, "is_active": false}');
select tests.create_voucher(tests.the('client'), '{"is_public": true, "starts_at": "2100-01-01"}');
select tests.create_voucher(tests.the('client'), '{"is_public": true, "allowed_domains": ["elsewhere.example"]}');
select tests.create_voucher(tests.create_client(), '{"is_public": true}');
select is(jsonb_path_query_array(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}'),
  '$.alternatives[*].code'), '["OFFER-ME2"]',
  'It offers what everybody may know and he may redeem, and no other code');
select tests.redeem_voucher(tests.the('customer'), tests.the('offer'));
select is(pg_temp.details('{"starts_at": "2020-01-01", "expires_at": "2020-02-01"}') -> 'alternatives', '[]',
  'What he has had is offered no more');

select tests.keep('single', tests.create_voucher(tests.the('client'), '{"usage_limit": 1}'));
select tests.keep('quicker', tests.create_customer(tests.the('client')));
select tests.redeem_voucher(tests.the('quicker'), tests.the('single'));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('single')) - 'message',
  '{"outcome": "refused", "code": "VC-006", "details": {"alternatives": []}}', 'VC-006: a voucher that is used up');
select is(tests.redeem_voucher(tests.the('quicker'), tests.the('single')) ->> 'code', 'VC-007',
  'VC-007: who has used it up himself hears that');

-- the person
select is(pg_temp.code('{}', tests.create_user('call_agent', tests.the('client'))), 'VC-008',
  'VC-008: staff are no customers');
select is(pg_temp.code('{}', tests.create_user('dealer', tests.the('client'))), 'VC-008', 'VC-008: nor are dealers');
select is(pg_temp.code('{}', tests.create_user('agency_admin', tests.the('client'))), 'VC-008',
  'VC-008: nor are the agency''s admins');
select tests.keep('maker', tests.create_customer(tests.the('client'), email => 'm.aker+shop@gmail.com'));
select tests.keep('made', tests.create_voucher(tests.the('client'), created_by => tests.the('maker')));
select is(tests.redeem_voucher(tests.the('maker'), tests.the('made')) ->> 'code', 'VC-009',
  'VC-009: who made a voucher does not redeem it');
select is(tests.redeem_voucher(tests.create_customer(tests.the('client'), email => 'Maker@GoogleMail.com'), tests.the('made'))
  ->> 'code', 'VC-009', 'VC-009: not from another account either');
select is(pg_temp.code(format('{"owner_id": "%s", "owner_benefit": 5}', tests.the('customer'))), 'VC-009',
  'VC-009: nor does who profits from it');

-- dealers
select tests.keep('dealer', tests.create_user('dealer', tests.the('client')));
select tests.keep('his', tests.create_customer(tests.the('client'), dealer_id => tests.the('dealer')));
select is(pg_temp.code(format('{"dealer_id": "%s"}', tests.the('dealer'))), 'VC-010',
  'VC-010: a dealer''s voucher is for his customers');
select is(pg_temp.code(format('{"dealer_id": "%s"}', tests.the('dealer')), tests.the('his')), null,
  'who redeem it');
select is(pg_temp.code('{}', tests.the('his')), null, 'as they do the others');

-- corporate vouchers
select tests.keep('employee', tests.create_customer(tests.the('client'), email => 'Ada@Corp.example', phone => '12025550123'));
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}'), 'VC-011',
  'VC-011: a company''s voucher is for its people');
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}', tests.the('employee')), null,
  'who are known by the domain of their address');
update auth.users set email_confirmed_at = null where id = tests.the('employee');
select is(pg_temp.code('{"allowed_domains": ["corp.example"]}', tests.the('employee')), 'VC-011',
  'VC-011: an address that is not confirmed proves nothing');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550199"]}', tests.the('employee')), 'VC-011',
  'VC-011: a list is for who stands on it');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550123"]}', tests.the('employee')), null, 'by phone');
update auth.users set phone_confirmed_at = null where id = tests.the('employee');
select is(pg_temp.code('{"allowed_customers": ["phone:+12025550123"]}', tests.the('employee')), 'VC-011',
  'VC-011: a phone that is not confirmed proves nothing');
select is(pg_temp.code(format('{"allowed_customers": ["user:%s"]}', tests.the('employee')), tests.the('employee')), null,
  'or by account');

-- the purchase
select tests.keep('package', tests.create_package(tests.the('client'), price => 29.99));
select tests.keep('large', tests.create_voucher(tests.the('client'),
  '{"type": "percentage", "value": 20, "minimum_purchase": 30}'));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('large'), package_id => tests.the('package')) - 'message',
  '{"outcome": "refused", "code": "VC-014", "details": {"price": 29.99, "minimumPurchase": 30.00}}', 'VC-014: the package costs too little');
select tests.keep('other', tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'percentage', 'value', 20,
  'package_id', tests.create_package(tests.the('client')))));
select is(tests.redeem_voucher(tests.the('customer'), tests.the('other'), package_id => tests.the('package')) - 'message',
  jsonb_build_object('outcome', 'refused', 'code', 'VC-013', 'details', jsonb_build_object('packageId', (
    select package_id from public.vouchers where id = tests.the('other')))), 'VC-013: the voucher is for another package, which is named');
select is(tests.redeem_voucher(tests.the('customer'), tests.the('large'), package_id => gen_random_uuid()) ->> 'code',
  'VC-013', 'VC-013: nor is it for one that does not exist');

-- what stays
select is((select count(*)::int from public.voucher_usage where user_id = tests.the('customer')), 1,
  'Only what was redeemed is in his history');
select is((select count(*)::int from public.voucher_redemption_attempts
  where user_id = tests.the('customer') and outcome = 'refused'), 18, 'but every try is recorded');
select is((select distinct client_id from public.voucher_redemption_attempts
  where user_id = tests.the('customer') and error_code = 'VC-001'), tests.the('client'),
  'A wrong code is told to the client whose customer tried it');
select is_empty($$ select from private.voucher_identities i where i.voucher_id = tests.the('large') $$,
  'Nobody is counted for a refusal');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
