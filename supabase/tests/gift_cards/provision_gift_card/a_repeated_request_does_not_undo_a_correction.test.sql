-- A server repeats a request that was refused until it is answered; meanwhile staff have corrected the address.
begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.ask(recipient uuid, deliver_to text) returns jsonb language sql as $$
  select tests.provision(recipient, deliver_to => deliver_to, idempotency_key => 'key', request_hash => 'hash')
$$;
create function pg_temp.correct(recipient uuid, deliver_to text) returns void language plpgsql as $$
declare
  reward uuid := (select r.id from public.pending_rewards r where r.recipient_id = recipient);
begin
  perform tests.sign_in(tests.the('agent'));
  perform public.update_pending_reward(reward, 'sms', deliver_to, 'mistyped');
  perform tests.sign_out();
end $$;

select is(pg_temp.ask(tests.the('recipient'), '+12025550141') ->> 'code', 'GC-003', 'provision_gift_card: no stock → pending');
select pg_temp.correct(tests.the('recipient'), '+12025550142');
select is(pg_temp.ask(tests.the('recipient'), '+12025550141') #>> '{details,pendingReward,deliverTo}', '+1•••••0142',
  'provision_gift_card: repeated after staff corrected the address → the correction stands');
select is(pg_temp.ask(tests.the('recipient'), '+12025550143') #>> '{details,pendingReward,deliverTo}', '+1•••••0143',
  'provision_gift_card: another address → corrects it');
select pg_temp.correct(tests.the('recipient'), '+12025550142');
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), delivery_method => 'sms', deliver_to => '+12025550143')
  #>> '{details,pendingReward,deliverTo}', '+1•••••0142', 'redeem_gift_card: the replaced address is typed again → the correction stands');

-- the recipient's own address, which a request may leave out
select tests.keep('other', tests.create_recipients(tests.the('campaign')));
select is(pg_temp.ask(tests.the('other'), null) ->> 'code', 'GC-003', 'provision_gift_card: pending, for the recipient''s own phone');
select pg_temp.correct(tests.the('other'), '+12025550144');
select is(pg_temp.ask(tests.the('other'), null) #>> '{details,pendingReward,deliverTo}', '+1•••••0144',
  'provision_gift_card: repeated without an address → the correction stands');

-- repeated when there is stock again
select tests.add_cards(tests.the('pool'), 2);
select is(pg_temp.ask(tests.the('recipient'), '+12025550141') ->> 'outcome', 'ok', 'provision_gift_card: a repeated request with stock → the card');
select is((select deliver_to from public.deliveries where topic = 'gift_card' and recipient_id = tests.the('recipient')), '+12025550142',
  'provision_gift_card: repeated after the restock → the card goes where staff said');
-- repeated while the card is being bought
select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('supplier', to_jsonb(tests.create_supplier(tests.the('brand'))));
create function pg_temp.buy() returns jsonb language sql as $$
  select tests.provision(tests.the('recipient'), deliver_to => '+12025550145', suppliers => array[tests.kept('supplier') #>> '{}'])
$$;
select is(pg_temp.buy() #>> '{result,purchase,supplier}', tests.kept('supplier') #>> '{}', 'provision_gift_card: the card is being purchased');
select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), deliver_to => '+12025550146');
select is(pg_temp.buy() #>> '{details,pendingReward,deliverTo}', '+1•••••0146',
  'provision_gift_card: repeated after staff corrected the address of the purchase → the correction stands');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
