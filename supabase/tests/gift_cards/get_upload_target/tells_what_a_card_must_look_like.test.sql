begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand(code_format => '^AMZN-[A-Z0-9]{4}$'));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 0, stock_owner => 'client'));
select tests.keep('platforms', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 0));
select tests.keep(jsonb_object_agg(role, tests.create_user(role, tests.the('client'))))
from unnest(array['platform_admin', 'agency_admin', 'client_admin', 'call_agent']) role;

select is(tests.upload_target(tests.the('pool'), tests.the('client_admin')) -> 'result',
  jsonb_build_object('poolId', tests.the('pool'), 'brandId', tests.the('brand'), 'brandName',
  (select name from public.gift_card_brands where id = tests.the('brand')), 'codeFormat', '^AMZN-[A-Z0-9]{4}$',
  'codeCaseMatters', false, 'denomination', 25.00, 'currency', 'USD'), 'get_upload_target: the pool, its brand and its value');
select is(tests.upload_target(tests.the('pool'), null) ->> 'outcome', 'ok', 'get_upload_target: a server → allowed');
select is(tests.upload_target(tests.the('master'), tests.the('platform_admin')) ->> 'outcome', 'ok',
  'get_upload_target: a platform admin, a master pool → allowed');
select is(tests.upload_target(tests.the('master'), tests.the('agency_admin')) ->> 'code', 'RB-404',
  'get_upload_target: an agency admin, a master pool → RB-404');
select is(tests.upload_target(tests.the('pool'), tests.the('call_agent')) ->> 'code', 'RB-403',
  'get_upload_target: an agent → RB-403');

select is(tests.upload_target(tests.the('platforms'), tests.the('client_admin')) ->> 'code', 'RB-403',
  'get_upload_target: platform stock asked for by a client admin → RB-403');

select * from finish();
rollback;
