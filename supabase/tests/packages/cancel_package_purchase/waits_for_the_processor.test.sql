begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
create function pg_temp.cancel(actor uuid default tests.the('customer')) returns jsonb language sql as $$
  select tests.cancel_purchase(actor, tests.the('purchase'))
$$;

select is(pg_temp.cancel(tests.create_user('customer', tests.the('client'))) ->> 'code', 'RB-404',
  'cancel_package_purchase: another customer''s purchase → RB-404');
select is(pg_temp.cancel(tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-403', 'cancel_package_purchase: an agent → RB-403');
select is(tests.cancel_purchase(tests.the('customer'), gen_random_uuid()) ->> 'code', 'RB-404', 'cancel_package_purchase: an unknown purchase → RB-404');
select is(pg_temp.cancel() #>> '{result,payment,amount}', '1900', '… names the payment to be cancelled');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'cancel_package_purchase: nothing is released before the processor confirms');
select is(tests.buy(30) ->> 'code', 'VC-025', 'start_package_purchase: → not continued');
select is(tests.buy(30, purchase_id => tests.the('purchase')) ->> 'code', 'VC-026', '… by its id neither');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(tests.bizcoins(tests.the('customer')), '30/0', '… then the bizcoins are released');
select is(pg_temp.cancel() #>> '{result,purchase,status}', 'cancelled', 'cancel_package_purchase: twice → ok');

-- paid in the same moment
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select is(pg_temp.cancel(tests.create_user('client_admin', tests.the('client'))) ->> 'outcome', 'ok', 'cancel_package_purchase: an admin → ok');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
select is((select status from public.package_purchases where id = tests.the('purchase')), 'completed',
  'cancel_package_purchase: paid meanwhile → completed');
select is(pg_temp.cancel() ->> 'code', 'VC-026', '… and not cancelled');
select is(pg_temp.cancel() #>> '{details,status}', 'completed', '… the answer says so');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'invariants: none is violated');

select * from finish();
rollback;
