begin;
set local search_path = public, extensions, tests;
select plan(18);

select tests.keep('client', tests.create_client());
select tests.keep('dealer', tests.create_user('dealer', tests.the('client')));
select tests.keep('rival', tests.create_user('dealer', tests.the('client')));
select tests.keep('customer', tests.create_customer(tests.the('client'), dealer_id => tests.the('dealer')));
select tests.keep('other', tests.create_customer(tests.the('client')));
select tests.keep('his', tests.create_voucher(tests.the('client'), jsonb_build_object('dealer_id', tests.the('dealer'))));
select tests.keep('common', tests.create_voucher(tests.the('client'), '{"type": "percentage", "value": 5, "is_public": true}'));
select tests.redeem_voucher(tests.the('customer'), tests.the('his'));
select tests.redeem_voucher(c.id, tests.the('common')) from (values (tests.the('customer')), (tests.the('other'))) c (id);

select tests.sign_in(tests.the('customer'));
select is((select count(*)::int from public.voucher_usage), 2, 'A customer reads what he redeemed');
select is((select count(*)::int from public.voucher_entitlements), 1, 'and the discounts that he has');
select is_empty('select from public.vouchers', 'No voucher is read by a customer, public or not');
select is_empty('select from public.voucher_overview', 'nor in the overview');
select is_empty('select from public.voucher_redemption_attempts', 'nor any try');
select is_empty($$ select from public.list_vouchers(tests.the('client')) $$, 'nor any list');
select is((select count(*)::int from public.bizpoints_transactions), 1, 'His bizcoins tell where they came from');

select tests.sign_in(tests.the('dealer'));
select results_eq('select id from public.vouchers', $$ values (tests.the('his')) $$, 'A dealer reads his vouchers');
select results_eq('select voucher_id from public.voucher_usage', $$ values (tests.the('his')) $$, 'and their uses');
select results_eq($$ select id from public.list_vouchers(tests.the('client')) $$, $$ values (tests.the('his')) $$, 'also as a list');
select is_empty('select from public.voucher_entitlements', 'but nobody''s discounts');
select is((public.update_voucher(tests.the('his'), '{"isActive": false}')).is_active, false, 'He pauses his own');
select throws_ok($$ select public.update_voucher(tests.the('common'), '{"isActive": false}') $$, 'RB404', null,
  'RB-404: the client''s vouchers are not his to change');
select is((public.create_vouchers(tests.the('client'), 3, '{"type": "credit", "value": 5}') ->> 'created')::int, 3,
  'He makes some more');
select throws_ok($$ select public.report_voucher_usage(tests.the('client')) $$, 'RB404', null,
  'RB-404: the client''s figures are the admins''');

select tests.sign_in(tests.the('rival'));
select is_empty('select from public.vouchers', 'Another dealer reads none of them');
select throws_ok($$ select public.expire_voucher(tests.the('his')) $$, 'RB404', null, 'RB-404: nor ends any');

select tests.sign_out();
update public.memberships set suspended_at = now() where user_id = tests.the('dealer');
select tests.sign_in(tests.the('dealer'));
select is_empty('select from public.vouchers', 'A suspended dealer reads nothing');

select * from finish();
rollback;
