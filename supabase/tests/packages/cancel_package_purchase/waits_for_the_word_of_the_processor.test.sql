begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
create function pg_temp.cancel(actor uuid default tests.the('customer')) returns jsonb language sql as $$
  select tests.cancel_purchase(actor, tests.the('purchase'))
$$;

select is(pg_temp.cancel(tests.create_user('customer', tests.the('client'))) ->> 'code', 'RB-404',
  'Another customer''s purchase is not found');
select is(pg_temp.cancel(tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-403', 'An agent may not');
select is(tests.cancel_purchase(tests.the('customer'), gen_random_uuid()) ->> 'code', 'RB-404', 'None is not found');
select is(pg_temp.cancel() #>> '{result,payment,amount}', '1900', 'The payment to be cancelled is named');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'Nothing is given back before the processor has said so');
select is(tests.buy(30) ->> 'code', 'VC-025', 'It is not continued any more');
select is(tests.buy(30, purchase_id => tests.the('purchase')) ->> 'code', 'VC-026', 'By its id neither');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(tests.bizcoins(tests.the('customer')), '30/0', 'Then they are back');
select is(pg_temp.cancel() #>> '{result,purchase,status}', 'cancelled', 'Once more is no harm');

-- paid in the same moment
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select is(pg_temp.cancel(tests.create_user('client_admin', tests.the('client'))) ->> 'outcome', 'ok', 'An admin may');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
select is((select status from public.package_purchases where id = tests.the('purchase')), 'completed',
  'What the customer has paid meanwhile is his');
select is(pg_temp.cancel() ->> 'code', 'VC-026', 'And is not cancelled');
select is(pg_temp.cancel() #>> '{details,status}', 'completed', 'As the answer says');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'It adds up');

select * from finish();
rollback;
