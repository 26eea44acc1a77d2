begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep(tests.create_promise(1));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
update public.clients set prepaid_since = now() where id = tests.the('client');
select tests.keep('credit', private.credit_account('client', tests.the('client'), 'USD'));
create function pg_temp.credit(amount numeric) returns void language sql as $$
  select private.post_transfer(tests.the('client'), 'test', private.system_account(tests.the('client'), 'issuance', 'credit:USD'),
    tests.the('credit'), amount, gen_random_uuid()::text)
$$;
create function pg_temp.left() returns text language sql stable as $$
  select (balance - held)::text || ' of ' || balance from public.ledger_accounts where id = tests.the('credit')
$$;
create function pg_temp.ask(recipient uuid) returns jsonb language sql as $$
  select tests.provision(recipient, suppliers => array[tests.kept('supplier') #>> '{}'])
$$;

select is(pg_temp.ask(tests.the('recipient')) ->> 'code', 'GC-006', 'complete_supplier_purchase: no credit → GC-006');
select is((select available_cards from public.gift_card_pools where id = tests.the('pool')), 1, '… the card stays in stock');
select row_eq($$ select status, code from public.pending_rewards where recipient_id = tests.the('recipient') $$,
  row('awaiting_credit'::text, 'GC-006'::text), '… the reward is pending until there is credit');
select is((select error_code from public.gift_card_provisioning_trace where recipient_id = tests.the('recipient')
  and step_name = 'Charge credit'), 'GC-006', '… the trace says where it ended');
select pg_temp.credit(75);
update public.pending_rewards set next_attempt_at = now();
select isnt(public.fulfil_pending_reward('{}') #>> '{result,giftCardId}', null, 'complete_supplier_purchase: with credit → provisioned');
select is(pg_temp.left(), '50.00 of 50.00', '… and paid');
select is_empty($$ select from public.system_alerts where alert_type = 'insufficient_credit' and resolved_at is null $$,
  '… the alert is resolved');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', pg_temp.ask(tests.the('second')));
select is(pg_temp.left(), '25.00 of 50.00', 'start_supplier_purchase: the price is held before the supplier is called');
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}') ->> 'outcome', 'ok', 'complete_supplier_purchase: the card is received …');
select is(pg_temp.left(), '25.00 of 25.00', '… it is paid with that');

select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', pg_temp.ask(tests.the('third')));
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select is(pg_temp.ask(tests.the('fourth')) ->> 'code', 'GC-006', 'complete_supplier_purchase: held credit is not available to others → GC-006');
select is(pg_temp.left(), '0.00 of 25.00', 'complete_supplier_purchase: a purchase that was not started → no hold');
select is((select count(*)::int from public.gift_card_purchases where recipient_id = tests.the('fourth')), 0, '… and none did');
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}', 'declined') ->> 'code', 'GC-005', 'complete_supplier_purchase: the supplier declines …');
select is(pg_temp.left(), '25.00 of 25.00', '… the credit is free again');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
