-- From nothing to a card, by the functions that an admin calls with supabase-js.
begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

select tests.sign_in(tests.the('admin'));
select tests.keep('campaign', c.id) from public.create_campaign(tests.the('client'), 'Spring', 'client',
  sms_template => 'Hi {{first_name}}: {{code}}') c;
select tests.keep('condition', c.id) from public.create_campaign_condition(tests.the('campaign'), 1, 'Called',
  tests.the('brand'), 25, crm_event_name => 'called', is_self_service => true) c;
select tests.keep('pool', p.id) from public.create_gift_card_pool(tests.the('client'), tests.the('brand'),
  'Spring pool', 25, campaign_id => tests.the('campaign'), cost_per_card => 23) p;
select tests.keep('imported', public.import_recipients(tests.the('campaign'), '[
  {"firstName": "Ada", "lastName": "Archer", "email": "ADA@Example.com", "phone": "+12025550141",
    "externalCrmId": "crm-1", "state": "NY", "country": "US"},
  {"firstName": "Ben"}]'));
select row_eq('select client_id, campaign_name, status, billing_entity, currency, sms_template from public.campaigns
  where id = tests.the(''campaign'')', row(tests.the('client'), 'Spring'::text, 'active'::text, 'client'::text,
  'USD'::text, 'Hi {{first_name}}: {{code}}'::text), 'create_campaign: → a campaign');
select row_eq($$ select client_id, condition_number, condition_name, brand_id, card_value, crm_event_name,
  is_self_service, requires_opt_in
    from public.campaign_conditions where id = tests.the('condition') $$,
  row(tests.the('client'), 1, 'Called'::text, tests.the('brand'), 25.00::numeric(18,2), 'called'::text, true, false),
    '… with a condition');
select row_eq($$ select client_id, brand_id, pool_name, denomination, currency, pool_type, campaign_id, cost_per_card,
  total_cards
    from public.gift_card_pools where id = tests.the('pool') $$,
  row(tests.the('client'), tests.the('brand'), 'Spring pool'::text, 25.00::numeric(18,2), 'USD'::text, 'client'::text,
    tests.the('campaign'), null::numeric, 0), '… an empty pool, whose cost only the platform reads');
select is(tests.kept('imported') ->> 'imported', '2', '… and two recipients');
select row_eq($$ select client_id, first_name, last_name, email, phone, external_crm_id, state,
  country from public.campaign_recipients
    where campaign_id = tests.the('campaign') and first_name = 'Ada' $$,
  row(tests.the('client'), 'Ada'::text, 'Archer'::text, 'ada@example.com'::text, '+12025550141'::text, 'crm-1'::text,
    'NY'::text, 'US'::text), '… with their contact data');
select is_empty($$ select from public.recipients where campaign_id = tests.the('campaign')
  and redemption_token !~ '^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$' $$,
  '… and new redemption codes');
select is(public.import_recipients(tests.the('campaign'), '[{"firstName": "Ada", "externalCrmId": "crm-1"},
  {"firstName": "Cleo", "externalCrmId": "crm-2"}]') ->> 'imported', '1', 'import_recipients: a known recipient → not imported again');
select matches(public.import_recipients(tests.the('campaign'), '[{}]', 'SPRING-YYYY-********') #>> '{rows,0,redemptionCode}',
  '^SPRING-20[0-9]{2}-[2-9A-Z]{8}$', 'create_campaign: a custom code pattern → used');
select throws_ok($$ select public.import_recipients(tests.the('campaign'), '[{}]', 'SPRING-##') $$, 'RB400', null,
  '… one with too few codes → RB-400');
select throws_ok($$ select public.import_recipients(tests.the('campaign'),
  (select jsonb_agg('{}'::jsonb) from generate_series(1, 10001))) $$, 'RB413', null,
  'import_recipients: ten thousand at once → accepted');
select lives_ok($$ select public.import_recipients(tests.the('campaign'),
  (select jsonb_agg('{}'::jsonb) from generate_series(1, 10000))) $$, '… so many are imported');
select throws_ok($$ select public.create_campaign_condition(tests.the('campaign'), 1, 'Again', tests.the('brand'),
  25) $$, 'RB400', null,
  'create_campaign_condition: a used number → refused');
select throws_ok($$ select public.create_gift_card_pool(tests.the('client'), tests.the('brand'), 'X', -5) $$, 'RB400',
  null, 'create_campaign_condition: a value of zero → refused');
select throws_ok($$ select public.create_campaign(tests.the('client'), 'X', 'nobody') $$, 'RB400', null,
  'create_campaign: without a billing entity → refused');
select throws_ok($$ insert into public.campaigns (client_id, campaign_name) values (tests.the('client'), 'X') $$,
  '42501', null,
  'admin: tables are not writable by users');
select tests.sign_out();

select tests.keep('foreign', tests.create_campaign(tests.create_client(), tests.the('brand')));
select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.create_gift_card_pool(tests.the('client'), tests.the('brand'), 'X', 25,
  campaign_id => tests.the('foreign')) $$,
  'RB400', null, 'create_gift_card_pool: another client''s campaign → RB-400');
select tests.sign_out();

select is_empty($$ select * from (values ('campaign.created', tests.the('campaign')),
  ('campaign_condition.created', tests.the('condition')),
    ('card_pool.created', tests.the('pool'))) v (action, id)
  where not exists (select from public.audit_events e where e.action = v.action and e.subject_id = v.id
    and e.actor_id = tests.the('admin') and e.client_id = tests.the('client')) $$,
      'admin: the audit log has the actor of each');
select is((select metadata -> 'recipients' from public.audit_events where action = 'recipients.imported'
  and subject_id = tests.the('campaign') order by id limit 1), '2', '… and the number of imported recipients');
select tests.add_cards(tests.the('pool'), 1);
select is(tests.redeem((select redemption_token from public.recipients where campaign_id = tests.the('campaign')
  and first_name = 'Ada')) ->> 'outcome', 'ok', '… and provision_gift_card_unified provisions the first card');

select * from finish();
rollback;
