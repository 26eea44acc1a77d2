-- Gift cards, promises: what was earned and cannot be given becomes a pending reward, and a later request corrects it.
-- Every writer of a pending reward holds its grant meanwhile (take_grant, drop_grant), so that no card goes to an address that has
-- just been corrected, and no reward stays pending after its card was given.

-- A pending reward as callers see it. The address is masked, because any holder of the code can ask.
create function private.present_pending_reward(reward public.pending_rewards)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  recipient public.campaign_recipients;
  goes_to private.card_request;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = reward.recipient_id;
  goes_to.delivery_method := reward.delivery_method;
  goes_to.deliver_to := reward.deliver_to;
  goes_to := private.to_recipient(goes_to, recipient.phone, recipient.email);
  return jsonb_build_object('id', reward.id, 'deliveryMethod', goes_to.delivery_method,
    'deliverTo', private.masked_address(goes_to.deliver_to), 'createdAt', reward.created_at);
end $$;

create function private.waiting_reward(recipient_id uuid, campaign_id uuid, condition_number int)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  select r.* into reward from public.pending_rewards r
  where r.recipient_id = waiting_reward.recipient_id and r.campaign_id = waiting_reward.campaign_id
    and r.condition_number = waiting_reward.condition_number and r.status like 'awaiting%' for update;
  return reward;
end $$;

-- The card of a pending reward was given: it must be the one that is promised.
create function private.end_reward(facts private.provisioning_facts, card private.given_card)
returns void language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  update public.pending_rewards r set status = 'fulfilled', code = null, fulfilled_at = now(), pool_id = card.pool_id
  where r.recipient_id = facts.recipient_id and r.campaign_id = facts.campaign_id
    and r.condition_number = facts.condition_number and r.status like 'awaiting%'
  returning r.* into reward;
  if (reward.brand_id, reward.denomination) <> (facts.brand_id, facts.denomination) then
    raise exception 'pending reward % was changed meanwhile', reward.id using errcode = 'serialization_failure';
  end if;
end $$;

-- A new pending reward. The caller holds the grant, and has seen that none is waiting.
create function private.owe_reward(asked private.card_request, facts private.provisioning_facts, code text)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  if facts.brand_id is null or facts.denomination is null then
    -- a concurrent change of the condition waits for this lock, and then sets the promise of this reward, too
    select cc.brand_id, cc.card_value into facts.brand_id, facts.denomination from public.campaign_conditions cc
    where cc.campaign_id = facts.campaign_id and cc.condition_number = facts.condition_number for share;
  end if;
  insert into public.pending_rewards as r (
    client_id, campaign_id, recipient_id, condition_number, surface, requested_by, skip_verification, brand_id, denomination,
    currency, delivery_method, deliver_to, status, code)
  values (facts.client_id, facts.campaign_id, facts.recipient_id, facts.condition_number, asked.surface, asked.actor,
    coalesce(asked.skip_verification, false), case when facts.denomination is not null then facts.brand_id end,
    case when facts.brand_id is not null then facts.denomination end, facts.currency, asked.delivery_method, asked.deliver_to,
    private.waiting_status(code), code)
  returning r.* into reward;
  insert into private.reward_requests (reward_id, request_id) values (reward.id, asked.request_id);
  perform private.announce_delay(reward);
  return reward;
end $$;

-- Whether the request names another address and may do so. A CRM event, and a request without a delivery, name none.
create function private.is_correction(
  asked private.card_request, facts private.provisioning_facts, reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return asked.delivery_method is not null and asked.surface <> 'crm' and private.may_redirect(asked, facts, reward)
    and not private.is_replaced_address(asked, facts, reward.id)
    and (asked.delivery_method, lower(asked.deliver_to)) is distinct from (reward.delivery_method, lower(reward.deliver_to));
end $$;

create function private.audit_correction(
  asked private.card_request, old public.pending_rewards, subject_type text, subject_id uuid, reason text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.record_audit(old.client_id, asked.actor, subject_type || '.redirected', subject_type, subject_id,
    jsonb_build_object('surface', asked.surface,
      'from', jsonb_build_object('method', old.delivery_method, 'deliver_to', private.masked_address(old.deliver_to)),
      'to', jsonb_build_object('method', asked.delivery_method, 'deliver_to', private.masked_address(asked.deliver_to))),
    asked.request_id, reason);
end $$;

-- A later request that names another address, or another method, corrects the pending reward; so do staff in
-- update_pending_reward. What was verified for the old address is not verified for the new one.
create function private.correct_reward(
  asked private.card_request, facts private.provisioning_facts, reward public.pending_rewards, reason text default null)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  old constant public.pending_rewards := reward;
begin
  if not private.is_correction(asked, facts, reward) then
    return reward;
  end if;
  update public.pending_rewards r
  set delivery_method = asked.delivery_method, deliver_to = asked.deliver_to,
    skip_verification = coalesce(asked.skip_verification, false), requested_by = coalesce(asked.actor, r.requested_by),
    surface = case when asked.surface = 'call_center' then asked.surface else r.surface end,
    next_attempt_at = case when r.code in ('GC-009', 'GC-012') then now() else r.next_attempt_at end
  where r.id = old.id returning r.* into reward;
  if private.call_off_notice(reward.id) then
    perform private.announce_delay(reward);
  end if;
  perform private.audit_correction(asked, old, 'pending_reward', reward.id, reason);
  return reward;
end $$;

-- A request whose card is being bought corrects where the card will go: the supplier purchase remembers the address. Returns the
-- purchase in the form of a pending reward.
create function private.redirect_supplier_purchase(
  asked private.card_request, facts private.provisioning_facts, purchase_id uuid)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
  old public.pending_rewards;
begin
  asked := private.check_address(asked, facts);
  perform from public.gift_card_purchases b
  where b.id = redirect_supplier_purchase.purchase_id and b.ended_at is null for update;
  if not found then
    raise exception 'purchase % has ended meanwhile', purchase_id using errcode = 'serialization_failure';
  end if;
  select b.client_id, b.recipient_id, b.created_at, r.asked ->> 'delivery_method', r.asked ->> 'deliver_to'
  into old.client_id, old.recipient_id, old.created_at, old.delivery_method, old.deliver_to
  from public.gift_card_purchases b join private.supplier_purchase_requests r on r.purchase_id = b.id
  where b.id = redirect_supplier_purchase.purchase_id;
  reward := private.waiting_reward(facts.recipient_id, facts.campaign_id, facts.condition_number);
  if private.is_correction(asked, facts, old) and not private.is_replaced_address(asked, facts, purchase_id) then
    update private.supplier_purchase_requests r
    set asked = r.asked || jsonb_build_object(
      'delivery_method', redirect_supplier_purchase.asked.delivery_method, 'deliver_to', redirect_supplier_purchase.asked.deliver_to)
    where r.purchase_id = redirect_supplier_purchase.purchase_id;
    perform private.audit_correction(asked, old, 'gift_card_purchase', purchase_id, null);
    old.delivery_method := asked.delivery_method;
    old.deliver_to := asked.deliver_to;
    if reward.id is not null then
      reward := private.correct_reward(asked, facts, reward);
    end if;
  end if;
  old.id := reward.id;
  return old;
end $$;

-- Whether a refusal leaves a pending reward. Stock, credit and suppliers: always. Incomplete configuration: for typed codes, callers
-- and CRM events, which may never be retried; a server or an admin that provisions by id gets the cause, and retries after fixing
-- it.
create function private.is_owed_for(asked private.card_request, facts private.provisioning_facts, refusal jsonb)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return case
    when refusal ->> 'code' in ('GC-003', 'GC-004', 'GC-006') or refusal -> 'details' ? 'supplierPaused' then true
    when refusal ->> 'code' in ('GC-001', 'GC-002', 'GC-008', 'RB-400') and asked.surface <> 'api' then exists (
      select from public.campaign_conditions cc join public.campaigns c on c.id = cc.campaign_id and c.status = 'active'
      where cc.campaign_id = facts.campaign_id and cc.condition_number = facts.condition_number)
    else false end;
end $$;

-- What a refusal makes of a reward that was earned: a pending reward, or a correction of the one that is pending. Null when
-- nothing is pending.
create function private.keep_promise(asked private.card_request, facts private.provisioning_facts, refusal jsonb)
returns public.pending_rewards language plpgsql volatile set search_path = '' as $$
declare
  is_owed constant boolean := private.is_owed_for(asked, facts, refusal);
  grant_id uuid;
  reward public.pending_rewards;
begin
  if refusal -> 'details' ? 'purchaseId' then
    return private.redirect_supplier_purchase(asked, facts, (refusal #>> '{details,purchaseId}')::uuid);
  elsif (facts.reward).id is null and not is_owed then
    return null;
  end if;
  -- again, because the rows of these steps were rolled back with the refused ones
  asked := private.check_address(asked, facts);
  grant_id := private.take_grant(asked);
  if grant_id is null then
    perform private.refuse_second_grant(asked.surface, facts.recipient_id, facts.campaign_id, facts.condition_number);
  end if;
  reward := private.waiting_reward(facts.recipient_id, facts.campaign_id, facts.condition_number);
  if reward.id is not null then
    reward := private.correct_reward(asked, facts, reward);
  elsif is_owed then
    reward := private.owe_reward(asked, facts, refusal ->> 'code');
  end if;
  perform private.drop_grant(grant_id);
  if is_owed then
    perform private.raise_reward_alert(reward, refusal ->> 'code');
  end if;
  return reward;
end $$;

-- The refusal as its caller reads it: with the pending reward, and on the public form without problems of the configuration.
create function private.present_refusal(
  asked private.card_request, facts private.provisioning_facts, refusal jsonb, reward public.pending_rewards)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if asked.surface = 'form' and reward.id is not null and private.is_owed_for(asked, facts, refusal)
    and private.waiting_status(refusal ->> 'code') = 'awaiting_configuration' then
    refusal := private.refused('GC003', 'The reward cannot be given yet: it is pending', null);
  end if;
  return case when reward.recipient_id is null then refusal else jsonb_set(refusal, '{details}',
    (refusal -> 'details') || jsonb_build_object('pendingReward', jsonb_strip_nulls(private.present_pending_reward(reward)))) end;
end $$;
