begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep_ledger();

select tests.keep('points', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'points'));
select tests.keep('points issuance', private.system_account(tests.the('client'), 'issuance', 'points'));
select private.post_transfer(tests.the('client'), 'voucher_credit', tests.the('issuance'), tests.the('ada'), 10, 'a',
  'Voucher WELCOME', tests.the('client'));
select private.post_transfer(tests.the('client'), 'purchase', tests.the('ada'), tests.the('revenue'), 4, 'b');
select private.post_transfer(tests.the('client'), 'points', tests.the('points issuance'), tests.the('points'), 7, 'c');
select results_eq($$
  select user_id, transaction_type, amount, balance_after, description, reference_id from public.bizpoints_transactions
  order by id $$, $$ values
  (tests.the('owner'), 'voucher_credit', 10.00, 10.00, 'Voucher WELCOME', tests.the('client')),
  (tests.the('owner'), 'purchase', -4.00, 6.00, null, null) $$,
  'bizpoints_transactions: each change of bizcoins has its reason and the balance after it');
select tests.sign_in(tests.the('owner'));
select is((select count(*)::int from public.bizpoints_transactions), 2, 'bizpoints_transactions: a customer → their own');
select tests.sign_out();
select tests.keep('other', tests.create_user());
select tests.sign_in(tests.the('other'));
select is_empty('select from public.bizpoints_transactions', 'bizpoints_transactions: another user → none');
select tests.sign_out();

select * from finish();
rollback;
