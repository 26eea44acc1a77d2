-- Gift cards, delivery outcomes: the outcomes of a card's messages decide its status. In any order of the providers' reports
-- the same outcomes lead to the same status: delivered by the message that arrived, claimed while one is in progress, stuck when each
-- has failed and no channel is left.

-- The messages of a card's current grant; those from before it returned to stock do not count. The number of rows is declared, because
-- with the default of a thousand the planner scans the tables that are joined to them.
create function private.messages_of(card public.gift_cards)
returns setof public.deliveries language sql stable rows 2 set search_path = '' as $$
  select d.* from public.deliveries d
  where d.topic = 'gift_card' and d.subject_id = card.id and d.status <> 'cancelled' and d.created_at >= card.claimed_at
$$;

-- How and when a card has reached its recipient: by a message that arrived (the provider reports it, or its claim link was opened), else
-- by one that a provider accepted; of two the earlier one. Null when no message has.
create function private.arrival_of(card public.gift_cards, out channel text, out arrived_at timestamptz)
language sql stable set search_path = '' as $$
  select d.channel, coalesce(l.revealed_at, d.delivered_at, d.sent_at)
  from private.messages_of(card) d
  left join lateral (select x.revealed_at from public.claim_links x where x.delivery_id = d.id limit 1) l on true
  where d.status in ('sent', 'delivered') or l.revealed_at is not null
  order by d.status <> 'delivered' and l.revealed_at is null, d.created_at, d.id limit 1
$$;

-- Queues a message by the recipient's other channel, if there is one that has not been tried for this card.
create function private.queue_on_other_channel(delivery public.deliveries, card public.gift_cards)
returns uuid language sql volatile set search_path = '' as $$
  select private.enqueue_delivery(
    delivery.client_id, delivery.topic, delivery.subject_id, r.id, o.channel, o.address)
  from public.campaign_recipients r,
    lateral (select case delivery.channel when 'sms' then 'email' else 'sms' end as channel,
      case delivery.channel when 'sms' then r.email else r.phone end as address) o
  where r.id = delivery.recipient_id and private.fits_channel(o.channel, o.address)
    and not private.lacks_consent(delivery.subject_id, o.channel, o.address)
    and not exists (select from private.messages_of(card) d where d.channel = o.channel)
    and not private.is_opted_out(o.channel, o.address)
$$;

-- Applies a failed message when none has arrived. While another message of the card is in progress, that one decides; else the other channel
-- is tried once; else the card is stuck and an alert is raised. A card that was shown in an answer stays delivered.
create function private.apply_failed_delivery(card public.gift_cards, delivery public.deliveries, is_answered boolean)
returns void language plpgsql volatile set search_path = '' as $$
declare
  next_status text := 'claimed';
begin
  if exists (select from private.messages_of(card) d where d.status in ('queued', 'sending', 'unknown')) then
    -- stuck by release_stuck_cards: stays so
    next_status := case card.status when 'stuck' then 'stuck' else 'claimed' end;
  elsif private.queue_on_other_channel(delivery, card) is null then
    next_status := 'stuck';
    perform private.raise_alert('delivery_failed', 'warning', 'A gift card could not be delivered; contact the recipient',
      jsonb_build_object('delivery_id', delivery.id, 'gift_card_id', delivery.subject_id,
        'channel', delivery.channel, 'error_code', delivery.error_code), delivery.subject_id::text, delivery.client_id);
  end if;
  update public.gift_cards c
  set status = next_status, delivered_at = null, stuck_at = case next_status when 'stuck' then coalesce(c.stuck_at, now()) end
  where c.id = card.id and c.status <> next_status and not is_answered;
end $$;

-- Raises one alert for a campaign whose SMS was too long for carriers and was not sent: its template or a value must be shortened.
create function private.alert_message_too_long(delivery public.deliveries)
returns void language plpgsql volatile set search_path = '' as $$
declare
  campaign_id uuid;
begin
  if delivery.error_code = 'message_too_long' then
    select r.campaign_id into campaign_id from public.campaign_recipients r where r.id = delivery.recipient_id;
    perform private.raise_alert('message_too_long', 'warning',
      'An SMS of a campaign was too long to be sent: shorten its template with update_campaign_templates',
      jsonb_build_object('campaign_id', campaign_id, 'delivery_id', delivery.id, 'error_message', delivery.error_message),
      campaign_id::text, delivery.client_id);
  end if;
end $$;

-- Applies the new status of a message to its card. A redeemed, cancelled or expired card stays unchanged.
create function private.apply_delivery_outcome(delivery public.deliveries)
returns void language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
  arrival record;
  is_answered boolean;
begin
  -- locked, so that of two messages that fail at once the second one sees the failure of the first
  select c.* into card from public.gift_cards c where c.id = delivery.subject_id for update;
  if delivery.status = 'queued' and (card.status in ('cancelled', 'expired') or exists (
    select from private.messages_of(card) d
    where d.created_at > delivery.created_at and d.status in ('queued', 'sending', 'unknown', 'sent', 'delivered'))) then
    -- an attempt in progress when the card was cancelled or resent is not retried
    update public.deliveries d set status = 'cancelled', cancelled_at = now() where d.id = delivery.id and d.status = 'queued';
  end if;
  if card.id is null or card.status not in ('claimed', 'delivered', 'stuck') or delivery.status = 'queued' then
    return;
  end if;
  perform private.alert_message_too_long(delivery);
  select * into arrival from private.arrival_of(card);
  is_answered := card.status = 'delivered' and card.delivery_method in ('browser', 'api');
  if arrival.channel is not null and not is_answered then
    update public.gift_cards c
    set status = 'delivered', delivered_at = arrival.arrived_at, delivery_method = arrival.channel
    where c.id = card.id and (c.status, c.delivered_at, c.delivery_method)
      is distinct from ('delivered', arrival.arrived_at, arrival.channel);
  end if;
  if delivery.status in ('sent', 'delivered') then
    perform private.resolve_alert('delivery_failed', delivery.subject_id::text);
  elsif arrival.channel is null then
    perform private.apply_failed_delivery(card, delivery, is_answered);
  end if;
end $$;

-- Runs whenever a delivery gets an outcome: by the report of an attempt, a look-up, a callback, or an opt-out found at the lease.
create function private.decide_card_status()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.apply_delivery_outcome(new);
  return null;
end $$;

create trigger deliveries_decide_card_status after update of status on public.deliveries
  for each row when (new.topic = 'gift_card' and old.status is distinct from new.status
    and new.status not in ('sending', 'unknown', 'cancelled'))
  execute function private.decide_card_status();
