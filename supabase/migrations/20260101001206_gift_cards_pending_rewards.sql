-- Gift cards, pending rewards: rewards that were earned and could not be given, their alerts and their delay notice.

create table public.pending_rewards (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  recipient_id uuid not null,
  condition_number int not null,
  surface text not null,
  requested_by uuid,
  skip_verification boolean not null default false,
  pool_id uuid references public.card_pools (id),
  brand_id uuid references public.gift_card_brands (id),
  denomination numeric(18,2),
  currency text not null,
  delivery_method text,
  deliver_to text,
  status text not null default 'awaiting_inventory',
  attempts int not null default 0,
  code text,
  last_attempt_at timestamptz,
  next_attempt_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  fulfilled_at timestamptz,
  constraint pending_rewards_recipient_is_the_campaigns
    foreign key (recipient_id, campaign_id, client_id) references public.campaign_recipients (id, campaign_id, client_id),
  constraint pending_rewards_status_is_valid check (
    status in ('awaiting_inventory', 'awaiting_credit', 'awaiting_configuration', 'fulfilled', 'cancelled')),
  constraint pending_rewards_promise_is_a_brand_and_a_value check ((brand_id is null) = (denomination is null)),
  constraint pending_rewards_without_a_promise_await_configuration check (
    brand_id is not null or status in ('awaiting_configuration', 'cancelled')),
  constraint pending_rewards_code_matches_status check ((status = 'fulfilled') = (code is null)),
  constraint pending_rewards_fulfilled_at_matches_status check ((status = 'fulfilled') = (fulfilled_at is not null))
);
comment on table public.pending_rewards is
  'Rewards that were earned and could not be given (code says why), in order of arrival. brand_id, denomination and currency are '
  'the promise and outlive a change of the condition; null while the condition had none. pool_id: the pool of the card that '
  'fulfilled it.';

create table private.reward_requests (
  reward_id uuid primary key references public.pending_rewards (id) on delete cascade,
  request_id uuid not null
);
comment on table private.reward_requests is
  'The request that earned a pending reward, to continue its trace; apart, because agents read pending rewards and no request ids.';

create unique index pending_rewards_awaiting_idx on public.pending_rewards (recipient_id, campaign_id, condition_number)
  where status like 'awaiting%';
create index pending_rewards_recipient_idx on public.pending_rewards (recipient_id, campaign_id, client_id);
create index pending_rewards_kind_idx on public.pending_rewards (
  campaign_id, brand_id, denomination, currency, status, created_at, id) where status like 'awaiting%' and brand_id is not null;
create index pending_rewards_without_a_promise_idx on public.pending_rewards (campaign_id, condition_number)
  where status like 'awaiting%' and brand_id is null;
create index pending_rewards_oldest_idx on public.pending_rewards (campaign_id, created_at) where status like 'awaiting%';
create index pending_rewards_deliver_to_idx on public.pending_rewards (deliver_to) where status like 'awaiting%';
create index pending_rewards_pool_id_idx on public.pending_rewards (pool_id);
create index pending_rewards_brand_id_idx on public.pending_rewards (brand_id);
create index pending_rewards_client_id_idx on public.pending_rewards (client_id, created_at);

-- The cause that a pending reward waits for.
create function private.waiting_status(code text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case
    when code = 'GC-006' then 'awaiting_credit'
    when code in ('GC-001', 'GC-002', 'GC-008', 'RB-400') then 'awaiting_configuration'
    when code in ('GC-003', 'GC-004', 'GC-005') then 'awaiting_inventory' end;
end $$;

-- What an alert about pending rewards is about: the campaign and the card, or the condition that has none yet.
create function private.reward_subject(reward public.pending_rewards)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case when reward.brand_id is null then concat_ws(':', reward.campaign_id, 'condition', reward.condition_number)
    else concat_ws(':', reward.campaign_id, reward.brand_id, reward.denomination) end;
end $$;

create function private.raise_reward_alert(reward public.pending_rewards, code text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.raise_alert(
    case private.waiting_status(code) when 'awaiting_credit' then 'insufficient_credit'
      when 'awaiting_configuration' then 'pending_reward_blocked' else 'no_gift_card_inventory' end, 'critical',
    case private.waiting_status(code) when 'awaiting_credit' then 'No credit left for a campaign: rewards are waiting'
      when 'awaiting_configuration' then 'Rewards were earned that cannot be given as things are configured: enable the card, '
        || 'or change or cancel the rewards'
      else 'No gift cards left for a campaign: rewards are waiting' end,
    jsonb_build_object('campaign_id', reward.campaign_id, 'brand_id', reward.brand_id, 'denomination', reward.denomination,
      'currency', reward.currency, 'condition_number', reward.condition_number, 'reward_id', reward.id, 'code', code),
    private.reward_subject(reward), reward.client_id);
end $$;

-- Resolves the alerts about a kind of reward when none of the kind is waiting any more.
create function private.resolve_reward_alerts(reward public.pending_rewards)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.resolve_alert('pending_reward_failed', reward.id::text);
  if not exists (
    select from public.pending_rewards r
    where r.status like 'awaiting%' and r.campaign_id = reward.campaign_id
      and r.brand_id = reward.brand_id and r.denomination = reward.denomination
  ) and not exists (
    select from public.pending_rewards r
    where r.status like 'awaiting%' and r.brand_id is null and reward.brand_id is null
      and r.campaign_id = reward.campaign_id and r.condition_number = reward.condition_number) then
    perform private.resolve_alert(a.alert_type, private.reward_subject(reward))
    from unnest(array['no_gift_card_inventory', 'insufficient_credit', 'pending_reward_blocked']) as a (alert_type);
  end if;
end $$;

-- Sends the delay notice to the recipient: once for each pending reward, to the address that was asked for, else
-- to the recipient's own. Consent is checked when the message is leased.
create function private.announce_delay(reward public.pending_rewards)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  recipient public.campaign_recipients;
  channel text := reward.delivery_method;
  address text := reward.deliver_to;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = reward.recipient_id;
  if private.fits_channel(channel, address) is not true then
    channel := case when recipient.phone is not null then 'sms' else 'email' end;
    address := coalesce(recipient.phone, recipient.email);
  end if;
  if address is null or exists (
    select from public.deliveries d
    where d.subject_id = reward.id and d.topic = 'notice' and d.notice = 'reward_delayed' and d.status <> 'cancelled') then
    return null;
  end if;
  return private.enqueue_notice(reward.client_id, 'reward_delayed', reward.id, reward.recipient_id, channel, address,
    '{}');
end $$;

-- Cancels the delay notice that is not sent yet; a leased one may go out.
create function private.call_off_notice(reward_id uuid)
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  update public.deliveries d set status = 'cancelled', cancelled_at = now()
  where d.subject_id = reward_id and d.topic = 'notice' and d.notice = 'reward_delayed' and d.status = 'queued';
  return found;
end $$;

-- When a pending reward ends (fulfilled, cancelled, or edited in Studio), its delay notice and its alerts end, too.
create function private.end_pending_reward()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.call_off_notice(new.id);
  perform private.resolve_reward_alerts(new);
  return null;
end $$;

create trigger pending_rewards_end after update of status on public.pending_rewards
  for each row when (old.status like 'awaiting%' and new.status not like 'awaiting%')
  execute function private.end_pending_reward();

-- It could not be fulfilled: another time, later each time. What was missing may wake it before.
create function private.postpone_reward(reward_id uuid, code text, longest interval default interval '10 minutes')
returns void language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  update public.pending_rewards r
  set attempts = r.attempts + 1, code = postpone_reward.code, last_attempt_at = now(),
    next_attempt_at = now() + least(private.backoff(least(r.attempts, 20)), longest),
    status = coalesce(private.waiting_status(postpone_reward.code), r.status)
  where r.id = reward_id and r.status like 'awaiting%' returning r.* into reward;
  if reward.id is not null and private.waiting_status(code) is not null then
    perform private.raise_reward_alert(reward, code);
  end if;
end $$;

alter table public.pending_rewards enable row level security;

grant select on public.pending_rewards to authenticated, service_role;

create policy "Staff read the pending rewards of their clients" on public.pending_rewards
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
