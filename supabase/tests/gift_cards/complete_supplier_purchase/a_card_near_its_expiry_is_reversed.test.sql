begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.buy(expires_on date) returns jsonb language plpgsql as $$
begin
  perform tests.keep('buyer', tests.create_recipients(tests.the('campaign')));
  perform tests.keep('purchase', tests.provision(tests.the('buyer'), suppliers => array[tests.kept('supplier') #>> '{}'])
    #> '{result,purchase}');
  return public.complete_supplier_purchase((tests.kept('purchase') ->> 'purchaseId')::uuid, (tests.kept('purchase') ->> 'leaseToken')::uuid,
    'issued', jsonb_build_object('code', 'AAAA', 'fingerprint', encode(extensions.gen_random_bytes(32), 'hex'), 'last4', '4711',
      'keyId', 'test', 'expiresOn', expires_on));
end $$;

select is(pg_temp.buy(current_date - 2) ->> 'code', 'GC-005', 'complete_supplier_purchase: an expired card → GC-005, pending');
select row_eq($$ select status, supplier_code from public.gift_card_purchases where recipient_id = tests.the('buyer') $$,
  row('reversing'::text, 'expires_too_soon'::text), '… and its sale is reversed');
select isnt_empty($$ select from public.system_alerts where alert_type = 'purchase_unresolved'
  and subject = tests.kept('purchase') ->> 'purchaseId' $$, '… with an alert');
select is(pg_temp.buy(current_date) ->> 'code', 'GC-005', 'complete_supplier_purchase: a card of less than 24 hours → GC-005, pending');
select is(pg_temp.buy(current_date + 2) ->> 'outcome', 'ok', 'complete_supplier_purchase: a card of more than 24 hours → given');
update public.gift_card_brands set minimum_validity = '0' where id = tests.the('brand');
select is(pg_temp.buy(current_date) ->> 'outcome', 'ok', 'complete_supplier_purchase: a brand without a minimum validity → given');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
