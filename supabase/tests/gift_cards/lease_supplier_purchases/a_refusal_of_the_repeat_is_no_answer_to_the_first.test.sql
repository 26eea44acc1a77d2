-- Money may have moved with the first question: nothing is bought elsewhere before the supplier has taken it back.
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

select tests.keep('purchase', pg_temp.buy());
select tests.complete_supplier_purchase(tests.kept('purchase'), 'unknown', '504');
select pg_temp.later();
select is(tests.complete_supplier_purchase(pg_temp.lease(), 'declined', '706') ->> 'code', 'GC-005', 'lease_supplier_purchases: the repeat is refused …');
select is((select status from public.gift_card_purchases where ended_at is null), 'reversing', '… and the sale is to be reversed first');
select is((select count(*)::int from public.gift_card_purchases), 1, '… no other supplier is called meanwhile');
select is(pg_temp.lease(), null, 'complete_supplier_purchase: not found at once → the first request may still be under way');
select pg_temp.later();
select tests.keep('reversal', pg_temp.lease());
select is(tests.kept('reversal') ->> 'action', 'reverse', '… but a minute later');
select tests.keep('next', tests.complete_supplier_purchase(tests.kept('reversal'), 'not_found', '724'));
select is(tests.kept('next') #> '{result,purchase,supplier}', tests.kept('other'), '… then the next supplier is called');
select is(tests.complete_supplier_purchase(tests.kept('next') #> '{result,purchase}') ->> 'outcome', 'ok', '… and sells it');

-- what was asked for does not change while it is asked
select tests.keep('purchase', pg_temp.buy());
update public.supplier_brands set brand_code = 'another', is_async = true, delivery_method = 'url' where brand_id = tests.the('brand');
select tests.complete_supplier_purchase(tests.kept('purchase'), 'unknown');
select pg_temp.later();
select tests.keep('again', pg_temp.lease());
select is(tests.kept('again') - 'leaseToken', tests.kept('purchase') - 'leaseToken', '… the same request again, byte for byte');
select is((select failures from public.gift_card_suppliers where name = tests.kept('supplier') #>> '{}'), 2,
  'lease_supplier_purchases: two first requests without an answer → two failures');
select tests.complete_supplier_purchase(tests.kept('again'), 'unknown');
select is((select failures from public.gift_card_suppliers where name = tests.kept('supplier') #>> '{}'), 2,
  'lease_supplier_purchases: a purchase that stays unknown → one failure');

-- another card than was asked for
select pg_temp.later();
select tests.complete_supplier_purchase(pg_temp.lease(), 'unknown', 'another_value');
select is((select metadata ->> 'code' from public.system_alerts where alert_type = 'purchase_unresolved' and resolved_at is null),
  'another_value', 'lease_supplier_purchases: an issued card of another brand or value → an alert');
select pg_temp.later();
select tests.keep('bought', tests.complete_supplier_purchase(pg_temp.lease()));
select is(tests.kept('bought') ->> 'outcome', 'ok', 'lease_supplier_purchases: a card that is received late …');
select is_empty($$ select from public.system_alerts where alert_type = 'purchase_unresolved' and resolved_at is null $$, '… no alert is raised');

-- a code that is on our books already
select tests.keep('purchase', pg_temp.buy());
select tests.keep('twice', public.complete_supplier_purchase((tests.kept('purchase') ->> 'purchaseId')::uuid,
  (tests.kept('purchase') ->> 'leaseToken')::uuid, 'issued', (
    select jsonb_build_object('code', encode(code_sealed, 'base64'), 'fingerprint', encode(code_fingerprint, 'hex'), 'last4', '4711',
      'keyId', 'test') from private.card_secrets limit 1)));
select is(tests.kept('twice') ->> 'code', 'GC-005', 'lease_supplier_purchases: a code that was sold already → no card');
select is((select supplier_code from public.gift_card_purchases where status = 'reversing'), 'known_code', '… it is reversed');
select row_eq($$ select client_id, metadata ->> 'purchase_id', metadata ->> 'cards' from public.system_alerts
  where alert_type = 'known_card_code' $$, row(null::uuid, tests.kept('purchase') ->> 'purchaseId', '1'::text),
  'complete_supplier_purchase: a code that is here already → alert known_card_code');
select is((select count(*)::int from public.system_alerts where alert_type = 'purchase_unresolved' and resolved_at is null), 1,
  '… and an alert is raised');
select pg_temp.later();
select tests.complete_supplier_purchase(pg_temp.lease(), 'reversed');
select is_empty($$ select from public.system_alerts where alert_type = 'purchase_unresolved' and resolved_at is null $$, '… then the purchase is closed');

-- a supplier that names no price
select tests.keep('purchase', tests.provision(tests.create_recipients(tests.the('campaign')),
  suppliers => array[tests.kept('other') #>> '{}']) #> '{result,purchase}');
select is(public.complete_supplier_purchase((tests.kept('purchase') ->> 'purchaseId')::uuid, (tests.kept('purchase') ->> 'leaseToken')::uuid,
  'issued', jsonb_build_object('code', 'AAAA', 'fingerprint', encode(extensions.gen_random_bytes(32), 'hex'), 'last4', '4711',
  'keyId', 'test')) ->> 'outcome', 'ok', 'lease_supplier_purchases: a card without a price → still a card');
select is((select cost_basis from public.billing_transactions where gift_card_id = (tests.kept('purchase') ->> 'giftCardId')::uuid),
  (select coalesce(cost, denomination) from public.brand_denominations where brand_id = tests.the('brand')), '… at what we reckon with');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
