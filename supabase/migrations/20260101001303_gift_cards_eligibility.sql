-- Gift cards, eligibility: whether the caller may ask, whether the card can be given as things are configured, and whether it may go
-- where it is to go. Nothing here writes, but for an address that is not the recipient's.

-- Validates a redemption on the public form. If the form names a campaign, problems of the campaign are returned for any code. If
-- only the code names it, a code that cannot be redeemed gets the answer of an unknown code, so that guesses do not reveal real
-- codes.
create function private.check_form(asked private.card_request, recipient_id uuid, campaign_id uuid)
returns private.card_request language plpgsql stable set search_path = '' as $$
declare
  campaign_status text;
  number int;
begin
  select c.status, (
    select min(cc.condition_number) from public.campaign_conditions cc
    where cc.campaign_id = c.id and cc.is_self_service and cc.condition_number = coalesce(asked.condition_number, cc.condition_number))
  into campaign_status, number
  from public.campaigns c where c.id = coalesce(asked.campaign_id, check_form.campaign_id);
  if asked.campaign_id is not null and campaign_status <> 'active' then
    perform private.refuse('RB-400', 'The campaign is ' || campaign_status);
  elsif asked.campaign_id is not null and campaign_status is not null and number is null then
    perform private.refuse('GC-001', concat_ws(' ', 'No gift card configured for condition', asked.condition_number));
  elsif recipient_id is null or check_form.campaign_id <> asked.campaign_id or number is null or campaign_status <> 'active' then
    perform private.refuse('GC-011');
  end if;
  asked.condition_number := number;
  asked.recipient_id := check_form.recipient_id;
  return asked;
end $$;

-- The request with the recipient whose code was typed or read out, if it names none by id. An agent and a CRM read the last four signs
-- of a card only, and a card that was pending comes by a message.
create function private.find_recipient(asked private.card_request)
returns private.card_request language plpgsql stable set search_path = '' as $$
declare
  code public.recipient_codes;
begin
  asked.shows_code := asked.surface in ('api', 'form') and asked.reward_id is null;
  if asked.reward_id is not null or (asked.redemption_code is null and asked.surface <> 'form') then
    return asked;
  end if;
  select c.* into code from public.recipient_codes c where c.redemption_code = private.canonical_code(asked.redemption_code);
  if asked.surface = 'form' then
    return private.check_form(asked, code.recipient_id, code.campaign_id);
  end if;
  asked.recipient_id := code.recipient_id;
  return asked;
end $$;

-- Refuses a caller who may not act for the recipient. Unknown codes and those of other campaigns or clients get the same error.
create function private.check_caller(asked private.card_request, facts private.provisioning_facts)
returns void language plpgsql stable set search_path = '' as $$
begin
  if asked.redemption_code is not null and asked.surface <> 'form' and (facts.client_id is null or (
    asked.actor is not null and not private.acts_for(asked.actor, facts.client_id, private.staff_roles()))) then
    perform private.refuse('GC-011');
  elsif asked.call_session_id is not null and not exists (
    select from public.call_sessions s where s.id = asked.call_session_id and s.agent_user_id = asked.actor) then
    perform private.refuse('RB-404');
  end if;
  perform private.assert_can_act(asked.actor, facts.client_id, private.provisioning_roles(asked));
end $$;

-- Passes the facts of a request that its caller may make; a job fulfils a pending reward for any caller who earned it.
create function private.check_request(asked private.card_request, facts private.provisioning_facts)
returns private.provisioning_facts language plpgsql stable set search_path = '' as $$
begin
  if asked.reward_id is not null then
    return facts;
  end if;
  if facts.is_allowed is not true or asked.call_session_id is not null then
    perform private.check_caller(asked, facts);
  end if;
  if asked.surface = 'call_center' and asked.redemption_code is null and not coalesce(asked.skip_verification, false)
    and facts.requires_confirmation_code then
    perform private.refuse('GC-009', 'Verification required: the client asks for the confirmation code');
  end if;
  return facts;
end $$;

-- Passes the facts of a card that can be given as things are configured.
create function private.check_configuration(asked private.card_request, facts private.provisioning_facts)
returns private.provisioning_facts language plpgsql stable set search_path = '' as $$
begin
  if facts.campaign_status <> 'active' then
    perform private.refuse('RB-400', 'The campaign is ' || facts.campaign_status);
  elsif not facts.is_active then
    perform private.refuse('RB-400', 'The client is not active');
  elsif facts.brand_id is null or facts.denomination is null then
    perform private.refuse('GC-001', concat_ws(' ', 'No gift card configured for condition', asked.condition_number));
  elsif asked.brand_id <> facts.brand_id or asked.denomination <> facts.denomination then
    perform private.refuse('GC-012', 'brandId and denomination must be those of the '
      || case when (facts.reward).id is null then 'condition' else 'pending reward' end || ', or left out');
  elsif not facts.is_offered then
    perform private.refuse('GC-002', 'Brand not found, or the brand or its value is not enabled');
  elsif facts.billing_entity is null then
    perform private.refuse('GC-008');
  end if;
  return facts;
end $$;

-- There is a grant already: its card is here, or is being bought.
create function private.refuse_second_grant(surface text, recipient_id uuid, campaign_id uuid, condition_number int)
returns void language plpgsql stable set search_path = '' as $$
declare
  given_id uuid := (
    select g.id from public.gift_card_grants g
    where g.recipient_id = refuse_second_grant.recipient_id and g.campaign_id = refuse_second_grant.campaign_id
      and g.condition_number = refuse_second_grant.condition_number and g.cancelled_at is null);
  pending jsonb := (
    select private.pending_supplier_purchase(b.id) from public.gift_card_purchases b
    where b.grant_id = given_id and b.ended_at is null and b.reopened_at is null);
  card public.gift_cards;
begin
  if pending is not null then
    perform private.refuse(pending ->> 'code', pending ->> 'message', pending -> 'details');
  end if;
  -- staff may want to send the card again, or to replace it; a visitor learns no more than that the code is used
  if surface = 'form' then
    perform private.refuse('GC-010');
  end if;
  select c.* into card from public.gift_cards c where c.grant_id = given_id;
  perform private.refuse('GC-010', case card.status when 'cancelled' then 'The reward was cancelled without replacement'
      when 'expired' then 'The gift card of this reward has expired' end,
    jsonb_build_object('giftCardId', card.id, 'status', card.status, 'claimedAt', card.claimed_at)
      || case when card.status in ('cancelled', 'expired') then jsonb_build_object('solution',
        'An admin can allow a replacement with allow_gift_card_replacement(gift_card_id, reason)') else '{}' end);
end $$;

-- Where a condition asks for consent: the recipient's, and that of the phone that is written to.
create function private.assert_opted_in(asked private.card_request, facts private.provisioning_facts)
returns void language plpgsql stable set search_path = '' as $$
begin
  if facts.sms_opted_in_at is null or (asked.delivery_method = 'sms' and not (
    select private.has_agreed(r, asked.deliver_to) from public.campaign_recipients r where r.id = facts.recipient_id)) then
    perform private.refuse('GC-009');
  end if;
end $$;

-- The recipient's own address on a channel, in the form in which addresses are compared.
create function private.address_on_file(facts private.provisioning_facts, channel text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case channel when 'sms' then facts.phone when 'email' then lower(facts.email) end;
end $$;

-- The recipient's own phone, else e-mail: the address of a card that no caller waits for any more.
create function private.to_recipient(asked private.card_request, phone text, email text)
returns private.card_request language plpgsql immutable set search_path = '' as $$
begin
  if asked.deliver_to is null then
    asked.delivery_method := case when phone is not null then 'sms' when email is not null then 'email' end;
    asked.deliver_to := coalesce(phone, email);
  end if;
  return asked;
end $$;

-- Where the card goes, and whether it may go there.
create function private.check_address(asked private.card_request, facts private.provisioning_facts)
returns private.card_request language plpgsql volatile set search_path = '' as $$
declare
  own constant text := private.address_on_file(facts, asked.delivery_method);
begin
  asked.deliver_to := case when asked.delivery_method is not null then coalesce(asked.deliver_to, own) end;
  if facts.requires_opt_in and not coalesce(asked.skip_verification, false) then
    perform private.assert_opted_in(asked, facts);
  end if;
  -- a card that the answer does not show needs a message
  if (asked.delivery_method is not null or not asked.shows_code)
    and private.fits_channel(asked.delivery_method, asked.deliver_to) is not true then
    perform private.assert_address(asked.delivery_method, asked.deliver_to);
  end if;
  if asked.deliver_to <> coalesce(own, '') and asked.reward_id is null then
    perform private.use_other_address(r, asked.delivery_method, asked.deliver_to, asked.surface in ('call_center', 'admin'))
    from public.campaign_recipients r where r.id = facts.recipient_id;
  end if;
  return asked;
end $$;

-- On the public form, a later request with the same code may come from another person: it may change the address of a pending
-- reward only shortly after the first request, to the recipient's stored contact, or if the reward has no address.
create function private.may_redirect(
  asked private.card_request, facts private.provisioning_facts, reward public.pending_rewards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return asked.surface <> 'form' or reward.created_at > now() - interval '30 minutes'
    or (asked.delivery_method is not distinct from reward.delivery_method
      and lower(asked.deliver_to) is not distinct from lower(reward.deliver_to))
    or coalesce(lower(asked.deliver_to) = lower(private.address_on_file(facts, asked.delivery_method)), false)
    or (reward.deliver_to is null and facts.phone is null and facts.email is null);
end $$;

-- Have staff replaced this address of the pending reward, or of the supplier purchase? A server that repeats its request, or a form
-- that is sent again, says nothing new then, and must not undo the correction.
create function private.is_replaced_address(
  asked private.card_request, facts private.provisioning_facts, subject_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return asked.actor is null and asked.delivery_method is not null and exists (
    select from public.audit_events e
    where e.subject_id = is_replaced_address.subject_id
      and e.action in ('pending_reward.redirected', 'gift_card_purchase.redirected') and e.actor_id is not null
      and e.metadata -> 'from' = jsonb_build_object('method', asked.delivery_method, 'deliver_to',
        private.masked_address(coalesce(asked.deliver_to, private.address_on_file(facts, asked.delivery_method)))));
end $$;

-- What the pending reward says of where its card goes: a correction that was committed meanwhile counts. A reward that was changed or
-- cancelled meanwhile is looked up again by the next run of the job.
create function private.follow_reward(asked private.card_request, facts private.provisioning_facts)
returns private.card_request language plpgsql stable set search_path = '' as $$
declare
  reward constant public.pending_rewards := facts.reward;
begin
  if asked.reward_id is not null then
    if (reward.id, facts.brand_id, facts.denomination) is distinct from (asked.reward_id, asked.brand_id, asked.denomination) then
      raise exception 'pending reward % was changed meanwhile', asked.reward_id using errcode = 'serialization_failure';
    end if;
    asked.delivery_method := reward.delivery_method;
    asked.deliver_to := reward.deliver_to;
    asked.skip_verification := reward.skip_verification;
    return private.to_recipient(asked, facts.phone, facts.email);
  elsif private.is_replaced_address(asked, facts, reward.id) then
    asked.delivery_method := reward.delivery_method;
    asked.deliver_to := reward.deliver_to;
  end if;
  return asked;
end $$;

-- Passes the request with the address to which its card goes.
create function private.check_eligibility(asked private.card_request, facts private.provisioning_facts, grant_id uuid)
returns private.card_request language plpgsql volatile set search_path = '' as $$
begin
  if grant_id is null then
    perform private.refuse_second_grant(asked.surface, facts.recipient_id, facts.campaign_id, facts.condition_number);
  elsif asked.reward_id is not null or (facts.reward).id is not null then
    asked := private.follow_reward(asked, facts);
  end if;
  asked := private.check_address(asked, facts);
  if asked.surface = 'form' and (facts.reward).id is not null and asked.reward_id is null
    and not private.may_redirect(asked, facts, facts.reward) then
    perform private.refuse('GC-003', 'The reward is pending and goes to the address that was given first');
  end if;
  return asked;
end $$;
