begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.lease() returns jsonb language sql as $$
  select public.lease_supplier_purchases(10, array[tests.kept('supplier') #>> '{}']) #> '{result,purchases}'
$$;
create function pg_temp.buy() returns jsonb language sql as $$
  select tests.provision(tests.create_recipients(tests.the('campaign')), delivery_method => null, deliver_to => null,
    suppliers => array[tests.kept('supplier') #>> '{}']) #> '{result,purchase}'
$$;

select tests.keep('purchase', pg_temp.buy());
select is(pg_temp.lease(), '[]', 'lease_supplier_purchases: a purchase with a live lease → not leased');
update public.gift_card_purchases set leased_until = clock_timestamp();
select is(public.lease_supplier_purchases(10, '{}') #> '{result,purchases}', '[]', 'lease_supplier_purchases: no credentials → not called');
select tests.keep('again', pg_temp.lease() -> 0);
select is(tests.kept('again') ->> 'action', 'issue', 'lease_supplier_purchases: a lost report → the supplier is called again with the same id');
select is(tests.kept('again') -> 'clientRequestId', tests.kept('purchase') -> 'clientRequestId', '… with the same id');
select isnt(tests.kept('again') -> 'leaseToken', tests.kept('purchase') -> 'leaseToken', '… under a lease of its own');
select is(pg_temp.lease(), '[]', '… which is exclusive');
select is(tests.complete_supplier_purchase(tests.kept('purchase')) #> '{result,accepted}', 'false', '… the first caller''s report is late');
select is(tests.complete_supplier_purchase(tests.kept('again')) ->> 'outcome', 'ok', '… the second caller reports the card');
select row_eq($$ select d.channel, d.deliver_to from public.deliveries d
  join public.campaign_recipients r on r.id = d.recipient_id and r.phone = d.deliver_to
  where d.subject_id = (tests.kept('purchase') ->> 'giftCardId')::uuid $$,
  (select row('sms'::text, r.phone) from public.campaign_recipients r join public.gift_card_purchases p on p.recipient_id = r.id
    where p.id = (tests.kept('purchase') ->> 'purchaseId')::uuid),
  '… no caller waits for it, so it is sent to the recipient''s phone');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- an asynchronous brand
update public.supplier_brands set is_async = true where brand_id = tests.the('brand');
select tests.keep('purchase', pg_temp.buy());
select is(tests.kept('purchase') ->> 'action', 'order', 'lease_supplier_purchases: a card of an asynchronous brand → ordered');
select is(tests.complete_supplier_purchase(tests.kept('purchase'), 'ordered', supplier_reference => 'ref-1') ->> 'code', 'GC-005',
  '… and is not there yet');
select is(pg_temp.lease(), '[]', '… pending for a moment');
update public.gift_card_purchases set next_attempt_at = now() where status = 'ordered';
select tests.keep('asked', pg_temp.lease() -> 0);
select is(jsonb_build_array(tests.kept('asked') ->> 'action', tests.kept('asked') ->> 'reference'), '["order_status", "ref-1"]',
  '… then the order is looked up');
select is(tests.complete_supplier_purchase(tests.kept('asked'), 'unknown') ->> 'code', 'GC-005', 'lease_supplier_purchases: the supplier does not answer …');
select is((select status from public.gift_card_purchases where id = (tests.kept('asked') ->> 'purchaseId')::uuid), 'ordered',
  '… it stays ordered');
update public.gift_card_purchases set next_attempt_at = now() where status = 'ordered';
select is(tests.complete_supplier_purchase(pg_temp.lease() -> 0) ->> 'outcome', 'ok', '… the card is received when it is ready');

-- after a day the sale is reversed
update public.supplier_brands set is_async = false where brand_id = tests.the('brand');
select tests.keep('purchase', pg_temp.buy());
select tests.complete_supplier_purchase(tests.kept('purchase'), 'unknown');
update public.gift_card_purchases set created_at = now() - interval '25 hours', next_attempt_at = now() where status = 'unknown';
select tests.keep('reversal', pg_temp.lease() -> 0);
select is(tests.kept('reversal') ->> 'action', 'reverse', 'lease_supplier_purchases: unknown for a day → reversed');
select is(tests.complete_supplier_purchase(tests.kept('reversal'), 'reversed') ->> 'code', 'GC-005', '… it is reversed');
select is((select status from public.gift_card_purchases where id = (tests.kept('purchase') ->> 'purchaseId')::uuid), 'reversed',
  '… the purchase is closed');
select is((select count(*)::int from public.pending_rewards where client_id = tests.the('client') and status = 'awaiting_inventory'), 1,
  '… the reward is pending');
select is_empty($$ select from public.gift_card_grants g join public.gift_card_purchases p on p.grant_id = g.id
  where p.status = 'reversed' and g.cancelled_at is null $$, '… the grant is revoked');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select tests.keep('purchase', pg_temp.buy());
update public.gift_card_purchases set created_at = now() - interval '49 hours' where ended_at is null;
select results_eq('select problem from private.supplier_purchases_without_end',
  array['its outcome is not known after two days'], 'lease_supplier_purchases: a purchase that never ends → an alert');

select * from finish();
rollback;
