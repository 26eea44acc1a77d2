begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_buyer(balance => 10, price => 49));
select is(tests.buy(11) #> '{details,balance}', '10', 'WL-001: more bizcoins than there are, with what there is');
select is(tests.buy(11) ->> 'code', 'WL-001', 'By its code');
select is(tests.buy(0, is_live => null) ->> 'code', 'RB-503', 'Nobody takes payments: what must be charged is not begun');
select is(tests.buy(0, customer_id => tests.create_user('customer', tests.create_client())) ->> 'code', 'RB-404',
  'Another client''s package is not found');
select is(tests.buy(0, customer_id => tests.create_user('call_agent', tests.the('client'))) ->> 'code', 'RB-404',
  'Whoever is no customer buys nothing');
select is(tests.buy(0, purchase_id => gen_random_uuid()) ->> 'code', 'RB-404', 'An unknown purchase is not continued');
select is(tests.bizcoins(tests.the('customer')), '10/0', 'No refusal has held anything');

select tests.keep('purchase', (tests.buy(10) #>> '{result,purchase,purchaseId}')::uuid);
select is(tests.buy(0, purchase_id => tests.the('purchase'), customer_id => tests.create_user('customer', tests.the('client')),
  package_id => null) ->> 'code', 'RB-404', 'Another customer''s purchase is not continued');
update public.packages set is_active = false where id = tests.the('package');
select is(tests.buy(10) ->> 'outcome', 'ok', 'What was begun in time is continued off the shelf');
update public.package_purchases set expires_at = now() where id = tests.the('purchase');
select is(tests.buy(10, purchase_id => tests.the('purchase')) ->> 'code', 'VC-026', 'Past its time it is not continued');
select is(tests.buy(10) ->> 'code', 'VC-025', 'Nor is another begun before the payment of the first is settled');
select public.record_payment(tests.the('purchase'), tests.payment(tests.the('purchase'), 'canceled'));
select is(tests.buy(10) ->> 'code', 'VC-022', 'What is off the shelf is not begun');
select is(tests.buy(10, purchase_id => tests.the('purchase')) #> '{details,bizcoinsReturned}', '10',
  'Whoever continues what is over reads what came back');
update public.memberships set suspended_at = now() where user_id = tests.the('customer');
select is(tests.buy(10, purchase_id => tests.the('purchase')) ->> 'code', 'RB-404', 'A suspended customer buys nothing');

select * from finish();
rollback;
