-- Gift cards, eligibility: takes the grant before any other decision, and checks that the recipient is reachable and has
-- consented. Everything that changes a pending reward takes its grant first and locks its row second.

-- The grant is given already: its card is here, or is being bought.
create function private.refuse_second_grant(p private.provisioning)
returns void language plpgsql stable set search_path = '' as $$
declare
  given_id uuid := (
    select g.id from public.gift_card_grants g
    where g.recipient_id = p.recipient_id and g.campaign_id = p.campaign_id and g.condition_number = p.condition_number
      and g.cancelled_at is null);
  pending jsonb := (
    select private.pending_purchase(b.id) from public.gift_card_purchases b
    where b.grant_id = given_id and b.ended_at is null and b.reopened_at is null);
  card public.gift_cards;
begin
  if pending is not null then
    perform private.refuse(pending ->> 'code', pending ->> 'message', pending -> 'details');
  end if;
  -- staff may want to send the card again, or to replace it; a visitor learns no more than that the code is used
  if p.surface = 'form' then
    perform private.refuse('GC-010');
  end if;
  select c.* into card from public.gift_cards c where c.grant_id = given_id;
  perform private.refuse('GC-010', case card.status when 'cancelled' then 'The reward was cancelled without replacement'
      when 'expired' then 'The gift card of this reward has expired' else 'Already provisioned' end,
    jsonb_build_object('giftCardId', card.id, 'status', card.status, 'claimedAt', card.claimed_at)
      || case when card.status in ('cancelled', 'expired') then jsonb_build_object('solution',
        'An admin can allow a replacement with allow_gift_card_replacement(gift_card_id, reason)') else '{}' end);
end $$;

-- Where a condition asks for consent: the recipient's, and that of the phone that is written to.
create function private.assert_opted_in(p private.provisioning, recipient public.campaign_recipients)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not exists (
    select from public.campaign_conditions cc
    where cc.campaign_id = p.campaign_id and cc.condition_number = p.condition_number and cc.requires_opt_in) then
    return;
  end if;
  if recipient.sms_opted_in_at is null or (p.delivery_method = 'sms' and not private.has_agreed(recipient, p.deliver_to)) then
    perform private.refuse('GC-009');
  end if;
end $$;

-- The grant is the lock: a second request for it waits here for the first one, and is refused if that succeeds.
create function private.take_grant(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  insert into public.gift_card_grants as g (
    client_id, campaign_id, recipient_id, condition_number, surface, granted_by)
  values (p.client_id, p.campaign_id, p.recipient_id, p.condition_number, p.surface, p.actor)
  on conflict (recipient_id, campaign_id, condition_number) where cancelled_at is null do nothing
  returning g.id into p.grant_id;
  if p.grant_id is null then
    perform private.refuse_second_grant(p);
  end if;
  return p;
end $$;

-- Where the card goes, and whether it may go there.
create function private.check_recipient(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  recipient public.campaign_recipients;
  own text;
begin
  select r.* into recipient from public.campaign_recipients r where r.id = p.recipient_id;
  own := private.own_address(recipient, p.delivery_method);
  p.deliver_to := case when p.delivery_method is not null then coalesce(p.deliver_to, own) end;
  if not coalesce(p.skip_verification, false) then
    perform private.assert_opted_in(p, recipient);
  end if;
  -- a card that the answer does not show needs a message
  if p.delivery_method is not null or not p.shows_code then
    perform private.assert_address(p.delivery_method, p.deliver_to);
  end if;
  if p.deliver_to <> coalesce(own, '') and p.reward_id is null then
    perform private.use_other_address(recipient, p.delivery_method, p.deliver_to, p.surface in ('call_center', 'admin'));
  end if;
  return p;
end $$;

-- The recipient's own phone, else e-mail: the address of a card that no caller waits for any more.
create function private.to_recipient(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
begin
  if p.deliver_to is null then
    select case when r.phone is not null then 'sms' when r.email is not null then 'email' end, coalesce(r.phone, r.email)
    into p.delivery_method, p.deliver_to
    from public.campaign_recipients r where r.id = p.recipient_id;
  end if;
  return p;
end $$;

-- The pending reward as it stands now that its grant is taken: a correction that was committed meanwhile counts. One that was
-- changed or cancelled meanwhile is looked up again by the next run.
create function private.read_reward(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  select r.* into reward from public.pending_rewards r
  where r.id = p.reward_id and r.status like 'awaiting%'
    and (r.brand_id, r.denomination, r.currency) = (p.brand_id, p.denomination, p.currency) for update;
  if reward.id is null then
    raise exception 'pending reward % was changed meanwhile', p.reward_id using errcode = 'serialization_failure';
  end if;
  p.delivery_method := reward.delivery_method;
  p.deliver_to := reward.deliver_to;
  p.skip_verification := reward.skip_verification;
  return private.to_recipient(p);
end $$;

-- On the public form, a later request with the same code may come from another person: it may change the address of a pending
-- reward only shortly after the first request, to the recipient's stored contact, or if the reward has no address.
create function private.may_redirect(p private.provisioning, reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p.surface <> 'form' or reward.created_at > now() - interval '30 minutes'
    or (p.delivery_method is not distinct from reward.delivery_method
      and lower(p.deliver_to) is not distinct from lower(reward.deliver_to))
    or exists (
      select from public.campaign_recipients r where r.id = p.recipient_id and (
        lower(p.deliver_to) = lower(case p.delivery_method when 'sms' then r.phone when 'email' then r.email end)
        or (reward.deliver_to is null and r.phone is null and r.email is null)));
end $$;

create function private.assert_may_redirect(p private.provisioning)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not (select private.may_redirect(p, r) from public.pending_rewards r where r.id = p.pending_reward_id) then
    perform private.refuse('GC-003', 'The reward is pending and goes to the address that was given first');
  end if;
end $$;

-- Have staff replaced this address of the pending reward, or of the purchase? A server that repeats its request, or a form that is sent again, says nothing
-- new then, and must not undo the correction.
create function private.is_replaced_address(p private.provisioning, subject_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p.actor is null and p.delivery_method is not null and exists (
    select from public.audit_events e, public.campaign_recipients r
    where e.subject_id = is_replaced_address.subject_id
      and e.action in ('pending_reward.redirected', 'gift_card_purchase.redirected') and e.actor_id is not null
      and r.id = p.recipient_id and e.metadata -> 'from' = jsonb_build_object('method', p.delivery_method,
        'deliver_to', private.masked_address(coalesce(p.deliver_to, private.own_address(r, p.delivery_method)))));
end $$;

create function private.keep_correction(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
begin
  if private.is_replaced_address(p, p.pending_reward_id) then
    select r.delivery_method, r.deliver_to into p.delivery_method, p.deliver_to
    from public.pending_rewards r where r.id = p.pending_reward_id;
  end if;
  return p;
end $$;

create function private.check_eligibility(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  p := private.take_grant(p);
  if p.reward_id is not null then
    p := private.read_reward(p);
  elsif p.pending_reward_id is not null then
    p := private.keep_correction(p);
  end if;
  p := private.check_recipient(p);
  if p.surface = 'form' and p.pending_reward_id is not null and p.reward_id is null then
    perform private.assert_may_redirect(p);
  end if;
  return p;
end $$;
