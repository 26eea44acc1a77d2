begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise());
alter table public.billing_transactions add constraint billing_transactions_fail_today check (false) not valid;
select tests.keep('answer', tests.provision(tests.the('recipient')));

select is(tests.kept('answer') ->> 'code', 'GC-007', 'GC-007: a card that cannot be billed is not given');
select is((select status from public.gift_cards where pool_id = tests.the('pool')), 'available', 'The card is back');
select is((select exposed_at from public.gift_cards where pool_id = tests.the('pool')), null, 'And was never shown');
select is_empty('select from public.gift_card_grants where recipient_id = tests.the(''recipient'')',
  'No grant is left');
select is_empty('select from public.deliveries where client_id = tests.the(''client'')', 'Nothing is sent');
select row_eq($$
  select step_number, step_name, error_code from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') and status = 'failed' $$,
  row(5, 'Record billing'::text, 'GC-007'::text), 'The trace names the step');
select matches((select error_message from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') and status = 'failed'), 'billing_transactions_fail_today',
  'And its cause');
select is_empty('select * from private.pool_counters_off', 'The counters are exact');

alter table public.billing_transactions drop constraint billing_transactions_fail_today;
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok',
  'When bills can be written again, the card is given');

select * from finish();
rollback;
