-- Nothing is violated after redemptions of every type, and each violation shows when it is made on purpose.
begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('owner', tests.create_customer(tests.the('client')));
select tests.activate(tests.the('client'), tests.the('customer'));
select tests.keep('credit', tests.create_voucher(tests.the('client'),
  jsonb_build_object('owner_id', tests.the('owner'), 'owner_benefit', 5)));
select tests.redeem_voucher(tests.the('customer'), tests.the('credit'));
select tests.keep('usage', (select id from public.voucher_usage where voucher_id = tests.the('credit')));
select tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'), '{"type": "message"}'));
select tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'),
  jsonb_build_object('type', 'package', 'package_id', tests.create_package(tests.the('client')))));
select tests.keep('discount', tests.redeem_voucher(tests.the('customer'),
  tests.create_voucher(tests.the('client'), '{"type": "percentage"}')) #> '{result,benefit,entitlementId}');
select is_empty('select * from private.invariant_violations', 'invariants: redemptions of every type → none violated');

create function pg_temp.violations_after(change text) returns text language sql as $$
  select tests.found_after(change, $query$
    select string_agg(distinct v.problem, '; ') from private.voucher_violations v $query$)
$$;

select is(pg_temp.violations_after(format('update public.vouchers set usage_count = 2 where id = %L', tests.the('credit'))),
  'a voucher does not count its redemptions', 'invariants: a count that is off by one → shown');
select is(pg_temp.violations_after(format('update private.voucher_identities set redemptions = 0 where voucher_id = %L', tests.the('credit'))),
  'a person has redeemed a voucher more or less often than is counted', 'invariants: a person who is not counted → shown');
select is(pg_temp.violations_after(format('delete from private.voucher_identities where voucher_id = %L', tests.the('credit'))),
  'a redemption is not counted for its person', '… or removed');
select is(pg_temp.violations_after(format('update public.vouchers set created_by = %L where id = %L', tests.the('customer'), tests.the('credit'))),
  'a redeemer made the voucher or profits from it', 'invariants: a redeemer who made the voucher → shown');
select is(pg_temp.violations_after(format('update public.voucher_usage set benefit = 51 where id = %L', tests.the('usage'))),
  'a redemption did not move what it gave', 'invariants: a transfer of another amount → shown');
select is(pg_temp.violations_after(format('update public.voucher_usage set owner_transfer_id = null where id = %L', tests.the('usage'))),
  'an owner did not get their benefit', 'invariants: an owner without the benefit → shown');
select is(pg_temp.violations_after(format('delete from public.voucher_entitlements where id = %L', tests.the('discount'))),
  'a discount and its redemption do not agree', 'invariants: a percentage without its discount → shown');
select is(pg_temp.violations_after(format('update public.voucher_entitlements set status = %L, cancelled_at = now() where id = %L',
  'cancelled', tests.the('discount'))), 'a discount and its redemption do not agree', 'invariants: a discount cancelled without its redemption → shown');
select is(pg_temp.violations_after(format('update public.voucher_usage set rolled_back_benefit = 20 where id = %L', tests.the('usage'))),
  'a rollback does not say what the ledger took back', 'invariants: a rollback without its ledger transfer → shown');
select is(pg_temp.violations_after(format('with used as (update public.customer_packages set messages_used = 1 where id in (
    select customer_package_id from public.voucher_usage where redemption_type = %1$L and client_id = %2$L))
  update public.voucher_usage set status = %3$L, rolled_back_at = now(), rolled_back_benefit = 1 where redemption_type = %1$L and client_id = %2$L',
    'package', tests.the('client'), 'rolled_back')) ~ 'a package was rolled back, although messages of it were used', true,
  'invariants: a used package that is rolled back → shown');
select throws_like(format('update public.vouchers set usage_limit = 1, usage_count = 2 where id = %L', tests.the('credit')),
  '%vouchers_usage_stays_within_limit%', 'invariants: more uses than the limit → refused');
select is_empty('select * from private.invariant_violations', 'invariants: all undone → none violated');

select * from finish();
rollback;
