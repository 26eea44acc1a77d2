begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(1));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('dropped', tests.create_brand());
update public.gift_card_brands set is_enabled = false where id = tests.the('dropped');
create function pg_temp.card() returns text language sql as $$
  select concat_ws(' ', condition_name, brand_id = tests.the('brand'), card_value, is_self_service, requires_opt_in)
  from public.campaign_conditions where campaign_id = tests.the('campaign') and condition_number = 2
$$;
grant execute on function pg_temp.card() to authenticated;

select tests.sign_in(tests.the('admin'));
select throws_ok($$ select public.create_campaign_condition(tests.the('campaign'), 2, 'Visited', tests.the('brand'), 33) $$,
  'GC002', null, 'create_campaign_condition: a value that is not offered → GC-002');
select throws_ok($$ select public.create_campaign_condition(tests.the('campaign'), 2, 'Visited', tests.the('dropped'), 25) $$,
  'GC002', null, 'create_campaign_condition: a disabled brand → GC-002');
select lives_ok($$ select public.create_campaign_condition(tests.the('campaign'), 2, 'Visited', null, null) $$,
  'create_campaign_condition: without brand or value → waits for a card');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, brand_id => tests.the('dropped'),
  card_value => 25) $$, 'GC002', null, 'update_campaign_condition: a disabled brand → GC-002');
select is(pg_temp.card(), 'Visited f f', '… nothing has changed');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, brand_id => tests.the('brand')) $$,
  'update_campaign_condition: → sets the brand');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, card_value => 25, is_self_service => true) $$,
  '… then the value');
select is(pg_temp.card(), 'Visited t 25.00 t f', 'update_campaign_condition: omitted parameters → unchanged');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, card_value => 26) $$, 'GC002', null,
  'update_campaign_condition: to a value that is not offered → GC-002');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 9, 'Nothing') $$, 'RB404', null,
  'update_campaign_condition: an unknown condition → RB-404');
select lives_ok($$ select public.update_client_denomination(tests.the('client'), tests.the('brand'), 25, is_enabled => false) $$,
  'update_client_denomination: the client leaves the value out');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, 'Came by') $$,
  'update_campaign_condition: → a condition may still be renamed');
select is(pg_temp.card(), 'Came by t 25.00 t f', '… with its card, when it is offered again');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where action = 'campaign_condition.updated'
  and client_id = tests.the('client')), 3, 'admin: every change is audited');

select * from finish();
rollback;
