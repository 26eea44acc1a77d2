begin;
set local search_path = public, extensions, tests;
select plan(26);

create function pg_temp.discount(percentage numeric) returns jsonb language sql as $$
  select tests.redeem_voucher(tests.the('customer'),
    tests.create_voucher(tests.the('client'), jsonb_build_object('type', 'percentage', 'value', percentage)))
$$;
create function pg_temp.reprice(new_price numeric) returns void language sql as $$
  update public.packages set price = new_price where id = tests.the('package')
$$;
create function pg_temp.status(answer jsonb) returns text language sql as $$
  select coalesce(answer ->> 'code', answer #>> '{result,purchase,status}')
$$;

-- since the preview
select tests.keep(tests.create_buyer(balance => 100, price => 49));
select is((tests.quote(tests.the('customer'), tests.the('package'), 10) #>> '{result,finalAmount}')::numeric, 39.00,
  'start_package_purchase: the quote says 39.00');
select pg_temp.reprice(59);
select tests.keep('refused', tests.buy(10, expected => 39));
select is(tests.kept('refused') ->> 'code', 'VC-031', 'start_package_purchase: the price rose since the preview → VC-031');
select is(tests.kept('refused') -> 'details' ->> 'finalAmount', '49.00', 'start_package_purchase: VC-031 has what it costs now');
select is(tests.kept('refused') -> 'details' ->> 'price', '59.00', 'start_package_purchase: VC-031 has the reason');
select is(tests.kept('refused') -> 'details' ->> 'expectedFinalAmount', '39', 'start_package_purchase: VC-031 has the expected price');
select is_empty($$ select from public.package_purchases where user_id = tests.the('customer') $$, '… nothing is started');
select pg_temp.reprice(29);
select is(tests.buy(10, expected => 49) ->> 'code', 'VC-031', 'start_package_purchase: the price fell → VC-031 as well');
select is(pg_temp.status(tests.buy(10, expected => 19)), 'awaiting_payment', 'start_package_purchase: the expected price → it begins');
select tests.keep('purchase', (tests.buy(10, expected => 19) #>> '{result,purchase,purchaseId}')::uuid);
select isnt(tests.the('purchase'), null, 'start_package_purchase: again → the same purchase');
select is(tests.buy(10, expected => 20) ->> 'code', 'VC-025', 'start_package_purchase: open at another price than expected → VC-025');
select is(tests.buy(10, purchase_id => tests.the('purchase'), expected => 20) ->> 'code', 'VC-031',
  'start_package_purchase: continued at another price than expected → VC-031');
select is(pg_temp.status(tests.buy(10, purchase_id => tests.the('purchase'), expected => 19.00)), 'awaiting_payment',
  'start_package_purchase: continued at the expected price → it goes on');

-- an open purchase and the terms of now
select pg_temp.reprice(25);
select tests.keep('refused', tests.buy(10));
select is(tests.kept('refused') ->> 'code', 'VC-025', 'start_package_purchase: open at worse terms than now → VC-025');
select is((tests.kept('refused') -> 'details' ->> 'finalAmount') || ' ' || (tests.kept('refused') #>> '{details,quote,finalAmount}'),
  '19.00 15.00', 'start_package_purchase: VC-025 has both prices');
select is(tests.kept('refused') #>> '{details,quote,bizcoinsAvailable}', '100', 'start_package_purchase: VC-025: its own bizcoins would be free again');
select is(tests.kept('refused') #>> '{details,nextStep}', 'continue', 'start_package_purchase: VC-025: it may be continued at its own terms');
select is(pg_temp.status(tests.buy(10, purchase_id => tests.the('purchase'))), 'awaiting_payment', 'start_package_purchase: continued by its id → ok');
select pg_temp.reprice(99);
select is(tests.buy(10) #>> '{result,purchase,finalAmount}', '19.00', 'start_package_purchase: open at better terms than now → it goes on');
select pg_temp.reprice(29);
select pg_temp.discount(10);
select is(tests.buy(10) #>> '{details,quote,finalAmount}', '16.10', 'start_package_purchase: a discount redeemed meanwhile → VC-025 with it');
select tests.cancel_purchase(tests.the('customer'), tests.the('purchase'));
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(tests.buy(10, expected => 16.10) #>> '{result,purchase,discount}', '2.90', 'start_package_purchase: cancelled and started again → at the new price');
select tests.keep('purchase', (tests.buy(10) #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.buy(10) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text,
  'start_package_purchase: its own discount is not another quote → it goes on');
update public.packages set is_active = false where id = tests.the('package');
select is(pg_temp.status(tests.buy(10)), 'awaiting_payment', 'start_package_purchase: no longer offered → the open one goes on');
select is(tests.buy(20) #> '{details,quote}', null, 'start_package_purchase: VC-025 has no quote when the package is not offered');

-- bizcoins alone, and a replay
select tests.keep(tests.create_buyer(balance => 100, price => 40));
select is(tests.buy(40, 'key', expected => 1) ->> 'code', 'VC-031', 'start_package_purchase: bizcoins alone leave 0, and not 1 → VC-031');
select is(pg_temp.status(tests.buy(40, 'key', expected => 0)), 'completed', 'start_package_purchase: 0 expected → it is paid');
select pg_temp.reprice(50);
select is(tests.buy(40, 'key', expected => 0) ->> 'replayed', 'true', 'start_package_purchase: the same key again → the same answer');

select * from finish();
rollback;
