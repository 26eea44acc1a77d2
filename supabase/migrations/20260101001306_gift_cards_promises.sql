-- Gift cards, promises: what was earned and cannot be given becomes a pending reward, and a later request corrects it.
-- Every writer of a pending reward holds its grant meanwhile (take_grant, drop_grant), so that no card goes to an address that has
-- just been corrected, and no reward stays pending after its card was given. The trace of a refused request is here, too.

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

-- A pending reward as callers see it. The address is masked, because any holder of the code can ask.
create function private.present_pending_reward(reward public.pending_rewards)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  p private.provisioning;
begin
  p.recipient_id := reward.recipient_id;
  p.delivery_method := reward.delivery_method;
  p.deliver_to := reward.deliver_to;
  p := private.to_recipient(p);
  return jsonb_build_object('id', reward.id, 'deliveryMethod', p.delivery_method,
    'deliverTo', private.masked_address(p.deliver_to), 'createdAt', reward.created_at);
end $$;

-- Frees the grant that was only taken as a lock.
create function private.drop_grant(grant_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  delete from public.gift_card_grants g where g.id = grant_id;
end $$;

create function private.waiting_reward(p private.provisioning)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  select r.* into reward from public.pending_rewards r
  where r.recipient_id = p.recipient_id and r.campaign_id = p.campaign_id and r.condition_number = p.condition_number
    and r.status like 'awaiting%' for update;
  return reward;
end $$;

-- A new pending reward. The caller holds the grant, and has seen that none is waiting.
create function private.owe_reward(p private.provisioning, code text)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  if p.brand_id is null or p.denomination is null then
    -- a concurrent change of the condition waits for this lock, and then sets the promise of this reward, too
    select cc.brand_id, cc.card_value into p.brand_id, p.denomination from public.campaign_conditions cc
    where cc.campaign_id = p.campaign_id and cc.condition_number = p.condition_number for share;
  end if;
  insert into public.pending_rewards as r (
    client_id, campaign_id, recipient_id, condition_number, surface, requested_by, skip_verification, brand_id, denomination,
    currency, delivery_method, deliver_to, status, code)
  values (p.client_id, p.campaign_id, p.recipient_id, p.condition_number, p.surface, p.actor,
    coalesce(p.skip_verification, false), case when p.denomination is not null then p.brand_id end,
    case when p.brand_id is not null then p.denomination end, p.currency, p.delivery_method, p.deliver_to,
    private.waiting_status(code), code)
  returning r.* into reward;
  insert into private.reward_requests (reward_id, request_id) values (reward.id, p.request_id);
  perform private.announce_delay(reward);
  return reward;
end $$;

-- Whether the request names another address and may do so. A CRM event, and a request without a delivery, name none.
create function private.is_correction(p private.provisioning, reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p.delivery_method is not null and p.surface <> 'crm' and private.may_redirect(p, reward)
    and not private.is_replaced_address(p, reward.id)
    and (p.delivery_method, lower(p.deliver_to)) is distinct from (reward.delivery_method, lower(reward.deliver_to));
end $$;

create function private.audit_correction(
  p private.provisioning, old public.pending_rewards, subject_type text, subject_id uuid, reason text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.record_audit(p.client_id, p.actor, subject_type || '.redirected', subject_type, subject_id,
    jsonb_build_object('surface', p.surface,
      'from', jsonb_build_object('method', old.delivery_method, 'deliver_to', private.masked_address(old.deliver_to)),
      'to', jsonb_build_object('method', p.delivery_method, 'deliver_to', private.masked_address(p.deliver_to))),
    p.request_id, reason);
end $$;

-- A later request that names another address, or another method, corrects the pending reward; so do staff in
-- update_pending_reward. What was verified for the old address is not verified for the new one.
create function private.correct_reward(p private.provisioning, reward public.pending_rewards, reason text default null)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  old constant public.pending_rewards := reward;
begin
  if not private.is_correction(p, reward) then
    return reward;
  end if;
  update public.pending_rewards r
  set delivery_method = p.delivery_method, deliver_to = p.deliver_to, skip_verification = coalesce(p.skip_verification, false),
    requested_by = coalesce(p.actor, r.requested_by),
    surface = case when p.surface = 'call_center' then p.surface else r.surface end,
    next_attempt_at = case when r.code in ('GC-009', 'GC-012') then now() else r.next_attempt_at end
  where r.id = old.id returning r.* into reward;
  if private.call_off_notice(reward.id) then
    perform private.announce_delay(reward);
  end if;
  perform private.audit_correction(p, old, 'pending_reward', reward.id, reason);
  return reward;
end $$;

-- A request whose card is being bought corrects where the card will go: the purchase remembers the address.
create function private.redirect_purchase(p private.provisioning, purchase_id uuid)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
  old public.pending_rewards;
begin
  p := private.check_recipient(p);
  perform from public.gift_card_purchases b
  where b.id = redirect_purchase.purchase_id and b.ended_at is null for update;
  if not found then
    raise exception 'purchase % has ended meanwhile', purchase_id using errcode = 'serialization_failure';
  end if;
  select b.recipient_id, b.created_at, r.provisioning ->> 'delivery_method', r.provisioning ->> 'deliver_to'
  into old.recipient_id, old.created_at, old.delivery_method, old.deliver_to
  from public.gift_card_purchases b join private.purchase_requests r on r.purchase_id = b.id
  where b.id = redirect_purchase.purchase_id;
  reward := private.waiting_reward(p);
  if private.is_correction(p, old) and not private.is_replaced_address(p, purchase_id) then
    update private.purchase_requests r
    set provisioning = r.provisioning || jsonb_build_object('delivery_method', p.delivery_method, 'deliver_to', p.deliver_to)
    where r.purchase_id = redirect_purchase.purchase_id;
    perform private.audit_correction(p, old, 'gift_card_purchase', purchase_id, null);
    old.delivery_method := p.delivery_method;
    old.deliver_to := p.deliver_to;
    if reward.id is not null then
      reward := private.correct_reward(p, reward);
    end if;
  end if;
  old.id := reward.id;
  return old;
end $$;

-- Whether a refusal leaves a pending reward. Stock, credit and suppliers: always. Incomplete configuration: for typed codes, callers
-- and CRM events, which may never be retried; a server or an admin that provisions by id gets the cause, and retries after fixing
-- it.
create function private.is_owed_for(p private.provisioning, refusal jsonb)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return case
    when refusal ->> 'code' in ('GC-003', 'GC-004', 'GC-006') or refusal -> 'details' ? 'supplierPaused' then true
    when refusal ->> 'code' in ('GC-001', 'GC-002', 'GC-008', 'RB-400') and p.surface <> 'api' then exists (
      select from public.campaign_conditions cc join public.campaigns c on c.id = cc.campaign_id and c.status = 'active'
      where cc.campaign_id = p.campaign_id and cc.condition_number = p.condition_number)
    else false end;
end $$;

-- What a refusal makes of a reward that was earned: a pending reward, or a correction of the one that is pending. Null when
-- nothing is pending.
create function private.keep_promise(p private.provisioning, refusal jsonb)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  is_owed constant boolean := private.is_owed_for(p, refusal);
  reward public.pending_rewards;
begin
  if refusal -> 'details' ? 'purchaseId' then
    return private.redirect_purchase(p, (refusal #>> '{details,purchaseId}')::uuid);
  end if;
  if p.grant_id is null then
    p := private.find_promise(p);
    if p.pending_reward_id is null and not is_owed then
      return null;
    end if;
  end if;
  -- again, because the records of these steps were rolled back with the refused ones
  p := private.take_grant(private.check_recipient(p));
  reward := private.waiting_reward(p);
  if reward.id is not null then
    reward := private.correct_reward(p, reward);
  elsif is_owed then
    reward := private.owe_reward(p, refusal ->> 'code');
  end if;
  perform private.drop_grant(p.grant_id);
  if is_owed then
    perform private.raise_reward_alert(reward, refusal ->> 'code');
  end if;
  return reward;
end $$;

-- The steps so far, and the one that failed, each with the time at which it ended: read by created_at, they are in the order
-- in which they were taken. Those of a purchase that ends later follow those of the request.
create function private.record_trace(p private.provisioning, failed_step text, refusal jsonb, tillo_code text default null)
returns void language plpgsql volatile set search_path = '' as $$
declare
  before int := coalesce(p.steps_recorded, 0);
begin
  insert into public.gift_card_provisioning_trace (
    client_id, request_id, campaign_id, recipient_id, step_number, step_name, status, duration_ms, created_at)
  select p.client_id, p.request_id, p.campaign_id, p.recipient_id, before + s.number, s.step ->> 'name', 'completed',
    (s.step ->> 'ms')::numeric, to_timestamp((s.step ->> 'endedAt')::double precision)
  from jsonb_array_elements(p.steps) with ordinality as s (step, number);
  insert into public.gift_card_provisioning_trace (
    client_id, request_id, campaign_id, recipient_id, step_number, step_name, status, error_code, error_message, tillo_code,
    duration_ms, created_at)
  select p.client_id, p.request_id, p.campaign_id, p.recipient_id, before + coalesce(jsonb_array_length(p.steps), 0) + 1,
    failed_step, 'failed', refusal ->> 'code', refusal ->> 'message', tillo_code,
    extract(epoch from clock_timestamp() - p.step_started_at) * 1000, clock_timestamp()
  where refusal is not null;
end $$;

-- The refusal as its caller reads it: with what is pending, and on the public form without problems of the configuration.
create function private.present_refusal(p private.provisioning, refusal jsonb, reward public.pending_rewards)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if p.surface = 'form' and reward.id is not null and private.is_owed_for(p, refusal)
    and private.waiting_status(refusal ->> 'code') = 'awaiting_configuration' then
    refusal := private.refused('GC003', 'The reward cannot be given yet: it is pending', null);
  end if;
  return case when reward.recipient_id is null then refusal else jsonb_set(refusal, '{details}',
    (refusal -> 'details') || jsonb_build_object('pendingReward', jsonb_strip_nulls(private.present_pending_reward(reward)))) end;
end $$;

-- What the refusal of a request leaves behind: its trace, and the pending reward. A job's own refusals are postponed by the job.
create function private.record_refusal(p private.provisioning, step text, refusal jsonb)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
  detail text;
begin
  perform private.record_trace(p, step, refusal);
  if p.client_id is null or p.reward_id is not null or private.waiting_status(refusal ->> 'code') is null then
    return refusal;
  end if;
  reward := private.keep_promise(p, refusal);
  if reward.id is not null and p.surface = 'call_center' then
    -- the card that the refused steps had found was not given
    p.gift_card_id := null;
    perform private.log_condition_met(p);
  end if;
  return private.present_refusal(p, refusal, reward);
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  -- meanwhile the card was given, or the address was refused: the pending reward is left unchanged
  get stacked diagnostics detail = pg_exception_detail;
  perform private.record_trace(p, step, refusal);
  return private.refused(sqlstate, sqlerrm, detail);
end $$;

-- An answer that shows a code again is audited as every reveal is.
create function private.replay_provisioning(p private.provisioning, answer jsonb)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  if p.shows_code then
    perform private.record_audit(p.client_id, p.actor, 'gift_card.answer_replayed', 'gift_card',
      (answer #>> '{giftCard,id}')::uuid, jsonb_build_object('surface', p.surface), p.request_id);
  end if;
  return private.answered(answer, private.sealed_for(p, answer), true);
end $$;
