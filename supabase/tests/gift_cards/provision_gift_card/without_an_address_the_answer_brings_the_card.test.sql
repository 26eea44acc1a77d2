begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(4));
select tests.keep('answer', tests.provision(tests.the('recipient'), delivery_method => null, deliver_to => null));

select is(tests.kept('answer') #>> '{result,giftCard,status}', 'delivered', 'provision_gift_card: no address → the answer delivers the card');
select is(tests.kept('answer') #> '{result,delivery}', 'null', '… the answer says that nothing is queued');
select is_empty('select from public.deliveries where client_id = tests.the(''client'')', '… nothing is queued');
select row_eq($$
  select status, delivery_method, claimed_at, delivered_at, exposed_at from public.gift_cards
    where recipient_id = tests.the('recipient') $$,
  row('delivered'::text, 'api'::text, now(), now(), now()), '… the card has time and method of the delivery');
select row_eq('select available_cards, claimed_cards, delivered_cards from public.gift_card_pools
  where id = tests.the(''pool'')', row(3, 0, 1), '… it counts as delivered');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550777' where id = tests.the('second');
select is(tests.provision(tests.the('second'), deliver_to => null) #>> '{result,delivery,method}', 'sms',
  'provision_gift_card: a method without an address → ok');
select is((select deliver_to from public.deliveries where recipient_id = tests.the('second')), '+12025550777',
  '… the message goes to the address of the recipient');

select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select lives_ok($$ select tests.provision(tests.the('third'), delivery_method => null, deliver_to => '+12025550100') $$,
  'provision_gift_card: an address without a method → ok');
select is((select status from public.gift_cards where recipient_id = tests.the('third')), 'delivered',
  '… the answer delivers the card');

select * from finish();
rollback;
