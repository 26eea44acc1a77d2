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
  'GC002', null, 'No condition for a value that nobody offers');
select throws_ok($$ select public.create_campaign_condition(tests.the('campaign'), 2, 'Visited', tests.the('dropped'), 25) $$,
  'GC002', null, 'Nor for a brand that is switched off');
select lives_ok($$ select public.create_campaign_condition(tests.the('campaign'), 2, 'Visited', null, null) $$,
  'One without a card waits for somebody to choose it');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, brand_id => tests.the('dropped'),
  card_value => 25) $$, 'GC002', null, 'Not what is switched off');
select is(pg_temp.card(), 'Visited f f', 'Nothing has changed');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, brand_id => tests.the('brand')) $$,
  'The brand is chosen');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, card_value => 25, is_self_service => true) $$,
  'Then the value');
select is(pg_temp.card(), 'Visited t 25.00 t f', 'What is left out stays');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, card_value => 26) $$, 'GC002', null,
  'And is not changed to what nobody offers');
select throws_ok($$ select public.update_campaign_condition(tests.the('campaign'), 9, 'Nothing') $$, 'RB404', null,
  'A condition that is not is not changed');
select lives_ok($$ select public.update_client_denomination(tests.the('client'), tests.the('brand'), 25, is_enabled => false) $$,
  'The client leaves the value out');
select lives_ok($$ select public.update_campaign_condition(tests.the('campaign'), 2, 'Came by') $$,
  'A condition may still be renamed');
select is(pg_temp.card(), 'Came by t 25.00 t f', 'With the card that it gives when it is offered again');
select tests.sign_out();
select is((select count(*)::int from public.audit_events where action = 'campaign_condition.updated'
  and client_id = tests.the('client')), 3, 'Every change is audited');

select * from finish();
rollback;
