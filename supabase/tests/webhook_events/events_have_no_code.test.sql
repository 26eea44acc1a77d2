begin;
set local search_path = public, extensions, tests;
select plan(17);

create function pg_temp.told(since text default '') returns setof text language sql as $$
  select event_type from public.webhook_messages where client_id = tests.the('client') order by created_at, id
$$;

select tests.keep(tests.create_promise(1));
select tests.keep('second', (select tests.create_recipients(tests.the('campaign'))));
select tests.provision(tests.the('recipient'));
select is_empty('select pg_temp.told()', 'webhook events: no endpoint → nothing is enqueued');

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select tests.keep('deaf', tests.create_endpoint(tests.the('client'), '{voucher.redeemed}'));
select tests.keep('foreign', tests.create_endpoint(tests.create_client()));
update public.campaign_recipients set external_crm_id = 'crm-1' where id = tests.the('recipient');

select tests.keep('card', tests.provision(tests.the('recipient')) #> '{result,giftCard,id}');
select results_eq('select pg_temp.told()', $$ values ('gift_card.provisioned') $$, 'provision_gift_card: → gift_card.provisioned');
select is((select data - 'brand' from public.webhook_messages where endpoint_id = tests.the('endpoint')),
  jsonb_build_object('giftCardId', tests.the('card'), 'status', 'claimed', 'brandId', tests.the('brand'), 'denomination', 25.00,
    'currency', 'USD', 'deliveryMethod', 'sms', 'campaignId', tests.the('campaign'), 'conditionNumber', 1, 'recipientId', tests.the('recipient'),
    'externalCrmId', 'crm-1', 'grantId', (select grant_id from public.gift_cards where id = tests.the('card'))), '… with ids and values');
select is((select count(*)::int from public.webhook_messages where endpoint_id in (tests.the('deaf'), tests.the('foreign'))), 0,
  'enqueue_webhook: endpoints of others, or of other events → nothing');

select tests.keep('delivery', (select id from public.deliveries where subject_id = tests.the('card')));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-' || tests.the('delivery'));
select set_eq('select pg_temp.told()', $$ values ('gift_card.provisioned'), ('gift_card.delivered') $$,
  'complete_delivery_attempt: sent → gift_card.delivered');
update public.gift_cards set status = 'redeemed', redeemed_at = now() where id = tests.the('card');
select isnt_empty($$ select from pg_temp.told() t where t = 'gift_card.redeemed' $$, 'mark_gift_card_redeemed: → gift_card.redeemed');

-- the second card, to be shown at once
select tests.keep('third', (select tests.create_recipients(tests.the('campaign'))));
select tests.keep('shown', tests.provision(tests.the('third'), delivery_method => null, deliver_to => null) #> '{result,giftCard,id}');
select bag_eq($$ select event_type from public.webhook_messages where subject_id = tests.the('shown') and client_id = tests.the('client') $$,
  $$ values ('gift_card.provisioned'), ('gift_card.delivered') $$, 'webhook_events: a card that an answer discloses → gift_card.delivered');

-- no stock: the reward is owed
select tests.provision((select tests.create_recipients(tests.the('campaign'))));
select isnt_empty($$ select from pg_temp.told() t where t = 'reward.pending' $$, 'provision_gift_card: no stock → reward.pending');
update public.pending_rewards set status = 'cancelled' where client_id = tests.the('client');
select isnt_empty($$ select from pg_temp.told() t where t = 'reward.cancelled' $$, 'cancel_pending_reward: → reward.cancelled');
select tests.settle(tests.the('pool'));
select isnt_empty($$ select from pg_temp.told() t where t = 'pool.exhausted' $$, 'fold_pool: the last card is granted → pool.exhausted');
select isnt_empty($$ select from pg_temp.told() t where t = 'pool.low' $$, 'fold_pool: below the threshold → pool.low');

-- a message that cannot arrive, and no other channel
select tests.keep('failing', tests.create_promise(1));
select tests.keep('client', tests.kept('failing') -> 'client');
select tests.create_endpoint(tests.the('client'), '{gift_card.delivery_failed,voucher.redeemed}');
update public.campaign_recipients set email = null where id = (tests.kept('failing') ->> 'recipient')::uuid;
select tests.keep('card', tests.provision((tests.kept('failing') ->> 'recipient')::uuid) #> '{result,giftCard,id}');
select tests.report(tests.lease((select id from public.deliveries where subject_id = tests.the('card'))), 'permanent', error_code => '21211');
select results_eq($$ select event_type, subject_id, data ->> 'errorCode' from public.webhook_messages where client_id = tests.the('client') $$,
  $$ values ('gift_card.delivery_failed', tests.the('card'), '21211') $$,
    'complete_delivery_attempt: the last channel fails → gift_card.delivery_failed alone');

select tests.keep('customer', tests.create_user('customer', tests.the('client')));
select tests.keep('voucher', tests.create_voucher(tests.the('client'), '{"value": 50}'));
select tests.redeem_voucher(tests.the('customer'), tests.the('voucher'));
select is((select data from public.webhook_messages where client_id = tests.the('client') and event_type = 'voucher.redeemed'),
  (select jsonb_build_object('voucherId', tests.the('voucher'), 'redemptionId', u.id, 'type', 'credit', 'userId', tests.the('customer'),
    'benefit', u.benefit) from public.voucher_usage u where u.voucher_id = tests.the('voucher')), 'redeem_voucher: → voucher.redeemed without its code');

-- a card whose code was not disclosed returns to stock
select tests.keep('back', tests.create_promise(1));
select tests.keep('client', tests.kept('back') -> 'client');
select tests.create_endpoint(tests.the('client'), '{gift_card.returned}');
select tests.keep('card', tests.provision_for_caller(tests.create_user('call_agent', tests.the('client')),
  recipient_id => (tests.kept('back') ->> 'recipient')::uuid) #> '{result,giftCard,id}');
select tests.keep('grant', (select grant_id from public.gift_cards where id = tests.the('card')));
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select public.cancel_gift_card(tests.the('card'), 'wrong person');
select tests.sign_out();
select results_eq($$ select event_type, data ->> 'status', (data ->> 'grantId')::uuid from public.webhook_messages where client_id = tests.the('client') $$,
  $$ values ('gift_card.returned', 'available', tests.the('grant')) $$, 'cancel_gift_card: an undisclosed card → gift_card.returned with its grant');

select is_empty($$
  select m.id from public.webhook_messages m join public.gift_cards c on c.client_id = m.client_id
  where m.data::text ~ ('"' || c.code_last4 || '"') or m.data ?| array['code', 'pin', 'codeLast4', 'phone', 'email', 'deliverTo', 'cost', 'price'] $$,
  'webhook events: → no code, address or cost in a payload');
select is_empty($$
  select e from (select unnest(events) as e from public.webhook_endpoints) x
  where e <> '*' and e not in (select event_type from private.webhook_event_types) $$, 'webhook_event_types: → lists every event that endpoints have');
select bag_has($$ select event_type from private.webhook_event_types $$, $$ select distinct event_type from public.webhook_messages $$,
  'webhook_event_types: → lists every enqueued event');

select * from finish();
rollback;
