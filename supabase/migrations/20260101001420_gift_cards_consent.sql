-- Gift cards, the consent of recipients: requests, answers, withdrawals, and consents relayed by staff.
-- Triggers keep recipients.sms_opted_in_at in step with `consents`; an opt-out ends the consents that every client has of the address.

create function private.recipients_with_phone(client_id uuid, phone text)
returns uuid[] language sql stable set search_path = '' as $$
  select array(
    select r.id from public.campaign_recipients r
    where r.phone = recipients_with_phone.phone and r.client_id = recipients_with_phone.client_id order by r.id)
$$;

create function private.sync_opt_in()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if new.action = 'opted_in' then
    update public.campaign_recipients r set sms_opted_in_at = new.created_at
    where r.client_id = new.client_id and r.id = any (private.recipients_with_phone(new.client_id, new.address) || new.recipient_id);
  else
    update public.campaign_recipients r set sms_opted_in_at = null
    where r.client_id = new.client_id and r.sms_opted_in_at is not null
      and r.id = any (private.recipients_with_phone(new.client_id, new.address) || array(
        select c.recipient_id from public.consents c
        where c.address = new.address and c.channel = new.channel and c.client_id = new.client_id));
  end if;
  return null;
end $$;

create trigger consents_are_followed after insert on public.consents
  for each row when (new.channel = 'sms' and new.client_id is not null and new.action <> 'requested')
  execute function private.sync_opt_in();

-- A consent binds a phone to a client: it holds in the client's next campaign, and not for the recipient's next phone.
create function private.inherit_consent()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  consent public.consents := private.last_consent(new.client_id, 'sms', new.phone);
begin
  new.sms_opted_in_at := case when consent.action = 'opted_in' then consent.created_at end;
  return new;
end $$;

create trigger recipients_keep_their_consent before insert on public.campaign_recipients
  for each row when (new.phone is not null and new.sms_opted_in_at is null)
  execute function private.inherit_consent();

create trigger recipients_leave_their_consent_with_their_phone before update of phone on public.campaign_recipients
  for each row when (old.phone is distinct from new.phone and old.sms_opted_in_at is not distinct from new.sms_opted_in_at)
  execute function private.inherit_consent();

-- Whether the card's condition requires an SMS opt-in that this address has not given.
create function private.lacks_consent(gift_card_id uuid, channel text, address text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return channel = 'sms' and exists (
    select from public.gift_cards c
    join public.gift_card_grants g on g.id = c.grant_id
    join public.campaign_conditions cc
      on cc.campaign_id = g.campaign_id and cc.condition_number = g.condition_number and cc.requires_opt_in
    join public.campaign_recipients r on r.id = c.recipient_id
    where c.id = lacks_consent.gift_card_id and not private.has_agreed(r, lacks_consent.address));
end $$;

-- Appends an opt-out for each client that knows the address; one of an unknown address, or a second one, which ends no consent, is
-- recorded without a client.
create function private.end_consents()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  is_first boolean := not exists (
    select from public.contact_opt_outs o where o.channel = new.channel and o.address = new.address and o.id <> new.id);
begin
  insert into public.consents (
    client_id, channel, address, action, source, wording, provider_message_id, recorded_by)
  select k.client_id, new.channel, new.address, 'opted_out', new.source, new.wording, new.provider_message_id, new.recorded_by
  from (
    select r.client_id from public.campaign_recipients r where new.channel = 'sms' and r.phone = new.address
    union
    select r.client_id from public.campaign_recipients r where new.channel = 'email' and lower(r.email) = new.address
    union
    select c.client_id from public.consents c
    where c.address = new.address and c.channel = new.channel and c.client_id is not null) k
  where is_first;
  if not found then
    insert into public.consents (channel, address, action, source, wording, provider_message_id, recorded_by)
    values (new.channel, new.address, 'opted_out', new.source, new.wording, new.provider_message_id, new.recorded_by);
  end if;
  return null;
end $$;

create trigger contact_opt_outs_end_consents after insert on public.contact_opt_outs
  for each row execute function private.end_consents();

-- Requests. The edge function has the text; the stored wording is the recipient's text, character for character.

-- Returns the answer, or a refusal: returned and not raised, so that the alert about the limit is not rolled back.
create function private.queue_opt_in_request(
  recipient public.campaign_recipients, phone text, call_session_id uuid, wording text, wording_version text, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  consent public.consents := private.last_consent(recipient.client_id, 'sms', phone);
  wait_seconds int;
  delivery_id uuid;
begin
  if private.is_opted_out('sms', phone) then
    perform private.refuse('RB-400', 'The phone has opted out: only its owner can opt in again, by texting START');
  end if;
  if consent.action = 'opted_in' then
    return jsonb_build_object('recipientId', recipient.id, 'status', 'opted_in', 'optedInAt', consent.created_at);
  end if;
  wait_seconds := private.open_attempt('send-sms-opt-in', jsonb_build_object(
    'phone', private.fingerprint(phone), 'recipient', recipient.id, 'client', recipient.client_id));
  if wait_seconds is not null then
    return private.refused('RB429', 'The phone, the recipient or the client has had enough requests today',
      jsonb_build_object('retryAfter', wait_seconds)::text);
  end if;
  insert into public.consents (
    client_id, recipient_id, channel, address, action, source, wording, wording_version, recorded_by)
  values (recipient.client_id, recipient.id, 'sms', phone, 'requested', 'agent', wording, wording_version, request.actor);
  delivery_id := private.enqueue_notice(recipient.client_id, 'sms_opt_in', recipient.id, recipient.id, 'sms', phone,
    jsonb_build_object('wording', wording));
  perform private.record_audit(recipient.client_id, request.actor, 'sms_opt_in.requested', 'recipient', recipient.id,
    jsonb_build_object('delivery_id', delivery_id, 'call_session_id', call_session_id,
      'other_phone', phone is distinct from recipient.phone), request.id);
  return jsonb_build_object('recipientId', recipient.id, 'status', 'requested', 'delivery',
    jsonb_build_object('id', delivery_id, 'method', 'sms', 'status', 'queued'));
end $$;

create function public.request_sms_opt_in(
  recipient_id uuid, phone text, call_session_id uuid, company_name text, wording text, wording_version text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope text;
  recipient public.campaign_recipients;
  answer jsonb;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = request_sms_opt_in.recipient_id;
  perform private.assert_can_act(request.actor, recipient.client_id, private.staff_roles());
  scope := private.answer_scope('request_sms_opt_in', recipient.client_id, request.actor);
  answer := private.replay(request, scope);
  if answer is not null then
    return answer;
  elsif call_session_id is not null and not exists (
    select from public.call_sessions s
    where s.id = call_session_id and (request.actor is null or s.agent_user_id = request.actor)) then
    perform private.refuse('RB-404');
  end if;
  phone := coalesce(phone, recipient.phone);
  perform private.assert_address('sms', phone);
  perform private.assert_sms_allowed(recipient.client_id, phone);
  answer := private.queue_opt_in_request(recipient, phone, call_session_id,
    replace(wording, '{{company_name}}', regexp_replace(btrim(coalesce(nullif(company_name, ''), (
      select c.name from public.clients c where c.id = recipient.client_id))), '\s+', ' ', 'g')),
    wording_version, request);
  if answer ->> 'outcome' = 'refused' then
    perform private.free_key(scope, private.request_key(request));
    return answer;
  end if;
  return private.answer(request, scope, answer);
end $$;
comment on function public.request_sms_opt_in is
  'Queues the SMS that asks a recipient for consent, and stores its exact wording as proof; at most three a day for a phone (RB-429). '
  'GC-012, RB-400, RB-403, RB-404, RB-409.';
grant execute on function public.request_sms_opt_in to service_role;

-- Consents and opt-outs that staff relay.

-- The recipient's own address, or one that the client has written to or asked; any other address is RB-404.
create function private.known_address(recipient public.campaign_recipients, channel text, address text)
returns text language plpgsql stable set search_path = '' as $$
declare
  own text := lower(case channel when 'sms' then recipient.phone when 'email' then recipient.email end);
begin
  address := coalesce(private.parse_address(address, channel, 'address', recipient.client_id), own);
  perform private.assert_address(channel, address);
  if address is distinct from own and not exists (
    select from public.deliveries d
    where d.deliver_to = known_address.address and d.client_id = recipient.client_id
  ) and not exists (
    select from public.consents c
    where c.address = known_address.address and c.channel = known_address.channel and c.client_id = recipient.client_id) then
    perform private.refuse('RB-404');
  end if;
  return address;
end $$;

-- Staff may lift opt-outs that staff of their client relayed, a server those of staff and servers; never the owner's own.
create function private.may_lift_opt_out(actor uuid, client_id uuid, opt_out public.contact_opt_outs)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return opt_out.source in ('agent', 'web_form', 'import') and (
    actor is null or private.acts_for(opt_out.recorded_by, client_id, private.staff_roles()));
end $$;

create function private.relay_consent(
  actor uuid, recipient_id uuid, channel text, source text, wording text, address text, wording_version text, ip inet)
returns public.consents language plpgsql volatile set search_path = '' as $$
declare
  recipient public.campaign_recipients;
  consent public.consents;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = relay_consent.recipient_id;
  perform private.assert_can_act(actor, recipient.client_id, private.staff_roles());
  address := private.known_address(recipient, channel, address);
  perform private.assert_choice(source, 'source', array['agent', 'web_form', 'import']), private.assert_text(wording, 'wording', 10000);
  -- serializes with an opt-out of the address that is being recorded
  perform private.lock_preference(channel, address);
  if exists (
    select from public.contact_opt_outs o
    where o.channel = relay_consent.channel and o.address = relay_consent.address
      and not private.may_lift_opt_out(actor, recipient.client_id, o)) then
    perform private.refuse('RB-400', 'The address has opted out: only its owner can opt in again');
  end if;
  perform private.lift_opt_out(channel, address);
  insert into public.consents as c (
    client_id, recipient_id, channel, address, action, source, wording, wording_version, ip, recorded_by)
  values (recipient.client_id, recipient.id, channel, address, 'opted_in', source, wording, wording_version, ip, actor)
  returning c.* into consent;
  perform private.record_audit(recipient.client_id, actor, 'consent.recorded', 'recipient', recipient.id,
    jsonb_build_object('consent_id', consent.id, 'channel', channel, 'source', source));
  return consent;
end $$;

create function private.relay_opt_out(
  actor uuid, recipient_id uuid, channel text, source text, wording text, address text, ip inet)
returns public.consents language plpgsql volatile set search_path = '' as $$
declare
  recipient public.campaign_recipients;
  consent public.consents;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = relay_opt_out.recipient_id;
  perform private.assert_can_act(actor, recipient.client_id, private.staff_roles());
  address := private.known_address(recipient, channel, address);
  perform private.assert_choice(source, 'source', array['agent', 'web_form', 'import']);
  perform private.opt_out(channel, address, source, wording, null, actor);
  consent := private.last_consent(recipient.client_id, channel, address);
  if consent.action is distinct from 'opted_out' or consent.created_at < now() or ip is not null then
    insert into public.consents as c (client_id, recipient_id, channel, address, action, source, wording, ip, recorded_by)
    values (recipient.client_id, recipient.id, channel, address, 'opted_out', source, wording, ip, actor)
    returning c.* into consent;
  end if;
  perform private.record_audit(recipient.client_id, actor, 'opt_out.recorded', 'recipient', recipient.id,
    jsonb_build_object('consent_id', consent.id, 'channel', channel, 'source', source));
  return consent;
end $$;

create function private.record_consent(
  recipient_id uuid, channel text, source text, wording text, address text default null, wording_version text default null,
  ip text default null)
returns public.consents language plpgsql volatile security definer set search_path = '' as $$
begin
  if not pg_input_is_valid(ip, 'inet') then
    perform private.refuse_field('ip', 'must be an IP address');
  end if;
  return private.relay_consent(private.caller(), recipient_id, channel, source, wording, address, wording_version, ip::inet);
end $$;
select private.publish('private.record_consent(uuid, text, text, text, text, text, text)', '{authenticated, service_role}',
  'Records that a recipient consented to messages: source agent, web_form or import, and the wording that was agreed to. '
  'Lifts an opt-out that the client''s own staff had relayed; any other one is lifted by the owner of the address only (RB-400).');

create function private.record_opt_out(
  recipient_id uuid, channel text, source text default 'agent', address text default null, wording text default null)
returns public.consents language sql volatile security definer set search_path = '' as $$
  select private.relay_opt_out(private.caller(), recipient_id, channel, source, wording, address, null)
$$;
select private.publish('private.record_opt_out(uuid, text, text, text, text)', '{authenticated, service_role}',
  'Records that a recipient opted out of a channel (in a call, an e-mail, on the web); takes effect at once and for all clients.');

create function public.record_recipient_consent(
  recipient_id uuid, channel text, action text, source text, wording text, address text, wording_version text, ip inet,
  request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('record_recipient_consent', (
    select r.client_id from public.campaign_recipients r where r.id = record_recipient_consent.recipient_id), request.actor);
  consent public.consents;
  answer jsonb := private.replay(request, scope);
begin
  if answer is not null then
    return answer;
  end if;
  consent := case action
    when 'opted_in' then private.relay_consent(
      request.actor, recipient_id, channel, source, wording, address, wording_version, ip)
    else private.relay_opt_out(request.actor, recipient_id, channel, source, wording, address, ip) end;
  return private.answer(request, scope, jsonb_build_object('consentId', consent.id, 'recipientId', recipient_id,
    'channel', channel, 'action', consent.action, 'recordedAt', consent.created_at));
end $$;
comment on function public.record_recipient_consent is
  'Records a consent or opt-out that a recipient gave elsewhere, such as on a web form: action opted_in or opted_out. ip: the address of '
  'the recipient there. RB-400, RB-403, RB-404, RB-409.';
grant execute on function public.record_recipient_consent to service_role;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('send-sms-opt-in', 'phone', 3, 86400, true),
  ('send-sms-opt-in', 'recipient', 5, 86400, true),
  ('send-sms-opt-in', 'client', 2000, 86400, true);
