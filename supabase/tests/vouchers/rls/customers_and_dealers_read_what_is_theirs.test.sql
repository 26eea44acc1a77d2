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
select is((select count(*)::int from public.voucher_usage), 2, 'rls: a customer reads their redemptions');
select is((select count(*)::int from public.voucher_entitlements), 1, '… and their discounts');
select is_empty('select from public.vouchers', 'rls: a customer reads no voucher, public or not');
select is_empty('select from public.voucher_overview', '… nor the overview');
select is_empty('select from public.voucher_redemption_attempts', '… nor an attempt');
select is_empty($$ select from public.list_vouchers(tests.the('client')) $$, '… nor a list');
select is((select count(*)::int from public.bizpoints_transactions), 1, '… their bizcoins have their source');

select tests.sign_in(tests.the('dealer'));
select results_eq('select id from public.vouchers', $$ values (tests.the('his')) $$, 'rls: a dealer reads their own vouchers');
select results_eq('select voucher_id from public.voucher_usage', $$ values (tests.the('his')) $$, '… and their redemptions');
select results_eq($$ select id from public.list_vouchers(tests.the('client')) $$, $$ values (tests.the('his')) $$, '… in the list, too');
select is_empty('select from public.voucher_entitlements', '… but no discounts of customers');
select is((public.update_voucher(tests.the('his'), '{"isActive": false}')).is_active, false, 'update_voucher: a dealer, their own → paused');
select throws_ok($$ select public.update_voucher(tests.the('common'), '{"isActive": false}') $$, 'RB404', null,
  'update_voucher: a dealer, the client''s → RB-404');
select is((public.create_vouchers(tests.the('client'), 3, '{"type": "credit", "value": 5}') ->> 'created')::int, 3,
  'create_vouchers: a dealer → ok');
select throws_ok($$ select public.report_voucher_usage(tests.the('client')) $$, 'RB404', null,
  'report_voucher_usage: a dealer → RB-404');

select tests.sign_in(tests.the('rival'));
select is_empty('select from public.vouchers', 'rls: another dealer reads none of them');
select throws_ok($$ select public.expire_voucher(tests.the('his')) $$, 'RB404', null, 'update_voucher: another dealer → RB-404');

select tests.sign_out();
update public.memberships set suspended_at = now() where user_id = tests.the('dealer');
select tests.sign_in(tests.the('dealer'));
select is_empty('select from public.vouchers', 'rls: a suspended dealer reads nothing');

select * from finish();
rollback;
