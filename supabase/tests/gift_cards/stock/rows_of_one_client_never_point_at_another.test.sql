begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep(tests.create_promise(0));
select tests.keep('elsewhere', tests.create_client());
select tests.keep('their_campaign', tests.create_campaign(tests.the('elsewhere'), tests.the('brand')));

select throws_matching(format('insert into public.campaign_recipients (client_id, campaign_id) values (%L, %L)',
  tests.the('client'), tests.the('their_campaign')), 'recipients_campaign_is_the_clients',
  'stock: a recipient of another client''s campaign → refused');
select throws_matching(format('insert into public.campaign_conditions (
    client_id, campaign_id, condition_number, condition_name) values (%L, %L, 2, ''X'')', tests.the('client'),
  tests.the('their_campaign')), 'campaign_conditions_campaign_is_the_clients', 'stock: a condition of another client''s campaign → refused');
select throws_matching(format('insert into public.gift_card_grants (
    client_id, campaign_id, recipient_id, condition_number, surface)
    values (%L, %L, %L, 1, ''api'')', tests.the('elsewhere'), tests.the('their_campaign'), tests.the('recipient')),
  'gift_card_grants_recipient_is_the_campaigns', 'stock: a grant for a recipient of another campaign → refused');
select throws_matching(format('update public.card_pools set campaign_id = %L where id = %L',
  tests.the('their_campaign'), tests.the('pool')), 'card_pools_campaign_is_the_clients',
  'stock: a pool for another client''s campaign → refused');
select throws_matching(format('update public.card_pools set client_id = null where id = %L', tests.the('pool')),
  'card_pools_owner_matches_type', 'stock: a client pool without a client → refused');
select throws_matching(format('update public.card_pools set pool_type = ''master'' where id = %L', tests.the('pool')),
  'card_pools_owner_matches_type', 'stock: a master pool with a client → refused');
select throws_matching(format('insert into public.call_sessions (client_id, campaign_id, caller_phone, agent_user_id)
    values (%L, %L, ''x'',
      gen_random_uuid())', tests.the('client'), tests.the('their_campaign')), 'call_sessions_campaign_is_the_clients',
  'stock: a call for another client''s campaign → refused');
select throws_matching(format('update public.gift_card_brands set code_format = ''(['' where id = %L',
  tests.the('brand')), 'invalid regular expression', 'stock: a brand''s code format that is no pattern → refused');

select * from finish();
rollback;
