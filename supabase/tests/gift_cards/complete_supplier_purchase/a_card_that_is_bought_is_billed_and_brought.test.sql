-- Stock empty, a supplier sells the card: the purchase is remembered before anybody is called, and ends in one transaction.
begin;
set local search_path = public, extensions, tests;
select plan(33);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('answer', tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash',
  suppliers => array[tests.kept('supplier') #>> '{}']));
select tests.keep('purchase', tests.kept('answer') #> '{result,purchase}');

select is(tests.kept('answer') - 'result', '{"outcome": "ok", "sealed": null, "replayed": false}', 'complete_supplier_purchase: a purchase is started');
select is(tests.kept('purchase') - array['purchaseId', 'leaseToken', 'supplier', 'clientRequestId', 'giftCardId', 'brandId'],
  '{"adapter": "tillo", "action": "issue", "brandCode": "brand-us", "codeCaseMatters": false, "amount": "25.00", "currency": "USD", "sector": null,
    "deliveryMethod": "code", "reference": null}', 'start_supplier_purchase: → brand, value and currency');
select row_eq($$ select client_id, recipient_id, status, attempts, client_request_id, denomination, currency
  from public.gift_card_purchases where id = (tests.kept('purchase') ->> 'purchaseId')::uuid $$,
  row(tests.the('client'), tests.the('recipient'), 'calling'::text, 1, tests.kept('purchase') ->> 'clientRequestId',
    25.00::numeric(18,2), 'USD'::text), 'start_supplier_purchase: the purchase and its idempotency key are committed before the call');
select is((select count(*)::int from public.gift_card_grants where recipient_id = tests.the('recipient')), 1,
  'complete_supplier_purchase: the grant is taken → no second purchase');
select results_eq($$ select step_name from public.gift_card_provisioning_trace where recipient_id = tests.the('recipient')
  order by step_number $$, array['Validate request', 'Check campaign configuration', 'Check eligibility', 'Claim from stock',
  'Start purchase'], '… the trace has the steps so far');
select is_empty('select from public.billing_transactions where client_id = tests.the(''client'')', '… nothing is billed yet');
select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash',
  suppliers => array[tests.kept('supplier') #>> '{}']),
  jsonb_build_object('outcome', 'refused', 'code', 'GC-005', 'message', 'The card is being bought; it is delivered as soon as it is there',
    'details', jsonb_build_object('pending', true, 'purchaseId', tests.kept('purchase') -> 'purchaseId', 'pendingReward',
      jsonb_build_object('deliveryMethod', 'sms', 'deliverTo', '+1•••••0100', 'createdAt', now()))),
  'complete_supplier_purchase: a request meanwhile → GC-005, being purchased');
select is((select count(*)::int from public.gift_card_purchases where recipient_id = tests.the('recipient')), 1,
  '… and nothing else is bought');

select tests.keep('bought', tests.complete_supplier_purchase(tests.kept('purchase')));
select is(tests.kept('bought') #>> '{result,source}', tests.kept('supplier') #>> '{}', 'complete_supplier_purchase: the answer names the source');
select is(tests.kept('bought') #>> '{result,giftCard,id}', tests.kept('purchase') ->> 'giftCardId', '… the card');
select is(tests.kept('bought') #>> '{result,giftCard,status}', 'claimed', '… in a message');
select is(tests.kept('bought') #>> '{sealed,giftCardId}', tests.kept('purchase') ->> 'giftCardId',
  '… and has the sealed card, as from stock');
select row_eq($$ select source, cost_basis, price, margin from public.billing_transactions
  where gift_card_id = (tests.kept('purchase') ->> 'giftCardId')::uuid $$,
  row(tests.kept('supplier') #>> '{}', 23.75::numeric(18,2), 25.00::numeric(18,2), 1.25::numeric(18,2)),
  '… billed with the supplier''s cost');
select row_eq($$ select channel, status from public.deliveries
  where subject_id = (tests.kept('purchase') ->> 'giftCardId')::uuid $$, row('sms'::text, 'queued'::text), '… its message is queued');
select row_eq($$ select status, ended_at, lease_token from public.gift_card_purchases where recipient_id = tests.the('recipient') $$,
  row('issued'::text, now(), null::uuid), '… the purchase is completed');
select results_eq($$ select t.step_name from public.gift_card_provisioning_trace t
  join private.supplier_purchase_requests r on r.asked ->> 'request_id' = t.request_id::text
  join public.gift_card_purchases p on p.id = r.purchase_id
  where p.recipient_id = tests.the('recipient') and t.status = 'completed' order by t.step_number offset 5 $$, array['Receive card', 'Record billing', 'Queue delivery', 'Record'],
  '… the trace continues');
select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash',
  suppliers => array[tests.kept('supplier') #>> '{}']) - 'replayed', tests.kept('bought') - 'replayed',
  'complete_supplier_purchase: the same request again → the same card');
select is(tests.provision(tests.the('recipient'), suppliers => array[tests.kept('supplier') #>> '{}']) ->> 'code', 'GC-010',
  'complete_supplier_purchase: another request → GC-010');
select is(tests.complete_supplier_purchase(tests.kept('purchase')), '{"outcome": "ok", "sealed": null, "replayed": false,
  "result": {"accepted": false}}', 'complete_supplier_purchase: a second report → no change');
select row_eq($$ select pool_type, total_cards, available_cards, claimed_cards from public.gift_card_pools
  where brand_id = tests.the('brand') and pool_type = 'supplier' $$, row('supplier'::text, 1, 0, 1),
  'complete_supplier_purchase: the card is in the pool of supplier purchases');
select is_empty($$ select from public.system_alerts where alert_type = 'pool_exhausted' $$, '… without an alert for its empty stock');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- without an address the answer itself delivers the card
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', tests.provision(tests.the('second'), delivery_method => null, deliver_to => null,
  suppliers => array[tests.kept('supplier') #>> '{}']));
select tests.keep('bought', tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}'));
select is(tests.kept('bought') #>> '{result,giftCard,status}', 'delivered', 'complete_supplier_purchase: no address → the answer delivers the card');
select isnt(tests.kept('bought') -> 'sealed', 'null', '… and shows the card');

-- an agent gets the last four signs only
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('answer', public.provision_gift_card_for_call_center(null, null, tests.the('third'), 1, 'sms',
  '+12025550100', false, row(gen_random_uuid(), tests.the('agent'), null, null, null)::public.request,
  array[tests.kept('supplier') #>> '{}'], 'asked by phone'));
select row_eq($$ select met_by_agent_id, gift_card_id from public.call_conditions_met where recipient_id = tests.the('third') $$,
  row(tests.the('agent'), null::uuid), 'complete_supplier_purchase: an agent''s condition is recorded as met before the card is purchased');
select tests.keep('bought', tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}'));
select is(tests.kept('bought') -> 'sealed', 'null', 'complete_supplier_purchase: an agent''s answer has no code');
select is((select gift_card_id::text from public.call_conditions_met where recipient_id = tests.the('third')),
  tests.kept('bought') #>> '{result,giftCard,id}', '… and the condition names its card');
select is((select exposed_at from public.gift_cards where id = (tests.kept('bought') #>> '{result,giftCard,id}')::uuid), null,
  '… which is undisclosed');

-- a bought card that comes back is given to the next one
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select is((public.cancel_gift_card((tests.kept('bought') #>> '{result,giftCard,id}')::uuid, 'Not earned')).status, 'available',
  'cancel_gift_card: an undisclosed supplier card → returned to stock');
select tests.sign_out();
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select tests.keep('given', tests.provision(tests.the('fourth')));
select is(tests.kept('given') #> '{result,giftCard,id}', tests.kept('bought') #> '{result,giftCard,id}', '… and is given to the next one');
select row_eq($$ select b.source, b.cost_basis from public.billing_transactions b where b.recipient_id = tests.the('fourth') $$,
  row('inventory'::text, 23.75::numeric(18,2)), '… from stock, at what it cost');
select is(tests.kept('given') #>> '{result,source}', 'inventory', '… as its answer says');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
