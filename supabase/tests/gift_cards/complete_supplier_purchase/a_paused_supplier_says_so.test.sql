begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_promise(0));
select tests.keep('first', tests.create_supplier(tests.the('brand'), 1));
create function pg_temp.suppliers() returns text[] language sql as $$
  select array_remove(array[tests.kept('first') #>> '{}', tests.kept('second') #>> '{}'], null)
$$;
update public.gift_card_suppliers set failures = 5, paused_until = now() + interval '5 minutes' where name = tests.kept('first') #>> '{}';
select tests.keep('answer', tests.provision(tests.the('recipient'), suppliers => pg_temp.suppliers()));
select is(tests.kept('answer') ->> 'code', 'GC-005', 'provision_gift_card: the only supplier is paused → GC-005');
select is(jsonb_build_array(tests.kept('answer') #> '{details,supplierPaused}', (tests.kept('answer') #>> '{details,retryAt}')::timestamptz,
  tests.kept('answer') #> '{details,pending}'), jsonb_build_array(true, now() + interval '5 minutes', true), '… says so, and until when');
select is(tests.kept('answer') #>> '{details,pendingReward,id}', (
  select id::text from public.pending_rewards where recipient_id = tests.the('recipient') and code = 'GC-005'), '… and the reward is pending');
select is(public.fulfil_pending_reward(pg_temp.suppliers()) -> 'result', '{"isDone": true}', 'lease_supplier_purchases: a paused supplier → not called');
select is(tests.provision(tests.create_recipients(tests.the('campaign')), suppliers => '{}') ->> 'code', 'GC-004',
  'complete_supplier_purchase: no credentials → GC-004');

-- the next one is asked; paused as well, the earlier end counts
select tests.keep('second', tests.create_supplier(tests.the('brand'), 2));
update public.gift_card_suppliers set paused_until = now() + interval '1 minute' where name = tests.kept('second') #>> '{}';
select is((tests.provision(tests.the('recipient'), suppliers => pg_temp.suppliers()) #>> '{details,retryAt}')::timestamptz,
  now() + interval '1 minute', 'complete_supplier_purchase: of two pauses, the earlier end counts');
update public.gift_card_suppliers set paused_until = null where name = tests.kept('second') #>> '{}';
select tests.keep('purchase', tests.provision(tests.the('recipient'), suppliers => pg_temp.suppliers()) #> '{result,purchase}');
select is(tests.kept('purchase') -> 'supplier', tests.kept('second'), 'complete_supplier_purchase: the supplier that is not paused → called');
select is(tests.complete_supplier_purchase(tests.kept('purchase'), 'declined') ->> 'code', 'GC-005', 'complete_supplier_purchase: one declines, the other is paused → GC-005');
update public.gift_card_suppliers set paused_until = now();
update public.pending_rewards set next_attempt_at = now() where recipient_id = tests.the('recipient');
select isnt(public.fulfil_pending_reward(pg_temp.suppliers()) #> '{result,purchase}', null, 'complete_supplier_purchase: after the pause → purchased');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
