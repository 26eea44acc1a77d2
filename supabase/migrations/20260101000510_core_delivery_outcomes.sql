-- Outcomes of deliveries: reports of attempts, results of look-ups, and providers' callbacks.
-- Each function locks the delivery, checks its lease token and moves it along its states. Triggers of the domains apply the new status to
-- the reward of the message.

-- The status of a delivery that a provider has accepted, from the provider's own status.
create function private.sent_status(provider_status text)
returns text language sql immutable set search_path = '' as $$
  select case
    when provider_status in ('delivered', 'read', 'spamreport') then 'delivered'
    when provider_status in ('undelivered', 'failed', 'canceled', 'bounce', 'dropped') then 'undelivered'
    else 'sent'
  end
$$;

-- The provider has accepted the message: stores its id and status there.
create function private.mark_delivery_sent(
  delivery_id uuid, provider text, provider_message_id text, provider_status text, error_code text default null)
returns public.deliveries language sql volatile set search_path = '' as $$
  update public.deliveries d
  set status = s.status,
    provider = mark_delivery_sent.provider, provider_status = mark_delivery_sent.provider_status,
    provider_message_id = coalesce(mark_delivery_sent.provider_message_id, d.provider_message_id),
    sent_at = coalesce(d.sent_at, now()),
    delivered_at = case when s.status = 'delivered' then coalesce(d.delivered_at, now()) end,
    failed_at = case when s.status = 'undelivered' then now() end,
    failure_kind = case when s.status = 'undelivered' then 'permanent' end,
    error_code = mark_delivery_sent.error_code, error_message = null, lease_token = null, leased_until = null
  from (select private.sent_status(mark_delivery_sent.provider_status) as status) s
  where d.id = mark_delivery_sent.delivery_id
  returning d.*
$$;

-- The provider has not accepted the message: queued again if the failure is retriable and attempts are left, else failed.
create function private.mark_delivery_not_sent(
  delivery_id uuid, kind text, error_code text, error_message text)
returns public.deliveries language sql volatile set search_path = '' as $$
  update public.deliveries d
  set status = case when n.again then 'queued' else 'failed' end,
    next_attempt_at = case when n.again then now() + private.backoff(d.attempts) else d.next_attempt_at end,
    failed_at = case when not n.again then now() end,
    failure_kind = kind, error_code = mark_delivery_not_sent.error_code,
    error_message = mark_delivery_not_sent.error_message, lease_token = null, leased_until = null
  from (
    select kind = 'retriable' and q.attempts < q.attempts_max as again
    from public.deliveries q where q.id = mark_delivery_not_sent.delivery_id) n
  where d.id = mark_delivery_not_sent.delivery_id
  returning d.*
$$;

-- The outcome is unknown; a look-up or a callback may still settle it.
create function private.mark_delivery_unknown(delivery_id uuid, error_code text, error_message text)
returns public.deliveries language sql volatile set search_path = '' as $$
  update public.deliveries d
  set status = 'unknown', failure_kind = 'ambiguous', next_attempt_at = now(), error_code = mark_delivery_unknown.error_code,
    error_message = mark_delivery_unknown.error_message, lease_token = null, leased_until = null
  where d.id = mark_delivery_unknown.delivery_id
  returning d.*
$$;

-- Twilio's 21610: the recipient has opted out at Twilio, and no STOP has reached us. It was in force when the attempt was made; a
-- callback may report it later.
create function private.record_provider_opt_out(delivery public.deliveries, error_code text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if error_code = '21610' then
    perform private.opt_out(delivery.channel, delivery.deliver_to, 'provider', null, said_at => (
      select a.created_at from public.delivery_attempts a
      where a.delivery_id = delivery.id order by a.attempt_number desc limit 1));
  end if;
end $$;

-- Reports an attempt. Returns null when the caller's lease has lapsed and another worker holds the delivery.
create function private.finish_attempt(
  attempt_id uuid, lease_token uuid, outcome text, provider text,
  provider_message_id text, error_code text, error_message text)
returns public.deliveries language plpgsql volatile set search_path = '' as $$
declare
  attempt public.delivery_attempts;
  delivery public.deliveries;
begin
  select a.* into attempt from public.delivery_attempts a where a.id = attempt_id;
  select d.* into delivery from public.deliveries d where d.id = attempt.delivery_id for update;
  if delivery.lease_token is distinct from finish_attempt.lease_token
    or delivery.status <> 'sending' or delivery.attempts <> attempt.attempt_number then
    return null;
  end if;
  update public.delivery_attempts a
  set status = outcome, finished_at = clock_timestamp(), provider_message_id = finish_attempt.provider_message_id,
    error_code = finish_attempt.error_code, error_message = finish_attempt.error_message
  where a.id = attempt_id;
  perform private.record_provider_opt_out(delivery, error_code);
  return case outcome
    when 'sent' then private.mark_delivery_sent(delivery.id, provider, provider_message_id, 'queued')
    when 'ambiguous' then private.mark_delivery_unknown(delivery.id, error_code, error_message)
    else private.mark_delivery_not_sent(delivery.id, outcome, error_code, error_message)
  end;
end $$;

-- Settles a delivery of unknown outcome: found at the provider (true), certainly not there (false), or undecided by the look-up (null).
create function private.settle_unknown_delivery(
  attempt_id uuid, lease_token uuid, is_found boolean, provider text, provider_message_id text, provider_status text)
returns public.deliveries language plpgsql volatile set search_path = '' as $$
declare
  attempt public.delivery_attempts;
  delivery public.deliveries;
begin
  select a.* into attempt from public.delivery_attempts a where a.id = attempt_id;
  select d.* into delivery from public.deliveries d where d.id = attempt.delivery_id for update;
  if delivery.status <> 'unknown' or delivery.lease_token is distinct from settle_unknown_delivery.lease_token
    or settle_unknown_delivery.lease_token is null then
    return null;
  end if;
  if is_found is null then
    perform private.raise_alert('delivery_outcome_unknown', 'warning',
      'The outcome of a message is unknown; it is not sent again automatically',
      jsonb_build_object('delivery_id', delivery.id, 'channel', delivery.channel), delivery.id::text, delivery.client_id);
    update public.deliveries d set next_attempt_at = now() + interval '1 hour', lease_token = null
    where d.id = delivery.id returning d.* into delivery;
    return delivery;
  end if;
  update public.delivery_attempts a
  set status = case when is_found then 'sent' else 'not_sent' end,
    provider_message_id = settle_unknown_delivery.provider_message_id
  where a.id = attempt_id;
  return case when is_found
    then private.mark_delivery_sent(delivery.id, provider, provider_message_id, coalesce(provider_status, 'queued'))
    else private.mark_delivery_not_sent(delivery.id, 'retriable', 'not_found_at_provider', null)
  end;
end $$;

-- Resolves the alert when an unknown outcome becomes known, by a look-up or a callback.
create function private.resolve_unknown_outcome()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.resolve_alert('delivery_outcome_unknown', new.id::text);
  return null;
end $$;

create trigger deliveries_resolve_unknown_outcomes after update of status on public.deliveries
  for each row when (old.status = 'unknown' and new.status <> 'unknown')
  execute function private.resolve_unknown_outcome();

-- Applies a callback. It finds the delivery by the provider's id, or by the attempt that it names when the report of the call was lost or a
-- look-up missed the message (a retry that is queued is then cancelled).
-- Returns null when there is nothing to apply: unknown message, repeated or late callback. Of delivered and undelivered the first one
-- stands.
create function private.apply_provider_status(
  provider text, provider_message_id text, attempt_id uuid, provider_status text, error_code text)
returns public.deliveries language plpgsql volatile set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  select d.* into delivery from public.deliveries d
  where (d.provider = apply_provider_status.provider and d.provider_message_id = apply_provider_status.provider_message_id)
    or d.id = (select a.delivery_id from public.delivery_attempts a
      where a.id = apply_provider_status.attempt_id and a.status in ('calling', 'ambiguous', 'not_sent'))
  for update;
  if delivery.id is null
    or delivery.provider_message_id <> apply_provider_status.provider_message_id
    or delivery.status = 'undelivered'
    or private.delivery_rank(apply_provider_status.provider_status)
      <= coalesce(private.delivery_rank(delivery.provider_status), 0) then
    return null;
  end if;
  update public.delivery_attempts a
  set status = 'sent', finished_at = coalesce(a.finished_at, now()),
    provider_message_id = apply_provider_status.provider_message_id
  where a.delivery_id = delivery.id and a.status in ('calling', 'ambiguous', 'not_sent')
    and case when attempt_id is null then a.attempt_number = delivery.attempts else a.id = attempt_id end;
  perform private.record_provider_opt_out(delivery, error_code);
  return private.mark_delivery_sent(delivery.id, provider, provider_message_id, provider_status, error_code);
end $$;

create function public.complete_delivery_attempt(
  attempt_id uuid, lease_token uuid, outcome text, provider text,
  provider_message_id text, error_code text, error_message text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  delivery := private.finish_attempt(
    attempt_id, lease_token, outcome, provider, provider_message_id, error_code, error_message);
  return private.answered(jsonb_build_object(
    'deliveryId', delivery.id, 'status', delivery.status, 'accepted', delivery.id is not null));
end $$;
comment on function public.complete_delivery_attempt is
  'Reports an attempt: sent, retriable, permanent or ambiguous. accepted is false when another worker holds the lease.';
grant execute on function public.complete_delivery_attempt to service_role;

create function public.resolve_unknown_delivery(
  attempt_id uuid, lease_token uuid, is_found boolean, provider text, provider_message_id text, provider_status text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  -- the same text may have been sent before: a message found belongs to the delivery that has its id
  select d.* into delivery from public.deliveries d
  where is_found and d.provider = resolve_unknown_delivery.provider
    and d.provider_message_id = resolve_unknown_delivery.provider_message_id;
  if delivery.id is not null then
    return private.answered(jsonb_build_object('deliveryId', delivery.id, 'taken', true));
  end if;
  delivery := private.settle_unknown_delivery(
    attempt_id, lease_token, is_found, provider, provider_message_id, provider_status);
  return private.answered(jsonb_build_object('deliveryId', delivery.id, 'status', delivery.status));
end $$;
comment on function public.resolve_unknown_delivery is
  'Settles an unknown delivery: found (true), certainly not sent (false: queued again), or undecided (null: raises an alert). '
  'taken: the message found belongs to another delivery.';
grant execute on function public.resolve_unknown_delivery to service_role;

create function public.record_delivery_status(
  provider text, provider_message_id text, attempt_id uuid, provider_status text, error_code text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  delivery := private.apply_provider_status(provider, provider_message_id, attempt_id, provider_status, error_code);
  return private.answered(jsonb_build_object('applied', delivery.id is not null, 'status', delivery.status));
end $$;
comment on function public.record_delivery_status is
  'Applies a provider''s callback by rank: repeated, late and out-of-order callbacks change nothing.';
grant execute on function public.record_delivery_status to service_role;

create function private.present_delivery(delivery public.deliveries)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('id', delivery.id, 'method', delivery.channel, 'status', delivery.status,
    'attempts', delivery.attempts, 'errorCode', delivery.error_code, 'errorMessage', delivery.error_message,
    'providerMessageId', delivery.provider_message_id)
$$;

create function public.get_delivery(delivery_id uuid, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  select d.* into delivery from public.deliveries d
  where d.id = get_delivery.delivery_id
    and (request.actor is null or private.acts_for(request.actor, d.client_id, private.staff_roles()));
  if delivery.id is null then
    perform private.refuse('RB-404');
  end if;
  return private.answered(private.present_delivery(delivery));
end $$;
comment on function public.get_delivery is 'The state of a delivery: its status, attempts and last error. RB-404.';
grant execute on function public.get_delivery to service_role;

-- The delivery logs, with the columns that the source document names.
create view public.sms_delivery_log with (security_invoker = on) as
  select a.id, d.client_id, d.id as delivery_id, case when d.topic = 'gift_card' then d.subject_id end as gift_card_id,
    d.deliver_to as phone_number, a.provider_message_id as message_sid,
    case a.status when 'sent' then case d.status when 'sending' then 'sent' else d.status end
      when 'calling' then 'sending' when 'ambiguous' then 'unknown' else 'failed' end as status,
    a.attempt_number, a.error_code, a.error_message, a.created_at
  from public.delivery_attempts a
  join public.deliveries d on d.id = a.delivery_id
  where d.channel = 'sms';
comment on view public.sms_delivery_log is 'One row for each attempt to send an SMS, with the carrier''s status.';

create view public.email_delivery_log with (security_invoker = on) as
  select a.id, d.client_id, d.id as delivery_id, case when d.topic = 'gift_card' then d.subject_id end as gift_card_id,
    d.deliver_to as email_address, a.provider_message_id as message_id,
    case a.status when 'sent' then case d.status when 'sending' then 'sent' else d.status end
      when 'calling' then 'sending' when 'ambiguous' then 'unknown' else 'failed' end as status,
    a.attempt_number, a.error_code, a.error_message, a.created_at
  from public.delivery_attempts a
  join public.deliveries d on d.id = a.delivery_id
  where d.channel = 'email';
comment on view public.email_delivery_log is 'One row for each attempt to send an e-mail, with the provider''s status.';

grant select on public.sms_delivery_log, public.email_delivery_log to authenticated, service_role;
