begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_promise(0));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 4, cost => 22.00));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
create function pg_temp.sold() returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') || coalesce(' ' || (a #>> '{details,fields,0,field}'), '')
  from tests.sell(tests.the('master'), tests.the('client'), 1, 24.50, tests.the('pool')) a
$$;

insert into public.agency_brands (agency_id, brand_id, is_enabled) values (tests.the('agency'), tests.the('brand'), false);
select is(pg_temp.sold(), 'RB-400 masterPoolId', 'sell_gift_cards: a brand that the agency does not offer → RB-400');
update public.agency_brands set is_enabled = true where agency_id = tests.the('agency');
insert into public.agency_denominations (agency_id, brand_id, denomination, currency, is_enabled)
values (tests.the('agency'), tests.the('brand'), 25, 'USD', false);
select is(pg_temp.sold(), 'RB-400 masterPoolId', 'sell_gift_cards: a value that the agency does not offer → RB-400');
update public.agency_denominations set is_enabled = true where agency_id = tests.the('agency');
select is(pg_temp.sold(), 'ok', 'sell_gift_cards: a card that the agency offers → sold');

select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.create_user('platform_admin'));
select is((select cost_per_card from public.list_card_sales() where buyer_client_id = tests.the('client')), 22.00,
  'list_card_sales: a platform admin → reads what the cards had cost');
select tests.sign_in(tests.the('admin'));
select throws_ok('select public.list_card_sales()', 'RB404', null, 'list_card_sales: an admin of a client → RB-404');
select throws_ok('select cost_per_card from public.admin_card_sales', '42501', null,
  'admin_card_sales: an admin of a client → reads no cost');

select * from finish();
rollback;
