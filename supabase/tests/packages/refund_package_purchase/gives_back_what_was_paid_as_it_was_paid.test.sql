begin;
set local search_path = public, extensions, tests;
select plan(39);

create function pg_temp.purchase(balance numeric, price numeric, bizcoins int, bizcoin_value numeric default 1)
returns void language plpgsql as $$
begin
  perform tests.keep(tests.create_buyer(balance, price, bizcoin_value => bizcoin_value));
  perform tests.keep('purchase', (tests.buy(bizcoins) #>> '{result,purchase,purchaseId}')::uuid);
  perform tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
  if exists (select from public.package_purchases where id = tests.the('purchase') and final_amount > 0) then
    perform public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
  end if;
end $$;
create function pg_temp.refund(
  amount numeric default null, payment numeric default null, bizcoins int default null, key text default null,
  actor uuid default tests.the('admin'))
returns jsonb language sql as $$
  select tests.refund(actor, tests.the('purchase'), amount, payment, bizcoins, 'test', key, concat_ws('/', amount, payment, bizcoins))
$$;
create function pg_temp.parts(answer jsonb) returns text language sql as $$
  select coalesce(answer ->> 'code', trim_scale((answer #>> '{result,refund,paymentAmount}')::numeric) || '+'
    || (answer #>> '{result,refund,bizcoins}') || ' ' || (answer #>> '{result,refund,status}'))
$$;
create function pg_temp.settle(outcome text) returns text language sql as $$
  select string_agg(public.complete_package_refund(r.id, outcome, 're_' || r.id, null) #>> '{result,refund,status}', ' ')
  from public.package_refunds r where r.purchase_id = tests.the('purchase') and r.status = 'pending'
$$;
create function pg_temp.state() returns text language sql as $$
  select p.status || ' ' || cp.status from public.package_purchases p
  join public.customer_packages cp on cp.purchase_id = p.id where p.id = tests.the('purchase')
$$;

select pg_temp.purchase(30, 50, 30);
select is(pg_temp.refund(actor => tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-403', 'refund_package_purchase: an agent → RB-403');
select is(pg_temp.refund(actor => tests.the('customer')) ->> 'code', 'RB-404', 'refund_package_purchase: the customer → RB-404');
select is(tests.refund(tests.the('admin'), gen_random_uuid(), null, null, null, null) ->> 'code',
  'RB-404', 'refund_package_purchase: an unknown purchase → RB-404');
select is(pg_temp.parts(pg_temp.refund(10, key => 'a')), '4+6 pending', 'refund_package_purchase: a part → in the proportion of the payment');
select is(pg_temp.refund(10, key => 'a') ->> 'replayed', 'true', 'refund_package_purchase: the same key → the same refund');
select is(pg_temp.refund(11, key => 'a') ->> 'code', 'RB-409', 'refund_package_purchase: the same key with another request → RB-409');
select is(tests.bizcoins(tests.the('customer')), '6/0', 'refund_package_purchase: bizcoins are returned at once');
select is((select count(*)::int from jsonb_path_query(public.lease_package_refunds(100), '$.result.refunds[*]') r
  where r ->> 'purchaseId' = tests.the('purchase')::text), 0, 'refund_package_purchase: the caller calls the processor first');
select is(pg_temp.settle('unknown'), 'pending', 'refund_package_purchase: no answer of the processor → still due');
update public.package_refunds set next_attempt_at = now() where purchase_id = tests.the('purchase');
select is((select (r ->> 'amount') || ' ' || (r ->> 'attempts') from jsonb_path_query(
  public.lease_package_refunds(100), '$.result.refunds[*]') r where r ->> 'purchaseId' = tests.the('purchase')::text), '400 1',
  '… the job retries, in cents');
select is(pg_temp.settle('succeeded'), 'completed', '… until it is done');
select is(pg_temp.parts(pg_temp.refund(payment => 16.01)), 'VC-027', 'refund_package_purchase: more than remains of the card payment → VC-027');
select is(pg_temp.refund(bizcoins => 25) -> 'details', '{"remainingPayment": 16.00, "remainingBizcoins": 24}',
  'refund_package_purchase: more bizcoins than remain → says what remains');
select is(pg_temp.parts(pg_temp.refund(41)), 'VC-027', 'refund_package_purchase: both → VC-027');
select is(pg_temp.parts(pg_temp.refund(bizcoins => 4)), '0+4 completed', 'refund_package_purchase: an admin may name both parts');
select is(pg_temp.state(), 'completed active', 'refund_package_purchase: a part remains → the package stays active');
select is(pg_temp.parts(pg_temp.refund()), '16+20 pending', 'refund_package_purchase: no amount → all that remains');
select is(pg_temp.state(), 'completed cancelled', '… then the package ends');
select is(pg_temp.settle('succeeded') || ', ' || pg_temp.state(), 'completed, refunded cancelled', '… and when it is done, the purchase');
select is(tests.bizcoins(tests.the('customer')), '30/0', '… the customer has all bizcoins again');
select is(pg_temp.parts(pg_temp.refund()), 'VC-027', 'refund_package_purchase: nothing remains → VC-027');

-- whole bizcoins, odd amounts
select pg_temp.purchase(100, 49.30, 17);
select is(pg_temp.parts(pg_temp.refund(10)), '6.55+3 pending', 'refund_package_purchase: bizcoins are whole');
select is(pg_temp.parts(pg_temp.refund(35)), '22.93+13 pending', '… again');
select is(pg_temp.parts(pg_temp.refund(4.30)), '2.82+1 pending', '… the remainder stays');
select pg_temp.purchase(100, 49.30, 50);
select is(pg_temp.parts(pg_temp.refund(49.30)), '0+50 completed', 'refund_package_purchase: a last bizcoin that paid in part → returned whole');
select pg_temp.purchase(0, 49, 0);
select is(pg_temp.parts(pg_temp.refund(49)), '49+0 pending', 'refund_package_purchase: paid by card alone → refunded to the card');
select pg_temp.purchase(40, 50, 40, 0.50);
select is(pg_temp.parts(pg_temp.refund(10)), '6+8 pending', 'refund_package_purchase: a bizcoin is returned at the value that it paid');

-- it fails
select pg_temp.settle('succeeded');
select pg_temp.refund(payment => 24);
select is(pg_temp.settle('failed'), 'failed', 'refund_package_purchase: the processor declines');
select is((select refunded_payment from public.package_purchases where id = tests.the('purchase')), 6.00, '… the amount still remains');
select is((select alert_type from public.system_alerts where subject = tests.the('purchase')::text), 'refund_failed',
  '… an alert is raised');
select pg_temp.refund();
select pg_temp.settle('succeeded');
select is(pg_temp.state(), 'refunded cancelled', '… it can be refunded again');
select public.record_payment_event('late' || tests.the('client'), 'refund.failed', null, p.payment_intent_id,
  jsonb_build_object('refundId', r.provider_refund_id, 'error', 'expired_or_canceled_card'))
from public.package_purchases p join public.package_refunds r on r.purchase_id = p.id and r.payment_amount = 24
where p.id = tests.the('purchase') and r.status = 'completed';
select is(pg_temp.state(), 'completed cancelled', 'refund_package_purchase: a bank that returns it weeks later → applied');

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select is(pg_temp.refund() ->> 'code', 'VC-026', 'refund_package_purchase: not paid → refused; cancel it');
select is_empty('select * from private.purchases_off union all select null, problem from private.ledger_imbalances', 'invariants: none is violated');
-- the processor is silent
create function pg_temp.unresolved() returns text language sql as $$
  select string_agg(severity, ' ') from public.system_alerts
  where alert_type = 'refund_unresolved' and subject = tests.the('purchase')::text and resolved_at is null
$$;
select tests.keep(tests.create_buyer(balance => 0, price => 49));
select tests.keep('purchase', (tests.buy(0) #>> '{result,purchase,purchaseId}')::uuid);
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'succeeded'));
select tests.keep('refund', (tests.refund(null, tests.the('purchase'), null, null, null, 'test') #>> '{result,refund,refundId}')::uuid);
select public.complete_package_refund(tests.the('refund'), 'unknown', null, 'network');
select is(pg_temp.unresolved(), null, 'refund_package_purchase: a refund without an answer → retried');
update public.package_refunds set attempts = 5 where id = tests.the('refund');
select public.complete_package_refund(tests.the('refund'), 'unknown', null, 'network');
select is(pg_temp.unresolved(), 'warning', '… after some attempts an alert is raised');
select public.complete_package_refund(tests.the('refund'), 'succeeded', 're_late', null);
select is(pg_temp.unresolved(), null, '… until there is an answer');

select is_empty('select * from private.packages_off', 'invariants: packages agree with the ledger');
select throws_ok($$ update public.package_purchases set refunded_bizcoins = bizcoins + 1 where id = tests.the('purchase') $$, '23514',
  null, 'refund_package_purchase: more refunded than paid → refused by a constraint');

select * from finish();
rollback;
