begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select is(public.fail_package_purchase(tests.the('purchase'), 'amount_too_small') #>> '{result,purchase,status}', 'failed',
  'A payment that the processor refuses to begin ends the purchase');
select is(tests.bizcoins(tests.the('customer')), '30/0', 'The bizcoins are back');
select is(public.fail_package_purchase(tests.the('purchase'), 'again') #>> '{result,purchase,paymentError}',
  'amount_too_small', 'Once is enough');
select isnt(tests.buy(30) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, 'Another one can be begun');

select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'requires_payment_method'));
select is(public.fail_package_purchase(tests.the('purchase'), 'late') #>> '{result,purchase,status}', 'awaiting_payment',
  'A payment that has begun is not refused any more: it might be paid');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'It adds up');

select * from finish();
rollback;
