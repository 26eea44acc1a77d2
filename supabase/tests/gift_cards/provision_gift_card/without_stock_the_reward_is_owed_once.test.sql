begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(0));
select tests.keep('alert', tests.the('campaign') || ':' || tests.the('brand') || ':25.00');
select tests.keep('first', tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash'));

select is(tests.kept('first') - 'details',
  '{"outcome": "refused", "code": "GC-003", "message": "No available gift cards in pool"}', 'GC-003: there is no card');
select row_eq($$
  select client_id, campaign_id, recipient_id, condition_number, brand_id, denomination, currency, delivery_method,
    deliver_to,
    status, fulfilled_at
  from public.pending_rewards where recipient_id = tests.the('recipient') $$,
  row(tests.the('client'), tests.the('campaign'), tests.the('recipient'), 1, tests.the('brand'), 25.00::numeric(18,2),
    'USD'::text, 'sms'::text, '+12025550100'::text, 'awaiting_inventory'::text, null::timestamptz),
    'The reward is owed, with all that is needed to give it later');
select row_eq($$
  select alert_type, severity, client_id, resolved_at from public.system_alerts
    where subject = tests.kept('alert') #>> '{}' $$,
  row('no_gift_card_inventory'::text, 'critical'::text, tests.the('client'), null::timestamptz), 'Somebody is told');
select results_eq($$
  select step_name, status, error_code, error_message from public.gift_card_provisioning_trace
  where recipient_id = tests.the('recipient') order by step_number $$,
  $$ values ('Validate request', 'completed', null, null), ('Check campaign configuration', 'completed', null, null),
    ('Check eligibility', 'completed', null, null),
    ('Claim from stock', 'completed', null, null),
    ('Start purchase', 'failed', 'GC-003', 'No available gift cards in pool') $$,
  'The trace tells how far it came');
select is_empty('select from public.gift_card_grants where recipient_id = tests.the(''recipient'')',
  'No grant is left');
select is_empty('select from public.billing_transactions where client_id = tests.the(''client'')', 'Nothing is billed');
select results_eq($$ select notice from public.deliveries where client_id = tests.the('client') $$, array['reward_delayed'],
  'No card is sent: the recipient is told to wait');
select is_empty('select from public.audit_events where client_id = tests.the(''client'')
  and action = ''gift_card.provisioned''', 'Nothing is said to have been given');
select is_empty('select from private.idempotency_keys where key = ''key''',
  'The key is free: the same request may ask again');

select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash') ->> 'code',
  'GC-003', 'Asked again …');
select is((select count(*)::int from public.pending_rewards where recipient_id = tests.the('recipient')), 1,
  '… it is owed once');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('alert') #>> '{}'), 1,
  '… and told once');
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('second')) ->> 'code', 'GC-003', 'Another recipient asks');
select is((select count(*)::int from public.pending_rewards where campaign_id = tests.the('campaign')), 2,
  'Each reward is owed for itself');

select tests.add_cards(tests.the('pool'), 2);
select is(tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash') ->> 'outcome', 'ok',
  'With a card in stock the same request succeeds');
select row_eq('select status, fulfilled_at, pool_id from public.pending_rewards where recipient_id = tests.the(''recipient'')',
  row('fulfilled'::text, now(), tests.the('pool')), 'And nothing is owed any more; it says where the card came from');
select is((select status from public.pending_rewards where recipient_id = tests.the('second')), 'awaiting_inventory',
  'What is owed to others stays owed');
select is(tests.provision(tests.the('second')) ->> 'outcome', 'ok', 'The other one gets the last card');
select is_empty($$
  select from public.system_alerts where subject = tests.kept('alert') #>> '{}' and resolved_at is null $$,
  'The alert is over when nobody is waiting any more');

select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.provision(tests.the('third')) ->> 'code', 'GC-003', 'The stock runs out again');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('alert') #>> '{}'), 2,
  'That is another alert');

select * from finish();
rollback;
