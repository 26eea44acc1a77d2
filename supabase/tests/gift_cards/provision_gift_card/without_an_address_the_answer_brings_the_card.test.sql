begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(4));
select tests.keep('answer', tests.provision(tests.the('recipient'), delivery_method => null, deliver_to => null));

select is(tests.kept('answer') #>> '{result,giftCard,status}', 'delivered', 'The card is delivered by the answer');
select is(tests.kept('answer') #> '{result,delivery}', 'null', 'Nothing is queued, says the answer');
select is_empty('select from public.deliveries where client_id = tests.the(''client'')', 'Nothing is queued');
select row_eq($$
  select status, delivery_method, claimed_at, delivered_at, exposed_at from public.gift_cards
    where recipient_id = tests.the('recipient') $$,
  row('delivered'::text, 'api'::text, now(), now(), now()), 'The card says when and how');
select row_eq('select available_cards, claimed_cards, delivered_cards from public.gift_card_pools
  where id = tests.the(''pool'')', row(3, 0, 1), 'It counts as delivered');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set phone = '+12025550777' where id = tests.the('second');
select is(tests.provision(tests.the('second'), deliver_to => null) #>> '{result,delivery,method}', 'sms',
  'A method without an address is enough');
select is((select deliver_to from public.deliveries where recipient_id = tests.the('second')), '+12025550777',
  'The message goes to the address of the recipient');

select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select lives_ok($$ select tests.provision(tests.the('third'), delivery_method => null, deliver_to => '+12025550100') $$,
  'An address without a method is no failure');
select is((select status from public.gift_cards where recipient_id = tests.the('third')), 'delivered',
  'The answer brings the card');

select * from finish();
rollback;
