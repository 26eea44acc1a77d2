begin;
set local search_path = public, extensions, tests;
select plan(5);

create function pg_temp.newest_first(recipient_id uuid) returns text[] language sql as $$
  select array_agg(t.step_name order by t.created_at desc) from public.gift_card_provisioning_trace t
  where t.recipient_id = newest_first.recipient_id
$$;
create function pg_temp.steps_backwards(recipient_id uuid) returns text[] language sql as $$
  select array_agg(t.step_name order by t.step_number desc) from public.gift_card_provisioning_trace t
  where t.recipient_id = steps_backwards.recipient_id
$$;

select tests.keep(tests.create_promise(1));
select tests.provision(tests.the('recipient'));
select cmp_ok(cardinality(pg_temp.newest_first(tests.the('recipient'))), '>=', 7, 'provision_gift_card: a provisioning has at least seven steps');
select is(pg_temp.newest_first(tests.the('recipient')), pg_temp.steps_backwards(tests.the('recipient')),
  'provision_gift_card: order by created_at desc → the steps in reverse order');
select is((select count(distinct t.created_at) from public.gift_card_provisioning_trace t
  where t.recipient_id = tests.the('recipient')), (select count(*) from public.gift_card_provisioning_trace t
  where t.recipient_id = tests.the('recipient')), '… and no two of them at the same time');

-- refused, and fulfilled later: the steps of both are one story
select tests.keep('late', tests.create_recipients(tests.the('campaign')));
select tests.provision(tests.the('late'));
select is((pg_temp.newest_first(tests.the('late')))[1], (
  select step_name from public.gift_card_provisioning_trace where recipient_id = tests.the('late') and status = 'failed'),
  'provision_gift_card: a refusal → the step that failed is the newest');

-- bought: the steps after the purchase follow those before it
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('buyer', tests.create_recipients(tests.the('campaign')));
select tests.complete_supplier_purchase(tests.provision(tests.the('buyer'), suppliers => array[tests.kept('supplier') #>> '{}'])
  #> '{result,purchase}');
select is(pg_temp.newest_first(tests.the('buyer')), pg_temp.steps_backwards(tests.the('buyer')),
  'complete_supplier_purchase: its steps are newer than those of the request');

select * from finish();
rollback;
