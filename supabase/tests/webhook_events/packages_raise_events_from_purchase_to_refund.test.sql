begin;
set local search_path = public, extensions, tests;
select plan(17);

create function pg_temp.told(subject uuid default null) returns text language sql as $$
  select string_agg(event_type, ' ' order by event_type) from public.webhook_messages
  where client_id = tests.the('client') and subject_id = coalesce(subject, subject_id)
$$;
create function pg_temp.said(event text) returns jsonb language sql as $$
  select data from public.webhook_messages where client_id = tests.the('client') and event_type = event
  order by created_at desc, id limit 1
$$;
create function pg_temp.record(status text) returns void language sql as $$
  select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), status))
$$;

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.create_endpoint(tests.the('client'),
  '{package.activated,package.expired,package.cancelled,package.purchased,package.purchase_failed,package.refunded}');

-- comes to nothing
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select is(pg_temp.told(), null, 'start_package_purchase: → no event');
select pg_temp.record('canceled');
select is(pg_temp.told(), 'package.purchase_failed', 'cancel_package_purchase: → package.purchase_failed');
select is(pg_temp.said('package.purchase_failed'), jsonb_build_object('purchaseId', tests.the('purchase'), 'status', 'cancelled',
  'packageId', tests.the('package'), 'userId', tests.the('customer'), 'currency', 'USD', 'priceAmount', 49.00,
  'discountAmount', 0.00, 'bizcoins', 30, 'bizcoinAmount', 30.00, 'finalAmount', 19.00), '… with what it would have cost');

-- bought
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select pg_temp.record('succeeded');
select pg_temp.record('succeeded');
select is(pg_temp.told(tests.the('purchase')), 'package.purchased', 'record_payment: → package.purchased once');
select is(pg_temp.said('package.purchased') ->> 'finalAmount', '19.00', '… with what was paid by card');
select tests.keep('mine', (select id from public.customer_packages where purchase_id = tests.the('purchase')));
select is(pg_temp.told(tests.the('mine')), 'package.activated', 'record_payment: → package.activated');
select is(pg_temp.said('package.activated') - 'startsAt' - 'expiresAt', jsonb_build_object('customerPackageId', tests.the('mine'),
  'status', 'active', 'packageId', tests.the('package'), 'package', 'Starter', 'userId', tests.the('customer'),
  'purchaseId', tests.the('purchase'), 'voucherId', null, 'messages', 100), '… with the package and its source');

-- refunded
create function pg_temp.refund(payment_amount numeric, bizcoins int) returns uuid language sql as $$
  select (tests.refund(null, tests.the('purchase'), null, payment_amount, bizcoins, 'test') #>> '{result,refund,refundId}')::uuid
$$;
select tests.keep('refund', pg_temp.refund(null, 5));
select is(pg_temp.said('package.refunded'), jsonb_build_object('refundId', tests.the('refund'), 'purchaseId', tests.the('purchase'),
  'packageId', tests.the('package'), 'userId', tests.the('customer'), 'paymentAmount', 0.00, 'currency', 'USD', 'bizcoins', 5),
  'refund_package_purchase: bizcoins alone → package.refunded at once');
select tests.keep('refund', pg_temp.refund(19, null));
select is(pg_temp.told(tests.the('purchase')), 'package.purchased package.refunded', 'refund_package_purchase: money, unconfirmed → no event');
select public.complete_package_refund(tests.the('refund'), 'succeeded', 're_1', null);
select is(pg_temp.told(tests.the('purchase')), 'package.purchased package.refunded package.refunded', 'complete_package_refund: confirmed → package.refunded');
select is(pg_temp.told(tests.the('mine')), 'package.activated', 'refund_package_purchase: in part → the package stays active');
select pg_temp.refund(null, 25);
select is(pg_temp.told(tests.the('mine')), 'package.activated package.cancelled', 'refund_package_purchase: in full → package.cancelled');
select is((select status from public.package_purchases where id = tests.the('purchase')), 'refunded', 'webhook_events: all is refunded');
select public.complete_package_refund(tests.the('refund'), 'failed', 're_1', 'late');
select is(pg_temp.told(tests.the('purchase')), 'package.purchased package.refunded package.refunded package.refunded',
  'webhook_events: a refund that fails late → no new purchase');

-- given by a voucher, and over
select tests.keep('voucher', tests.create_voucher(tests.the('client'),
  jsonb_build_object('type', 'package', 'package_id', tests.the('package'))));
select tests.keep('mine', (tests.redeem_voucher(tests.the('customer'), tests.the('voucher'))
  #>> '{result,benefit,customerPackage,id}')::uuid);
select is((select data ->> 'voucherId' from public.webhook_messages where subject_id = tests.the('mine')),
  tests.the('voucher')::text, 'redeem_voucher: a package → package.activated with the voucher');
update public.customer_packages set status = 'expired', expired_at = now() where id = tests.the('mine');
select is(pg_temp.told(tests.the('mine')), 'package.activated package.expired', 'expire_packages: → package.expired');

select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
