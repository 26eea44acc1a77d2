begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise());
alter table public.billing_transactions add constraint billing_transactions_fail_today check (false) not valid;
select tests.keep('answer', tests.provision(tests.the('recipient')));

select is(tests.kept('answer') ->> 'code', 'GC-007', 'provision_gift_card: the bill fails → GC-007');
select is((select status from public.gift_cards where pool_id = tests.the('pool')), 'available', '… the card is back in stock');
select is((select exposed_at from public.gift_cards where pool_id = tests.the('pool')), null, '… and undisclosed');
select is_empty('select from public.gift_card_grants where recipient_id = tests.the(''recipient'')',
  '… no grant is left');
select is_empty('select from public.deliveries where client_id = tests.the(''client'')', '… nothing is queued');
select row_eq($$
  select step_number, step_name, error_code from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') and status = 'failed' $$,
  row(5, 'Record billing'::text, 'GC-007'::text), '… the trace has the failed step');
select matches((select error_message from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') and status = 'failed'), 'billing_transactions_fail_today',
  '… and its cause');
select is_empty('select * from private.pool_counters_off', '… the counters are exact');

alter table public.billing_transactions drop constraint billing_transactions_fail_today;
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok',
  'provision_gift_card: the bill succeeds → the card is provisioned');

select * from finish();
rollback;
