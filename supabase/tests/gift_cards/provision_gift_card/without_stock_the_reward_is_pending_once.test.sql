begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(0));
select tests.keep('alert', tests.the('campaign') || ':' || tests.the('brand') || ':25.00');
select tests.keep('first', tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash'));

select is(tests.kept('first') - 'details',
  '{"outcome": "refused", "code": "GC-003", "message": "No available gift cards in pool"}', 'provision_gift_card: no stock → GC-003');
select row_eq($$
  select client_id, campaign_id, recipient_id, condition_number, brand_id, denomination, currency, delivery_method,
    deliver_to,
    status, fulfilled_at
  from public.pending_rewards where recipient_id = tests.the('recipient') $$,
  row(tests.the('client'), tests.the('campaign'), tests.the('recipient'), 1, tests.the('brand'), 25.00::numeric(18,2),
    'USD'::text, 'sms'::text, '+12025550100'::text, 'awaiting_inventory'::text, null::timestamptz),
    '… the reward is pending, with all that its fulfilment needs');
select row_eq($$
  select alert_type, severity, client_id, resolved_at from public.system_alerts
    where subject = tests.kept('alert') #>> '{}' $$,
  row('no_gift_card_inventory'::text, 'critical'::text, tests.the('client'), null::timestamptz), '… an alert is raised');
select results_eq($$
  select step_name, status, error_code, error_message from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') order by step_number $$,
  $$ values ('Validate request', 'completed', null, null), ('Check campaign configuration', 'completed', null, null),
    ('Check eligibility', 'completed', null, null),
    ('Claim from stock', 'completed', null, null),
    ('Start purchase', 'failed', 'GC-003', 'No available gift cards in pool') $$,
  '… the trace has the steps so far');
select is_empty('select from public.gift_card_grants where recipient_id = tests.the(''recipient'')',
  '… no grant is left');
select is_empty('select from public.billing_transactions where client_id = tests.the(''client'')', '… nothing is billed');
select results_eq($$ select notice from public.deliveries where client_id = tests.the('client') $$, array['reward_delayed'],
  'provision_gift_card: no stock → a delay notice instead of a card');
select is_empty('select from public.audit_events where client_id = tests.the(''client'')
  and action = ''gift_card.provisioned''', '… no card is audited as provisioned');
select is_empty('select from private.idempotency_keys where key = ''key''',
  'provision_gift_card: a refused request → its key is free');

select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash') ->> 'code',
  'GC-003', 'provision_gift_card: a second request …');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient')), 1,
  '… pending once');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('alert') #>> '{}'), 1,
  '… and one delay notice');
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('second')) ->> 'code', 'GC-003', 'provision_gift_card: another recipient …');
select is((select count(*)::int from public.pending_rewards where campaign_id = tests.the('campaign')), 2,
  '… each has its own pending reward');

select tests.add_cards(tests.the('pool'), 2);
select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash') ->> 'outcome', 'ok',
  'provision_gift_card: stock arrives, the same request → ok');
select row_eq('select status, fulfilled_at, pool_id from public.pending_rewards where recipient_id = tests.the(''recipient'')',
  row('fulfilled'::text, now(), tests.the('pool')), '… nothing is pending, and the answer names the source');
select is((select status from public.pending_rewards where recipient_id = tests.the('second')), 'awaiting_inventory',
  '… other pending rewards stay pending');
select is(tests.provision(tests.the('second')) ->> 'outcome', 'ok', 'provision_gift_card: the other recipient → the last card');
select is_empty($$
  select from public.system_alerts where subject = tests.kept('alert') #>> '{}' and resolved_at is null $$,
  'provision_gift_card: no pending reward left → the alert is resolved');

select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('third')) ->> 'code', 'GC-003', 'provision_gift_card: the stock is exhausted again');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('alert') #>> '{}'), 2,
  '… another alert');

select * from finish();
rollback;
