-- A worker that stood still wakes after its lease, and asks the supplier when others have long given the purchase up.
begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand'), 1));
select tests.keep('other', tests.create_supplier(tests.the('brand'), 2));
create function pg_temp.names() returns text[] language sql as $$
  select array[tests.kept('supplier') #>> '{}', tests.kept('other') #>> '{}']
$$;
create function pg_temp.lease() returns jsonb language sql as $$
  select public.lease_supplier_purchases(10, pg_temp.names()) #> '{result,purchases,0}'
$$;
create function pg_temp.buy() returns jsonb language sql as $$
  select tests.provision(tests.create_recipients(tests.the('campaign')), suppliers => pg_temp.names()) #> '{result,purchase}'
$$;
create function pg_temp.later() returns void language sql as $$
  update public.gift_card_purchases set next_attempt_at = now(), leased_until = null where ended_at is null
$$;
create function pg_temp.status_of(purchase text) returns text language sql stable as $$
  select status from public.gift_card_purchases where id = (tests.kept(purchase) ->> 'purchaseId')::uuid
$$;
create function pg_temp.alerts() returns bigint language sql stable as $$
  select count(*) from public.system_alerts where alert_type = 'purchase_unresolved' and resolved_at is null
$$;

-- the second asker was refused, the sale was not there to be reversed, the next supplier is at it
select tests.keep('late', pg_temp.buy());
select pg_temp.later();
select tests.complete_supplier_purchase(pg_temp.lease(), 'declined', '706');
select pg_temp.later();
select tests.keep('next', tests.complete_supplier_purchase(pg_temp.lease(), 'not_found', '724') #> '{result,purchase}');
select is(pg_temp.status_of('late'), 'reversed', 'complete_supplier_purchase: the purchase is given up');
select is(tests.complete_supplier_purchase(tests.kept('late')), '{"outcome": "ok", "sealed": null, "replayed": false,
  "result": {"accepted": false}}', 'complete_supplier_purchase: a late card of a lapsed worker → not accepted');
select is(pg_temp.status_of('late'), 'reversing', '… but it is not forgotten');
select is(pg_temp.alerts(), 1::bigint, '… and an alert is raised');
select is(tests.provision((select recipient_id from public.gift_card_purchases where id = (tests.kept('late') ->> 'purchaseId')::uuid),
  suppliers => pg_temp.names()) #>> '{details,purchaseId}', tests.kept('next') ->> 'purchaseId',
  'complete_supplier_purchase: a request while another purchase runs → names that purchase');
select tests.keep('reversal', pg_temp.lease());
select is(jsonb_build_array(tests.kept('reversal') -> 'action', tests.kept('reversal') -> 'clientRequestId'),
  jsonb_build_array('reverse', tests.kept('late') -> 'clientRequestId'), '… the late card is reversed at once');
select is(tests.complete_supplier_purchase(tests.kept('reversal'), 'reversed') ->> 'code', 'GC-005', 'complete_supplier_purchase: the reversal is confirmed …');
select is(pg_temp.status_of('late'), 'reversed', '… that purchase is over again');
select is(pg_temp.alerts(), 0::bigint, '… and no alert is raised');
select is(tests.complete_supplier_purchase(tests.kept('next')) ->> 'outcome', 'ok', 'complete_supplier_purchase: the other purchase is unaffected');
select is((select count(*)::int from public.billing_transactions where client_id = tests.the('client')), 1, '… one card is billed');
select is((select count(*)::int from public.gift_card_purchases), 2, '… and no third purchase was made');
select is(tests.complete_supplier_purchase(tests.kept('next')) #> '{result,accepted}', 'false', 'complete_supplier_purchase: a report of an issued card …');
select is(pg_temp.status_of('next'), 'issued', '… never takes it back');

-- no supplier sold it and it is pending; then the first request turns out to have been received, or may have been
select tests.keep('late', pg_temp.buy());
select pg_temp.later();
select tests.complete_supplier_purchase(pg_temp.lease(), 'short', '610');
select pg_temp.later();
update public.supplier_brands set is_enabled = false where brand_id = tests.the('brand');
select tests.complete_supplier_purchase(pg_temp.lease(), 'not_found', '724');
select tests.complete_supplier_purchase(tests.kept('late'), 'unknown', 'timeout');
select is(pg_temp.status_of('late'), 'reversing', 'complete_supplier_purchase: a purchase with an unknown outcome → reversed, too');
select tests.complete_supplier_purchase(pg_temp.lease(), 'not_found', '724');
select is(pg_temp.status_of('late'), 'reversed', '… not issued: nothing to reverse');
select is((select count(*)::int from public.pending_rewards where client_id = tests.the('client') and status like 'awaiting%'), 1,
  '… the reward is pending, once');
select tests.complete_supplier_purchase(tests.kept('late'), 'declined', '072');
select is(pg_temp.status_of('late'), 'reversed', 'complete_supplier_purchase: a late refusal → no change');

-- a sale that the supplier has told us of does not vanish
update public.supplier_brands set is_enabled = true, is_async = true where brand_id = tests.the('brand');
select tests.keep('order', pg_temp.buy());
select tests.complete_supplier_purchase(tests.kept('order'), 'ordered', supplier_reference => 'ref-1');
select pg_temp.later();
select tests.complete_supplier_purchase(pg_temp.lease(), 'not_found', '433');
select is(pg_temp.status_of('order'), 'ordered', 'complete_supplier_purchase: an accepted order that is not found → requested again');
select pg_temp.later();
select is(tests.complete_supplier_purchase(pg_temp.lease()) ->> 'outcome', 'ok', '… and comes');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
