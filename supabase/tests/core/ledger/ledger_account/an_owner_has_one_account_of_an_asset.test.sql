begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep_ledger();

select is(private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'), tests.the('ada'),
  'The account that is there is found');
select isnt(private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'points'), tests.the('ada'),
  'Another asset is another account');
select isnt(private.ledger_account(tests.create_client(), 'user', tests.the('owner'), 'bizcoin'), tests.the('ada'),
  'Another client is another account');
select is(private.system_account(tests.the('client'), 'issuance', 'bizcoin'), tests.the('issuance'),
  'A client has one issuance account of an asset');
select results_eq($$ select balance, held from public.ledger_accounts where id = tests.the('ada') $$,
  'values (0.00, 0.00)', 'A customer begins with nothing');
select results_eq($$ select balance, held from public.ledger_accounts where id = tests.the('issuance') $$,
  'values (null::numeric, null::numeric)', 'The system keeps no balance');
select lives_ok($$ select private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'credit:EUR') $$,
  'Credit is of a currency');
select throws_like($$ select private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'credit') $$,
  '%ledger_accounts_asset_is_known%', 'Credit of no currency is no asset');
select throws_like($$ select private.ledger_account(tests.the('client'), null, null, 'bizcoin') $$,
  '%ledger_accounts_customers_have_an_owner%', 'A customer account has an owner');

select * from finish();
rollback;
