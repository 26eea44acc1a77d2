begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(5));
update public.recipient_codes set redemption_token = 'RDMA-2345-VWXY' where recipient_id = tests.the('recipient');
select tests.keep('answer', tests.redeem('rdma 2345 vwxy', tests.the('campaign'), delivery_method => 'email',
  deliver_to => 'ada@example.com', idempotency_key => 'key', request_hash => 'hash'));

select is(tests.kept('answer') ->> 'outcome', 'ok', 'redeem_gift_card: the code is accepted in any case and spacing');
select is(tests.kept('answer') #>> '{sealed,giftCardId}', tests.kept('answer') #>> '{result,giftCard,id}',
  'redeem_gift_card: the answer has the card');
select is(tests.kept('answer') #>> '{result,delivery,method}', 'email', '… its message is queued');
select row_eq('select status, delivery_method, exposed_at from public.gift_cards
  where recipient_id = tests.the(''recipient'')', row('claimed'::text, 'email'::text, now()),
  'redeem_gift_card: the card is claimed and disclosed');
select row_eq('select surface, granted_by, condition_number from public.gift_card_grants
  where recipient_id = tests.the(''recipient'')', row('form'::text, null::uuid, 1), 'redeem_gift_card: the grant has the surface form');
select is(tests.redeem('RDMA2345VWXY', idempotency_key => 'key', request_hash => 'hash') - 'replayed',
  tests.kept('answer') - 'replayed', 'redeem_gift_card: the same key → the same answer');
select is(tests.redeem('RDMA2345VWXY') - 'message', '{"outcome": "refused", "code": "GC-010", "details": {}}',
  'redeem_gift_card: a used code → GC-010, without any data of its card');

-- without delivery
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('shown', tests.redeem(tests.redemption_token(tests.the('second'))));
select is(tests.kept('shown') #>> '{result,giftCard,status}', 'delivered',
  'redeem_gift_card: no delivery → the answer delivers the card');
select is((select delivery_method from public.gift_cards where recipient_id = tests.the('second')), 'browser',
  '… the card says so');
select is(tests.kept('shown') #> '{result,delivery}', 'null', '… nothing is queued');

-- unknown and foreign codes
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem('NOBODY-HAS-THIS') ->> 'code', 'GC-011', 'redeem_gift_card: an unknown code → GC-011');
select is(tests.redeem(tests.redemption_token(tests.the('third')), gen_random_uuid()) ->> 'code', 'GC-011',
  'redeem_gift_card: a code of another campaign → GC-011');
select is(tests.redeem('🎁🎁') ->> 'code', 'GC-011', 'redeem_gift_card: a code without a valid character → GC-011');

-- what a form may give
update public.campaign_conditions set is_self_service = false where campaign_id = tests.the('campaign');
select is(tests.redeem(tests.redemption_token(tests.the('third')), tests.the('campaign')) ->> 'code', 'GC-001',
  'redeem_gift_card: no self-service condition → GC-001');
select is(tests.redeem(tests.redemption_token(tests.the('third')), tests.the('campaign'), condition_number => 1) ->> 'code', 'GC-001',
  'redeem_gift_card: a condition that is not self-service → GC-001');
insert into public.campaign_conditions (client_id, campaign_id, condition_number, condition_name, brand_id, card_value,
  is_self_service) select tests.the('client'), tests.the('campaign'), n, 'Condition', tests.the('brand'), 25,
  true from generate_series(2, 3) n;
select is(tests.redeem(tests.redemption_token(tests.the('third')), condition_number => 3) ->> 'outcome', 'ok',
  'redeem_gift_card: a self-service condition → its card');
select is(tests.redeem(tests.redemption_token(tests.the('third'))) ->> 'outcome', 'ok',
  'redeem_gift_card: no condition named → the first self-service condition');
select is((select array_agg(condition_number order by condition_number) from public.gift_card_grants
  where recipient_id = tests.the('third')), '{2,3}', '… each of them once');

-- without stock
update public.gift_cards set status = 'cancelled', cancelled_at = now() where pool_id = tests.the('pool')
  and status = 'available';
select tests.keep('fourth', tests.create_recipients(tests.the('campaign')));
select is(tests.redeem(tests.redemption_token(tests.the('fourth')), delivery_method => 'email',
  deliver_to => 'eve@example.com') ->> 'code', 'GC-003', 'redeem_gift_card: no stock → GC-003');
select row_eq('select condition_number, delivery_method, deliver_to from public.pending_rewards
  where recipient_id = tests.the(''fourth'')', row(2, 'email'::text, 'eve@example.com'::text),
  '… the reward is pending for the address of the form');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
