-- 100.00 at 10 %: 10.00 off, 90.00 paid. After R of 90.00 the discount has saved 10.00 less the rounded 10.00 x R / 90.00.
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_buyer(balance => 0, price => 100));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'), '{"type": "percentage", "value": 10}'));
select tests.keep('purchase', (tests.buy(0, expected => 90) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
create function pg_temp.saved() returns numeric language sql as $$
  select u.discount_amount from public.voucher_usage u where u.user_id = tests.the('customer')
$$;
create function pg_temp.refund(amount numeric default null) returns text language sql as $$
  select a ->> 'outcome' from tests.refund(tests.the('admin'), tests.the('purchase'), amount, null, null, 'test') a
$$;

select is(pg_temp.saved(), 10.00, 'refund_package_purchase: a purchase of 100.00 with a discount of 10.00');
select is(pg_temp.refund(30), 'ok', 'refund_package_purchase: a third is refunded');
select is(pg_temp.saved(), 6.67, 'refund_package_purchase: 30.00 of 90.00 → 3.33 of the discount is reversed');
select is(pg_temp.refund(30), 'ok', 'refund_package_purchase: another 30.00 → accepted');
select is(pg_temp.saved(), 3.33, 'refund_package_purchase: 60.00 → 6.67');
select public.complete_package_refund(r.id, 'failed', null, 'no')
from (select * from public.package_refunds where purchase_id = tests.the('purchase') limit 1) r;
select is(pg_temp.saved(), 6.67, 'complete_package_refund: one of them fails → 3.33 again');
select is(pg_temp.refund(), 'ok', 'refund_package_purchase: the rest → accepted');
select is(pg_temp.saved(), 0.00, 'refund_package_purchase: all of it → 10.00');
select is((select status from public.voucher_entitlements where user_id = tests.the('customer')), 'used', '… the discount stays used');
select is_empty('select * from private.voucher_violations', 'invariants: vouchers agree with their redemptions');

select * from finish();
rollback;
