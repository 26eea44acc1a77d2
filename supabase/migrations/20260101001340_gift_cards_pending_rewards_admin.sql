-- Gift cards, administration of pending rewards: staff correct the address of a reward, admins change the promise or
-- cancel it, and alerts say which promises are late or cannot be kept any more.

-- A pending reward that staff change: its grant is taken meanwhile, and its row locked.
create type private.held_reward as (
  asked private.card_request, facts private.provisioning_facts, grant_id uuid, reward public.pending_rewards);

create function private.hold_pending_reward(reward_id uuid, roles text[], reason text)
returns private.held_reward language plpgsql volatile set search_path = '' as $$
declare
  asked private.card_request;
  grant_id uuid;
  reward public.pending_rewards;
begin
  select r.* into reward from public.pending_rewards r where r.id = hold_pending_reward.reward_id;
  asked.actor := private.caller();
  asked.surface := 'admin';
  asked.campaign_id := reward.campaign_id;
  asked.recipient_id := reward.recipient_id;
  asked.condition_number := reward.condition_number;
  perform private.assert_can_act(asked.actor, reward.client_id, roles);
  perform private.assert_reason(reason);
  grant_id := private.take_grant(asked);
  if grant_id is null then
    perform private.refuse_second_grant(asked.surface, asked.recipient_id, asked.campaign_id, asked.condition_number);
  end if;
  select r.* into reward from public.pending_rewards r where r.id = hold_pending_reward.reward_id for update;
  if reward.status not like 'awaiting%' then
    perform private.refuse('RB-400', 'The reward is ' || reward.status);
  end if;
  return row(asked, private.read_facts(asked), grant_id, reward);
end $$;

-- An address that is not the recipient's counts against the quota of disclosures, as it does when a card is sent there; a contact
-- that the recipient did not have is stored and does not count.
create function private.take_readdressing(actor uuid, own_address text, deliver_to text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  wait_seconds int;
begin
  if deliver_to <> own_address then
    wait_seconds := private.take_disclosure(actor);
  end if;
  if wait_seconds is not null then
    perform private.refuse('RB-429', 'The quota of other addresses is used up', jsonb_build_object('retryAfter', wait_seconds));
  end if;
end $$;

-- The new address of a pending reward; an address that has opted out is refused here, while the operator can correct it.
create function private.readdress_reward(held private.held_reward, delivery_method text, deliver_to text, reason text)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  asked private.card_request := held.asked;
  facts constant private.provisioning_facts := held.facts;
  own text;
begin
  asked.shows_code := false;
  asked.delivery_method := coalesce(delivery_method, (held.reward).delivery_method);
  asked.deliver_to := private.read_address(deliver_to, asked.delivery_method, facts.client_id);
  asked.skip_verification := (held.reward).skip_verification and (asked.actor is null or private.acts_for(
    asked.actor, facts.client_id, private.admin_roles()));
  own := private.address_on_file(facts, asked.delivery_method);
  perform private.assert_address(asked.delivery_method, coalesce(asked.deliver_to, own));
  perform private.take_readdressing(asked.actor, own, asked.deliver_to);
  asked := private.check_address(asked, facts);
  if private.is_opted_out(asked.delivery_method, asked.deliver_to) then
    perform private.refuse('RB-400', 'The address has opted out');
  end if;
  return private.correct_reward(asked, facts, held.reward, reason);
end $$;

create function private.change_promise(
  actor uuid, reward public.pending_rewards, brand_id uuid, denomination numeric, reason text)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  old constant public.pending_rewards := reward;
begin
  if brand_id is null and old.brand_id is null or denomination is null and old.denomination is null then
    perform private.refuse_field(case when old.brand_id is null and brand_id is null then 'brand_id' else 'denomination' end, 'is required');
  end if;
  perform private.assert_offered(
    old.client_id, coalesce(brand_id, old.brand_id), coalesce(denomination, old.denomination), old.currency);
  update public.pending_rewards r
  set brand_id = coalesce(change_promise.brand_id, r.brand_id), denomination = coalesce(change_promise.denomination, r.denomination),
    next_attempt_at = now()
  where r.id = old.id returning r.* into reward;
  perform private.resolve_reward_alerts(old);
  perform private.record_audit(old.client_id, actor, 'pending_reward.changed', 'pending_reward', reward.id,
    jsonb_build_object(
      'from', jsonb_build_object('brand_id', old.brand_id, 'denomination', old.denomination),
      'to', jsonb_build_object('brand_id', reward.brand_id, 'denomination', reward.denomination)), null, reason);
  return reward;
end $$;

create function private.update_pending_reward(
  reward_id uuid, delivery_method text default null, deliver_to text default null, reason text default null,
  brand_id uuid default null, denomination numeric default null)
returns public.pending_rewards language plpgsql volatile security definer set search_path = '' as $$
declare
  changes_promise constant boolean := brand_id is not null or denomination is not null;
  held private.held_reward := private.hold_pending_reward(reward_id,
    case when changes_promise then private.admin_roles() else private.staff_roles() end, reason);
  reward public.pending_rewards := held.reward;
begin
  if delivery_method is not null or deliver_to is not null then
    reward := private.readdress_reward(held, delivery_method, deliver_to, reason);
  elsif not changes_promise then
    perform private.refuse_field('delivery_method', 'or deliver_to, brand_id or denomination is required');
  end if;
  if changes_promise then
    reward := private.change_promise((held.asked).actor, reward, brand_id, denomination, reason);
  end if;
  perform private.drop_grant(held.grant_id);
  return reward;
end $$;
select private.publish('private.update_pending_reward(uuid, text, text, text, uuid, numeric)', '{authenticated, service_role}',
  'Staff correct where a pending reward will go (delivery_method sms or email; deliver_to, else the recipient''s stored contact); '
  'an admin changes what was promised (brand_id, denomination). Audited with the reason, which is required. GC010 when the card was '
  'given meanwhile, GC005 while it is being bought, GC009 without consent, GC012 without an address or a reason, GC002 for a card '
  'that the client may not give, RB400 for an address that has opted out or a reward that has ended, RB429 when the quota of '
  'addresses that are not the recipient''s is used up.');

create function private.cancel_pending_reward(reward_id uuid, reason text)
returns public.pending_rewards language plpgsql volatile security definer set search_path = '' as $$
declare
  held private.held_reward := private.hold_pending_reward(reward_id, private.admin_roles(), reason);
  reward public.pending_rewards;
begin
  update public.pending_rewards r set status = 'cancelled' where r.id = (held.reward).id returning r.* into reward;
  perform private.drop_grant(held.grant_id);
  perform private.record_audit(reward.client_id, (held.asked).actor, 'pending_reward.cancelled', 'pending_reward', reward.id,
    jsonb_build_object('code', reward.code), null, reason);
  return reward;
end $$;
select private.publish('private.cancel_pending_reward(uuid, text)', '{authenticated, service_role}',
  'An admin cancels a pending reward, audited with the reason; the recipient may ask for the card again. GC010 when the card was '
  'given meanwhile, GC005 while it is being bought.');

-- The campaigns with pending rewards and the oldest reward of each, read by stepping from campaign to campaign.
create function private.owing_campaigns()
returns setof public.pending_rewards language sql stable set search_path = '' as $$
  with recursive campaigns (first) as (
    (select r from public.pending_rewards r where r.status like 'awaiting%' order by r.campaign_id, r.created_at limit 1)
    union all
    select (
      select r from public.pending_rewards r where r.status like 'awaiting%' and r.campaign_id > (c.first).campaign_id
      order by r.campaign_id, r.created_at limit 1)
    from campaigns c where (c.first).id is not null
  )
  select (c.first).* from campaigns c where (c.first).id is not null
$$;

-- Raises one alert for each promise that cannot be kept, and for each campaign whose rewards are late or whose end leaves some.
create function private.raise_promise_alerts(at timestamptz)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.raise_reward_alert(k, case when k.code in ('GC-002', 'GC-008', 'RB-400') then k.code else 'GC-002' end)
  from private.owed_kinds() k
  join public.campaigns c on c.id = k.campaign_id and c.status = 'active'
  where not private.is_configured(k);
  perform private.raise_alert('pending_rewards_overdue', 'critical',
    'Rewards that were promised within 24 hours are still pending',
    jsonb_build_object('campaign_id', r.campaign_id, 'campaign_status', c.status, 'oldest_reward_id', r.id,
      'since', r.created_at, 'code', r.code), r.campaign_id::text, r.client_id)
  from private.owing_campaigns() r join public.campaigns c on c.id = r.campaign_id
  where r.created_at < at - interval '24 hours';
  perform private.raise_alert('ended_campaign_owes', 'critical',
    'A campaign has ended with rewards pending: cancel them, or start it again',
    jsonb_build_object('campaign_id', r.campaign_id, 'oldest_reward_id', r.id, 'since', r.created_at), r.campaign_id::text,
    r.client_id)
  from private.owing_campaigns() r join public.campaigns c on c.id = r.campaign_id and c.status = 'ended';
end $$;

-- Whether the cause of an alert still exists.
create function private.is_promise_alert_over(alert public.system_alerts, at timestamptz)
returns boolean language plpgsql stable set search_path = '' as $$
declare
  campaign uuid := (alert.metadata ->> 'campaign_id')::uuid;
begin
  return not case alert.alert_type
    when 'pending_rewards_overdue' then exists (
      select from public.pending_rewards r
      where r.status like 'awaiting%' and r.campaign_id = campaign and r.created_at < at - interval '24 hours')
    when 'ended_campaign_owes' then exists (
      select from public.pending_rewards r join public.campaigns c on c.id = r.campaign_id and c.status = 'ended'
      where r.status like 'awaiting%' and r.campaign_id = campaign)
    else coalesce((
      -- the alert of rewards without a promise is resolved by the condition itself
      select r.brand_id is null or not private.is_configured(r) from public.pending_rewards r
      where r.status like 'awaiting%' and private.reward_subject(r) = alert.subject and r.campaign_id = campaign
        and r.brand_id is not distinct from (alert.metadata ->> 'brand_id')::uuid limit 1), false) end;
end $$;

create function public.watch_pending_rewards()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  resolved int;
begin
  perform private.raise_promise_alerts(now());
  update public.system_alerts a set resolved_at = now()
  where a.resolved_at is null and a.alert_type in ('pending_reward_blocked', 'pending_rewards_overdue', 'ended_campaign_owes')
    and private.is_promise_alert_over(a, now());
  get diagnostics resolved = row_count;
  return private.answered(jsonb_build_object('resolved', resolved));
end $$;
comment on function public.watch_pending_rewards is
  'Raises alerts for pending rewards: pending_reward_blocked (the card is not offered any more), pending_rewards_overdue (older than '
  '24 hours, once for each campaign), ended_campaign_owes; resolves those that do not hold any more and returns how many.';

grant execute on function public.watch_pending_rewards to service_role;
