begin;
set local search_path = public, extensions, tests;
select plan(45);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));
select tests.keep('agent', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.offers() returns setof text language sql as $$
  select concat_ws(' ', denomination, price, is_enabled::text) from public.list_card_offers(tests.the('client'))
  where brand_id = tests.the('brand')
$$;
create function pg_temp.as(who text) returns void language sql as $$
  select tests.sign_out(); select tests.sign_in(tests.the(who))
$$;
grant execute on function pg_temp.offers(), pg_temp.as(text) to authenticated;

select pg_temp.as('platform');
select tests.keep('brand', (public.create_brand('Brand ' || gen_random_uuid(), code_format => '^[0-9]+$')).id);
select is((public.update_denomination(tests.the('brand'), 25, cost => 23.40, price => 24.80)).price, 24.80,
  'update_denomination: → cost and price');
select lives_ok($$ select public.update_denomination(tests.the('brand'), 50, cost => 47) $$, 'update_denomination: no price → the face value');
select throws_ok($$ select public.update_denomination(gen_random_uuid(), 25) $$, 'RB404', null, 'update_denomination: an unknown brand → RB-404');
select throws_ok($$ select public.update_brand(gen_random_uuid(), false) $$, 'RB404', null, '… nothing is changed');
select set_eq('select pg_temp.offers()', array['25.00 24.80 true', '50.00 50.00 true'], 'prices: a new client → all is offered at the platform''s prices');

select pg_temp.as('agent');
select lives_ok($$ select public.update_agency_brand(tests.the('agency'), tests.the('brand'), markup_percentage => 10) $$,
  'update_agency_brand: → a markup');
select set_eq('select pg_temp.offers()', array['25.00 27.28 true', '50.00 55.00 true'], 'prices: an agency''s markup → raises every price');
select lives_ok($$ select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25, custom_price => 26) $$,
  'update_agency_denomination: → a custom price');
select set_eq('select pg_temp.offers()', array['25.00 26.00 true', '50.00 55.00 true'], 'prices: an agency''s custom price → replaces the markup');
select throws_ok($$ select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25,
  markup_percentage => 5, custom_price => 26) $$, 'RB400', null, 'prices: markup and price together → RB-400');
select throws_ok($$ select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 33) $$, 'RB404', null,
  'prices: an agency''s price of a value that the platform does not have → refused');
select lives_ok($$ select public.update_client_price(tests.the('client'), tests.the('brand'), 25, custom_price => 25.50) $$,
  'update_client_price: → a price for one client');
select set_eq('select pg_temp.offers()', array['25.00 25.50 true', '50.00 55.00 true'], 'prices: the client''s custom price → replaces its agency''s');
select lives_ok($$ select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 50, is_enabled => false) $$,
  'update_agency_denomination: a value not offered → not listed');
select set_eq('select pg_temp.offers()', array['25.00 25.50 true'], 'prices: a disabled value → not offered');

select pg_temp.as('admin');
select throws_ok($$ select public.update_client_denomination(tests.the('client'), tests.the('brand'), 50) $$, 'GC002', null,
  'update_client_denomination: a value that is not offered → refused');
select lives_ok($$ select public.update_client_denomination(tests.the('client'), tests.the('brand'), 25, is_enabled => false) $$,
  'update_client_denomination: an offered value → left out');
select set_eq('select pg_temp.offers()', array['25.00 25.50 false'], '… shown as disabled, at the same price');
select lives_ok($$ select public.update_client_denomination(tests.the('client'), tests.the('brand'), 25) $$, '… or enabled again');
select lives_ok($$ select public.update_client_brand(tests.the('client'), tests.the('brand'), is_enabled => false) $$,
  'update_client_brand: a whole brand → left out');
select set_eq('select pg_temp.offers()', array['25.00 25.50 false'], 'prices: a brand → with all its values');
select is((public.update_client_brand(tests.the('client'), tests.the('brand'))).may_use_master_pool, false,
  'prices: offering a brand does not open a master pool');
select throws_ok($$ select public.update_client_brand(tests.the('client'), tests.the('brand'), true, true) $$, 'RB403', null,
  'prices: a client may not open it');
select throws_ok($$ select public.update_client_price(tests.the('client'), tests.the('brand'), 25, custom_price => 1) $$, 'RB403',
  null, '… nor set its own price');
select is_empty('select * from public.agency_brands', 'prices: a client does not read its agency''s markup');
select is_empty('select * from public.agency_denominations', '… nor its agency''s prices');
select isnt_empty('select * from public.client_denominations', '… only what holds for itself');

select pg_temp.as('agent');
select is((public.update_client_brand(tests.the('client'), tests.the('brand'), true, true)).may_use_master_pool, true,
  'prices: its agency opens the master pool');
select isnt_empty('select markup_percentage from public.agency_brands', 'prices: an agency reads its own markup');
select lives_ok($$ select public.update_agency_brand(tests.the('agency'), tests.the('brand'), is_enabled => false) $$,
  'prices: an agency may disable a brand');
select pg_temp.as('admin');
select throws_ok($$ select public.update_client_brand(tests.the('client'), tests.the('brand')) $$, 'GC002', null,
  '… its clients cannot offer it then');

-- omitted parameters are left unchanged: a switch keeps the price, and a price keeps the switch
create function pg_temp.value() returns text language sql as $$
  select concat_ws(' ', cost, price, is_enabled::text) from public.list_denominations()
  where brand_id = tests.the('brand') and denomination = 25
$$;
create function pg_temp.agencys() returns text language sql as $$
  select concat_ws(' ', price, markup_percentage, custom_price, client_price, is_enabled::text)
  from public.list_agency_offers(tests.the('agency')) where brand_id = tests.the('brand') and denomination = 25
$$;
grant execute on function pg_temp.value(), pg_temp.agencys() to authenticated;
select pg_temp.as('platform');
select public.update_denomination(tests.the('brand'), 25, is_enabled => false);
select is(pg_temp.value(), '23.40 24.80 false', 'update_denomination: a disabled value keeps its cost and price');
select public.update_denomination(tests.the('brand'), 25, price => 24.90);
select is(pg_temp.value(), '23.40 24.90 false', 'prices: a new price keeps cost and switch');
select public.update_denomination(tests.the('brand'), 25, cost => 23.30, is_enabled => true);
select is(pg_temp.value(), '23.30 24.90 true', 'prices: a new cost or switch keeps the price');
select pg_temp.as('agent');
select is(pg_temp.agencys(), '24.90 26.00 26.00 false', 'list_agency_offers: → what the agency pays, its own price, what clients pay; the disabled brand');
select public.update_agency_brand(tests.the('agency'), tests.the('brand'), markup_percentage => 12);
select is(pg_temp.agencys(), '24.90 26.00 26.00 false', 'prices: a new markup does not enable the brand');
select public.update_agency_brand(tests.the('agency'), tests.the('brand'), is_enabled => true);
select is((select markup_percentage from public.agency_brands where brand_id = tests.the('brand')), 12.000::numeric(7,3),
  '… enabling it keeps the markup');
select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25, is_enabled => false);
select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25, is_enabled => true);
select is(pg_temp.agencys(), '24.90 26.00 26.00 true', 'prices: a value disabled and enabled again → keeps its price');
select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25, markup_percentage => 5);
select is(pg_temp.agencys(), '24.90 5.000 26.15 true', 'update_agency_denomination: a markup → replaces the custom price: 24.90 + 5 %');
select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25, follows_brand => true);
select is(pg_temp.agencys(), '24.90 12.000 27.89 true', 'update_agency_denomination: neither → the brand''s markup applies again: 24.90 + 12 %');
select throws_ok($$ select public.update_agency_denomination(tests.the('agency'), tests.the('brand'), 25,
  custom_price => 26, follows_brand => true) $$, 'RB400', null, 'prices: markup and price together → RB-400');
select pg_temp.as('admin');
select public.update_client_brand(tests.the('client'), tests.the('brand'), is_enabled => false);
select pg_temp.as('agent');
select is((public.update_client_brand(tests.the('client'), tests.the('brand'), may_use_master_pool => true)).is_enabled, false,
  'prices: opening the master pools does not offer what the client has left out');
select public.update_client_brand(tests.the('client'), tests.the('brand'), is_enabled => true);
select is((select may_use_master_pool from public.client_brands where client_id = tests.the('client')), true,
  '… and offering it leaves them open');

select tests.sign_out();
select throws_ok($$ insert into public.client_denominations (client_id, brand_id, denomination, currency, custom_price)
  values (tests.the('client'), tests.the('brand'), 50, 'USD', -1) $$, '23514', null, 'prices: a price below zero → refused');
select is((select count(*)::int from public.audit_events where metadata ->> 'brand_id' = tests.the('brand')::text), 24,
  'prices: every change is audited');

select * from finish();
rollback;
