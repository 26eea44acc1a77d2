begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
create function pg_temp.fail(message text) returns jsonb language sql as $$
  select public.fail_package_purchase(p.id, p.payment_intent_id, message) #> '{result,purchase}'
  from public.package_purchases p where p.id = tests.the('purchase')
$$;
select is(pg_temp.fail('amount_too_small') ->> 'status', 'failed',
  'record_payment: the processor declines the payment → the purchase ends');
select is(tests.bizcoins(tests.the('customer')), '30/0', '… the bizcoins are released');
select row_eq($$ select alert_type, severity, metadata ->> 'error' from public.system_alerts
  where subject = tests.the('purchase')::text $$, row('payment_refused'::text, 'warning'::text, 'amount_too_small'::text),
  '… an alert is raised');
select is(pg_temp.fail('again') ->> 'paymentError', 'amount_too_small', 'record_payment: twice → ok');
select isnt(tests.buy(30) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, '… another purchase can be started');

select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'requires_payment_method'));
select is(pg_temp.fail('resource_missing') ->> 'status', 'awaiting_payment',
  'record_payment: a payment that has begun, reported as not begun → stays open, since it might be paid');
select is(public.fail_package_purchase(tests.the('purchase'), null, 'late') #>> '{result,purchase,status}', 'awaiting_payment',
  'record_payment: not started, by a report of a lost answer → stays open');
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(public.fail_package_purchase(tests.the('purchase'), null, 'late') #>> '{result,purchase,status}', 'awaiting_payment',
  '… after its end, too');
select is(pg_temp.fail('resource_missing') ->> 'status', 'failed', 'record_payment: unknown to the processor → ends at its time');
select is(tests.bizcoins(tests.the('customer')), '30/0', '… the bizcoins are released');
select is(public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'))
  #>> '{result,purchase,status}', 'completed', 'record_payment: paid after all → completed');
select is((select count(*)::int from public.system_alerts where subject = tests.the('purchase')::text and resolved_at is null), 0,
  '… the alert is resolved');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'invariants: none is violated');

select * from finish();
rollback;
