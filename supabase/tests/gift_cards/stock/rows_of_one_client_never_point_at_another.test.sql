begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep(tests.create_promise(0));
select tests.keep('elsewhere', tests.create_client());
select tests.keep('their_campaign', tests.create_campaign(tests.the('elsewhere'), tests.the('brand')));

select throws_matching(format('insert into public.campaign_recipients (client_id, campaign_id) values (%L, %L)',
  tests.the('client'), tests.the('their_campaign')), 'recipients_campaign_is_the_clients',
  'A recipient is in a campaign of the client');
select throws_matching(format('insert into public.campaign_conditions (
    client_id, campaign_id, condition_number, condition_name) values (%L, %L, 2, ''X'')', tests.the('client'),
  tests.the('their_campaign')), 'campaign_conditions_campaign_is_the_clients', 'So is a condition');
select throws_matching(format('insert into public.gift_card_grants (
    client_id, campaign_id, recipient_id, condition_number, surface)
    values (%L, %L, %L, 1, ''api'')', tests.the('elsewhere'), tests.the('their_campaign'), tests.the('recipient')),
  'gift_card_grants_recipient_is_the_campaigns', 'A grant is for a recipient of its campaign');
select throws_matching(format('update public.card_pools set campaign_id = %L where id = %L',
  tests.the('their_campaign'), tests.the('pool')), 'card_pools_campaign_is_the_clients',
  'A pool is for a campaign of its client');
select throws_matching(format('update public.card_pools set client_id = null where id = %L', tests.the('pool')),
  'card_pools_owner_matches_type', 'A client pool has a client');
select throws_matching(format('update public.card_pools set pool_type = ''master'' where id = %L', tests.the('pool')),
  'card_pools_owner_matches_type', 'A master pool has none');
select throws_matching(format('insert into public.call_sessions (client_id, campaign_id, caller_phone, agent_user_id)
    values (%L, %L, ''x'',
      gen_random_uuid())', tests.the('client'), tests.the('their_campaign')), 'call_sessions_campaign_is_the_clients',
  'A call is for a campaign of its client');
select throws_matching(format('update public.gift_card_brands set code_format = ''(['' where id = %L',
  tests.the('brand')), 'invalid regular expression', 'A brand''s code format is a pattern');

select * from finish();
rollback;
