begin;
set local search_path = public, extensions, tests;
select plan(58);

select tests.keep('client', tests.create_client('America/New_York'));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('dealer', tests.create_user('dealer', tests.the('client')));
select tests.keep('owner', tests.create_customer(tests.the('client')));
create function pg_temp.make(terms text) returns public.vouchers language sql as $$
  select public.create_voucher(tests.the('client'), terms::jsonb)
$$;
grant execute on function pg_temp.make to authenticated;

-- one
select tests.sign_in(tests.the('admin'));
select tests.keep('made', to_jsonb(pg_temp.make('{"code": " spring-26 ", "type": "credit", "value": 50, "usageLimit": 100,
  "startsAt": "2026-03-01", "expiresAt": "2100-03-31", "description": "Spring", "isPublic": true}')));
select is(tests.kept('made') ->> 'code', 'SPRING-26', 'A code may be chosen');
select is((tests.kept('made') ->> 'starts_at')::timestamptz, '2026-03-01 05:00Z', 'A day begins where the client is');
select is((tests.kept('made') ->> 'expires_at')::timestamptz, '2100-04-01 04:00Z', 'and ends there');
select is((tests.kept('made') ->> 'created_by')::uuid, tests.the('admin'), 'Who made it stands in it');
select matches((pg_temp.make('{"type": "credit", "value": 5}')).code, '^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$',
  'Else a code is drawn');
select is((pg_temp.make('{"type": "credit", "value": 5}')).usage_limit, 1, 'for one use');
select is((pg_temp.make('{"type": "credit", "value": 5, "usageLimit": null}')).usage_limit, null, 'unless it says: no limit');
select is((pg_temp.make('{"type": "percentage", "value": 12.5}')).entitlement_days, 90, 'A discount lasts ninety days');
select row_eq($$ select v.owner_benefit, v.allowed_domains, v.allowed_customers from pg_temp.make(format(
  '{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 3, "allowedDomains": ["Corp.example"],
    "allowedCustomers": ["A.da+x@gmail.com", "+1 202 555 0100"]}', tests.the('owner'))) v $$,
  row(3.00, '{corp.example}'::text[], '{email:ada@gmail.com,phone:+12025550100}'::text[]),
  'Owner, domains and list are kept, each contact in one form');

select throws_ok($$ select pg_temp.make('{"code": "SPRING26", "type": "credit", "value": 5}') $$, 'VC018', null,
  'VC-018: a code stands once for a client, however it is written');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": 5, "usagelimit": 1}') $$, 'RB400', null,
  'RB-400: a field that does not exist');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 1}',
  tests.the('dealer'))) $$, 'RB400', null, 'RB-400: an owner is a customer');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', tests.the('owner'))) $$,
  'RB400', null, 'RB-400: a dealer is a dealer');

-- what cannot be
select throws_like($$ select pg_temp.make('{"type": "gift", "value": 5}') $$, 'type must be one of%', 'No other type');
select throws_like($$ select pg_temp.make('{"type": "credit"}') $$, '%: value fits type', 'No credit without a value');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 1.5}') $$, 'value must be a whole number', 'No half bizcoins');
select throws_like($$ select pg_temp.make('{"type": "percentage", "value": 101}') $$, 'value must be from 0.01 to 100',
  'No more than the whole price');
select throws_like($$ select pg_temp.make('{"type": "package"}') $$, '%: package fits type', 'No package without one');
select throws_like($$ select pg_temp.make(format('{"type": "package", "packageId": "%s"}', gen_random_uuid())) $$,
  '%: package is of the client', 'nor with a foreign one');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "entitlementDays": 5}') $$,
  '%: percentages become entitlements', 'Only discounts last');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "minimumPurchase": 5}') $$,
  '%: minimum purchase is of percentages', 'Only discounts are for a purchase');
select throws_like($$ select pg_temp.make('{"type": "percentage", "value": 5, "entitlementDays": 0}') $$,
  'entitlementDays must be from 1 to 3650', 'and last a while');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "usageLimit": 0}') $$,
  'usageLimit must be from 1 to 1000000000', 'create_voucher: usageLimit 0 → RB-400');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "expiresAt": "2020-01-01"}') $$,
  '%: end after they start', 'An end comes after the beginning');
select throws_like($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s"}', tests.the('owner'))) $$,
  '%: owners have a benefit', 'An owner gets something');
select throws_like($$ select pg_temp.make(format(
  '{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": -1}', tests.the('owner'))) $$,
  'ownerBenefit must be from 1 to 1000000000', 'and loses nothing');
select throws_like($$ select pg_temp.make('{"code": "A-1", "type": "credit", "value": 5}') $$,
  '%that gives money or units has at least 8%', 'A code that gives money has eight signs at least');

select throws_ok($$ select pg_temp.make('{"type": "gift", "value": 5}') $$, 'RB400', null, 'RB-400: each of them is a slip, and no bug');
select throws_ok($$ select pg_temp.make('{"value": 5}') $$, 'RB400', 'type must be one of message, credit, package, percentage', 'What is missing is named');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": "five"}') $$, 'RB400',
  'value must be a number such as 25 or 25.50', 'So is what cannot be read');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 10, '{"type": "credit", "value": -5}') $$, 'RB400',
  'value must be from 1 to 1000000000', 'Many at once are no exception');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": 5, "allowedCustomers": ["ada@example.com", "Bob"]}') $$, 'RB400',
  'allowedCustomers.1 must be an id, an e-mail address or a phone number', 'create_voucher: a name in allowedCustomers → RB-400');
select is((pg_temp.make('{"type": "credit", "value": 5, "allowedDomains": ["@Corp.example"]}')).allowed_domains, '{corp.example}',
  'A domain may be written with its sign');
select is((pg_temp.make('{"type": "credit", "value": 5, "allowedCustomers": ["(202) 555-0100", "+47 12 34 56 78", "12025550101"]}'))
  .allowed_customers, '{phone:+12025550100,phone:+4712345678,phone:+12025550101}', 'A phone without a country code is of the US');

-- many
select tests.keep('batch', public.create_vouchers(tests.the('client'), 1000, '{"type": "credit", "value": 5}', 'XMAS-****-****'));
select is((tests.kept('batch') ->> 'created')::int, 1000, 'A thousand in one call');
select is((select count(distinct c)::int from jsonb_array_elements_text(tests.kept('batch') -> 'codes') c
  where c ~ '^XMAS-[2-9A-Z]{4}-[2-9A-Z]{4}$'), 1000, 'with as many codes of the pattern');
select is((select count(*)::int from public.vouchers where batch_id = (tests.kept('batch') ->> 'batchId')::uuid), 1000,
  'which all stand in one batch');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 1000, '{"type": "credit", "value": 5}', 'XMAS-***') $$,
  'RB400', null, 'RB-400: a pattern that leaves too few wrong codes');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 100001, '{"type": "credit", "value": 5}') $$, 'RB413', null,
  'RB-413: more than a hundred thousand');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 0, '{"type": "credit", "value": 5}') $$, 'RB413', null,
  'RB-413: or none');

-- changing and ending
select tests.keep('id', tests.kept('made') -> 'id');
select is((public.update_voucher(tests.the('id'), '{"isActive": false}')).is_active, false, 'A voucher is paused');
select is((public.update_voucher(tests.the('id'), '{"isActive": true, "usageLimit": 2, "expiresAt": null}')).usage_limit, 2,
  'resumed, and changed');
select tests.sign_out();
select tests.redeem_voucher(tests.create_customer(tests.the('client')), tests.the('id')) from generate_series(1, 2);
select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"usageLimit": 1}') $$, 'RB400', null,
  'RB-400: a limit below what is used');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"value": 1}') $$, 'RB400', null,
  'RB-400: what a voucher brings does not change');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"perCustomerLimit": 0}') $$, 'RB400',
  'perCustomerLimit must be from 1 to 1000000000', 'A change breaks no rule');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"expiresAt": "soon"}') $$, 'RB400',
  'expiresAt must be a day such as 2027-12-31 or a moment such as 2027-12-31T18:00:00Z', 'and is readable');
select is((public.expire_voucher(tests.the('id'), 'over')).expires_at, now(), 'A voucher is ended');
select is(array(select action from public.audit_events where subject_id = tests.the('id') order by id),
  '{voucher.created,voucher.updated,voucher.updated,voucher.redeemed,voucher.redeemed,voucher.expired}', 'All of it is audited');

-- lists and reports
-- by state: the thousand of the batch are as new as the others, and a page holds no more
select is(array(select distinct l.state from unnest(array['active', 'expired', 'paused']) s, public.list_vouchers(tests.the('client'), s) l
  order by l.state), '{active,expired}', 'A list tells the state');
select row_eq($$ select l.usage_count, l.rolled_back, l.last_used_at from public.list_vouchers(tests.the('client'), 'expired') l $$,
  row(2, 0::bigint, now()), 'and the use of each');
select results_eq($$
  with first as (select l.id, row_number() over () as n from public.list_vouchers(tests.the('client'), search => 'xmas', page_size => 600) l)
  select (select count(*) from first), (select count(*) from public.list_vouchers(tests.the('client'), search => 'xmas',
    page_size => 600, after_id => (select id from first where n = 600)) l where l.id not in (select id from first)) $$,
  $$ values (600::bigint, 400::bigint) $$, 'A page ends where the next begins');
select is(public.report_voucher_usage(tests.the('client')) -> 'byType', '[{"type": "credit", "redemptions": 2, "vouchers": 1,
  "customers": 2, "benefit": 100.00, "discounts": {}, "ownerBenefit": 0, "rolledBack": 0, "takenBack": 0}]', 'A report sums up by type');
select is(public.report_voucher_usage(tests.the('client')) -> 'attempts', '{"succeeded": 2}', 'and how tries ended');
select is((public.report_voucher_usage(tests.the('client')) ->> 'redemptionRate')::numeric,
  round(1.0 / (select count(*) from public.vouchers where client_id = tests.the('client')), 4), 'and the redemption rate');

-- a dealer
select tests.sign_in(tests.the('dealer'));
select is((pg_temp.make('{"type": "credit", "value": 5}')).dealer_id, tests.the('dealer'), 'A dealer''s voucher is his customers''');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 1}',
  tests.the('owner'))) $$, 'RB400', null, 'RB-400: he names no owner');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', gen_random_uuid())) $$, 'RB400',
  'dealerId must be your own id, or left out', 'create_voucher: a dealer names another one → RB-400');
select is((pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', tests.the('dealer')))).dealer_id, tests.the('dealer'),
  'create_voucher: a dealer with their own dealerId → ok');

select * from finish();
rollback;
