begin;
set local search_path = public, extensions, tests;
select plan(22);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select tests.keep('intent', tests.payment(tests.the('purchase'), 'succeeded') -> 'id');
create function pg_temp.tell(event text, kind text, facts jsonb, purchase_id uuid default tests.the('purchase'))
returns jsonb language sql as $$
  select public.record_payment_event(event || tests.the('client'), kind, purchase_id, tests.kept('intent') #>> '{}', facts)
    -> 'result'
$$;
create function pg_temp.tell_payment(event text, status text, kind text) returns jsonb language sql as $$
  select pg_temp.tell(event, kind, tests.payment(tests.the('purchase'), status))
$$;
create function pg_temp.state() returns text language sql as $$
  select p.status || ' ' || (select count(*) from public.customer_packages cp where cp.purchase_id = p.id)
  from public.package_purchases p where p.id = tests.the('purchase')
$$;
create function pg_temp.open_alerts() returns text language sql as $$
  select string_agg(alert_type, ' ' order by alert_type) from public.system_alerts
  where subject = tests.the('purchase')::text and resolved_at is null
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(alert_type, ' ' order by alert_type) from public.system_alerts where subject = tests.the('purchase')::text
$$;

select is(pg_temp.tell('a', 'payment_intent.payment_failed',
    tests.payment(tests.the('purchase'), 'requires_payment_method', '{"error": "card_declined"}')),
  '{"applied": true}', 'record_payment_event: a failure → applied');
select is((select notice from public.deliveries where subject_id = tests.the('purchase')), 'payment_failed',
  '… the customer gets a message');
select is(tests.bizcoins(tests.the('customer')), '30/30', '… their bizcoins stay held');
select is(pg_temp.open_alerts(), 'payment_failed', '… support gets an alert');
select is(pg_temp.tell_payment('b', 'succeeded', 'payment_intent.succeeded'), '{"applied": true}', 'record_payment_event: a success → applied');
select is(pg_temp.open_alerts(), null, '… the alert is resolved');
select is(pg_temp.state(), 'completed 1', '… the purchase is completed');
select is(pg_temp.tell_payment('b', 'succeeded', 'payment_intent.succeeded'), '{"applied": false, "duplicate": true}',
  'record_payment_event: the same event again → known');
select is(pg_temp.tell_payment('c', 'succeeded', 'payment_intent.succeeded'), '{"applied": true}', 'record_payment_event: another event of the same');
select is(pg_temp.tell_payment('d', 'processing', 'payment_intent.processing'), '{"applied": true}', 'record_payment_event: an older event, late');
select is(pg_temp.tell('e', 'payment_intent.payment_failed',
    tests.payment(tests.the('purchase'), 'requires_payment_method', '{"error": "card_declined"}')),
  '{"applied": true}', 'record_payment_event: an earlier failure, later still');
select is(pg_temp.state(), 'completed 1', '… none of them changes anything');

select tests.refund(null, tests.the('purchase'), null, 3, null, 'test');
select pg_temp.tell('e2', 'charge.refunded', '{"amountRefunded": 300, "currency": "usd"}', null);
select is(pg_temp.alerts(), 'payment_failed', 'record_payment_event: a refund requested here → no change');
select pg_temp.tell('e3', 'refund.failed', jsonb_build_object('refundId', 're_early', 'error', 'lost_or_stolen_card', 'ownRefundId', r.id))
  from public.package_refunds r where r.purchase_id = tests.the('purchase');
select row_eq($$ select r.status, p.refunded_payment from public.package_refunds r
  join public.package_purchases p on p.id = r.purchase_id
  where r.purchase_id = tests.the('purchase') $$, row('failed'::text, 0.00::numeric(18,2)),
  'record_payment_event: a refund that fails before the processor answered → found by our own id');
update public.system_alerts set alert_type = 'seen' where alert_type = 'refund_failed';
delete from public.system_alerts where alert_type = 'seen';
select pg_temp.tell('f', 'charge.refunded', '{"amountRefunded": 500, "currency": "usd"}', null);
select is(pg_temp.alerts(), 'payment_failed payment_refunded_elsewhere', 'record_payment_event: a refund made elsewhere → an alert');
select pg_temp.tell('g', 'charge.dispute.created', '{"amount": 1900, "reason": "fraudulent"}', null);
select is(pg_temp.alerts(), 'payment_disputed payment_failed payment_refunded_elsewhere', 'record_payment_event: a dispute → an alert');

select is(pg_temp.tell('h', 'charge.refunded', '{"amountRefunded": 1}', gen_random_uuid()), '{"applied": true}',
  'record_payment_event: the payment''s id wins over the purchase that an event names');
select tests.keep('intent', 'pi_of_somebody_else'::text);
select is(pg_temp.tell('i', 'charge.refunded', '{"amountRefunded": 1}', null), '{"applied": false}',
  'record_payment_event: a payment of another application → ignored');
select is(pg_temp.tell('j', 'payment_intent.succeeded', '{}', gen_random_uuid()), '{"applied": false}',
  'record_payment_event: a payment for an unknown purchase');
select is((select count(*)::int from public.system_alerts where alert_type = 'payment_of_nobody'), 1, '… an alert is raised');
select is(pg_temp.tell('k', 'payment_intent.succeeded',
  tests.payment(tests.the('purchase'), 'succeeded', '{"id": "pi_of_somebody_else"}')), '{"applied": true}',
  'record_payment_event: a second payment for a purchase');
select is(pg_temp.alerts(), 'payment_disputed payment_failed payment_mismatch payment_refunded_elsewhere', '… is not the requested one');

select * from finish();
rollback;
