begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
create function pg_temp.refund() returns uuid language sql as $$
  select (tests.refund(null, tests.the('purchase'), null, 19, null, 'test')
    #>> '{result,refund,refundId}')::uuid
$$;
create function pg_temp.tell(event text, kind text, facts jsonb, intent text default tests.payment(tests.the('purchase'), 'succeeded') ->> 'id')
returns jsonb language sql as $$
  select public.record_payment_event(event || tests.the('client'), kind, null, intent, facts) -> 'result'
$$;
create function pg_temp.books() returns text language sql as $$
  select concat_ws(' ', p.status, p.refunded_payment, r.status) from public.package_purchases p
  join public.package_refunds r on r.purchase_id = p.id
  where p.id = tests.the('purchase') and r.id = tests.the('refund')
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(severity || ' ' || alert_type, ', ' order by alert_type) from public.system_alerts
  where subject = tests.the('purchase')::text and resolved_at is null
$$;

select tests.keep('refund', pg_temp.refund());
select public.complete_package_refund(tests.the('refund'), 'succeeded', 're_1', null);
select is(pg_temp.books(), 'completed 19.00 completed', 'complete_package_refund: the processor agrees → 19.00 are refunded');
select is(pg_temp.tell('a', 'refund.updated', '{"refundId": "re_1", "ownRefundId": null, "error": "expired_or_canceled_card"}'),
  '{"applied": true}', 'record_payment_event: refund.updated of a refund that failed → applied');
select is(pg_temp.books(), 'completed 0.00 failed', 'record_payment_event: refund.updated, failed → nothing is refunded in the books');
select is(pg_temp.alerts(), 'critical refund_failed', 'record_payment_event: refund.updated, failed → alert');
select pg_temp.tell('b', 'charge.refund.updated', '{"refundId": "re_1", "ownRefundId": null, "error": "expired_or_canceled_card"}');
select pg_temp.tell('c', 'refund.failed', '{"refundId": "re_1", "ownRefundId": null, "error": "expired_or_canceled_card"}');
select is(pg_temp.books(), 'completed 0.00 failed', 'record_payment_event: the same failure by three events → counts once');

select tests.keep('refund', pg_temp.refund());
select public.complete_package_refund(tests.the('refund'), 'succeeded', 're_2', null);
select is(pg_temp.books(), 'completed 19.00 completed', 'refund_package_purchase: after a failed refund → can be refunded again');
select is(pg_temp.tell('d', 'charge.refund.updated', '{"refundId": "re_2", "ownRefundId": null, "error": "canceled"}', null),
  '{"applied": true}', 'record_payment_event: charge.refund.updated without a payment → found by the refund');
select is(pg_temp.books(), 'completed 0.00 failed', 'record_payment_event: charge.refund.updated, canceled → nothing is refunded');
select is_empty($$ select problem from private.refunds_off where id = tests.the('purchase') $$, 'invariants: none is violated');

-- disputes
select is(pg_temp.tell('e', 'charge.dispute.created', jsonb_build_object('disputeId', 'dp_' || tests.the('client'), 'chargeId', 'ch_1'), null),
  '{"applied": false}', 'record_payment_event: a dispute without a payment → taken');
select is((select severity from public.system_alerts where alert_type = 'payment_disputed' and subject = 'dp_' || tests.the('client')),
  'critical', 'record_payment_event: a dispute without a payment → alert');
select pg_temp.tell('f', 'charge.dispute.created', jsonb_build_object('disputeId', 'dp2_' || tests.the('client')), 'pi_elsewhere');
select is((select count(*)::int from public.system_alerts where subject = 'dp2_' || tests.the('client')), 0,
  'record_payment_event: a dispute of another shop''s payment → no alert');

select * from finish();
rollback;
