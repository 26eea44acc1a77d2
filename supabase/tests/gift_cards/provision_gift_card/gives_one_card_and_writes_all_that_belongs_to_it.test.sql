begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep(tests.create_promise(3));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('request', gen_random_uuid());
select tests.keep('answer', public.provision_gift_card(tests.the('campaign'), tests.the('recipient'), tests.the('brand'),
  25, 1, 'sms', '+12025550100', row(tests.the('request'), tests.the('admin'), null, null, null)::public.request));
select tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');

select is(tests.kept('answer') ->> 'outcome', 'ok', 'provision_gift_card: ok');
select is(tests.kept('answer') ->> 'replayed', 'false', '… not replayed');
select is(tests.kept('answer') #> '{result,giftCard}',
  (select jsonb_build_object('id', c.id, 'brandId', b.id, 'brand', b.name, 'denomination', 25.00, 'currency', 'USD',
  'expiresAt', null, 'redemptionUrl', 'https://brand.example/redeem', 'termsUrl', null, 'codeLast4', c.code_last4,
  'status', 'claimed') from public.gift_cards c, public.gift_card_brands b where c.id = tests.the('card')
  and b.id = tests.the('brand')), '… the card, with the last four characters of its code');
select is(tests.kept('answer') #>> '{result,source}', 'inventory', '… its source');
select is(decode(tests.kept('answer') #>> '{sealed,code}', 'base64'),
  (select s.code_sealed from private.card_secrets s where s.gift_card_id = tests.the('card')),
  '… the sealed code');
select is((tests.kept('answer') -> 'sealed') - 'code',
  jsonb_build_object('giftCardId', tests.the('card'), 'brandId', tests.the('brand'), 'keyId', 'test', 'pin', null),
  '… and its key id and nonce');

select row_eq($$
  select status, client_id, recipient_id, delivery_method, claimed_at, exposed_at, delivered_at, redeemed_at
  from public.gift_cards where id = tests.the('card') $$,
  row('claimed'::text, tests.the('client'), tests.the('recipient'), 'sms'::text, now(), now(), null::timestamptz,
    null::timestamptz), 'provision_gift_card: the card is claimed for the recipient, and disclosed to the caller');
select row_eq($$
  select g.id, g.client_id, g.campaign_id, g.recipient_id, g.condition_number, g.surface, g.granted_by
  from public.gift_card_grants g join public.gift_cards c on c.grant_id = g.id where c.id = tests.the('card') $$,
  row((tests.kept('answer') #>> '{result,grantId}')::uuid, tests.the('client'), tests.the('campaign'),
    tests.the('recipient'), 1, 'api'::text, tests.the('admin')), '… it has its grant');
select row_eq($$
  select b.id, b.source, b.currency::text, b.denomination, b.cost_basis, b.price, b.margin, b.billed_entity_type,
    b.billed_entity_id, b.request_id
  from public.billing_transactions b where b.gift_card_id = tests.the('card') $$,
  row((tests.kept('answer') #>> '{result,billing,id}')::uuid, 'inventory'::text, 'USD'::text, 25.00::numeric(18,2),
    23.50::numeric(18,2), 25.00::numeric(18,2), 1.50::numeric(18,2), 'client'::text, tests.the('client'),
    tests.the('request')), '… the bill has cost, price, margin and billing entity');
select is((tests.kept('answer') #> '{result,billing}') - 'id', '{"price": 25.00, "currency": "USD"}',
  '… the answer has the price only');
select row_eq($$
  select d.id, d.topic, d.channel, d.deliver_to, d.status, d.attempts, d.recipient_id
  from public.deliveries d where d.subject_id = tests.the('card') $$,
  row((tests.kept('answer') #>> '{result,delivery,id}')::uuid, 'gift_card'::text, 'sms'::text, '+12025550100'::text,
    'queued'::text, 0, tests.the('recipient')), 'provision_gift_card: a message is queued');
select is((tests.kept('answer') #> '{result,delivery}') - 'id', '{"method": "sms", "status": "queued"}',
  '… the answer says so');

select results_eq($$
  select step_number, step_name, status, error_code from public.gift_card_provisioning_trace
  where request_id = tests.the('request') order by step_number $$,
  $$ values (1, 'Validate request', 'completed', null::text), (2, 'Check campaign configuration', 'completed', null),
    (3, 'Check eligibility', 'completed', null), (4, 'Claim from stock', 'completed', null),
    (5, 'Record billing', 'completed', null), (6, 'Queue delivery', 'completed', null),
      (7, 'Record', 'completed', null) $$,
  'provision_gift_card: the trace has the steps in order');
select is_empty($$
  select from public.gift_card_provisioning_trace where request_id = tests.the('request') and (duration_ms < 0
    or campaign_id <> tests.the('campaign') or recipient_id <> tests.the('recipient') or client_id <> tests.the('client')) $$,
  '… each with its time, campaign and recipient');
select row_eq($$
  select client_id, actor_id, action, subject_type, metadata ->> 'code_shown', request_id from public.audit_events
  where subject_id = tests.the('card') $$,
  row(tests.the('client'), tests.the('admin'), 'gift_card.provisioned'::text, 'gift_card'::text, 'true'::text,
    tests.the('request')), 'provision_gift_card: audited with the actor');
select row_eq($$
  select total_cards, available_cards, claimed_cards, delivered_cards from public.gift_card_pools
    where id = tests.the('pool') $$,
  row(3, 2, 1, 0), 'provision_gift_card: the counters of the pool are exact at once');

select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status <> 'available'), 1,
  '… one card less');
select is((select count(*)::int from public.billing_transactions where client_id = tests.the('client')), 1,
  'provision_gift_card: one bill is written');
select is_empty('select from public.pending_rewards where client_id = tests.the(''client'')', 'provision_gift_card: nothing is pending');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
