begin;
set local search_path = public, extensions, tests;
select plan(62);

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
select is(tests.kept('made') ->> 'code', 'SPRING-26', 'create_voucher: a chosen code → kept');
select is((tests.kept('made') ->> 'starts_at')::timestamptz, '2026-03-01 05:00Z', 'create_voucher: a day begins in the client''s time zone');
select is((tests.kept('made') ->> 'expires_at')::timestamptz, '2100-04-01 04:00Z', '… and ends there');
select is((tests.kept('made') ->> 'created_by')::uuid, tests.the('admin'), '… the creator is stored');
select matches((pg_temp.make('{"type": "credit", "value": 5}')).code, '^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$',
  'create_voucher: no code → drawn');
select is((pg_temp.make('{"type": "credit", "value": 5}')).usage_limit, 1, '… for one use');
select is((pg_temp.make('{"type": "credit", "value": 5, "usageLimit": null}')).usage_limit, null, 'unless it says: no limit');
select is((pg_temp.make('{"type": "percentage", "value": 12.5}')).entitlement_days, 90, 'create_voucher: a discount → lasts ninety days');
select row_eq($$ select v.owner_benefit, v.allowed_domains, v.allowed_customers from pg_temp.make(format(
  '{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 3, "allowedDomains": ["Corp.example"],
    "allowedCustomers": ["A.da+x@gmail.com", "+1 202 555 0100"]}', tests.the('owner'))) v $$,
  row(3.00, '{corp.example}'::text[], '{email:ada@gmail.com,phone:+12025550100}'::text[]),
  'create_voucher: owner, domains and list are kept, each contact in canonical form');

select throws_ok($$ select pg_temp.make('{"code": "SPRING26", "type": "credit", "value": 5}') $$, 'VC018', null,
  'create_voucher: a code that the client has, in any notation → VC-018');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": 5, "usagelimit": 1}') $$, 'RB400', null,
  'create_voucher: an unknown field → RB-400');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 1}',
  tests.the('dealer'))) $$, 'RB400', null, 'create_voucher: an owner who is no customer → RB-400');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', tests.the('owner'))) $$,
  'RB400', null, 'create_voucher: a dealer who is no dealer → RB-400');

-- what cannot be
select throws_like($$ select pg_temp.make('{"type": "gift", "value": 5}') $$, 'type must be one of%', 'create_voucher: an unknown type → refused');
select throws_like($$ select pg_temp.make('{"type": "credit"}') $$, '%: value fits type', 'create_voucher: credit without a value → refused');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 1.5}') $$, 'value must be a whole number', 'create_voucher: half bizcoins → refused');
select throws_like($$ select pg_temp.make('{"type": "percentage", "value": 101}') $$, 'value must be from 0.01 to 100',
  'create_voucher: more than 100 % → refused');
select throws_like($$ select pg_temp.make('{"type": "package"}') $$, '%: package fits type', 'create_voucher: a package type without a package → refused');
select throws_like($$ select pg_temp.make(format('{"type": "package", "packageId": "%s"}', gen_random_uuid())) $$,
  '%: package is of the client', '… or with another client''s');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "entitlementDays": 5}') $$,
  '%: percentages become entitlements', 'create_voucher: a duration for what is no discount → refused');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "minimumPurchase": 5}') $$,
  '%: minimum purchase is of percentages', 'create_voucher: a minimum purchase for what is no discount → refused');
select throws_like($$ select pg_temp.make('{"type": "percentage", "value": 5, "entitlementDays": 0}') $$,
  'entitlementDays must be from 1 to 3650', 'create_voucher: a duration of zero → refused');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "usageLimit": 0}') $$,
  'usageLimit must be from 1 to 1000000000', 'create_voucher: usageLimit 0 → RB-400');
select throws_like($$ select pg_temp.make('{"type": "credit", "value": 5, "expiresAt": "2020-01-01"}') $$,
  '%: end after they start', 'create_voucher: an end before the start → refused');
select throws_like($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s"}', tests.the('owner'))) $$,
  '%: owners have a benefit', 'create_voucher: an owner''s benefit of zero → refused');
select throws_like($$ select pg_temp.make(format(
  '{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": -1}', tests.the('owner'))) $$,
  'ownerBenefit must be from 1 to 1000000000', '… or below zero');
select throws_like($$ select pg_temp.make('{"code": "A-1", "type": "credit", "value": 5}') $$,
  '%that gives money or units has at least 8%', 'create_voucher: a money voucher with a code of fewer than eight characters → refused');

select throws_ok($$ select pg_temp.make('{"type": "gift", "value": 5}') $$, 'RB400', null, 'create_voucher: each of them → RB-400, not an unknown error');
select throws_ok($$ select pg_temp.make('{"value": 5}') $$, 'RB400', 'type must be one of message, credit, package, percentage',
  'create_voucher: a missing field → named');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": "five"}') $$, 'RB400',
  'value must be a number such as 25 or 25.50', 'create_voucher: an unreadable field → named');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 10, '{"type": "credit", "value": -5}') $$, 'RB400',
  'value must be from 1 to 1000000000', 'create_vouchers: the same rules');
select throws_ok($$ select pg_temp.make('{"type": "credit", "value": 5, "allowedCustomers": ["ada@example.com", "Bob"]}') $$, 'RB400',
  'allowedCustomers.1 must be an id, an e-mail address or a phone number', 'create_voucher: a name in allowedCustomers → RB-400');
select is((pg_temp.make('{"type": "credit", "value": 5, "allowedDomains": ["@Corp.example"]}')).allowed_domains, '{corp.example}',
  'create_voucher: a domain with @ → accepted');
select is((pg_temp.make('{"type": "credit", "value": 5, "allowedCustomers": ["(202) 555-0100", "+47 12 34 56 78", "12025550101"]}'))
  .allowed_customers, '{phone:+12025550100,phone:+4712345678,phone:+12025550101}', 'create_voucher: a phone without a country code → US');

-- many
select tests.keep('batch', public.create_vouchers(tests.the('client'), 1000, '{"type": "credit", "value": 5}', 'XMAS-****-****'));
select is((tests.kept('batch') ->> 'created')::int, 1000, 'create_vouchers: a thousand in one call');
select is((select count(distinct c)::int from jsonb_array_elements_text(tests.kept('batch') -> 'codes') c
  where c ~ '^XMAS-[2-9A-Z]{4}-[2-9A-Z]{4}$'), 1000, '… with as many codes of the pattern');
select is((select count(*)::int from public.vouchers where batch_id = (tests.kept('batch') ->> 'batchId')::uuid), 1000,
  '… in one batch');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 1000, '{"type": "credit", "value": 5}', 'XMAS-***') $$,
  'RB400', null, 'create_vouchers: a pattern with too few wrong codes → RB-400');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 100001, '{"type": "credit", "value": 5}') $$, 'RB413', null,
  'create_vouchers: more than a hundred thousand → RB-413');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 0, '{"type": "credit", "value": 5}') $$, 'RB413', null,
  'create_vouchers: zero → RB-413');

-- changing and ending
select tests.keep('id', tests.kept('made') -> 'id');
select is((public.update_voucher(tests.the('id'), '{"isActive": false}')).is_active, false, 'update_voucher: → paused');
select is((public.update_voucher(tests.the('id'), '{"isActive": true, "usageLimit": 2, "expiresAt": null}')).usage_limit, 2,
  '… resumed, and changed');
select tests.sign_out();
select tests.redeem_voucher(tests.create_customer(tests.the('client')), tests.the('id')) from generate_series(1, 2);
select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"usageLimit": 1}') $$, 'RB400', null,
  'update_voucher: a limit below the uses → RB-400');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"value": 1}') $$, 'RB400', null,
  'update_voucher: another benefit → RB-400');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"perCustomerLimit": 0}') $$, 'RB400',
  'perCustomerLimit must be from 1 to 1000000000', 'update_voucher: a change that breaks a rule → RB-400');
select throws_ok($$ select public.update_voucher(tests.the('id'), '{"expiresAt": "soon"}') $$, 'RB400',
  'expiresAt must be a day such as 2027-12-31 or a moment such as 2027-12-31T18:00:00Z', '… or is unreadable');
select is((public.expire_voucher(tests.the('id'), 'over')).expires_at, now(), 'update_voucher: → ended');
select is(array(select action from public.audit_events where subject_id = tests.the('id') order by id),
  '{voucher.created,voucher.updated,voucher.updated,voucher.redeemed,voucher.redeemed,voucher.expired}', 'admin: all of it is audited');

-- lists and reports
-- by state: the thousand of the batch are as new as the others, and a page holds no more
select is(array(select distinct l.state from unnest(array['active', 'expired', 'paused']) s, public.list_vouchers(tests.the('client'), s) l
  order by l.state), '{active,expired}', 'list_vouchers: → the status');
select row_eq($$ select l.usage_count, l.rolled_back, l.last_used_at from public.list_vouchers(tests.the('client'), 'expired') l $$,
  row(2, 0::bigint, now()), '… and the uses of each');
select results_eq($$
  with first as (select l.id, row_number() over () as n from public.list_vouchers(tests.the('client'), search => 'xmas', page_size => 600) l)
  select (select count(*) from first), (select count(*) from public.list_vouchers(tests.the('client'), search => 'xmas',
    page_size => 600, after_id => (select id from first where n = 600)) l where l.id not in (select id from first)) $$,
  $$ values (600::bigint, 400::bigint) $$, 'list_vouchers: a page ends where the next begins');
select is(public.report_voucher_usage(tests.the('client')) -> 'byType', '[{"type": "credit", "redemptions": 2, "vouchers": 1,
  "customers": 2, "benefit": 100.00, "discounts": {}, "ownerBenefit": 0, "rolledBack": 0, "takenBack": 0}]', 'report_voucher_usage: → totals by type');
select is(public.report_voucher_usage(tests.the('client')) -> 'attempts', '{"succeeded": 2}', '… the outcomes of attempts');
select is((public.report_voucher_usage(tests.the('client')) ->> 'redemptionRate')::numeric,
  round(1.0 / (select count(*) from public.vouchers where client_id = tests.the('client')), 4), '… and the redemption rate');

-- a dealer
select tests.sign_in(tests.the('dealer'));
select is((pg_temp.make('{"type": "credit", "value": 5}')).dealer_id, tests.the('dealer'), 'create_voucher: a dealer → for their own customers');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "ownerId": "%s", "ownerBenefit": 1}',
  tests.the('owner'))) $$, 'RB400', null, 'create_voucher: a dealer names an owner → RB-400');
select throws_ok($$ select pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', gen_random_uuid())) $$, 'RB400',
  'dealerId must be your own id, or left out', 'create_voucher: a dealer names another one → RB-400');
select is((pg_temp.make(format('{"type": "credit", "value": 5, "dealerId": "%s"}', tests.the('dealer')))).dealer_id, tests.the('dealer'),
  'create_voucher: a dealer with their own dealerId → ok');

-- search: what a code begins with, however it is spelled, and what is anywhere in the code or the description
select tests.sign_in(tests.the('admin'));
select public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5, "code": "SEEK-ME-1234", "description": "100% of_it"}'),
  public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5, "code": "SEEK-ME-5678", "description": "100 of it"}');
select is(array(select l.code from public.list_vouchers(tests.the('client'), search => 'seek me 1') l), '{SEEK-ME-1234}',
  'list_vouchers: search → codes that begin with it in any spelling');
select is(array(select l.code from public.list_vouchers(tests.the('client'), search => '-ME-5') l), '{SEEK-ME-5678}', '… and that contain it');
select is(array(select l.code from public.list_vouchers(tests.the('client'), search => '0% of_') l), '{SEEK-ME-1234}',
  '… and descriptions that contain it: % and _ stand for themselves');
select is_empty($$ select from public.list_vouchers(tests.the('client'), search => '%seek%') $$, '… also in codes');

select * from finish();
rollback;
