-- Gift cards, what is owed: rewards without stock or credit are fulfilled in the order of their arrival, each exactly once.
-- One reward, one transaction: it takes the steps of any provisioning, so that the grant still decides. One worker at a time
-- keeps the order.

-- Is there a card for it? Known from the counters, so that a long queue costs little while it waits.
create function private.has_stock(reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
declare
  p private.provisioning;
begin
  p.client_id := reward.client_id;
  p.campaign_id := reward.campaign_id;
  p.brand_id := reward.brand_id;
  p.denomination := reward.denomination;
  p.currency := reward.currency;
  return exists (select private.claimable_lots(p));
end $$;

create function private.has_supplier(brand_id uuid, suppliers text[])
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.gift_card_suppliers s
    join public.supplier_brands b on b.supplier_id = s.id and b.brand_id = has_supplier.brand_id and b.is_enabled
    where s.is_enabled and s.name = any (suppliers) and coalesce(s.paused_until, '-infinity') <= now());
end $$;

-- The oldest reward that may be fulfilled now. Stock is worth a try at once if stock was missing; what was refused for
-- another reason, and suppliers, wait for the next time. A reward with a grant is being bought already. It is not locked: the
-- grant decides, and whoever asks for the reward at this moment takes the grant first.
create function private.next_pending_reward(suppliers text[])
returns public.pending_rewards language plpgsql stable set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  with kinds as materialized (
    select k.campaign_id, k.brand_id, k.denomination, k.currency, private.has_stock(k) as has_stock,
      private.has_supplier(k.brand_id, suppliers) as has_supplier
    from (
      select distinct on (r.campaign_id, r.brand_id, r.denomination, r.currency) r.* from public.pending_rewards r
      where r.status like 'awaiting%') k
  )
  select r.* into reward
  from public.pending_rewards r
  join kinds k using (campaign_id, brand_id, denomination, currency)
  where r.status like 'awaiting%' and (
      (k.has_stock and r.code in ('GC-003', 'GC-004', 'GC-005'))
      or (r.next_attempt_at <= now() and (k.has_stock or k.has_supplier)))
    and not exists (
      select from public.gift_card_grants g
      where g.recipient_id = r.recipient_id and g.campaign_id = r.campaign_id and g.condition_number = r.condition_number
        and g.cancelled_at is null)
  order by r.created_at, r.id limit 1;
  return reward;
end $$;

-- It could not be fulfilled: another time, soon if credit is missing, later if nobody sells the card.
create function private.postpone_reward(reward_id uuid, code text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.pending_rewards r
  set attempts = r.attempts + 1, code = postpone_reward.code,
    next_attempt_at = now() + least(private.backoff(least(r.attempts, 20)), case postpone_reward.code
      when 'GC-005' then interval '10 minutes' else interval '30 seconds' end),
    status = case when postpone_reward.code = 'GC-006' then 'awaiting_credit'
      when postpone_reward.code in ('GC-003', 'GC-004', 'GC-005') then 'awaiting_inventory' else r.status end
  where r.id = reward_id;
end $$;

create function public.fulfil_pending_reward(suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  reward public.pending_rewards;
  p private.provisioning;
  answer jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtext('public.fulfil_pending_reward')) then
    return private.answered('{"isDone": true}');
  end if;
  reward := private.next_pending_reward(suppliers);
  if reward.id is null then
    return private.answered('{"isDone": true}');
  end if;
  p.reward_id := reward.id;
  p.surface := reward.surface;
  p.actor := reward.requested_by;
  p.client_id := reward.client_id;
  p.campaign_id := reward.campaign_id;
  p.recipient_id := reward.recipient_id;
  p.condition_number := reward.condition_number;
  p.brand_id := reward.brand_id;
  p.denomination := reward.denomination;
  p.delivery_method := reward.delivery_method;
  p.deliver_to := reward.deliver_to;
  p.skip_verification := reward.skip_verification;
  p.suppliers := suppliers;
  p.request_id := reward.request_id;
  answer := private.run_provisioning(private.to_recipient(p), 'reward:' || reward.id, null);
  if answer ->> 'outcome' = 'refused' then
    perform private.postpone_reward(reward.id, answer ->> 'code');
  end if;
  return private.answered(jsonb_build_object('isDone', false, 'rewardId', reward.id, 'code', answer -> 'code',
    'giftCardId', answer #> '{result,giftCard,id}', 'deliveryId', answer #> '{result,delivery,id}',
    'purchase', answer #> '{result,purchase}'));
end $$;
comment on function public.fulfil_pending_reward is
  'Fulfils the oldest reward that can be: giftCardId, or the code that stands in the way, or a purchase to be made. isDone '
  'when there is none, or another worker is at it.';

grant execute on function public.fulfil_pending_reward to service_role;
