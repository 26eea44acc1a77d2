begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('purchase', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
create function pg_temp.due() returns jsonb language sql as $$
  select jsonb_path_query_first(public.lease_package_purchases(100) -> 'result',
    '$.purchases[*] ? (@.purchaseId == $id)', jsonb_build_object('id', tests.the('purchase')))
$$;
create function pg_temp.change(what text) returns void language plpgsql as $$
begin
  execute 'update public.package_purchases set next_check_at = now(), ' || what || ' where id = tests.the(''purchase'')';
end $$;

select is(pg_temp.due(), null, 'lease_package_purchases: a new purchase → not leased while the webhook may come');
select pg_temp.change('created_at = now() - interval ''2 minutes''');
select is(pg_temp.due() - 'purchaseId' - 'clientId',
  '{"amount": 1900, "currency": "usd", "paymentIntentId": null, "isToEnd": false}', '… then leased');
select is(pg_temp.due(), null, '… by one worker at a time');
select ok((select next_check_at = now() + interval '2 minutes' from public.package_purchases where id = tests.the('purchase')),
  '… with growing backoff');
select pg_temp.change('expires_at = now() + interval ''90 seconds''');
select pg_temp.due();
select ok((select next_check_at = expires_at from public.package_purchases where id = tests.the('purchase')),
  '… but when it expires at the latest');
select pg_temp.change('expires_at = now()');
select is(pg_temp.due() -> 'isToEnd', 'true', 'lease_package_purchases: past its time → to be ended');
select pg_temp.change('expires_at = now() + interval ''1 hour'', cancel_requested_at = now()');
select is(pg_temp.due() -> 'isToEnd', 'true', '… when it was to be cancelled as well');
select pg_temp.change('cancel_requested_at = null');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(pg_temp.due(), null, 'lease_package_purchases: a closed purchase → not leased');
select throws_ok($$ update public.package_purchases set status = 'completed' where id = tests.the('purchase') $$, '23514', null,
  'lease_package_purchases: a status without its time → refused');
select throws_ok($$ update public.package_purchases set bizcoin_amount = price + 1 where id = tests.the('purchase') $$, '23514',
  null, 'lease_package_purchases: a payment above the price → refused');

-- unknown outcome
create function pg_temp.unresolved() returns bigint language sql as $$
  select count(*) from public.system_alerts
  where alert_type = 'payment_unresolved' and subject = tests.the('silent')::text and resolved_at is null
$$;
select tests.keep(tests.create_buyer(balance => 30, price => 49));
select tests.keep('silent', (tests.buy(30) #>> '{result,purchase,purchaseId}')::uuid);
update public.package_purchases set created_at = now() - interval '80 minutes', expires_at = now() - interval '20 minutes',
  next_check_at = now(), payment_status = 'processing' where id = tests.the('silent');
select public.lease_package_purchases(100);
select is(pg_temp.unresolved(), 0::bigint, 'lease_package_purchases: a processing payment → waited for');
update public.package_purchases set next_check_at = now(), payment_status = null where id = tests.the('silent');
select public.lease_package_purchases(100);
select is(pg_temp.unresolved(), 1::bigint, 'lease_package_purchases: unknown long after its end → an alert');
select public.record_payment(tests.the('silent'), tests.payment(tests.the('silent'), 'canceled'));
select is(pg_temp.unresolved(), 0::bigint, '… until it is known');

select * from finish();
rollback;
