-- Gift cards, the lease: a card that has expired since it was claimed, or is about to, is never sent.
-- A card whose code was not disclosed is replaced in the same transaction: its grant and bill are reversed as for any card that returns
-- to stock, and its reward gets another card from stock, or stays pending at its old place in the queue. One that may have been disclosed (shown
-- in an answer, revealed, or leased before) may have been used: it expires, stays billed, and an admin decides on a replacement.

-- Whether a card is too near to its expiry to be sent. An undisclosed card must be valid for a minimum time, but never longer than at its
-- claim; one that may have been disclosed is sent until it expires.
create function private.is_too_late_to_send(card public.gift_cards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return card.expires_at <= now() + case when private.is_undisclosed(card) then (
      select least(r.minimum_validity_at_send, coalesce(b.minimum_validity, r.minimum_validity))
      from private.stock_rules r, public.card_pools p join public.gift_card_brands b on b.id = p.brand_id
      where p.id = card.pool_id)
    else interval '0' end;
end $$;

-- Replaces an undisclosed card. The caller holds the locks of the message and the card, so the other card is claimed without waiting
-- for locks, to prevent deadlocks.
create function private.replace_card(card public.gift_cards, message public.deliveries)
returns void language plpgsql volatile set search_path = '' as $$
declare
  granted public.gift_card_grants := private.return_to_stock(card, private.request_of_card(card.id));
  reward public.pending_rewards;
  asked private.card_request;
  answer jsonb;
begin
  if card.expires_at <= now() then
    perform private.mark_cards_expired(array[card.id]);
  end if;
  perform private.restore_pending_reward(granted, card, message);
  perform private.record_audit(card.client_id, null, 'gift_card.released', 'gift_card', card.id,
    jsonb_build_object('grant_id', granted.id, 'claimed_at', card.claimed_at, 'expires_at', card.expires_at),
    private.request_of_card(card.id));
  select r.* into reward from public.pending_rewards r
  where r.recipient_id = granted.recipient_id and r.campaign_id = granted.campaign_id
    and r.condition_number = granted.condition_number and r.status like 'awaiting%';
  asked := private.request_of_reward(reward, '{}');
  asked.never_waits := true;
  answer := private.fulfil_reward(reward, asked);
  if answer ->> 'outcome' = 'refused' then
    perform private.postpone_reward(reward.id, answer ->> 'code');
  end if;
end $$;

-- Withdraws the messages, locked by the caller, whose cards are too near to their expiry.
create function private.withdraw_expired_cards(delivery_ids uuid[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  message public.deliveries;
  card public.gift_cards;
begin
  for message in
    select d.* from public.deliveries d
    join public.gift_cards c on c.id = d.subject_id
    where d.id = any (delivery_ids) and d.topic = 'gift_card'
      and c.expires_at <= now() + (select r.minimum_validity_at_send from private.stock_rules r)
    order by c.client_id, c.id
  loop
    select c.* into card from public.gift_cards c where c.id = message.subject_id for update;
    continue when card.status not in ('claimed', 'delivered', 'stuck') or not private.is_too_late_to_send(card);
    update public.deliveries d set error_code = 'card_expired' where d.id = message.id;
    if private.is_undisclosed(card) then
      perform private.replace_card(card, message);
    else
      perform private.mark_cards_expired(array[card.id]);
      perform private.raise_alert('gift_card_expired_unsent', 'warning',
        'A gift card expired before its message was sent; it may have been disclosed, so an admin decides on a replacement',
        jsonb_build_object('gift_card_id', card.id, 'delivery_id', message.id, 'expires_at', card.expires_at), card.id::text,
        card.client_id);
    end if;
  end loop;
end $$;
