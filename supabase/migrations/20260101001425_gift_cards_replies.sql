-- Replies of recipients. Keywords take effect at once (opt-in, opt-out, help); an ambiguous reply is decided by staff of the client that
-- wrote to the phone last. Every reply is kept.

-- The kind of opt-out that a reply sets and lifts: SMS and RCS count for the number, WhatsApp only for WhatsApp.
create function private.kind_of_reply(sent_by text)
returns text language sql immutable set search_path = '' as $$
  select case sent_by when 'whatsapp' then 'whatsapp' else 'general' end
$$;

-- Accepts the last open request. Without one it is START: it opts in to the client that wrote last, and to clients whose consent an
-- opt-out had ended. By WhatsApp it lifts opt-outs by WhatsApp only, and is no consent to SMS.
create function private.accept_opt_in(message public.inbound_messages)
returns void language plpgsql volatile set search_path = '' as $$
declare
  request public.consents := private.open_request('sms', message.phone);
  kind text := private.kind_of_reply(message.sent_by);
begin
  if private.lift_opt_out('sms', message.phone, kind => kind) then
    perform private.restore_consents('sms', message.phone, 'sms_reply', message.body, message.provider_message_id);
  elsif private.is_opted_out('sms', message.phone) then
    -- a later STOP arrived first, or an opt-out of another kind stands
    return;
  end if;
  if kind <> 'general' then
    return;
  elsif request.id is not null then
    insert into public.consents (client_id, recipient_id, channel, address, action, source, wording, wording_version,
      provider_message_id)
    values (request.client_id, request.recipient_id, 'sms', message.phone, 'opted_in', 'sms_reply', request.wording,
      request.wording_version, message.provider_message_id);
  elsif (private.last_consent(message.client_id, 'sms', message.phone)).action is distinct from 'opted_in' then
    insert into public.consents (client_id, recipient_id, channel, address, action, source, wording, provider_message_id)
    values (message.client_id, message.recipient_id, 'sms', message.phone, 'opted_in', 'sms_reply', message.body,
      message.provider_message_id);
  end if;
end $$;

-- Stores a message; null when it was stored before. It belongs to the client that wrote to the phone last.
create function private.store_inbound_message(message public.inbound_messages)
returns public.inbound_messages language plpgsql volatile set search_path = '' as $$
declare
  kept public.inbound_messages;
begin
  select w.client_id, w.recipient_id into message.client_id, message.recipient_id from (
    (select 1 as choice, d.client_id, d.recipient_id from public.deliveries d
     where d.deliver_to = message.phone and d.attempts > 0 order by d.created_at desc limit 1)
    union all
    (select 2, r.client_id, r.id from public.campaign_recipients r where r.phone = message.phone order by r.created_at desc limit 1)) w
  order by w.choice limit 1;
  insert into public.inbound_messages as m (
    client_id, recipient_id, provider_message_id, phone, sent_to, sent_by, body, media_count, meaning, review)
  values (message.client_id, message.recipient_id, message.provider_message_id, message.phone, message.sent_to, message.sent_by,
    message.body, message.media_count, message.meaning, case message.meaning when 'unclear' then 'open' end)
  -- Twilio repeats a request whose response it missed
  on conflict on constraint inbound_messages_come_once do nothing
  returning m.* into kept;
  return kept;
end $$;

-- Closes the open reviews of a phone that has opted out.
create function private.close_reviews(phone text)
returns void language sql volatile set search_path = '' as $$
  with closed as (
    update public.inbound_messages m set review = 'opted_out', reviewed_at = clock_timestamp()
    where m.phone = close_reviews.phone and m.review = 'open'
    returning m.id)
  select private.resolve_alert('reply_to_review', c.id::text) from closed c
$$;

-- Applies the meaning of a message, and returns whether to send a confirmation.
create function private.apply_reply(message public.inbound_messages)
returns boolean language plpgsql volatile set search_path = '' as $$
declare
  kind text := private.kind_of_reply(message.sent_by);
  is_news boolean;
begin
  case message.meaning
    when 'opt_out' then
      is_news := private.opt_out('sms', message.phone, 'sms_reply', message.body, message.provider_message_id, kind => kind);
      perform private.close_reviews(message.phone);
      return is_news;
    when 'opt_in' then
      perform private.accept_opt_in(message);
      return kind = 'general' and not private.is_opted_out('sms', message.phone);
    when 'unclear' then
      perform private.raise_alert('reply_to_review', 'warning',
        'A reply may be an opt-out: decide with decide_reply', jsonb_build_object('inbound_message_id', message.id),
        message.id::text, message.client_id);
      return false;
    else
      return message.meaning = 'help';
  end case;
end $$;

create function public.receive_sms(
  provider_message_id text, phone text, sent_to text, body text, media_count int, meaning text, is_answered boolean,
  sent_by text default 'sms')
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  message public.inbound_messages;
  is_news boolean;
begin
  perform private.assert_text(provider_message_id, 'provider_message_id'), private.assert_text(phone, 'phone', 32),
    private.assert_given(body is not null, 'body'),
    private.assert_choice(meaning, 'meaning', array['opt_in', 'opt_out', 'help', 'unclear', 'other']),
    private.assert_choice(sent_by, 'sent_by', array['sms', 'rcs', 'whatsapp']);
  message.provider_message_id := provider_message_id;
  message.phone := phone;
  message.sent_to := sent_to;
  message.sent_by := sent_by;
  message.body := body;
  message.media_count := coalesce(media_count, 0);
  message.meaning := meaning;
  message := private.store_inbound_message(message);
  if message.id is not null then
    is_news := private.apply_reply(message);
    update public.inbound_messages m set answer = case when is_news and not is_answered then m.meaning end
    where m.id = message.id;
  end if;
  return private.answered((
    select jsonb_build_object('inboundMessageId', m.id, 'answer', m.answer, 'clientName', c.name)
    from public.inbound_messages m left join public.clients c on c.id = m.client_id
    where m.provider_message_id = receive_sms.provider_message_id));
end $$;
comment on function public.receive_sms is
  'Stores an SMS (or a message by RCS or WhatsApp: sent_by) from a recipient and applies its meaning; returns which answer to send '
  '(null where the provider has answered).';
grant execute on function public.receive_sms to service_role;

-- Ambiguous replies, such as "I need to cancel my appointment": staff decide.

create view public.replies_to_review with (security_invoker = on) as
  select m.id, m.client_id, m.recipient_id, m.phone, m.body, m.sent_by, m.created_at
  from public.inbound_messages m where m.review = 'open';
comment on view public.replies_to_review is
  'Replies that may be an opt-out, of the reader''s clients; decide_reply settles each.';

create function private.decide_reply(inbound_message_id uuid, decision text, note text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  actor uuid := private.caller();
  message public.inbound_messages;
begin
  select m.* into message from public.inbound_messages m where m.id = inbound_message_id and m.review is not null for update;
  if message.id is null or message.client_id is not null then
    perform private.assert_can_act(actor, message.client_id, private.staff_roles());
  else
    -- a message without a client is for the platform to decide
    perform private.assert_platform_admin(actor);
  end if;
  if decision is null or decision not in ('opted_out', 'dismissed') then
    perform private.refuse_field('decision', 'must be "opted_out" or "dismissed"');
  elsif message.review not in ('open', decision) then
    perform private.refuse('RB-400', 'The reply has been decided already: ' || message.review);
  end if;
  if message.review = 'open' then
    if decision = 'opted_out' then
      perform private.opt_out('sms', message.phone, 'agent', message.body, message.provider_message_id, actor, message.created_at);
    end if;
    update public.inbound_messages m set review = decision, reviewed_by = actor, reviewed_at = clock_timestamp(), review_note = note
    where m.id = message.id;
    perform private.resolve_alert('reply_to_review', message.id::text);
    perform private.record_audit(message.client_id, actor, 'reply.' || decision, 'inbound_message', message.id,
      jsonb_build_object('recipient_id', message.recipient_id), reason => note);
  end if;
  return jsonb_build_object('inboundMessageId', message.id, 'review', decision,
    'isOptedOut', private.is_opted_out('sms', message.phone));
end $$;
select private.publish('private.decide_reply(uuid, text, text)', '{authenticated, service_role}',
  'Settles a reply that may be an opt-out: opted_out (at once and for all clients, as record_opt_out; staff of the client may '
  'lift it with record_consent) or dismissed. Audited. RB-400 when it was decided otherwise before.');

grant select on public.replies_to_review to authenticated, service_role;
