begin;
set local search_path = public, extensions, tests;
select plan(30);

create function pg_temp.ask(recipient uuid, suppliers text[]) returns jsonb language sql as $$
  select tests.provision(recipient, suppliers => suppliers)
$$;

select tests.keep(tests.create_promise(0));
select is(pg_temp.ask(tests.the('recipient'), '{tillo}') ->> 'code', 'GC-003', 'complete_supplier_purchase: no supplier sells the card → GC-003');
select tests.keep('first', tests.create_supplier(tests.the('brand'), 1));
select is(pg_temp.ask(tests.the('recipient'), '{}') ->> 'code', 'GC-004', 'complete_supplier_purchase: a supplier without credentials → GC-004');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient')), 1, '… the reward is pending');
select is_empty('select from public.gift_card_grants where recipient_id = tests.the(''recipient'')', '… no grant is left');

-- the next supplier is asked
select tests.keep('second', tests.create_supplier(tests.the('brand'), 2));
select tests.keep('both', array[tests.kept('first') #>> '{}', tests.kept('second') #>> '{}']);
create function pg_temp.both() returns text[] language sql as $$
  select array(select jsonb_array_elements_text(tests.kept('both')))
$$;
select tests.keep('answer', pg_temp.ask(tests.the('recipient'), pg_temp.both()));
select is(tests.kept('answer') #> '{result,purchase,supplier}', tests.kept('first'),
  'complete_supplier_purchase: the supplier with the lowest priority number is called first');
select tests.keep('next', tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}', 'declined', '072'));
select is(tests.kept('next') #> '{result,purchase,supplier}', tests.kept('second'), '… it declines: the next one is called');
select isnt(tests.kept('next') #> '{result,purchase,clientRequestId}', tests.kept('answer') #> '{result,purchase,clientRequestId}',
  '… with an id of its own');
select row_eq($$ select error_code, tillo_code from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') and step_name = 'Purchase' $$, row('GC-005'::text, '072'::text),
  '… the trace has the supplier''s own code');
select tests.keep('refused', tests.complete_supplier_purchase(tests.kept('next') #> '{result,purchase}', 'declined', '704'));
select is(tests.kept('refused') ->> 'code', 'GC-005', 'complete_supplier_purchase: all suppliers decline → GC-005');
select is(tests.kept('refused') #> '{details,pending}', 'true', '… and it is pending');
select results_eq($$ select status, supplier_code from public.gift_card_purchases where recipient_id = tests.the('recipient')
  order by attempts, supplier_code $$, $$ values ('declined', '072'), ('declined', '704') $$, '… both purchases are closed');
select is_empty($$ select from public.gift_card_grants where recipient_id = tests.the('recipient') and cancelled_at is null $$,
  '… the grant is revoked');
select row_eq($$ select code, status from public.pending_rewards where recipient_id = tests.the('recipient') $$,
  row('GC-003'::text, 'awaiting_inventory'::text), '… the reward was pending and is pending once');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- our money with the supplier is short: an alarm for us, not the client's GC-006
select tests.keep('poor', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', pg_temp.ask(tests.the('poor'), array[tests.kept('first') #>> '{}']));
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}', 'short', '610') ->> 'code', 'GC-005',
  'complete_supplier_purchase: an insufficient float → GC-005, not the client''s GC-006');
select row_eq($$ select severity, client_id from public.system_alerts where alert_type = 'supplier_float_short' $$,
  row('critical'::text, null::uuid), '… the platform gets an alert');
select is((select failures from public.gift_card_suppliers where name = tests.kept('first') #>> '{}'), 1, '… it is a failure of the supplier');

-- unknown outcome
select tests.keep('unknown', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', pg_temp.ask(tests.the('unknown'), pg_temp.both()));
select tests.keep('late', tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}', 'unknown', '504'));
select is(tests.kept('late') ->> 'code', 'GC-005', 'complete_supplier_purchase: an unknown outcome → GC-005, pending');
select row_eq($$ select status, lease_token, ended_at from public.gift_card_purchases where recipient_id = tests.the('unknown') $$,
  row('unknown'::text, null::uuid, null::timestamptz), '… the purchase stays open');
select is((select count(*)::int from public.gift_card_purchases where recipient_id = tests.the('unknown')), 1,
  '… no other supplier is called meanwhile');
select is_empty($$ select from public.pending_rewards where recipient_id = tests.the('unknown') $$, '… the reward is pending once');

-- five in a row, and the supplier is left alone
update public.gift_card_suppliers set failures = 4 where name = tests.kept('first') #>> '{}';
select tests.keep('fifth', tests.create_recipients(tests.the('campaign')));
select tests.complete_supplier_purchase(pg_temp.ask(tests.the('fifth'), array[tests.kept('first') #>> '{}']) #> '{result,purchase}', 'unknown');
select ok((select paused_until > now() from public.gift_card_suppliers where name = tests.kept('first') #>> '{}'),
  'complete_supplier_purchase: five failures in a row → the supplier is paused');
select is((select count(*)::int from public.system_alerts where alert_type = 'supplier_paused' and resolved_at is null), 1, '… an alert is raised');
select tests.keep('sixth', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', pg_temp.ask(tests.the('sixth'), pg_temp.both()));
select is(tests.kept('answer') #> '{result,purchase,supplier}', tests.kept('second'), '… the next supplier is called instead');
update public.gift_card_suppliers set paused_until = now() where name = tests.kept('first') #>> '{}';
select tests.keep('seventh', tests.create_recipients(tests.the('campaign')));
select is(tests.complete_supplier_purchase(pg_temp.ask(tests.the('seventh'), array[tests.kept('first') #>> '{}']) #> '{result,purchase}')
  ->> 'outcome', 'ok', '… after the pause it is called again');
select row_eq($$ select failures, paused_until from public.gift_card_suppliers where name = tests.kept('first') #>> '{}' $$,
  row(0, null::timestamptz), 'complete_supplier_purchase: a success → the count restarts');
select is_empty($$ select from public.system_alerts where alert_type = 'supplier_paused' and resolved_at is null $$, '… and the alert is resolved');

-- within its rate
select tests.keep('slow', tests.create_supplier(tests.the('brand'), 0, requests_per_minute => 1));
select tests.keep('one', tests.create_recipients(tests.the('campaign')));
select is(pg_temp.ask(tests.the('one'), array[tests.kept('slow') #>> '{}']) #> '{result,purchase,supplier}', tests.kept('slow'), '… one a minute');
select tests.keep('two', tests.create_recipients(tests.the('campaign')));
select is(pg_temp.ask(tests.the('two'), array[tests.kept('slow') #>> '{}']) ->> 'code', 'GC-003', '… and no more than that');

select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
