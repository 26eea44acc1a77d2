-- A discount without a package to buy, and the vouchers of a dealer who is suspended.
begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('package', tests.create_package(tests.the('client')));
create function pg_temp.code(terms jsonb, actor uuid default tests.the('customer')) returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.redeem_voucher(actor, tests.create_voucher(tests.the('client'), terms)) a
$$;
create function pg_temp.discount() returns jsonb language sql as $$
  select jsonb_build_object('type', 'percentage', 'value', 20, 'entitlement_days', 90, 'package_id', tests.the('package'))
$$;

select is(pg_temp.code(pg_temp.discount()), 'ok', 'redeem_voucher: a discount for a package that is offered → redeemed');
update public.packages set is_active = false where id = tests.the('package');
select is(pg_temp.code(pg_temp.discount()), 'ok', 'redeem_voucher: a discount for a package that is paused → redeemed');
update public.packages set archived_at = now() where id = tests.the('package');
select is(pg_temp.code(pg_temp.discount()), 'VC-022', 'redeem_voucher: a discount for an archived package → VC-022');
select is(pg_temp.code(pg_temp.discount() - 'package_id'), 'ok', 'redeem_voucher: a discount for any package → redeemed');

select tests.keep('dealer', tests.create_user('dealer', tests.the('client')));
select tests.keep('theirs', tests.create_customer(tests.the('client'), dealer_id => tests.the('dealer')));
select is(pg_temp.code(jsonb_build_object('dealer_id', tests.the('dealer')), tests.the('theirs')), 'ok',
  'redeem_voucher: a dealer''s voucher → redeemed');
update public.memberships set suspended_at = now() where user_id = tests.the('dealer');
select is(pg_temp.code(jsonb_build_object('dealer_id', tests.the('dealer')), tests.the('theirs')), 'VC-003',
  'redeem_voucher: a voucher of a suspended dealer → VC-003');

select private.activate_package(tests.the('client'), tests.the('customer'), tests.the('package'), null);
select tests.sign_in(tests.the('customer'));
select is((select name from public.packages where id = tests.the('package')), 'Starter',
  'packages: archived → its owner reads its name');
select tests.sign_in(tests.the('theirs'));
select is_empty('select from public.packages', 'packages: archived → hidden from other customers');

select * from finish();
rollback;
