-- Gift cards, resending: staff queue another message for a card, to the recipient's address or to another one. The new message replaces
-- one that still waits and the claim links of earlier ones.

-- Cancels the queued messages of cards. A message that a delivery worker has leased is left to the worker.
create function private.cancel_queued_messages(gift_card_ids uuid[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  queued uuid[] := array(
    select d.id from public.deliveries d
    where d.topic = 'gift_card' and d.subject_id = any (gift_card_ids) and d.status = 'queued' order by d.id
    for update skip locked);
begin
  update public.deliveries d set status = 'cancelled', cancelled_at = now() where d.id = any (queued);
end $$;

-- Queues another message for a card, to the same recipient, audited. It replaces a message that still waits, because that one may go to an
-- address that has just been corrected.
create function private.queue_resend(
  gift_card_id uuid, channel text, deliver_to text, reason text, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
  recipient public.campaign_recipients;
  own text;
  address text;
  delivery_id uuid;
begin
  -- locked, so that the card is not revoked while another message is queued for it
  select c.* into card from public.gift_cards c where c.id = queue_resend.gift_card_id for update;
  perform private.assert_can_act(request.actor, card.client_id, private.staff_roles());
  if card.recipient_id is null or card.status not in ('claimed', 'delivered', 'stuck') then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': it has no recipient to send it to');
  elsif card.expires_at <= now() then
    perform private.refuse('RB-400', 'The card has expired: an expired card is not sent');
  end if;
  select r.* into recipient from public.campaign_recipients r where r.id = card.recipient_id;
  own := private.own_address(recipient, channel);
  address := coalesce(queue_resend.deliver_to, own);
  perform private.assert_address(channel, address);
  if address <> coalesce(own, '') then
    perform private.use_other_address(recipient, channel, address, request.actor is not null);
  end if;
  if private.lacks_consent(card.id, channel, address) then
    perform private.refuse('GC-009');
  end if;
  -- the holder of an earlier message's link may not be the recipient any more
  perform private.replace_claim_links(card.id), private.cancel_queued_messages(array[card.id]);
  delivery_id := private.enqueue_delivery(
    card.client_id, 'gift_card', card.id, card.recipient_id, channel, address);
  -- a new message is queued, so the card is not stuck unless that fails, too
  update public.gift_cards c set status = 'claimed', delivered_at = null, stuck_at = null
  where c.id = card.id and c.status = 'stuck';
  perform private.record_audit(card.client_id, request.actor, 'gift_card.resent', 'gift_card', card.id,
    jsonb_build_object('delivery_id', delivery_id, 'channel', channel, 'other_address', queue_resend.deliver_to is not null),
    request.id, reason);
  return jsonb_build_object('giftCardId', card.id, 'delivery',
    jsonb_build_object('id', delivery_id, 'method', channel, 'status', 'queued'));
end $$;

-- Whether a member of staff sends a card to an address that is not the recipient's.
create function private.is_sent_elsewhere(actor uuid, gift_card_id uuid, channel text, deliver_to text)
returns boolean language sql stable set search_path = '' as $$
  select actor is not null and exists (
    select from public.gift_cards c join public.campaign_recipients r on r.id = c.recipient_id
    where c.id = gift_card_id and private.own_address(r, channel) <> deliver_to
      and private.acts_for(actor, c.client_id, private.staff_roles()))
$$;

create function public.resend_gift_card(
  gift_card_id uuid, channel text, deliver_to text, reason text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('resend_gift_card', (
    select c.client_id from public.gift_cards c where c.id = resend_gift_card.gift_card_id), request.actor);
  answer jsonb := private.replay(request, scope);
  wait_seconds int;
begin
  if answer is not null then
    return answer;
  elsif private.is_sent_elsewhere(request.actor, gift_card_id, channel, deliver_to) then
    perform private.assert_reason(reason);
    wait_seconds := private.take_disclosure(request.actor);
    -- returned and not raised: the alert about the quota stays
    if wait_seconds is not null then
      perform private.free_key(scope, private.request_key(request));
      return private.limited(wait_seconds);
    end if;
  end if;
  return private.answer(request, scope, private.queue_resend(gift_card_id, channel, deliver_to, reason, request));
end $$;
comment on function public.resend_gift_card is
  'Queues another delivery of a granted card; for an agent or admin of its client, audited with the reason. An address that is not the '
  'recipient''s needs a reason (GC-012) and counts against the daily quota of disclosures (RB-429). GC-009, RB-400, RB-403, RB-404, RB-409.';
grant execute on function public.resend_gift_card to service_role;
