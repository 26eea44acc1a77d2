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

select is(public.get_upload_target(tests.the('client_admin'), tests.the('pool')) -> 'result',
  jsonb_build_object('poolId', tests.the('pool'), 'brandId', tests.the('brand'), 'brandName',
  (select name from public.gift_card_brands where id = tests.the('brand')), 'codeFormat', '^AMZN-[A-Z0-9]{4}$',
  'codeCaseMatters', false, 'denomination', 25.00, 'currency', 'USD'), 'The pool, its brand and its value');
select is(public.get_upload_target(null, tests.the('pool')) ->> 'outcome', 'ok', 'A server may ask');
select is(public.get_upload_target(tests.the('platform_admin'), tests.the('master')) ->> 'outcome', 'ok',
  'A platform admin may fill a master pool');
select is(public.get_upload_target(tests.the('agency_admin'), tests.the('master')) ->> 'code', 'RB-404',
  'RB-404: an agency admin may not');
select is(public.get_upload_target(tests.the('call_agent'), tests.the('pool')) ->> 'code', 'RB-403',
  'RB-403: nor may an agent fill any');

select is(public.get_upload_target(tests.the('client_admin'), tests.the('platforms')) ->> 'code', 'RB-403',
  'get_upload_target: platform stock asked for by a client admin → RB-403');

select * from finish();
rollback;
