-- A small tenant in which each entry point has something to work on; the same in the empty database and in the filled one.
-- Facts are named as the arguments that they stand for, or as `function.argument`.

do $world$
declare
  promise jsonb := tests.create_promise(40);
  client uuid := (promise ->> 'client')::uuid;
  agency uuid := (select c.agency_id from public.clients c where c.id = client);
  campaign uuid := (promise ->> 'campaign')::uuid;
  brand uuid := (promise ->> 'brand')::uuid;
  pool uuid := (promise ->> 'pool')::uuid;
  recipient uuid := (promise ->> 'recipient')::uuid;
  fact record;
begin
  for fact in
    select * from (values ('client_id', client), ('agency_id', agency), ('campaign_id', campaign), ('brand_id', brand), ('pool_id', pool),
      ('recipient_id', recipient), ('platform_admin', tests.create_user('platform_admin')),
      ('agency_admin', tests.create_user('agency_admin', client)), ('client_admin', tests.create_user('client_admin', client)),
      ('call_agent', tests.create_user('call_agent', client)), ('customer', tests.create_user('customer', client)),
      ('other_customer', tests.create_user('customer', client)), ('outsider', tests.create_user()),
      ('given_recipient', (select r from tests.create_recipients(campaign) r limit 1)),
      ('called_recipient', (select r from tests.create_recipients(campaign) r limit 1))) f (name, value)
  loop
    perform probe.keep(fact.name, fact.value::text);
  end loop;
  insert into public.client_brands (client_id, brand_id) values (client, brand) on conflict do nothing;
end $world$;

-- a card that is claimed, one that is leased, and one that is delivered
select probe.make('claimed', $$ tests.provision(probe.the('given_recipient')) -> 'result' $$);
select probe.make('gift_card_id', $$ value::jsonb #>> '{giftCard,id}' from probe.facts where name = 'claimed' $$);
select probe.make('delivery_id', $$ value::jsonb #>> '{delivery,id}' from probe.facts where name = 'claimed' $$);
select probe.make('leased', $$ tests.lease((tests.provision((select tests.create_recipients(probe.the('campaign_id'))))
  #>> '{result,delivery,id}')::uuid) $$);
select probe.make('complete_delivery_attempt.attempt_id', $$ value::jsonb ->> 'attemptId' from probe.facts where name = 'leased' $$);
select probe.make('complete_delivery_attempt.lease_token', $$ value::jsonb ->> 'leaseToken' from probe.facts where name = 'leased' $$);
select probe.make('sent', $$ tests.provision((select tests.create_recipients(probe.the('campaign_id')))) -> 'result' $$);
select probe.make('sent_report', $$ tests.report(tests.lease((value::jsonb #>> '{delivery,id}')::uuid), 'sent', 'SMworld')
  from probe.facts where name = 'sent' $$);
select probe.make('sent_card', $$ value::jsonb #>> '{giftCard,id}' from probe.facts where name = 'sent' $$);
select probe.make(name, $$ probe.the('sent_card') $$) from unnest(array['resend_gift_card.gift_card_id',
  'reveal_gift_card_to_staff.gift_card_id', 'mark_gift_card_redeemed.gift_card_id']) name;

select probe.make('confirm_redemption.redemption_code', $$ tests.redemption_token(probe.the('given_recipient')) $$);
select probe.make('mailed', $$ tests.provision((select tests.create_recipients(probe.the('campaign_id'))), delivery_method => 'email',
  deliver_to => 'ada@example.com') #>> '{result,delivery,id}' $$);
select probe.make('unsubscribe_email.delivery_id', $$ value from probe.facts where name = 'mailed' $$);
select probe.make('mailed_lease', $$ tests.report(tests.lease(probe.the('mailed')), 'sent', 'world.mail') $$);
select probe.make('archive_gift_card_pool.pool_id', $$ tests.create_pool(probe.the('client_id'), probe.the('brand_id'), 0) $$);

select probe.make('import_id', $$ i.id from public.imports i where i.subject_id = probe.the('pool_id') limit 1 $$);

-- a claim link that was sent
select probe.make('linked', $$ tests.create_promise(3) $$);
select probe.make('linked_required', $$ private.update_campaign_claim_link((value::jsonb ->> 'campaign')::uuid, true)
  from probe.facts where name = 'linked' $$);
select probe.make('linked_lease', $$ tests.lease((tests.provision((value::jsonb ->> 'recipient')::uuid) #>> '{result,delivery,id}')::uuid)
  from probe.facts where name = 'linked' $$);
select probe.make('link_id', $$ l.id from public.claim_links l join probe.facts f on f.name = 'linked'
  and l.client_id = (f.value::jsonb ->> 'client')::uuid $$);

-- a call, a pending reward, a reply to review
select probe.make('called_phone', $$ r.phone from public.campaign_recipients r where r.id = probe.the('called_recipient') $$);
select probe.make('start_call_session.caller_phone', $$ value from probe.facts where name = 'called_phone' $$);
select probe.make('redemption_code', $$ tests.redemption_token(probe.the('recipient_id')) $$);
select probe.make('confirmation_code', $$ tests.redemption_token(probe.the('called_recipient')) $$);
select probe.make('owed', $$ tests.create_promise(0) $$);
select probe.make('owed_reward', $$ tests.provision((value::jsonb ->> 'recipient')::uuid) from probe.facts where name = 'owed' $$);
select probe.make('reward_id', $$ r.id from public.pending_rewards r join probe.facts f on f.name = 'owed'
  and r.client_id = (f.value::jsonb ->> 'client')::uuid $$);
select probe.make('inbound_message_id', $$ tests.unclear_reply(probe.the('called_recipient')) $$);

-- webhooks out and in
select probe.make('endpoint_id', $$ tests.create_endpoint(probe.the('client_id'), url => 'https://example.com/hook') $$);
select probe.make('message_id', $$ tests.dead_webhook(probe.the('endpoint_id')) $$);
select probe.make('send_test_event', $$ private.send_test_event(probe.the('endpoint_id')) $$);
select probe.make('webhook_lease', $$ l from tests.lease_webhooks(probe.the('endpoint_id')) l limit 1 $$);
select probe.make('complete_webhook_attempt.attempt_id', $$ value::jsonb ->> 'attemptId' from probe.facts where name = 'webhook_lease' $$);
select probe.make('complete_webhook_attempt.lease_token', $$ value::jsonb ->> 'leaseToken' from probe.facts where name = 'webhook_lease' $$);
select probe.make('crm_endpoint', $$ tests.create_crm_endpoint(jsonb_build_object('client', probe.the('client_id'),
  'campaign', probe.the('campaign_id'), 'recipient', probe.the('called_recipient'))) $$);
select probe.make(name || '.endpoint_id', $$ probe.the('crm_endpoint') $$) from unnest(array['update_crm_endpoint', 'update_crm_endpoint_key',
  'replay_crm_events', 'record_crm_events', 'get_crm_endpoint']) name;
select probe.make('crm_event_id', $$ tests.record_crm_event(probe.the('crm_endpoint')) $$);
select probe.make('taken_crm_event', $$ (tests.take_crm_event(probe.the('crm_endpoint'), contact_id => 'unknown-contact')).id $$);
select probe.make('replay_crm_event.crm_event_id', $$ probe.the('taken_crm_event') $$);

-- vouchers, packages and a wallet
select probe.make('wallet', $$ tests.create_wallet(probe.the('client_id'), 100, probe.the('customer')) $$);
select probe.make('voucher_id', $$ tests.create_voucher(probe.the('client_id')) $$);
select probe.make('code', $$ tests.code_of(probe.the('voucher_id')) $$);
select probe.make('redemption_id', $$ tests.redeem_voucher(probe.the('other_customer'), probe.the('voucher_id')) #>> '{result,redemptionId}' $$);
select probe.make('package_id', $$ tests.create_package(probe.the('client_id'), 10) $$);
select probe.make('activated', $$ tests.activate(probe.the('client_id'), probe.the('customer')) $$);
select tests.keep('customer', probe.the('other_customer')), tests.keep('package', probe.the('package_id'));
select probe.make('purchase_id', $$ tests.buy() #>> '{result,purchase,purchaseId}' $$);
select tests.keep('customer', probe.the('customer')), tests.keep('package', probe.the('package_id'));
select probe.make('refund_package_purchase.purchase_id', $$ tests.buy(10) #>> '{result,purchase,purchaseId}' $$);

-- what was sold from a master pool, and credit
select probe.make('master_pool_id', $$ tests.create_pool(null, probe.the('brand_id'), 20) $$);
select probe.make('sale_id', $$ tests.sell(probe.the('master_pool_id'), probe.the('client_id'), 2) #>> '{result,saleId}' $$);
select probe.make('credit', $$ tests.give_credit(tests.create_client(), 100) $$);
select probe.make('credit_client', $$ a.client_id from public.ledger_accounts a where a.id = probe.the('credit') $$);
select probe.make('collect_credit.client_id', $$ probe.the('credit_client') $$);
select probe.make('return_credit.client_id', $$ probe.the('credit_client') $$);

select public.run_housekeeping();
analyze probe.facts;
