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
  '{"applied": true}', 'A failure is taken');
select is((select notice from public.deliveries where subject_id = tests.the('purchase')), 'payment_failed',
  'And the customer is told');
select is(tests.bizcoins(tests.the('customer')), '30/30', 'His bizcoins stay reserved');
select is(pg_temp.open_alerts(), 'payment_failed', 'And support is');
select is(pg_temp.tell_payment('b', 'succeeded', 'payment_intent.succeeded'), '{"applied": true}', 'A success is taken');
select is(pg_temp.open_alerts(), null, 'And nobody need look any more');
select is(pg_temp.state(), 'completed 1', 'And completes the purchase');
select is(pg_temp.tell_payment('b', 'succeeded', 'payment_intent.succeeded'), '{"applied": false, "duplicate": true}',
  'The same event again is known');
select is(pg_temp.tell_payment('c', 'succeeded', 'payment_intent.succeeded'), '{"applied": true}', 'Another one of the same');
select is(pg_temp.tell_payment('d', 'processing', 'payment_intent.processing'), '{"applied": true}', 'An older one, late');
select is(pg_temp.tell('e', 'payment_intent.payment_failed',
    tests.payment(tests.the('purchase'), 'requires_payment_method', '{"error": "card_declined"}')),
  '{"applied": true}', 'A failure before it, later still');
select is(pg_temp.state(), 'completed 1', 'All of them change nothing');

select tests.refund(null, tests.the('purchase'), null, 3, null, 'test');
select pg_temp.tell('e2', 'charge.refunded', '{"amountRefunded": 300, "currency": "usd"}', null);
select is(pg_temp.alerts(), 'payment_failed', 'A refund that was asked for here is no news');
select pg_temp.tell('e3', 'refund.failed', jsonb_build_object('refundId', 're_early', 'error', 'lost_or_stolen_card', 'ownRefundId', r.id))
  from public.package_refunds r where r.purchase_id = tests.the('purchase');
select row_eq($$ select r.status, p.refunded_payment from public.package_refunds r
  join public.package_purchases p on p.id = r.purchase_id
  where r.purchase_id = tests.the('purchase') $$, row('failed'::text, 0.00::numeric(18,2)),
  'One that fails before the processor has answered is known by our own id');
update public.system_alerts set alert_type = 'seen' where alert_type = 'refund_failed';
delete from public.system_alerts where alert_type = 'seen';
select pg_temp.tell('f', 'charge.refunded', '{"amountRefunded": 500, "currency": "usd"}', null);
select is(pg_temp.alerts(), 'payment_failed payment_refunded_elsewhere', 'A refund that nobody asked for here is told');
select pg_temp.tell('g', 'charge.dispute.created', '{"amount": 1900, "reason": "fraudulent"}', null);
select is(pg_temp.alerts(), 'payment_disputed payment_failed payment_refunded_elsewhere', 'A dispute as well');

select is(pg_temp.tell('h', 'charge.refunded', '{"amountRefunded": 1}', gen_random_uuid()), '{"applied": true}',
  'The payment counts more than the purchase that an event names');
select tests.keep('intent', 'pi_of_somebody_else'::text);
select is(pg_temp.tell('i', 'charge.refunded', '{"amountRefunded": 1}', null), '{"applied": false}',
  'A payment of another shop is taken and means nothing');
select is(pg_temp.tell('j', 'payment_intent.succeeded', '{}', gen_random_uuid()), '{"applied": false}',
  'A payment for a purchase that is not there');
select is((select count(*)::int from public.system_alerts where alert_type = 'payment_of_nobody'), 1, 'Is told');
select is(pg_temp.tell('k', 'payment_intent.succeeded',
  tests.payment(tests.the('purchase'), 'succeeded', '{"id": "pi_of_somebody_else"}')), '{"applied": true}',
  'A second payment for a purchase');
select is(pg_temp.alerts(), 'payment_disputed payment_failed payment_mismatch payment_refunded_elsewhere', 'Is not the one that was asked for');

select * from finish();
rollback;
