begin;
set local search_path = public, extensions, tests;
select plan(28);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('package', tests.create_package(tests.the('client')));
create function pg_temp.entitlement(terms text) returns uuid language sql as $$
  select (tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'),
    '{"type": "percentage", "value": 20}' || terms::jsonb)) #>> '{result,benefit,entitlementId}')::uuid
$$;
create function pg_temp.best(price numeric, package_id uuid default tests.the('package')) returns uuid language sql as $$
  select (private.entitlement_for(tests.the('client'), tests.the('customer'), package_id, price)).id
$$;

-- which
select is(pg_temp.best(100), null, 'entitlement_for: no discount → none');
select tests.keep('plain', pg_temp.entitlement('{}'));
select tests.keep('early', pg_temp.entitlement('{"entitlement_days": 3}'));
select tests.keep('large', pg_temp.entitlement('{"value": 50, "minimum_purchase": 80}'));
select tests.keep('other', pg_temp.entitlement(format('{"value": 90, "package_id": "%s"}',
  tests.create_package(tests.the('client')))));
select is(pg_temp.best(80), tests.the('large'), 'entitlement_for: the largest first');
select is(pg_temp.best(79.99), tests.the('early'), '… if the purchase is large enough; of two equal ones the one that expires first');
select is(pg_temp.best(79.99, null), tests.the('early'), 'entitlement_for: one for another package → not taken');
update public.voucher_entitlements set expires_at = now() where id = tests.the('early');
select is(pg_temp.best(50), tests.the('plain'), 'entitlement_for: an expired one → not taken');
select is((private.entitlement_for(tests.create_client(), tests.the('customer'), null, 100)).id, null,
  '… nor another client''s');

-- how much
select is(private.discount_of(e, 10.01, 'USD'), 2.00, 'entitlements: twenty per cent of 10.01 → 2.00')
  from public.voucher_entitlements e where id = tests.the('plain');
select is(private.discount_of(e, 10.03, 'USD'), 2.01, 'discount_of: half a cent and more → rounded up: 2.006')
  from public.voucher_entitlements e where id = tests.the('plain');
select is(private.discount_of(e, 0.01, 'USD'), 0.01, 'entitlements: half a cent → a cent, and no more than the price')
  from public.voucher_entitlements e where id = tests.the('large');
select is(private.discount_of(null, 10, 'USD'), 0.00, 'entitlements: no discount → zero');
select is(private.discount_of(jsonb_populate_record(e, '{"percentage": 0.5}'), 99, 'JPY'), 0::numeric,
  'discount_of: 0.5 % of 99 JPY are 0.495 → 0, rounded once')
  from public.voucher_entitlements e where id = tests.the('plain');
select is(private.discount_of(jsonb_populate_record(e, '{"percentage": 15}'), 999, 'JPY'), 150::numeric,
  'discount_of: 15 % of 999 JPY are 149.85 → 150')
  from public.voucher_entitlements e where id = tests.the('plain');
select is(private.discount_of(jsonb_populate_record(e, '{"percentage": 15}'), 1001, 'JPY'), 150::numeric,
  'discount_of: 15 % of 1,001 JPY are 150.15 → 150')
  from public.voucher_entitlements e where id = tests.the('plain');
select is(private.discount_of(jsonb_populate_record(e, '{"percentage": 0.5}'), 99, 'USD'), 0.50,
  'discount_of: 0.5 % of 99.00 USD are 0.495 → 0.50')
  from public.voucher_entitlements e where id = tests.the('plain');

-- once
select tests.keep('purchase', gen_random_uuid());
select is((private.reserve_entitlement(tests.the('plain'), tests.the('purchase'))).status, 'reserved',
  'reserve_entitlement: → reserved for the purchase');
select is((private.reserve_entitlement(tests.the('plain'), tests.the('purchase'))).status, 'reserved', '… again for the same purchase → ok');
select throws_ok($$ select private.reserve_entitlement(tests.the('plain'), gen_random_uuid()) $$, 'VC017', null,
  'reserve_entitlement: reserved by another purchase → VC-017');
select throws_ok($$ select private.reserve_entitlement(tests.the('early'), gen_random_uuid()) $$, 'VC017', null,
  'reserve_entitlement: expired → VC-017');
select throws_ok($$ select private.reserve_entitlement(tests.the('large'), tests.the('purchase')) $$, '23505', null,
  'reserve_entitlement: a purchase has one discount');
select is((private.release_entitlement(tests.the('purchase'))).status, 'available', 'release_entitlement: → available again');
select is((private.release_entitlement(tests.the('purchase'))).id, null, 'release_entitlement: twice → no change');
select is((private.use_entitlement(tests.the('purchase'))).id, null, 'use_entitlement: not reserved → not used');
select private.reserve_entitlement(tests.the('plain'), tests.the('purchase'));
select is((private.use_entitlement(tests.the('purchase'), 9.80)).status, 'used', 'use_entitlement: paid → used');
select is((select u.discount_amount from public.voucher_usage u join public.voucher_entitlements e on e.usage_id = u.id
  where e.id = tests.the('plain')), 9.80, '… the history has the amount saved');
select is((private.release_entitlement(tests.the('purchase'))).id, null, '… for good');

-- expiry
select private.reserve_entitlement(tests.the('large'), gen_random_uuid());
update public.voucher_entitlements set expires_at = now() where id = tests.the('large');
select is(public.expire_entitlements() #> '{result,entitlements}', '1', 'entitlements: the job expires unused discounts');
select is((select array_agg(status order by status) from public.voucher_entitlements where client_id = tests.the('client')),
  '{available,expired,reserved,used}', '… but none that a purchase has reserved');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
