begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_buyer(balance => 10, price => 49));
select is(tests.buy(11) #> '{details,balance}', '10', 'start_package_purchase: more bizcoins than the balance → says the balance');
select is(tests.buy(11) ->> 'code', 'WL-001', 'start_package_purchase: by its code');
select is(tests.buy(0, is_live => null) ->> 'code', 'RB-503', 'start_package_purchase: no payment processor → a charge is refused');
select is(tests.buy(0, customer_id => tests.create_user('customer', tests.create_client())) ->> 'code', 'RB-404',
  'start_package_purchase: another client''s package → RB-404');
select is(tests.buy(0, customer_id => tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-404',
  'start_package_purchase: a user who is no customer → refused');
select is(tests.buy(0, purchase_id => gen_random_uuid()) ->> 'code', 'RB-404', 'start_package_purchase: an unknown purchase → RB-404');
select is(tests.bizcoins(tests.the('customer')), '10/0', '… no refusal has held anything');

select tests.keep('purchase', (tests.buy(10) #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.buy(0, purchase_id => tests.the('purchase'), customer_id => tests.create_user('customer', tests.the('client')),
  package_id => null) ->> 'code', 'RB-404', 'start_package_purchase: another customer''s purchase → RB-404');
update public.packages set is_active = false where id = tests.the('package');
select is(tests.buy(10) ->> 'outcome', 'ok', 'start_package_purchase: a purchase started before the package was discontinued → continued');
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(tests.buy(10, purchase_id => tests.the('purchase')) ->> 'code', 'VC-026', 'start_package_purchase: past its time → VC-026');
select is(tests.buy(10) ->> 'code', 'VC-025', 'start_package_purchase: another one before the first payment is settled → VC-025');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(tests.buy(10) ->> 'code', 'VC-022', 'start_package_purchase: a discontinued package → VC-022');
select is(tests.buy(10, purchase_id => tests.the('purchase')) #> '{details,bizcoinsReturned}', '10',
  'start_package_purchase: continued after its end → what was returned');
update public.memberships set suspended_at = now() where user_id = tests.the('customer');
select is(tests.buy(10, purchase_id => tests.the('purchase')) ->> 'code', 'RB-404', 'start_package_purchase: a suspended customer → refused');

select * from finish();
rollback;
