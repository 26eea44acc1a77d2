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
  'A payment that the processor refuses to begin ends the purchase');
select is(tests.bizcoins(tests.the('customer')), '30/0', 'The bizcoins are back');
select row_eq($$ select alert_type, severity, metadata ->> 'error' from public.system_alerts
  where subject = tests.the('purchase')::text $$, row('payment_refused'::text, 'warning'::text, 'amount_too_small'::text),
  'Support is told');
select is(pg_temp.fail('again') ->> 'paymentError', 'amount_too_small', 'Once is enough');
select isnt(tests.buy(30) #>> '{result,purchase,purchaseId}', tests.the('purchase')::text, 'Another one can be begun');

select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'requires_payment_method'));
select is(pg_temp.fail('resource_missing') ->> 'status', 'awaiting_payment',
  'A payment that has begun is not refused at once: it might be paid');
select is(public.fail_package_purchase(tests.the('purchase'), null, 'late') #>> '{result,purchase,status}', 'awaiting_payment',
  'Least of all by whoever has not heard that it has begun');
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(public.fail_package_purchase(tests.the('purchase'), null, 'late') #>> '{result,purchase,status}', 'awaiting_payment',
  'Not even when its time is over');
select is(pg_temp.fail('resource_missing') ->> 'status', 'failed', 'One that the processor does not know ends when its time is over');
select is(tests.bizcoins(tests.the('customer')), '30/0', 'The bizcoins are back');
select is(public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'))
  #>> '{result,purchase,status}', 'completed', 'Paid after all, it is honoured');
select is((select count(*)::int from public.system_alerts where subject = tests.the('purchase')::text and resolved_at is null), 0,
  'and nobody need look any more');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'It adds up');

select * from finish();
rollback;
