-- A tenant with everything, made by the factories of all domains.

-- A tenant with a row in every table that has tenants: {client, agency, brand, campaign, recipient, pool, agent, …}.
create or replace function tests.create_busy_tenant()
returns jsonb language plpgsql set search_path = '' as $$
declare
  facts jsonb := tests.create_promise(3);
  client_id uuid := facts ->> 'client';
  agent uuid := tests.create_user('call_agent', client_id);
  customer uuid := tests.create_user('customer', client_id);
  recipients uuid[] := array(select tests.create_recipients((facts ->> 'campaign')::uuid, 3));
begin
  insert into public.client_brands (client_id, brand_id) values (client_id, (facts ->> 'brand')::uuid);
  perform tests.create_endpoint(client_id);
  insert into public.client_denominations (client_id, brand_id, denomination, currency)
  values (client_id, (facts ->> 'brand')::uuid, 25, 'USD');
  insert into public.service_fees (client_id, currency, fee) values (client_id, 'USD', 0.50);
  insert into public.agency_brands (agency_id, brand_id)
  select c.agency_id, (facts ->> 'brand')::uuid from public.clients c where c.id = (facts ->> 'client')::uuid;
  insert into public.agency_denominations (agency_id, brand_id, denomination, currency)
  select c.agency_id, (facts ->> 'brand')::uuid, 25, 'USD' from public.clients c where c.id = (facts ->> 'client')::uuid;
  perform tests.return_cards((tests.sell(tests.create_pool(null, tests.create_brand(), 2), client_id, 2)
    #>> '{result,saleId}')::uuid, 2);
  perform tests.provision((facts ->> 'recipient')::uuid);
  perform tests.redeem(tests.redemption_token(recipients[1]), delivery_method => 'email', deliver_to => 'ada@example.com');
  perform public.start_call_session(agent, r.phone, null, gen_random_uuid()) from public.campaign_recipients r where r.id = recipients[2];
  perform tests.provision_for_caller(agent, recipient_id => recipients[2]);
  perform tests.provision(recipients[3]);
  perform tests.provision(recipients[3], suppliers => array[tests.create_supplier((facts ->> 'brand')::uuid)]);
  perform tests.create_wallet((facts ->> 'client')::uuid);
  perform tests.create_wallet((facts ->> 'client')::uuid, 100, customer);
  perform public.refund_package_purchase(null, (public.start_package_purchase(customer,
    tests.create_package((facts ->> 'client')::uuid, 10), 10, null, false, gen_random_uuid(), null, null)
      #>> '{result,purchase,purchaseId}')::uuid, null, null, 3, 'test', gen_random_uuid(), null, null);
  perform tests.activate((facts ->> 'client')::uuid, customer);
  perform tests.use_messages((facts ->> 'client')::uuid, customer, 7);
  perform tests.take_crm_event(tests.create_crm_endpoint(facts));
  perform tests.ask_for_consent(recipients[3]);
  perform tests.write_sms(r.phone, 'Thanks', 'other') from public.campaign_recipients r where r.id = recipients[3];
  perform tests.redeem_voucher(customer, tests.create_voucher((facts ->> 'client')::uuid));
  perform tests.redeem_voucher(customer, tests.create_voucher((facts ->> 'client')::uuid,
    '{"type": "percentage", "value": 20}'));
  update public.campaigns set requires_claim_link = true where id = (facts ->> 'campaign')::uuid;
  perform tests.lease_webhooks(e.id) from public.webhook_endpoints e where e.client_id = (facts ->> 'client')::uuid;
  perform public.lease_deliveries(d.id, 1) from public.deliveries d where d.client_id = (facts ->> 'client')::uuid;
  return facts || jsonb_build_object('agent', agent, 'agency', (select c.agency_id from public.clients c where c.id = client_id));
end $$;
