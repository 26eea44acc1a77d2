begin;
set local search_path = public, extensions, tests;
select plan(43);

create function pg_temp.begin_purchase(bizcoins int default 30) returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_buyer(balance => 30, price => 49));
  perform tests.keep('purchase', (tests.buy(bizcoins) #>> '{result,purchase,purchaseId}')::uuid);
end $$;
create function pg_temp.record(status text, over jsonb default '{}') returns text language sql as $$
  select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), status, over))
    #>> '{result,purchase,status}'
$$;
create function pg_temp.packages() returns int language sql as $$
  select count(*)::int from public.customer_packages where purchase_id = tests.the('purchase')
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(alert_type, ' ' order by alert_type) from public.system_alerts where subject = tests.the('purchase')::text
$$;
create function pg_temp.notices() returns text language sql as $$
  select string_agg(notice, ' ' order by created_at, notice) from public.deliveries where subject_id = tests.the('purchase')
$$;

-- paid
select pg_temp.begin_purchase();
select is(pg_temp.record('requires_payment_method'), 'awaiting_payment', 'record_payment: not paid → no change');
select is(pg_temp.record('processing'), 'awaiting_payment', 'record_payment: processing → no change');
select is(pg_temp.record('succeeded'), 'completed', 'record_payment: succeeded → completed');
select is(tests.bizcoins(tests.the('customer')), '0/0', '… its bizcoins are captured');
select is(pg_temp.packages(), 1, '… its package is active');
select is(pg_temp.record('succeeded'), 'completed', 'record_payment: reported again');
select is(pg_temp.record('canceled'), 'completed', 'record_payment: reported with another status');
select is(pg_temp.packages() || tests.bizcoins(tests.the('customer')), '10/0', '… no change');
select is(pg_temp.notices(), 'purchase_completed', '… one message to the customer');

-- not paid
select pg_temp.begin_purchase();
select is(pg_temp.record('requires_payment_method', '{"error": "card_declined"}'), 'awaiting_payment',
  'record_payment: declined → stays open');
select is(tests.bizcoins(tests.the('customer')), '30/30', '… and its bizcoins are held, for the customer''s next attempt');
select is(pg_temp.record('canceled'), 'cancelled', 'record_payment: cancelled → ended');
select is(tests.bizcoins(tests.the('customer')), '30/0', '… its bizcoins are released');
select is(public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'))
  #> '{result,purchase,bizcoinsReturned}', '30', '… the answer says so');
select is(pg_temp.notices(), 'purchase_ended', '… so does a message');
select pg_temp.begin_purchase();
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(pg_temp.record('canceled'), 'expired', 'record_payment: cancelled by timeout → expired');

-- not the payment that was asked for
create function pg_temp.pay_wrongly(over jsonb) returns text language plpgsql as $$
begin
  perform pg_temp.begin_purchase();
  return pg_temp.record('succeeded', over) || ' ' || pg_temp.packages();
end $$;
create function pg_temp.sent_back() returns text language sql as $$
  select string_agg(r.payment_amount || ' ' || r.currency || ' ' || r.status || ' ' || (private.refund_order(r) ->> 'amount'), ', ')
  from public.package_refunds r where r.purchase_id = tests.the('purchase')
$$;
select is(pg_temp.pay_wrongly('{"amount": 100, "amountReceived": 100}'), 'failed 0', 'record_payment: less than the price → nothing is activated');
select is(pg_temp.sent_back(), '1.00 USD pending 100', '… and refunded');
select is(pg_temp.pay_wrongly('{"amount": 999900, "amountReceived": 999900}'), 'failed 0', 'record_payment: more than the price → nothing is activated');
select is(pg_temp.sent_back(), '9999.00 USD pending 999900', '… and all of it is refunded');
select is(pg_temp.pay_wrongly('{"amountReceived": 1800}'), 'failed 0', 'record_payment: part of the price → nothing is activated');
select is(pg_temp.pay_wrongly('{"currency": "jpy"}'), 'failed 0', 'record_payment: another currency → nothing is activated');
select is(pg_temp.sent_back(), '1900.00 JPY pending 1900', '… and refunded in that currency');
select is(pg_temp.pay_wrongly('{"isLive": true}'), 'failed 0', 'record_payment: another mode (test or live) → nothing is activated');
select is(pg_temp.alerts() || ' ' || pg_temp.notices() || ' ' || tests.bizcoins(tests.the('customer')),
  'payment_mismatch payment_refunded 30/0', '… an alert, a message to the customer, and the bizcoins are released');
select is(pg_temp.record('succeeded', '{"isLive": true}') || ' ' || pg_temp.sent_back(), 'failed 19.00 USD pending 1900',
  'record_payment: reported several times → refunded once');
select public.complete_package_refund(r.id, 'failed', 're_1', 'gone') from public.package_refunds r
  where r.purchase_id = tests.the('purchase');
select is((select refunded_payment from public.package_purchases where id = tests.the('purchase')), 0.00,
  'record_payment: a failed refund of it → does not count');
select is(pg_temp.alerts(), 'payment_mismatch refund_failed', '… and an alert is raised');
select pg_temp.begin_purchase();
select is(pg_temp.record('canceled', '{"amount": 100}') || ' ' || tests.bizcoins(tests.the('customer')) || ' ' || pg_temp.notices(),
  'failed 30/0 purchase_ended', 'record_payment: cancelled as another payment → the purchase ends as well');
select pg_temp.begin_purchase();
select pg_temp.record('canceled');
select is(pg_temp.record('succeeded', '{"amountReceived": 1800}') || ' ' || pg_temp.sent_back(), 'cancelled 18.00 USD pending 1800',
  'record_payment: a wrong payment after the end → refunded, too');
select pg_temp.begin_purchase();
select pg_temp.record('requires_payment_method');
select is(pg_temp.record('succeeded', '{"id": "pi_other"}') || ' ' || pg_temp.alerts(), 'awaiting_payment payment_mismatch',
  'record_payment: another payment that names the purchase → no change');

-- paid too late
select pg_temp.begin_purchase();
select pg_temp.record('canceled');
select is(pg_temp.record('succeeded'), 'completed', 'record_payment: paid after the end, bizcoins still available → completed');
select is(tests.bizcoins(tests.the('customer')) || pg_temp.packages(), '0/01', '… captured, and the package is active');
select pg_temp.begin_purchase();
select pg_temp.record('canceled');
select private.reserve_hold(private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 1,
  now() + interval '1 hour', 'spent');
select is(pg_temp.record('succeeded'), 'cancelled', 'record_payment: paid after the end, bizcoins spent → stays closed');
select is(pg_temp.record('succeeded'), 'cancelled', '… however often it is reported');
select results_eq($$ select payment_amount, bizcoins::int, status from public.package_refunds
  where purchase_id = tests.the('purchase') $$, $$ values (19.00, 0, 'pending') $$, 'record_payment: the payment is refunded, once');
select is(pg_temp.alerts() || ' ' || pg_temp.notices(), 'payment_too_late payment_refunded purchase_ended',
  'record_payment: the customer gets a message, admins an alert');

-- the hold has lapsed, and the processor was not called yet
select pg_temp.begin_purchase();
update public.ledger_holds set expires_at = now() where reference_id = tests.the('purchase');
select public.release_holds();
select is(pg_temp.record('succeeded'), 'completed', 'record_payment: paid after the hold lapsed → held again, and completed');

select pg_temp.begin_purchase();
update public.ledger_holds set expires_at = now() where reference_id = tests.the('purchase');
select public.release_holds();
select private.reserve_hold(private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 1,
  now() + interval '1 hour', 'spent elsewhere');
select is(pg_temp.record('succeeded') || ' ' || pg_temp.notices(), 'expired payment_refunded',
  '… with the bizcoins spent: the purchase is closed, and the customer''s message is about the refund only');

-- the customer has left
select pg_temp.begin_purchase();
delete from auth.users where id = tests.the('customer');
select is(pg_temp.record('succeeded') || ' ' || pg_temp.packages(), 'completed 1', 'record_payment: a customer who has left → the payment counts');
select is(pg_temp.notices(), null, '… without a message');
select is(tests.refund(null, tests.the('purchase'), null, null, null, 'left')
  #>> '{result,refund,paymentAmount}', '19.00', 'refund_package_purchase: what they paid → refundable');

select is_empty('select * from private.refunds_off union all select * from private.purchases_off union all select null, problem from private.ledger_imbalances',
  'invariants: none is violated');

select * from finish();
rollback;
