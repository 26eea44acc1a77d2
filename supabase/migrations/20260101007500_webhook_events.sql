-- Webhook events: the event types of outgoing webhooks, and their payloads. Triggers on existing records enqueue them: audit events of
-- grants and vouchers, the status of cards, packages and package purchases, rows of pending rewards, and alerts. A payload has ids, names
-- and values; never a code, a PIN, an address or a cost.

insert into private.webhook_event_types (event_type, description) values
  ('gift_card.provisioned', 'A card was granted to a recipient.'),
  ('gift_card.delivered', 'A provider accepted the message with the card, or an answer showed it.'),
  ('gift_card.delivery_failed', 'No channel delivered the card; contact the recipient.'),
  ('gift_card.redeemed', 'A recipient used a card.'),
  ('gift_card.expired', 'A granted card has expired.'),
  ('gift_card.stuck', 'A card did not arrive, or its outcome is unknown; resend or cancel it.'),
  ('gift_card.cancelled', 'A granted card was cancelled.'),
  ('gift_card.returned', 'A granted card whose code was not disclosed returned to its pool.'),
  ('reward.pending', 'A reward is pending, because no card was available.'),
  ('reward.fulfilled', 'A pending reward was fulfilled.'),
  ('reward.cancelled', 'A pending reward was cancelled.'),
  ('pool.low', 'A pool has less than 20 or 10 percent of its cards left.'),
  ('pool.exhausted', 'A pool has no cards left.'),
  ('voucher.redeemed', 'A customer redeemed a voucher.'),
  ('voucher.rolled_back', 'A redemption of a voucher was rolled back.'),
  ('package.activated', 'A customer has a package: purchased, or from a voucher.'),
  ('package.expired', 'A package of a customer has expired.'),
  ('package.cancelled', 'A package of a customer ended early: fully refunded, or its voucher was rolled back.'),
  ('package.purchased', 'A customer paid for a package, with bizcoins, by card or both.'),
  ('package.purchase_failed', 'A package purchase was cancelled, refused or timed out; its bizcoins were released.'),
  ('package.refunded', 'A payment was refunded to the card, the wallet or both, in full or in part.');

-- The payload of events of a granted card.
create function private.webhook_card(gift_card_id uuid)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object('giftCardId', c.id, 'status', c.status, 'brandId', b.id, 'brand', b.name,
    'denomination', p.denomination, 'currency', p.currency, 'deliveryMethod', c.delivery_method, 'grantId', c.grant_id,
    'campaignId', r.campaign_id, 'conditionNumber', g.condition_number, 'recipientId', r.id,
    'externalCrmId', r.external_crm_id)
  from public.gift_cards c
  join public.card_pools p on p.id = c.pool_id
  join public.gift_card_brands b on b.id = p.brand_id
  left join public.gift_card_grants g on g.id = c.grant_id
  left join public.campaign_recipients r on r.id = c.recipient_id
  where c.id = gift_card_id
$$;

create function private.enqueue_audit_event_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  event_type constant text := case new.action when 'gift_card.released' then 'gift_card.returned' else new.action end;
begin
  if private.has_webhook(new.client_id, event_type) then
    perform private.enqueue_webhook(new.client_id, event_type, new.subject_id, case new.subject_type
      -- a card that returned to stock has no grant any more
      when 'gift_card' then private.webhook_card(new.subject_id)
        || jsonb_strip_nulls(jsonb_build_object('grantId', new.metadata -> 'grant_id'))
      else (
        select jsonb_strip_nulls(jsonb_build_object('voucherId', u.voucher_id, 'redemptionId', u.id, 'type', u.redemption_type,
          'userId', u.user_id, 'benefit', u.benefit, 'ownerId', v.owner_id, 'ownerBenefit', u.owner_benefit,
          'takenBack', u.rolled_back_benefit, 'ownerTakenBack', u.rolled_back_owner_benefit,
          'isComplete', case new.action when 'voucher.rolled_back' then u.status = 'rolled_back' end))
        from public.voucher_usage u join public.vouchers v on v.id = u.voucher_id
        where u.id = (new.metadata ->> 'redemption_id')::uuid) end, new.request_id);
  end if;
  return null;
end $$;

create trigger audit_events_enqueue_webhooks after insert on public.audit_events
  for each row when (new.client_id is not null and new.action in (
    'gift_card.provisioned', 'gift_card.returned', 'gift_card.released', 'voucher.redeemed', 'voucher.rolled_back'))
  execute function private.enqueue_audit_event_webhook();

create function private.enqueue_card_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if private.has_webhook(new.client_id, 'gift_card.' || new.status) then
    perform private.enqueue_webhook(new.client_id, 'gift_card.' || new.status, new.id, private.webhook_card(new.id));
  end if;
  return null;
end $$;

-- not for claimed: that is gift_card.provisioned, from its audit event
create trigger gift_cards_enqueue_webhooks after update of status on public.gift_cards
  for each row when (new.grant_id is not null and old.status <> new.status
    and new.status in ('delivered', 'redeemed', 'expired', 'stuck', 'cancelled'))
  execute function private.enqueue_card_webhook();

create function private.enqueue_pending_reward_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  event_type constant text := case new.status when 'fulfilled' then 'reward.fulfilled' when 'cancelled' then 'reward.cancelled'
    else 'reward.pending' end;
begin
  if private.has_webhook(new.client_id, event_type) then
    perform private.enqueue_webhook(new.client_id, event_type, new.id, (
      select jsonb_build_object('pendingRewardId', new.id, 'campaignId', new.campaign_id, 'conditionNumber', new.condition_number,
        'recipientId', new.recipient_id, 'externalCrmId', r.external_crm_id, 'brandId', b.id, 'brand', b.name,
        'denomination', new.denomination, 'currency', new.currency)
      from public.campaign_recipients r left join public.gift_card_brands b on b.id = new.brand_id where r.id = new.recipient_id), (
      select q.request_id from private.reward_requests q where q.reward_id = new.id));
  end if;
  return null;
end $$;

create trigger pending_rewards_enqueue_webhooks after insert on public.pending_rewards
  for each row execute function private.enqueue_pending_reward_webhook();
create trigger pending_rewards_ends_enqueue_webhooks after update of status on public.pending_rewards
  for each row when (old.status <> new.status and new.status in ('fulfilled', 'cancelled'))
  execute function private.enqueue_pending_reward_webhook();

create function private.enqueue_alert_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  event_type constant text := case new.alert_type when 'delivery_failed' then 'gift_card.delivery_failed'
    when 'pool_exhausted' then 'pool.exhausted' else 'pool.low' end;
begin
  if private.has_webhook(new.client_id, event_type) then
    perform private.enqueue_webhook(new.client_id, event_type, new.subject::uuid, case event_type
      when 'gift_card.delivery_failed' then private.webhook_card(new.subject::uuid) || jsonb_build_object(
        'channel', new.metadata -> 'channel', 'errorCode', new.metadata -> 'error_code')
      else (
        select jsonb_build_object('poolId', p.id, 'poolName', p.pool_name, 'brandId', p.brand_id,
          'denomination', p.denomination, 'currency', p.currency, 'severity', new.severity,
          'available', new.metadata -> 'available', 'total', new.metadata -> 'total')
        from public.card_pools p where p.id = new.subject::uuid) end);
  end if;
  return null;
end $$;

create trigger system_alerts_enqueue_webhooks after insert on public.system_alerts
  for each row when (new.client_id is not null and new.alert_type in (
    'delivery_failed', 'pool_exhausted', 'low_gift_card_inventory', 'critical_gift_card_inventory'))
  execute function private.enqueue_alert_webhook();

create function private.enqueue_package_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  event_type constant text := case new.status when 'active' then 'package.activated' else 'package.' || new.status end;
begin
  if private.has_webhook(new.client_id, event_type) then
    perform private.enqueue_webhook(new.client_id, event_type, new.id, (
      select jsonb_build_object('customerPackageId', new.id, 'status', new.status, 'packageId', p.id, 'package', p.name,
        'userId', new.user_id, 'purchaseId', new.purchase_id, 'voucherId', new.voucher_id, 'messages', p.messages,
        'startsAt', new.starts_at, 'expiresAt', new.expires_at)
      from public.packages p where p.id = new.package_id));
  end if;
  return null;
end $$;

create trigger customer_packages_enqueue_webhooks after insert on public.customer_packages
  for each row execute function private.enqueue_package_webhook();
create trigger customer_packages_ends_enqueue_webhooks after update of status on public.customer_packages
  for each row when (old.status = 'active' and new.status <> 'active')
  execute function private.enqueue_package_webhook();

create function private.enqueue_package_purchase_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  event_type constant text := case new.status when 'completed' then 'package.purchased' else 'package.purchase_failed' end;
begin
  if private.has_webhook(new.client_id, event_type) then
    perform private.enqueue_webhook(new.client_id, event_type, new.id, jsonb_build_object('purchaseId', new.id,
      'status', new.status, 'packageId', new.package_id, 'userId', new.user_id, 'currency', new.currency,
      'priceAmount', new.price, 'discountAmount', new.discount, 'bizcoins', new.bizcoins, 'bizcoinAmount', new.bizcoin_amount,
      'finalAmount', new.final_amount), new.request_id);
  end if;
  return null;
end $$;

-- from refunded to completed: a refund that failed, not a new purchase
create trigger package_purchases_enqueue_webhooks after update of status on public.package_purchases
  for each row when (old.status <> new.status and old.status <> 'refunded'
    and new.status in ('completed', 'cancelled', 'failed', 'expired'))
  execute function private.enqueue_package_purchase_webhook();

create function private.enqueue_package_refund_webhook()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if private.has_webhook(new.client_id, 'package.refunded') then
    perform private.enqueue_webhook(new.client_id, 'package.refunded', new.purchase_id, (
      select jsonb_build_object('refundId', new.id, 'purchaseId', p.id, 'packageId', p.package_id, 'userId', p.user_id,
        'paymentAmount', new.payment_amount, 'currency', new.currency, 'bizcoins', new.bizcoins)
      from public.package_purchases p where p.id = new.purchase_id));
  end if;
  return null;
end $$;

-- bizcoins are refunded at once, money when the payment provider confirms it
create trigger package_refunds_enqueue_webhooks after insert on public.package_refunds
  for each row when (new.status = 'completed') execute function private.enqueue_package_refund_webhook();
create trigger package_refunds_ends_enqueue_webhooks after update of status on public.package_refunds
  for each row when (old.status <> 'completed' and new.status = 'completed') execute function private.enqueue_package_refund_webhook();
