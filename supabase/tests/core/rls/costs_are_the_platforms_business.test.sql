-- What a card costs the platform is read by the platform alone, what it asks for one by its agencies, and a client reads what
-- it pays itself. No level can derive the margin of the one above.
begin;
set local search_path = public, extensions, tests;
select plan(39);

select tests.keep(tests.create_busy_tenant());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('client_admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('call_agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('platform_admin', tests.create_user('platform_admin'));
update public.brand_denominations set price = 24.10 where brand_id = tests.the('brand');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10)
on conflict on constraint agency_brands_are_unique do update set markup_percentage = 10;
delete from public.agency_denominations where agency_id = tests.the('agency');
delete from public.client_denominations where client_id = tests.the('client');

create function pg_temp.as(who text) returns void language sql as $$
  select tests.sign_out(); select tests.sign_in(tests.the(who))
$$;
grant execute on function pg_temp.as(text) to authenticated;

-- only the platform reads costs, in any relation
create function pg_temp.reads_no_cost(who text) returns setof text language plpgsql as $$
begin
  perform pg_temp.as(who);
  return next throws_ok('select cost from public.brand_denominations', '42501', null, who || ': no cost of a value');
  return next throws_ok('select price from public.brand_denominations', '42501', null, who || ': nor what the platform asks');
  return next throws_ok('select * from public.brand_denominations', '42501', null, who || ': nor by asking for every column');
  return next isnt_empty('select denomination from public.brand_denominations', who || ': but which values there are');
  return next throws_ok('select cost_per_card from public.card_pools', '42501', null, who || ': no cost of a pool');
  return next isnt_empty('select * from public.gift_card_pools', who || ': the pools with their counters');
  return next is_empty('select from public.gift_card_pools where cost_per_card is not null', who || ': without their cost');
  return next throws_ok('select cost_per_card from public.admin_card_sales', '42501', null, who || ': no cost of a sale');
  return next is_empty('select from public.billing_transactions', who || ': no bill, for it names cost and margin');
  perform tests.sign_out();
end $$;
select pg_temp.reads_no_cost('call_agent');
select pg_temp.reads_no_cost('client_admin');
select pg_temp.reads_no_cost('agency_admin');

select pg_temp.as('client_admin');
select isnt_empty('select price_per_card, total_amount from public.admin_card_sales', 'rls: a client reads what its cards were sold for');
select isnt_empty('select unit_price, amount from public.billing_lines', '… and what was billed, line by line');
select set_eq($$ select price from public.list_card_offers(tests.the('client')) where brand_id = tests.the('brand') $$,
  array[26.51], '… and what it pays for a card');
select throws_ok($$ select public.list_agency_offers(tests.the('agency')) $$, 'RB404', null, '… not what its agency pays');
select throws_ok('select public.list_denominations()', 'RB404', null, '… nor what the platform pays');
select pg_temp.as('agency_admin');
select row_eq($$ select price, markup_percentage, custom_price, client_price from public.list_agency_offers(tests.the('agency'))
  where brand_id = tests.the('brand') $$, row(24.10::numeric, 10.000::numeric, null::numeric, 26.51),
  'rls: an agency reads what it pays and what its clients pay');
select throws_ok('select public.list_denominations()', 'RB404', null, '… not what the platform pays');

select pg_temp.as('platform_admin');
select isnt_empty('select cost_basis, margin from public.billing_transactions', 'rls: a platform admin reads the bills');
select row_eq($$ select cost, price from public.list_denominations() where brand_id = tests.the('brand') $$,
  row(23.50, 24.10), '… the costs and prices of the values');
select isnt_empty('select from public.gift_card_pools where cost_per_card > 0', '… and the costs of the pools');
select throws_ok('select from private.card_secrets', '42501', null, '… but no sealed code');
select tests.sign_out();
select hasnt_column('public', 'billing_lines', 'margin', 'No line of a bill has a margin');

select * from finish();
rollback;
