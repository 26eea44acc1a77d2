begin;
set local search_path = public, extensions, tests;
select plan(24);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
create function pg_temp.lease() returns jsonb language sql as $$
  select public.lease_purchases(10, array[tests.kept('supplier') #>> '{}']) #> '{result,purchases}'
$$;
create function pg_temp.buy() returns jsonb language sql as $$
  select tests.provision(tests.create_recipients(tests.the('campaign')), delivery_method => null, deliver_to => null,
    suppliers => array[tests.kept('supplier') #>> '{}']) #> '{result,purchase}'
$$;

select tests.keep('purchase', pg_temp.buy());
select is(pg_temp.lease(), '[]', 'Whoever is calling is left alone');
update public.gift_card_purchases set leased_until = clock_timestamp();
select is(public.lease_purchases(10, '{}') #> '{result,purchases}', '[]', 'Without credentials nobody is asked');
select tests.keep('again', pg_temp.lease() -> 0);
select is(tests.kept('again') ->> 'action', 'issue', 'When the report was lost, the supplier is asked again');
select is(tests.kept('again') -> 'clientRequestId', tests.kept('purchase') -> 'clientRequestId', '… with the same id');
select isnt(tests.kept('again') -> 'leaseToken', tests.kept('purchase') -> 'leaseToken', '… under a lease of its own');
select is(pg_temp.lease(), '[]', '… which is exclusive');
select is(tests.complete_purchase(tests.kept('purchase')) #> '{result,accepted}', 'false', 'The first caller comes too late');
select is(tests.complete_purchase(tests.kept('again')) ->> 'outcome', 'ok', 'The second one brings the card');
select row_eq($$ select d.channel, d.deliver_to from public.deliveries d
  join public.campaign_recipients r on r.id = d.recipient_id and r.phone = d.deliver_to
  where d.subject_id = (tests.kept('purchase') ->> 'giftCardId')::uuid $$,
  (select row('sms'::text, r.phone) from public.campaign_recipients r join public.gift_card_purchases p on p.recipient_id = r.id
    where p.id = (tests.kept('purchase') ->> 'purchaseId')::uuid),
  'Nobody waits for the answer any more, so the recipient''s phone gets it');
select is_empty('select * from private.invariant_violations', 'No invariant is broken');

-- an asynchronous brand
update public.supplier_brands set is_async = true where brand_id = tests.the('brand');
select tests.keep('purchase', pg_temp.buy());
select is(tests.kept('purchase') ->> 'action', 'order', 'A card of an asynchronous brand is ordered');
select is(tests.complete_purchase(tests.kept('purchase'), 'ordered', supplier_reference => 'ref-1') ->> 'code', 'GC-005',
  '… and is not there yet');
select is(pg_temp.lease(), '[]', 'It takes a moment');
update public.gift_card_purchases set next_attempt_at = now() where status = 'ordered';
select tests.keep('asked', pg_temp.lease() -> 0);
select is(jsonb_build_array(tests.kept('asked') ->> 'action', tests.kept('asked') ->> 'reference'), '["order_status", "ref-1"]',
  'Then the order is asked for');
select is(tests.complete_purchase(tests.kept('asked'), 'unknown') ->> 'code', 'GC-005', 'If the supplier does not answer …');
select is((select status from public.gift_card_purchases where id = (tests.kept('asked') ->> 'purchaseId')::uuid), 'ordered',
  '… it stays ordered');
update public.gift_card_purchases set next_attempt_at = now() where status = 'ordered';
select is(tests.complete_purchase(pg_temp.lease() -> 0) ->> 'outcome', 'ok', 'The card comes when it is ready');

-- after a day the sale is reversed
update public.supplier_brands set is_async = false where brand_id = tests.the('brand');
select tests.keep('purchase', pg_temp.buy());
select tests.complete_purchase(tests.kept('purchase'), 'unknown');
update public.gift_card_purchases set created_at = now() - interval '25 hours', next_attempt_at = now() where status = 'unknown';
select tests.keep('reversal', pg_temp.lease() -> 0);
select is(tests.kept('reversal') ->> 'action', 'reverse', 'What nobody knows after a day is reversed');
select is(tests.complete_purchase(tests.kept('reversal'), 'reversed') ->> 'code', 'GC-005', 'It is');
select is((select status from public.gift_card_purchases where id = (tests.kept('purchase') ->> 'purchaseId')::uuid), 'reversed',
  'The purchase is over');
select is((select count(*)::int from public.pending_rewards where client_id = tests.the('client') and status = 'awaiting_inventory'), 1,
  'The reward is owed');
select is_empty($$ select from public.gift_card_grants g join public.gift_card_purchases p on p.grant_id = g.id
  where p.status = 'reversed' and g.cancelled_at is null $$, 'The grant is taken back');
select is_empty('select * from private.invariant_violations', 'No invariant is broken');

select tests.keep('purchase', pg_temp.buy());
update public.gift_card_purchases set created_at = now() - interval '49 hours' where ended_at is null;
select results_eq('select problem from private.purchases_without_end',
  array['its outcome is not known after two days'], 'A purchase without end is seen');

select * from finish();
rollback;
