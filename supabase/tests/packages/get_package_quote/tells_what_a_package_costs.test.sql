begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep(tests.create_buyer(balance => 30, price => 49.30));
create function pg_temp.quote(bizcoins int default 0) returns jsonb language sql as $$
  select tests.quote(tests.the('customer'), tests.the('package'), bizcoins)
$$;

select is((pg_temp.quote() -> 'result') - 'packageId', '{"name": "Starter", "price": 49.30, "currency": "USD", "discount": 0,
    "bizcoinsAvailable": 30, "bizcoinValue": 1.00, "mostBizcoins": 30, "bizcoins": 0, "bizcoinAmount": 0,
    "finalAmount": 49.30, "minimumPayment": 0.50}', 'get_package_quote: no bizcoins → the price, and how many could be used');
select is(pg_temp.quote(30) #>> '{result,finalAmount}', '19.30', 'get_package_quote: bizcoins → pay a part');
select is(pg_temp.quote(31) - 'message',
  '{"outcome": "refused", "code": "WL-001", "details": {"balance": 30, "needed": 31, "mostBizcoins": 30}}',
  'get_package_quote: more than the balance → WL-001, with the balance and what would work');
select is_empty($$ select from public.package_purchases where user_id = tests.the('customer') $$, 'get_package_quote: a quote starts nothing');

select private.post_transfer(tests.the('client'), 'topup', private.system_account(tests.the('client'), 'issuance', 'bizcoin'),
  private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 30, 'more');
select is(pg_temp.quote() #>> '{result,mostBizcoins}', '50', 'get_package_quote: enough bizcoins → pay it all, the last one in part');
select is(pg_temp.quote(50) #>> '{result,bizcoinAmount}', '49.30', 'get_package_quote: more than the price → capped at the price');
select is(pg_temp.quote(50) #>> '{result,finalAmount}', '0.00', '… nothing remains');
select is(pg_temp.quote(51) - 'message',
  '{"outcome": "refused", "code": "VC-024", "details": {"bizcoins": 51, "mostBizcoins": 50}}',
  'get_package_quote: more than the price takes → VC-024');
select is(pg_temp.quote(49) - 'message', '{"outcome": "refused", "code": "VC-023", "details": {"finalAmount": 0.30,
    "minimum": 0.50, "currency": "USD", "workingBizcoins": [48, 50]}}',
  'get_package_quote: a remainder that is too small to be charged → VC-023, with what would work');
select is(pg_temp.quote(48) #>> '{result,finalAmount}', '1.30', '… the first suggestion works');

-- a balance between the two suggestions
select private.reserve_hold(private.ledger_account(tests.the('client'), 'user', tests.the('customer'), 'bizcoin'), 11,
  now() + interval '1 hour', 'elsewhere');
select is(pg_temp.quote(49) #> '{details,workingBizcoins}', '[48]', 'get_package_quote: suggestions never exceed the balance');
select is(pg_temp.quote() #>> '{result,mostBizcoins}', '48', '… nor the maximum that can be used');

select tests.keep(tests.create_buyer(balance => 1000, price => 500, currency => 'JPY', bizcoin_value => 2.5));
select is(pg_temp.quote(181) - 'message', '{"outcome": "refused", "code": "VC-023", "details": {"finalAmount": 47.00,
    "minimum": 50.00, "currency": "JPY", "workingBizcoins": [180, 200]}}', 'get_package_quote: yen → no decimals, and their own minimum');
select is(pg_temp.quote(179) #>> '{result,bizcoinAmount}', '448', 'get_package_quote: the value of a bizcoin → rounded to chargeable amounts');

select tests.keep(tests.create_buyer(balance => 5, price => 0.30));
select is(pg_temp.quote(0) - 'message', '{"outcome": "refused", "code": "VC-023", "details": {"finalAmount": 0.30,
    "minimum": 0.50, "currency": "USD", "workingBizcoins": [1]}}', 'get_package_quote: a price below the minimum → bizcoins only');
select tests.keep(tests.create_buyer(balance => 0, price => 0));
select is(pg_temp.quote(0) #>> '{result,finalAmount}', '0.00', 'get_package_quote: a free package → costs nothing');

select tests.keep('other', tests.create_user('customer', tests.create_client()));
select is(tests.quote(tests.the('other'), tests.the('package'), 0) ->> 'code', 'RB-404',
  'get_package_quote: another client''s package → RB-404');
select is(tests.quote(tests.the('customer'), gen_random_uuid(), 0) ->> 'code', 'RB-404', 'get_package_quote: an unknown package → RB-404');
select throws_ok($$ update public.packages set currency = 'XTS' where id = tests.the('package') $$, 'RB400', null,
  'get_package_quote: a currency that the processor does not take → refused');
update public.packages set is_active = false where id = tests.the('package');
select is(pg_temp.quote(0) ->> 'code', 'VC-022', 'get_package_quote: a discontinued package → VC-022');

select * from finish();
rollback;
