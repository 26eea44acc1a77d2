begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('good', tests.create_voucher(tests.the('client'), '{"usage_limit": 3}'));
select tests.keep('answer', tests.validate_voucher(tests.the('customer'), tests.the('good')) -> 'result');
select is(tests.kept('answer') - 'rules', jsonb_build_object('valid', true, 'clientId', tests.the('client'),
  'benefit', jsonb_build_object('type', 'credit', 'value', 50.00), 'expiresAt', null), 'validate_voucher: a redeemable voucher → valid');
select is(jsonb_path_query_array(tests.kept('answer'), '$.rules[*].rule'),
  '["role", "active", "started", "not_expired", "once_per_customer", "usage_limit", "not_the_creator", "dealer",
    "allowed_customers"]', '… every rule is named');
select is(jsonb_path_query_first(tests.kept('answer'), '$.rules[*] ? (@.rule == "usage_limit")'),
  '{"rule": "usage_limit", "passed": true, "actual": 0, "required": 3, "code": null, "message": null}',
  '… with its actual and required value');
select is_empty($$ select from public.voucher_usage where voucher_id = tests.the('good') $$, '… nothing is redeemed');
select is((select usage_count from public.vouchers where id = tests.the('good')), 0, '… nothing is counted');

-- everything that can be wrong at once
select tests.keep('bad', tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'message', 'value', 5,
  'is_active', false, 'starts_at', '2020-01-01', 'expires_at', '2020-02-01', 'usage_limit', 1,
  'dealer_id', tests.create_user('dealer', tests.the('client')), 'allowed_domains', '{corp.example}'),
  created_by => tests.the('customer')));
update public.vouchers set usage_count = 1 where id = tests.the('bad');
insert into private.voucher_identities select tests.the('bad'), unnest(private.identities_of(tests.the('customer'))), 1;
update public.memberships set role = 'dealer' where user_id = tests.the('customer');
select tests.keep('answer', tests.validate_voucher(tests.the('customer'), tests.the('bad')) -> 'result');
select is(jsonb_path_query_array(tests.kept('answer'), '$.rules[*] ? (@.passed == false).code'),
  '["VC-008", "VC-003", "VC-005", "VC-007", "VC-006", "VC-009", "VC-010", "VC-011", "VC-012"]',
  'validate_voucher: every failed rule is named, with its code');
select is(tests.kept('answer') -> 'valid', 'false', '… not valid');
select is((select error_code from public.voucher_redemption_attempts where surface = 'validate-voucher'
  and user_id = tests.the('customer') order by id desc limit 1), 'VC-008', '… the attempt is recorded with the first of them');

-- a purchase in mind
select tests.keep('buyer', tests.create_customer(tests.the('client')));
select tests.keep('percentage', tests.create_voucher(tests.the('client'),
  '{"type": "percentage", "value": 20, "minimum_purchase": 50}'));
select is(jsonb_path_query_first(tests.validate_voucher(tests.the('buyer'), tests.the('percentage'),
    package_id => tests.create_package(tests.the('client'), price => 49)), '$.result.rules[*] ? (@.rule == "minimum_purchase")'),
  '{"rule": "minimum_purchase", "passed": false, "actual": 49.00, "required": 50.00, "code": "VC-014",
    "message": "The purchase is too small for the voucher"}', 'validate_voucher: a purchase below the minimum → its price, and the minimum');

-- no oracle
select is(tests.validate_voucher(tests.the('buyer'), code => 'NOBODY-HAS-THIS'),
  tests.redeem_voucher(tests.the('buyer'), code => 'NOBODY-HAS-THIS'), 'validate_voucher: an unknown code → the error of redeem_voucher');
select is(tests.validate_voucher(tests.the('buyer'), tests.create_voucher(tests.create_client())),
  tests.validate_voucher(tests.the('buyer'), code => 'NOBODY-HAS-THIS'), 'validate_voucher: another tenant''s code → the same error');

select * from finish();
rollback;
