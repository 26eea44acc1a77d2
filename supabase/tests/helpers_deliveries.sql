-- Factories of deliveries and consent: what is sent, what comes of it, and what recipients write.

-- The delivery that brings a card, and a card claimed for it: {…promise, card, delivery}.
create or replace function tests.create_delivery(delivery_method text default 'sms', deliver_to text default '+12025550100')
returns jsonb language plpgsql set search_path = '' as $$
declare
  promise jsonb := tests.create_promise();
  answer jsonb := tests.provision((promise ->> 'recipient')::uuid, delivery_method => delivery_method, deliver_to => deliver_to);
begin
  return promise || jsonb_build_object(
    'card', answer #> '{result,giftCard,id}', 'delivery', answer #> '{result,delivery,id}');
end $$;

-- Leases one delivery, whether its back-off is over or not; null when it cannot be leased.
create or replace function tests.lease(delivery_id uuid)
returns jsonb language plpgsql set search_path = '' as $$
begin
  update public.deliveries d set next_attempt_at = now() where d.id = delivery_id and d.status = 'queued';
  return public.lease_deliveries(delivery_id, 1) #> '{result,deliveries,0}';
end $$;

-- complete_delivery_attempt for a lease.
create or replace function tests.report(
  lease jsonb, outcome text, provider_message_id text default null, error_code text default null,
  error_message text default null)
returns jsonb language sql set search_path = '' as $$
  select public.complete_delivery_attempt((lease ->> 'attemptId')::uuid, (lease ->> 'leaseToken')::uuid, outcome,
    case lease ->> 'channel' when 'sms' then 'twilio' else 'sendgrid' end, provider_message_id, error_code, error_message)
$$;

-- Leases the unknown delivery for a look-up, as if its grace time were over.
create or replace function tests.lease_unknown(delivery_id uuid)
returns jsonb language plpgsql set search_path = '' as $$
begin
  update public.delivery_attempts a set created_at = now() - interval '1 hour' where a.delivery_id = lease_unknown.delivery_id;
  update public.deliveries d set next_attempt_at = now() - interval '1 year' where d.id = lease_unknown.delivery_id;
  return (
    select l from jsonb_array_elements(public.lease_unknown_deliveries(100, 60) #> '{result,deliveries}') l
    where l ->> 'deliveryId' = lease_unknown.delivery_id::text);
end $$;

-- request_sms_opt_in with what matters.
create or replace function tests.ask_for_consent(
  recipient_id uuid, actor uuid default null, phone text default null, session uuid default null, company text default null,
  key text default null, hash text default null)
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.request_sms_opt_in(
    recipient_id, phone, session, company, '{{company_name}}: reply YES', 'v1', tests.request(actor, key, hash));
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

-- receive_sms with what matters.
create or replace function tests.write_sms(
  phone text, body text, meaning text, id text default gen_random_uuid()::text, answered boolean default false,
  sent_by text default 'sms')
returns jsonb language sql set search_path = '' as $$
  select public.receive_sms(id, phone, '+15550100000', body, 0, meaning, answered, sent_by)
$$;

-- A reply of a recipient that may be an opt-out; its id.
create or replace function tests.unclear_reply(recipient uuid, body text default 'I need to cancel my appointment')
returns uuid language sql set search_path = '' as $$
  select (tests.write_sms(r.phone, body, 'unclear') #>> '{result,inboundMessageId}')::uuid
  from public.campaign_recipients r where r.id = recipient
$$;

-- Entry points with their refusals as data.

create or replace function tests.resend(
  gift_card_id uuid, channel text default 'sms', deliver_to text default null, reason text default 'asked by phone',
  request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.resend_gift_card(gift_card_id, channel, deliver_to, reason, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

create or replace function tests.get_delivery(
  delivery_id uuid, request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.get_delivery(delivery_id, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;

create or replace function tests.record_recipient_consent(
  recipient_id uuid, channel text, action text, source text, wording text, address text, wording_version text, ip inet,
  request public.request default tests.request())
returns jsonb language plpgsql as $$
declare
  details text;
begin
  return public.record_recipient_consent(
    recipient_id, channel, action, source, wording, address, wording_version, ip, request);
exception when others then
  get stacked diagnostics details = pg_exception_detail;
  return tests.refusal(sqlstate, sqlerrm, details);
end $$;
