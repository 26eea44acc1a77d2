-- Gift cards, the delivery: what a card adds to the outbox, and what the fate of a message means for the card.
-- A leased card may have left the house (exposed_at) and never returns to stock; it is delivered when a provider has taken
-- its message. What the outcome of a message means for its card stands in gift_cards_outcomes.

-- What the message of a card says: the campaign's text, what to merge, and the card, still sealed.
create function private.present_card_message(delivery public.deliveries)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'template', case delivery.channel
      when 'sms' then jsonb_build_object('subject', null, 'body', campaign.sms_template)
      else jsonb_build_object('subject', campaign.email_subject, 'body', campaign.email_template) end,
    'merge', jsonb_build_object(
      'first_name', coalesce(r.first_name, ''), 'last_name', coalesce(r.last_name, ''), 'amount', pool.denomination,
      'currency', pool.currency, 'brand', b.name, 'redemption_url', coalesce(b.redemption_url, ''),
      -- the day as it was given at the upload: in the zone of the pool's owner
      'expiration_date', coalesce(to_char((card.expires_at - interval '1 second')
        at time zone coalesce(owner.time_zone, 'UTC'), 'FMMonth FMDD, YYYY'), '')),
    'sealed', private.sealed_card(card.id))
  from public.gift_cards card
  join public.card_pools pool on pool.id = card.pool_id
  join public.gift_card_brands b on b.id = pool.brand_id
  join public.campaign_recipients r on r.id = card.recipient_id
  join public.campaigns campaign on campaign.id = r.campaign_id
  left join public.clients owner on owner.id = pool.client_id
  where card.id = delivery.subject_id
$$;

-- What a worker needs for one try: where to, and what the message says.
create function private.present_lease(attempt public.delivery_attempts)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'deliveryId', d.id, 'attemptId', attempt.id, 'attemptStartedAt', attempt.created_at, 'leaseToken', d.lease_token,
    'channel', d.channel, 'deliverTo', d.deliver_to, 'clientName', client.name) || case d.topic
      when 'gift_card' then private.present_card_message(d)
      else jsonb_build_object('notice', d.notice, 'merge', d.merge) end
  from public.deliveries d
  join public.clients client on client.id = d.client_id
  where d.id = attempt.delivery_id
$$;

-- A delay notice that was queued again, or whose reward was fulfilled while it was being leased, must not follow its card.
create function private.drop_late_notices(attempts public.delivery_attempts[])
returns public.delivery_attempts[] language plpgsql volatile set search_path = '' as $$
declare
  late uuid[] := array(
    select d.id from unnest(attempts) a
    join public.deliveries d on d.id = a.delivery_id and d.topic = 'notice' and d.notice = 'reward_delayed'
    join public.pending_rewards r on r.id = d.subject_id and r.status in ('fulfilled', 'cancelled'));
begin
  if cardinality(late) = 0 then
    return attempts;
  end if;
  update public.delivery_attempts a
  set status = 'not_sent', finished_at = clock_timestamp(), error_code = 'called_off'
  where a.delivery_id = any (late) and a.status = 'calling';
  update public.deliveries d
  set status = 'cancelled', cancelled_at = now(), lease_token = null, leased_until = null where d.id = any (late);
  return array(select a::public.delivery_attempts from unnest(attempts) a where a.delivery_id <> all (late));
end $$;

-- Was the card given for a condition that asks for consent to SMS, which this address has not given?
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
  'Reports a try: sent, retriable, permanent or ambiguous. accepted is false when the lease has passed to somebody else.';
grant execute on function public.complete_delivery_attempt to service_role;

create function public.lease_unknown_deliveries(batch_size int, grace_seconds int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  attempts public.delivery_attempts[];
begin
  perform private.lapse_leases();
  -- leased first, presented after: one statement would present the lease before last
  attempts := array(
    select l from private.lease_unknown_deliveries(least(batch_size, 100), greatest(grace_seconds, 1)) l);
  return private.answered(jsonb_build_object('deliveries', (
    select coalesce(jsonb_agg(private.with_claim_link(private.present_lease(a))), '[]') from unnest(attempts) a)));
end $$;
comment on function public.lease_unknown_deliveries is
  'Takes deliveries of unknown outcome, whose try is older than grace_seconds, to be looked up at their provider.';
grant execute on function public.lease_unknown_deliveries to service_role;

create function public.resolve_unknown_delivery(
  attempt_id uuid, lease_token uuid, is_found boolean, provider text, provider_message_id text, provider_status text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  -- the same text may have been sent before: that message settles its own delivery
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
  'Settles an unknown delivery: found (true), certainly not there (false: it is queued again), or not to be told (null: a person). '
  'taken: the message found is that of another delivery.';
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
  'Applies a provider''s callback by rank: repeated, late and reversed ones change nothing.';
grant execute on function public.record_delivery_status to service_role;

create function private.present_delivery(delivery public.deliveries)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('id', delivery.id, 'method', delivery.channel, 'status', delivery.status,
    'attempts', delivery.attempts, 'errorCode', delivery.error_code, 'errorMessage', delivery.error_message,
    'providerMessageId', delivery.provider_message_id)
$$;

create function public.get_delivery(actor uuid, delivery_id uuid)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  select d.* into delivery from public.deliveries d
  where d.id = get_delivery.delivery_id
    and (actor is null or d.client_id in (select private.client_ids_of(actor, private.staff_roles())));
  if delivery.id is null then
    return private.refused('RB404', 'RB-404', null);
  end if;
  return private.answered(private.present_delivery(delivery));
end $$;
comment on function public.get_delivery is 'How far a delivery is.';
grant execute on function public.get_delivery to service_role;

-- Calls off the messages of cards that are still to be sent. What a sender holds at this moment is the sender's.
create function private.call_off_messages(gift_card_ids uuid[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  queued uuid[] := array(
    select d.id from public.deliveries d
    where d.topic = 'gift_card' and d.subject_id = any (gift_card_ids) and d.status = 'queued' order by d.id
    for update skip locked);
begin
  update public.deliveries d set status = 'cancelled', cancelled_at = now() where d.id = any (queued);
end $$;

-- Queues another message for a card that was given, to the same recipient; the actor is audited. It replaces a message that still
-- waits, because that one may go to an address that has just been corrected.
create function private.queue_resend(
  actor uuid, gift_card_id uuid, channel text, deliver_to text, reason text, request_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
  recipient public.campaign_recipients;
  own text;
  address text;
  delivery_id uuid;
begin
  -- locked, so that it is not taken back while another message is on its way to it
  select c.* into card from public.gift_cards c where c.id = queue_resend.gift_card_id for update;
  perform private.assert_can_act(actor, card.client_id, private.staff_roles());
  if card.recipient_id is null or card.status not in ('claimed', 'delivered', 'stuck') then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': there is nobody to send it to');
  elsif card.expires_at <= now() then
    perform private.refuse('RB-400', 'The card has expired: an expired card is not sent');
  end if;
  select r.* into recipient from public.campaign_recipients r where r.id = card.recipient_id;
  own := private.own_address(recipient, channel);
  address := coalesce(queue_resend.deliver_to, own);
  perform private.assert_address(channel, address);
  if address <> coalesce(own, '') then
    perform private.use_other_address(recipient, channel, address, actor is not null);
  end if;
  if private.lacks_consent(card.id, channel, address) then
    perform private.refuse('GC-009', 'Verification required');
  end if;
  -- whoever holds the link of an earlier message may not be who is meant now
  perform private.replace_claim_links(card.id), private.call_off_messages(array[card.id]);
  delivery_id := private.enqueue_delivery(
    card.client_id, 'gift_card', card.id, card.recipient_id, channel, address);
  -- a new message is under way, so the card is not stuck until that fails, too
  update public.gift_cards c set status = 'claimed', delivered_at = null, stuck_at = null
  where c.id = card.id and c.status = 'stuck';
  perform private.record_audit(card.client_id, actor, 'gift_card.resent', 'gift_card', card.id,
    jsonb_build_object('delivery_id', delivery_id, 'channel', channel, 'other_address', queue_resend.deliver_to is not null),
    request_id, reason);
  return jsonb_build_object('giftCardId', card.id, 'delivery',
    jsonb_build_object('id', delivery_id, 'method', channel, 'status', 'queued'));
end $$;

-- Whether a member of staff sends a card to an address that is not the recipient's.
create function private.is_sent_elsewhere(actor uuid, gift_card_id uuid, channel text, deliver_to text)
returns boolean language sql stable set search_path = '' as $$
  select actor is not null and exists (
    select from public.gift_cards c join public.campaign_recipients r on r.id = c.recipient_id
    where c.id = gift_card_id and private.own_address(r, channel) <> deliver_to
      and c.client_id in (select private.client_ids_of(actor, private.staff_roles())))
$$;

create function public.resend_gift_card(
  actor uuid, gift_card_id uuid, channel text, deliver_to text, reason text,
  request_id uuid, idempotency_key text, request_hash text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope text := private.answer_scope('resend_gift_card', (
    select c.client_id from public.gift_cards c where c.id = resend_gift_card.gift_card_id), actor);
  -- a call that the HTTP client sends twice must not become two messages
  key text := private.answer_key(idempotency_key, request_id::text);
  wait_seconds int;
  answer jsonb;
  detail text;
begin
  answer := private.stored_answer(scope, key, request_hash);
  if answer is not null then
    return private.answered(answer, null, true);
  end if;
  if private.is_sent_elsewhere(actor, gift_card_id, channel, deliver_to) then
    perform private.assert_reason(reason);
    wait_seconds := private.take_disclosure(actor);
    -- returned and not raised: the alert about the quota stays
    if wait_seconds is not null then
      perform private.free_key(scope, key);
      return private.limited(wait_seconds);
    end if;
  end if;
  answer := private.queue_resend(actor, gift_card_id, channel, deliver_to, reason, request_id);
  perform private.store_answer(scope, key, answer);
  return private.answered(answer);
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  get stacked diagnostics detail = pg_exception_detail;
  return private.refused(sqlstate, sqlerrm, detail);
end $$;
comment on function public.resend_gift_card is
  'Queues another delivery of a card that was given; an agent or admin of its client, audited with the reason. An address that '
  'is not the recipient''s needs a reason (GC-012) and counts against the daily quota of disclosures (RB-429).';
grant execute on function public.resend_gift_card to service_role;
