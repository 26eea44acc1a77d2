-- NaN passes for a number in JSON's texts and in Postgres, is above all others, and one bill of it spoils every sum for good.
begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(1));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));
create function pg_temp.refused(statement text, problem text, description text) returns setof text language plpgsql as $$
begin
  perform tests.sign_in(tests.the('platform'));
  return next throws_matching(format(statement, tests.the('client'), tests.the('agency'), tests.the('brand')), problem, description);
  perform tests.sign_out();
end $$;

select pg_temp.refused('select public.update_denomination(%3$L, ''NaN'')', '^denomination must be at most 999999.99 USD$', 'prices: a value of NaN → refused');
select pg_temp.refused('select public.update_denomination(%3$L, 25, cost => ''NaN'')', '^cost must be at most', 'prices: a cost of NaN → refused');
select pg_temp.refused('select public.update_denomination(%3$L, 25, price => ''NaN'')', '^price must be at most', 'prices: a price of NaN → refused');
select pg_temp.refused('select public.update_agency_brand(%2$L, %3$L, markup_percentage => ''NaN'')', '^markup_percentage must be from -100 to 1000$',
  'prices: a brand markup of NaN → refused');
select pg_temp.refused('select public.update_agency_denomination(%2$L, %3$L, 25, markup_percentage => ''NaN'')',
  '^markup_percentage must be from -100 to 1000$', 'prices: a value markup of NaN → refused');
select pg_temp.refused('select public.update_agency_denomination(%2$L, %3$L, 25, custom_price => ''NaN'')',
  '^custom_price must be at most', 'prices: an agency price of NaN → refused');
select pg_temp.refused('select public.update_client_price(%1$L, %3$L, 25, custom_price => ''NaN'')', '^custom_price must be at most',
  'prices: a client price of NaN → refused');
select pg_temp.refused('select public.create_gift_card_pool(%1$L, %3$L, ''Pool'', ''NaN'')', '^denomination must be at most',
  'prices: a pool value of NaN → refused');
select pg_temp.refused('select public.create_gift_card_pool(%1$L, %3$L, ''Pool'', 25, cost_per_card => ''NaN'')',
  '^cost_per_card must be at most', 'prices: a pool cost of NaN → refused');
select pg_temp.refused('select public.create_campaign_condition(tests.the(''campaign''), 2, ''New'', %3$L, ''NaN'')',
  '^card_value must be at most', 'prices: a condition value of NaN → refused');
select pg_temp.refused('select public.allocate_credit(''NaN'', agency_id => %2$L)', '^amount must be at most 1000000000000 USD$', 'prices: credit of NaN → refused');
select pg_temp.refused('select public.allocate_credit(''Infinity'', agency_id => %2$L)', '^amount must be at most 1000000000000 USD$', 'prices: infinite credit → refused');
select is(tests.provision(tests.the('recipient')) #>> '{result,billing,price}', '25.00', 'prices: billed amounts are numbers');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
