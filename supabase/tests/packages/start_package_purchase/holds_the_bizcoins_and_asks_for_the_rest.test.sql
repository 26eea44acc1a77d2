begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('answer', tests.buy(30));
select tests.keep('purchase', (tests.kept('answer') #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.kept('answer') #>> '{result,purchase,status}', 'awaiting_payment', 'A purchase waits for its payment');
select is((tests.kept('answer') #> '{result,payment}') - 'purchaseId' - 'clientId',
  '{"paymentIntentId": null, "amount": 1900, "currency": "usd"}', 'The rest is asked for, in cents');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'The bizcoins are held and not spent');
select is_empty($$ select from public.customer_packages where user_id = tests.the('customer') $$, 'Nothing is active yet');

select is(tests.buy(30) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, 'A second click is the same purchase');
select is(tests.buy(30, 'key') #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, 'Under a key as well');
select is(tests.buy(30, purchase_id => tests.the('purchase')) ->> 'replayed', 'true', 'It is continued by its id');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'With one hold');
select is(tests.buy(20) ->> 'code', 'VC-025', 'Another choice of bizcoins waits until the first is settled');
select is(tests.buy(20) #>> '{details,purchaseId}', tests.the('purchase')::text, 'And is told which that is');
select is(tests.buy(20, 'key') ->> 'code', 'RB-409', 'A key stands for one request');

-- bizcoins alone
select tests.keep(tests.create_buyer(balance => 100, price => 49, messages => 70));
select tests.keep('answer', tests.buy(49));
select is(tests.kept('answer') #>> '{result,purchase,status}', 'completed', 'What bizcoins pay is bought at once');
select is(tests.kept('answer') #> '{result,payment}', 'null', 'And nothing is asked for');
select is(tests.kept('answer') #>> '{result,purchase,customerPackage,messagesLimit}', '70', 'The package is active');
select is(tests.bizcoins(tests.the('customer')), '51/0', 'The bizcoins are spent');
select is(tests.buy(49) #> '{result,purchase,purchaseId}', tests.kept('answer') #> '{result,purchase,purchaseId}',
  'A second click buys nothing more');
select is(tests.buy(49, 'once') #>> '{result,purchase,status}', 'completed', 'A key of its own says that it is another purchase');
select is(tests.bizcoins(tests.the('customer')), '2/0', 'Which takes its bizcoins');
select is(tests.buy(49, 'once') ->> 'outcome', 'ok', 'And comes once');
select results_eq($$ select count(*)::int, sum(messages_limit)::int from public.customer_packages
  where user_id = tests.the('customer') $$, $$ values (2, 140) $$, 'There are as many packages as purchases');
select results_eq($$ select transfer_type::text, count(*)::int from public.ledger_transfers t
    where client_id = tests.the('client') and transfer_type = 'package_purchase' group by 1 $$,
  $$ values ('package_purchase', 2) $$, 'Each payment is a transfer');

select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'It adds up');

select * from finish();
rollback;
