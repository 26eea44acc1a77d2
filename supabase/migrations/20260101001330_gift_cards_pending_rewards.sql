-- Gift cards, pending rewards: rewards without stock or credit are fulfilled in the order of their arrival, each exactly once.
-- One reward, one transaction: it takes the steps of any provisioning, so that the grant still decides. One worker at a time
-- keeps the order.

-- Is there a card for it? Known from the counters, so that a long queue costs little while it waits.
create function private.has_stock(reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from private.claimable_lots l
    where l.campaign_id = reward.campaign_id and l.brand_id = reward.brand_id and l.denomination = reward.denomination
      and l.currency = reward.currency);
end $$;

-- Whether a supplier is available now.
create function private.has_supplier(brand_id uuid, suppliers text[])
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.gift_card_suppliers s
    join public.supplier_brands b on b.supplier_id = s.id and b.brand_id = has_supplier.brand_id and b.is_enabled
    where s.is_enabled and s.name = any (suppliers) and coalesce(s.paused_until, '-infinity') <= now());
end $$;

-- Whether each prepaid level has the credit for its price now.
create function private.has_credit(reward public.pending_rewards)
returns boolean language plpgsql volatile set search_path = '' as $$
declare
  billing_entity text := (select c.billing_entity from public.campaigns c where c.id = reward.campaign_id);
  payers private.payers := private.payers_of(reward.client_id, billing_entity, reward.currency);
  prices private.card_prices := private.prices_of_card(
    reward.client_id, reward.brand_id, reward.denomination, reward.currency, billing_entity);
begin
  return not exists (
    select from public.ledger_accounts a
    where (a.id = payers.agency_account and a.balance - a.held < prices.platform_price)
      or (a.id = payers.client_account and a.balance - a.held < prices.client_price));
end $$;

-- Whether the promised card can be provisioned with the present configuration. The campaign's status is checked where rewards are chosen.
create function private.is_configured(reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return private.is_offered(reward.client_id, reward.brand_id, reward.denomination, reward.currency) and exists (
    select from public.campaigns g
    join public.clients c on c.id = g.client_id and c.is_active
    join public.agencies a on a.id = c.agency_id and a.is_active
    where g.id = reward.campaign_id and g.billing_entity is not null);
end $$;

-- One pending reward of each kind, read by stepping from kind to kind, however long the queue of each.
create function private.owed_kinds()
returns setof public.pending_rewards language sql stable set search_path = '' as $$
  with recursive kinds (first) as (
    (
      select r from public.pending_rewards r where r.status like 'awaiting%' and r.brand_id is not null
      order by r.campaign_id, r.brand_id, r.denomination, r.currency, r.status limit 1)
    union all
    select (
      select r from public.pending_rewards r
      where r.status like 'awaiting%' and r.brand_id is not null and (r.campaign_id, r.brand_id, r.denomination, r.currency, r.status)
        > ((k.first).campaign_id, (k.first).brand_id, (k.first).denomination, (k.first).currency, (k.first).status)
      order by r.campaign_id, r.brand_id, r.denomination, r.currency, r.status limit 1)
    from kinds k where (k.first).id is not null
  )
  select (k.first).* from kinds k where (k.first).id is not null
$$;

-- The oldest reward that may be fulfilled now: its time has come, or what was missing is there (stock, credit, configuration);
-- then a second after the last attempt. A cause that is gone wakes all rewards that it blocked. A reward with a grant is being bought
-- already. The row is not locked here: its grant comes first, and check_request looks again.
create function private.next_pending_reward(suppliers text[])
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  with owed as materialized (
    select k.* from private.owed_kinds() k join public.campaigns c on c.id = k.campaign_id and c.status = 'active'
  ), brands as materialized (
    select b.brand_id, private.has_supplier(b.brand_id, suppliers) as has_supplier from (select distinct o.brand_id from owed o) b
  ), stocked as materialized (
    -- once for each value: campaigns of clients that none of these pools may serve are not looked at one by one
    select distinct p.brand_id, p.denomination, p.currency, coalesce(p.client_id, '00000000-0000-0000-0000-000000000000') as owner
    from (select distinct o.brand_id, o.denomination from owed o) v
    join public.card_pools p on p.brand_id = v.brand_id and p.denomination = v.denomination and p.is_active
      and (p.available_cards > 0 or exists (select from private.card_movements m where m.pool_id = p.id and m.available > 0))
  ), kinds as materialized (
    select k.campaign_id, k.brand_id, k.denomination, k.currency, k.status, b.has_supplier, exists (
        select from stocked s
        where s.brand_id = k.brand_id and s.denomination = k.denomination and s.currency = k.currency
          and s.owner in (k.client_id, '00000000-0000-0000-0000-000000000000')) and private.has_stock(k) as has_stock,
      k.status = 'awaiting_credit' and private.has_credit(k) as has_credit,
      k.status = 'awaiting_configuration' and private.is_configured(k) as is_configured
    from owed k join brands b on b.brand_id = k.brand_id
  )
  select oldest.* into reward
  from kinds k
  cross join lateral (
    select r.* from public.pending_rewards r
    where r.status = k.status and r.status like 'awaiting%' and r.campaign_id = k.campaign_id and r.brand_id = k.brand_id
      and r.denomination = k.denomination and r.currency = k.currency
      and (r.next_attempt_at <= now() or (
        coalesce(r.last_attempt_at, '-infinity') < now() - interval '1 second'
        and (k.has_credit or (k.has_stock and r.code in ('GC-003', 'GC-004', 'GC-005'))
          or (k.is_configured and private.waiting_status(r.code) = k.status))))
      and not exists (
        select from public.gift_card_grants g
        where g.recipient_id = r.recipient_id and g.campaign_id = r.campaign_id and g.condition_number = r.condition_number
          and g.cancelled_at is null)
    order by r.created_at, r.id limit 1) oldest
  -- without stock, a reward whose configuration is mended finds out what it waits for now
  where case k.status when 'awaiting_configuration' then k.is_configured else k.has_stock or k.has_supplier end
  order by oldest.created_at, oldest.id limit 1;
  return reward;
end $$;

-- A changed offer or supplier makes rewards that the suppliers refused due at once.
create function private.retry_owed_brands()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  update public.pending_rewards r set next_attempt_at = now()
  where r.id in (
    select w.id from public.pending_rewards w
    where w.status = 'awaiting_inventory' and w.next_attempt_at > now() and w.brand_id in (select n.brand_id from new_rows n)
    -- in id order, to prevent deadlocks of two such changes
    order by w.id for update);
  return null;
end $$;

create trigger retry_owed_brands_after_insert after insert on public.supplier_brands
  referencing new table as new_rows for each statement execute function private.retry_owed_brands();
create trigger retry_owed_brands_after_update after update on public.supplier_brands
  referencing new table as new_rows for each statement execute function private.retry_owed_brands();

-- When a condition gets its card, sets it as the promise of all earlier pending rewards without one, and wakes them.
create function private.promise_pending_rewards()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.pending_rewards r
  set brand_id = new.brand_id, denomination = new.card_value, next_attempt_at = now(),
    currency = (select c.currency from public.campaigns c where c.id = new.campaign_id)
  where r.id in (
    select w.id from public.pending_rewards w
    where w.status like 'awaiting%' and w.brand_id is null and w.campaign_id = new.campaign_id
      and w.condition_number = new.condition_number
    order by w.id for update);
  if found then
    perform private.resolve_alert('pending_reward_blocked', concat_ws(':', new.campaign_id, 'condition', new.condition_number));
  end if;
  return null;
end $$;

create trigger campaign_conditions_promise_pending_rewards
  after update of brand_id, card_value on public.campaign_conditions
  for each row when (new.brand_id is not null and new.card_value is not null)
  execute function private.promise_pending_rewards();

-- A fault of ours with one reward must not hold up the others: it is undone, reported, and tried another time.
create function private.fulfil_reward(reward public.pending_rewards, asked private.card_request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  answer jsonb;
begin
  answer := private.provision(asked);
  if reward.code = 'GC-015' then
    perform private.resolve_alert('pending_reward_failed', reward.id::text);
  end if;
  return answer;
exception when serialization_failure or deadlock_detected then
  -- the whole run is repeated
  raise;
when others then
  perform private.raise_alert('pending_reward_failed', 'critical', 'A reward that is owed cannot be given: an error of ours',
    jsonb_build_object('reward_id', reward.id, 'sqlstate', sqlstate, 'message', sqlerrm), reward.id::text);
  return private.refused('GC015', sqlerrm, null);
end $$;

-- The request that fulfils a pending reward.
create function private.request_of_reward(reward public.pending_rewards, suppliers text[])
returns private.card_request language plpgsql stable set search_path = '' as $$
declare
  asked private.card_request;
begin
  asked.reward_id := reward.id;
  asked.answer_key := private.request_key(null, 'reward:' || reward.id);
  asked.surface := reward.surface;
  asked.actor := reward.requested_by;
  asked.campaign_id := reward.campaign_id;
  asked.recipient_id := reward.recipient_id;
  asked.condition_number := reward.condition_number;
  asked.brand_id := reward.brand_id;
  asked.denomination := reward.denomination;
  asked.suppliers := suppliers;
  asked.request_id := coalesce((
    select q.request_id from private.reward_requests q where q.reward_id = reward.id), gen_random_uuid());
  return asked;
end $$;

create function public.fulfil_pending_reward(suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  reward public.pending_rewards;
  answer jsonb;
begin
  if not pg_try_advisory_xact_lock(hashtext('public.fulfil_pending_reward')) then
    return private.answered('{"isDone": true}');
  end if;
  reward := private.next_pending_reward(suppliers);
  if reward.id is null then
    return private.answered('{"isDone": true}');
  end if;
  answer := private.fulfil_reward(reward, private.request_of_reward(reward, suppliers));
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
