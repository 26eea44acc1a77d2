-- The diagnostic and trace queries of the users' guide, word for word; only the id of the campaign is put in.
begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('brand_name', (select name from public.gift_card_brands where id = tests.the('brand')));
insert into public.campaigns (id, client_id, campaign_name, billing_entity)
values ('00000000-0000-4000-8000-00000000ca3b', tests.the('client'), 'Guide campaign', 'client');
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value)
values (tests.the('client'), '00000000-0000-4000-8000-00000000ca3b', 1, 'Called', tests.the('brand'), 25),
  (tests.the('client'), '00000000-0000-4000-8000-00000000ca3b', 2, 'Not configured', null, null);
select tests.create_pool(tests.the('client'), tests.the('brand'), 3);
select tests.keep('given', public.provision_gift_card(null, r, null, null, 1, null, null,
  row(gen_random_uuid(), null, null, null, null)::public.request)) from tests.create_recipients('00000000-0000-4000-8000-00000000ca3b') r;
select tests.keep('request', gen_random_uuid());
select tests.keep('refused', public.provision_gift_card(null, r, null, null, 2, null, null,
  row(tests.the('request'), null, null, null, null)::public.request)) from tests.create_recipients('00000000-0000-4000-8000-00000000ca3b') r;

select results_eq($$
SELECT 
  c.campaign_name,
  cc.condition_name,
  cc.brand_id,
  cc.card_value,
  gb.brand_name
FROM campaigns c
LEFT JOIN campaign_conditions cc ON cc.campaign_id = c.id
LEFT JOIN gift_card_brands gb ON gb.id = cc.brand_id
WHERE c.id = '00000000-0000-4000-8000-00000000ca3b';
$$, $$ values ('Guide campaign', 'Called', tests.the('brand'), 25.00::numeric(18,2), tests.kept('brand_name') #>> '{}'),
  ('Guide campaign', 'Not configured', null, null, null) $$, 'seed_queries: check campaign configuration');

select set_has($$
SELECT 
  brand_id,
  denomination,
  COUNT(*) FILTER (WHERE status = 'available') as available,
  COUNT(*) as total
FROM gift_card_inventory
GROUP BY brand_id, denomination;
$$, $$ values (tests.the('brand'), 25.00::numeric(18,2), 2::bigint, 3::bigint) $$, 'seed_queries: check gift card inventory');

create temp table recent as
SELECT * FROM gift_card_provisioning_trace
WHERE created_at > NOW() - INTERVAL '1 hour'
ORDER BY created_at DESC;
select set_has('select step_name, status, error_code from recent', $$ values ('Claim from stock', 'completed', null),
  ('Check campaign configuration', 'failed', 'GC-001') $$, 'seed_queries: recent provisioning attempts');
select columns_are('recent', array['id', 'client_id', 'request_id', 'campaign_id', 'recipient_id', 'step_number',
  'step_name', 'status', 'error_code', 'error_message', 'tillo_code', 'duration_ms', 'created_at'], 'With all that the guide names');

select set_has($$
SELECT 
  request_id,
  step_name,
  error_code,
  error_message,
  created_at
FROM gift_card_provisioning_trace
WHERE status = 'failed'
  AND created_at > NOW() - INTERVAL '24 hours'
ORDER BY created_at DESC;
$$, $$ values (tests.the('request'), 'Check campaign configuration', 'GC-001',
  'No gift card configured for condition 2', (
    select t.created_at from public.gift_card_provisioning_trace t where t.request_id = tests.the('request') and t.status = 'failed')) $$,
  'seed_queries: failed attempts with error details');

-- what the guide's fragments select and insert
select lives_ok($$ select total_cards, available_cards, claimed_cards, delivered_cards from gift_card_pools
  where id = gen_random_uuid() $$, 'seed_queries: pool status');
select lives_ok($$ select c.brand_id, c.crm_event_name, r.external_crm_id, r.redemption_token, s.gift_card_id,
  s.phone_number, s.message_sid,
    s.status, s.attempt_number, s.error_message, a.alert_type, a.severity, a.message, a.metadata
  from campaign_conditions c, recipients r, sms_delivery_log s,
    system_alerts a where false $$, 'seed_queries: the columns of the other fragments');

select * from finish();
rollback;
