begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep_ledger();

select is(private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'), tests.the('ada'),
  'ledger_account: opened before → the same account');
select isnt(private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'points'), tests.the('ada'),
  'ledger_account: another asset → another account');
select isnt(private.ledger_account(tests.create_client(), 'user', tests.the('owner'), 'bizcoin'), tests.the('ada'),
  'ledger_account: another client → another account');
select is(private.system_account(tests.the('client'), 'issuance', 'bizcoin'), tests.the('issuance'),
  'system_account: opened before → the same account');
select results_eq($$ select balance, held from public.ledger_accounts where id = tests.the('ada') $$,
  'values (0.00, 0.00)', 'ledger_account: new → zero balance');
select results_eq($$ select balance, held from public.ledger_accounts where id = tests.the('issuance') $$,
  'values (null::numeric, null::numeric)', 'system_account: new → no balance');
select lives_ok($$ select private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'credit:EUR') $$,
  'ledger_account: credit of a currency → opened');
select throws_like($$ select private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'credit') $$,
  '%ledger_accounts_asset_is_known%', 'ledger_account: credit without currency → ledger_accounts_asset_is_known');
select throws_like($$ select private.ledger_account(tests.the('client'), null, null, 'bizcoin') $$,
  '%ledger_accounts_customers_have_an_owner%', 'ledger_account: a customer without owner → ledger_accounts_customers_have_an_owner');

select * from finish();
rollback;
