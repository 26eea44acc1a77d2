begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(5));
update public.recipient_codes set redemption_token = 'RDMA-2345-VWXY' where recipient_id = tests.the('recipient');
select tests.keep('answer', tests.redeem('rdma 2345 vwxy', tests.the('campaign'), delivery_method => 'email',
  deliver_to => 'ada@example.com', idempotency_key => 'key', request_hash => 'hash'));

select is(tests.kept('answer') ->> 'outcome', 'ok', 'The code is taken in any case and spacing');
select is(tests.kept('answer') #>> '{sealed,giftCardId}', tests.kept('answer') #>> '{result,giftCard,id}',
  'The browser gets the card');
select is(tests.kept('answer') #>> '{result,delivery,method}', 'email', 'And it is sent');
select row_eq('select status, delivery_method, exposed_at from public.gift_cards
  where recipient_id = tests.the(''recipient'')', row('claimed'::text, 'email'::text, now()),
  'The card is claimed, and was shown');
select row_eq('select surface, granted_by, condition_number from public.gift_card_grants
  where recipient_id = tests.the(''recipient'')', row('form'::text, null::uuid, 1), 'The grant is the form''s');
select is(tests.redeem('RDMA2345VWXY', idempotency_key => 'key', request_hash => 'hash') - 'replayed',
  tests.kept('answer') - 'replayed', 'The same key gets the same answer');
select is(tests.redeem('RDMA2345VWXY') - 'message', '{"outcome": "refused", "code": "GC-010", "details": {}}',
  'GC-010: a used code says so, and nothing of its card');

-- without delivery
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('shown', tests.redeem(tests.redemption_token(tests.the('second'))));
select is(tests.kept('shown') #>> '{result,giftCard,status}', 'delivered',
  'Without a delivery the browser is the delivery');
select is((select delivery_method from public.gift_cards where recipient_id = tests.the('second')), 'browser',
  'The card says so');
select is(tests.kept('shown') #> '{result,delivery}', 'null', 'Nothing is sent');

-- unknown and foreign codes
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem('NOBODY-HAS-THIS') ->> 'code', 'GC-011', 'GC-011: a code that nobody has');
select is(tests.redeem(tests.redemption_token(tests.the('third')), gen_random_uuid()) ->> 'code', 'GC-011',
  'GC-011: a code of another campaign');
select is(tests.redeem('🎁🎁') ->> 'code', 'GC-011', 'GC-011: a code without a sign that counts');

-- what a form may give
update public.campaign_conditions set is_self_service = false where campaign_id = tests.the('campaign');
select is(tests.redeem(tests.redemption_token(tests.the('third')), tests.the('campaign')) ->> 'code', 'GC-001',
  'GC-001: no condition is for the form');
select is(tests.redeem(tests.redemption_token(tests.the('third')), tests.the('campaign'), condition_number => 1) ->> 'code', 'GC-001',
  'GC-001: a condition that is not for the form');
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value,
  is_self_service) select tests.the('client'), tests.the('campaign'), n, 'Condition', tests.the('brand'), 25,
  true from generate_series(2, 3) n;
select is(tests.redeem(tests.redemption_token(tests.the('third')), condition_number => 3) ->> 'outcome', 'ok',
  'One that is for the form is given');
select is(tests.redeem(tests.redemption_token(tests.the('third'))) ->> 'outcome', 'ok',
  'Else the first that is for the form');
select is((select array_agg(condition_number order by condition_number) from public.gift_card_grants
  where recipient_id = tests.the('third')), '{2,3}', 'Each of them once');

-- without stock
update public.gift_cards set status = 'cancelled', cancelled_at = now() where pool_id = tests.the('pool')
  and status = 'available';
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem(tests.redemption_token(tests.the('fourth')), delivery_method => 'email',
  deliver_to => 'eve@example.com') ->> 'code', 'GC-003', 'GC-003: there is no card');
select row_eq('select condition_number, delivery_method, deliver_to from public.pending_rewards
  where recipient_id = tests.the(''fourth'')', row(2, 'email'::text, 'eve@example.com'::text),
  'The reward is owed to the address of the form');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
