begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('answer', tests.buy(30));
select tests.keep('purchase', (tests.kept('answer') #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.kept('answer') #>> '{result,purchase,status}', 'awaiting_payment', 'start_package_purchase: a purchase waits for its payment');
select is((tests.kept('answer') #> '{result,payment}') - 'purchaseId' - 'clientId',
  '{"paymentIntentId": null, "amount": 1900, "currency": "usd"}', 'start_package_purchase: the remainder is charged, in cents');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'start_package_purchase: the bizcoins are held and not spent');
select is_empty($$ select from public.customer_packages where user_id = tests.the('customer') $$, '… no package is active yet');

select is(tests.buy(30) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, 'start_package_purchase: a second click → the same purchase');
select is(tests.buy(30, 'key') #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, '… with a key as well');
select is(tests.buy(30, purchase_id => tests.the('purchase')) ->> 'replayed', 'true', '… continued by its id');
select is(tests.bizcoins(tests.the('customer')), '30/30', '… with one hold');
select is(tests.buy(20) ->> 'code', 'VC-025', 'start_package_purchase: another number of bizcoins while it is open → VC-025');
select is(tests.buy(20) #>> '{details,purchaseId}', tests.the('purchase')::text, '… with the id of the open one');
select is(tests.buy(20, 'key') ->> 'code', 'RB-409', 'start_package_purchase: the same key with another request → RB-409');

-- bizcoins alone
select tests.keep(tests.create_buyer(balance => 100, price => 49, messages => 70));
select tests.keep('answer', tests.buy(49));
select is(tests.kept('answer') #>> '{result,purchase,status}', 'completed', 'start_package_purchase: bizcoins pay it all → completed at once');
select is(tests.kept('answer') #> '{result,payment}', 'null', '… nothing is charged');
select is(tests.kept('answer') #>> '{result,purchase,customerPackage,messagesLimit}', '70', '… the package is active');
select is(tests.bizcoins(tests.the('customer')), '51/0', '… the bizcoins are spent');
select is(tests.buy(49) #> '{result,purchase,purchaseId}', tests.kept('answer') #> '{result,purchase,purchaseId}',
  'start_package_purchase: a second click → no second purchase');
select is(tests.buy(49, 'once') #>> '{result,purchase,status}', 'completed', 'start_package_purchase: another key → another purchase');
select is(tests.bizcoins(tests.the('customer')), '2/0', '… which takes its bizcoins');
select is(tests.buy(49, 'once') ->> 'outcome', 'ok', '… once');
select results_eq($$ select count(*)::int, sum(messages_limit)::int from public.customer_packages
  where user_id = tests.the('customer') $$, $$ values (2, 140) $$, 'start_package_purchase: as many packages as purchases');
select results_eq($$ select transfer_type::text, count(*)::int from public.ledger_transfers t
    where client_id = tests.the('client') and transfer_type = 'package_purchase' group by 1 $$,
  $$ values ('package_purchase', 2) $$, 'start_package_purchase: each payment is a transfer');

select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'invariants: none is violated');

select * from finish();
rollback;
