begin;
set local search_path = public, extensions, tests;
select plan(31);

create function pg_temp.open_shop(price numeric, percentage numeric, currency text default 'USD') returns void
language plpgsql as $$
begin
  perform tests.keep(tests.create_buyer(balance => 100, price => price, currency => currency));
  perform tests.redeem_voucher(tests.the('customer'),
    tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'percentage', 'value', percentage)));
end $$;
create function pg_temp.quote() returns text language sql as $$
  select (a #>> '{result,discount}') || ' ' || (a #>> '{result,finalAmount}')
  from tests.quote(tests.the('customer'), tests.the('package'), 0) a
$$;
create function pg_temp.discount() returns text language sql as $$
  select e.status || ' ' || coalesce(u.discount_amount::text, '-') from public.voucher_entitlements e
  join public.voucher_usage u on u.id = e.usage_id where e.user_id = tests.the('customer')
$$;
create function pg_temp.settle(status text) returns text language sql as $$
  select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), status))
    #>> '{result,purchase,status}'
$$;

-- a discount that takes nothing off stays with its customer
select pg_temp.open_shop(99, 0.5, 'JPY');
select is(tests.buy() #>> '{result,purchase,discount}', '0.00', 'start_package_purchase: half a percent of 99 JPY → no discount');
select is(pg_temp.discount(), 'available -', 'start_package_purchase: a discount of less than a coin → not used up');
select pg_temp.open_shop(0, 50);
select is(tests.buy() #>> '{result,purchase,status}', 'completed', 'start_package_purchase: a free package → completed');
select is(pg_temp.discount(), 'available -', 'start_package_purchase: a discount of a free package → not used up');

select pg_temp.open_shop(49, 10);
select is(pg_temp.quote(), '4.90 44.10', 'start_package_purchase: a discount reduces the price');
select tests.keep('answer', tests.buy(20));
select tests.keep('purchase', (tests.kept('answer') #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.kept('answer') #>> '{result,payment,amount}', '2410', 'start_package_purchase: bizcoins pay what then remains');
select is(pg_temp.discount(), 'reserved -', 'start_package_purchase: the discount is reserved while the purchase is open');
select is(tests.buy(20) #>> '{result,purchase,discount}', '4.90', 'start_package_purchase: a continued purchase keeps it');
select tests.keep('first', tests.the('package'));
select tests.keep('package', tests.create_package(tests.the('client'), 49));
select is(pg_temp.quote(), '0 49.00', 'start_package_purchase: another purchase has none meanwhile');
select tests.keep('package', tests.the('first'));
select is(pg_temp.settle('canceled'), 'cancelled', 'start_package_purchase: the purchase is cancelled');
select is(pg_temp.discount(), 'available -', '… the discount is free again');

select tests.keep('purchase', (tests.buy(20) #>> '{result,purchase,purchaseId}')::uuid);
select is(pg_temp.settle('succeeded'), 'completed', 'start_package_purchase: the next purchase is paid');
select is(pg_temp.discount(), 'used 4.90', '… it is used, and the redemption has the amount saved');
select is(pg_temp.quote(), '0 49.00', '… once');

-- paid too late
select pg_temp.open_shop(49, 10);
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select pg_temp.settle('canceled');
select is(pg_temp.settle('succeeded') || ' ' || pg_temp.discount(), 'completed used 4.90',
  'start_package_purchase: paid late → the discount was used elsewhere');
select pg_temp.open_shop(49, 10);
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select pg_temp.settle('canceled');
update public.voucher_entitlements set status = 'expired', expired_at = now() where user_id = tests.the('customer');
select is(pg_temp.settle('succeeded'), 'cancelled', 'start_package_purchase: paid late, the discount used elsewhere → stays closed');
select is((select payment_amount from public.package_refunds where purchase_id = tests.the('purchase')), 44.10, '… and the payment is refunded');

-- in two currencies
select pg_temp.open_shop(49, 10);
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select pg_temp.settle('succeeded');
select tests.keep('package', tests.create_package(tests.the('client'), 990, currency => 'JPY'));
select tests.redeem_voucher(tests.the('customer'), tests.create_voucher(tests.the('client'), '{"type": "percentage", "value": 15}'));
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select pg_temp.settle('succeeded');
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select is(public.report_voucher_usage(tests.the('client')) #> '{byType,0,discounts}', '{"USD": 4.90, "JPY": 149.00}',
  'report_voucher_usage: discounts in two currencies → one amount for each');
select tests.sign_out();

-- kept for another time
select pg_temp.open_shop(5, 95);
select is(tests.quote(tests.the('customer'), tests.the('package'), 3) - 'message', jsonb_build_object('outcome', 'refused',
  'code', 'VC-024', 'details', jsonb_build_object('bizcoins', 3, 'mostBizcoins', 1)), 'start_package_purchase: a discount leaves less for bizcoins to pay');
select is(tests.quote(tests.the('customer'), tests.the('package'), 0) - 'message', '{"outcome": "refused", "code": "VC-023",
  "details": {"finalAmount": 0.25, "minimum": 0.50, "currency": "USD", "workingBizcoins": [1], "amountWithoutDiscount": 5.00}}',
  'start_package_purchase: too little remains to be charged → VC-023, with the amount without the discount');
select is(tests.quote(tests.the('customer'), tests.the('package'), 0, false) #>> '{result,finalAmount}', '5.00',
  'start_package_purchase: a customer may keep it');
select tests.keep('answer', tests.buy(0, use_discount => false));
select is(tests.kept('answer') #>> '{result,payment,amount}', '500', '… then they pay the price');
select is(pg_temp.discount(), 'available -', '… and still have it');
select is(tests.buy(0, use_discount => false) #>> '{result,purchase,purchaseId}', tests.kept('answer') #>> '{result,purchase,purchaseId}',
  'start_package_purchase: the same request → the same purchase');
select pg_temp.open_shop(49, 10);
select tests.buy(0);
select is(tests.buy(0, use_discount => false) ->> 'code', 'VC-025', 'start_package_purchase: a request with it, after one without → VC-025');

-- how it is rounded
select pg_temp.open_shop(49.90, 12.5);
select is(pg_temp.quote(), '6.24 43.66', 'start_package_purchase: half a cent → rounded up');
select pg_temp.open_shop(505, 10, 'JPY');
select is(pg_temp.quote(), '51 454.00', 'start_package_purchase: yen → no decimals');
select pg_temp.open_shop(49, 100);
select is(tests.buy(0) #>> '{result,purchase,status}', 'completed', 'start_package_purchase: a discount of the whole price → nothing to pay');
select is(pg_temp.discount(), 'used 49.00', '… and it is used');

select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'invariants: none is violated');
select is_empty('select * from private.voucher_violations', 'invariants: vouchers agree with their redemptions');

select * from finish();
rollback;
