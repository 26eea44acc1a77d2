-- Gift cards, provisioning: from an earned condition to one card, in one transaction.
-- Configuration → eligibility (the grant, which is given once) → a card from stock, else one that is bought → the bill → the
-- delivery. Each step takes what is known so far and returns it with what it found; the first refusal undoes them all, and
-- the trace keeps the story.

-- What a provisioning knows: who asks for what, then what each step found.
create type private.provisioning as (
  request_id uuid,
  surface text,
  actor uuid,
  reward_id uuid,
  pending_reward_id uuid,
  shows_code boolean,
  client_id uuid,
  campaign_id uuid,
  recipient_id uuid,
  redemption_code text,
  condition_number int,
  call_session_id uuid,
  brand_id uuid,
  denomination numeric(18,2),
  currency text,
  delivery_method text,
  deliver_to text,
  skip_verification boolean,
  never_waits boolean,
  billing_entity text,
  prices private.card_prices,
  payers private.payers,
  suppliers text[],
  suppliers_asked uuid[],
  grant_id uuid,
  purchase_id uuid,
  source text,
  stock_owner text,
  cost numeric(18,2),
  sale_id uuid,
  pool_id uuid,
  gift_card_id uuid,
  billing_id uuid,
  delivery_id uuid,
  condition_met_id uuid,
  answer_scope text,
  answer_key text,
  request_hash text,
  steps jsonb,
  steps_recorded int,
  step_started_at timestamptz
);

-- Validates a redemption on the public form. If the form names a campaign, problems of the campaign are returned for any code. If
-- only the code names it, a code that cannot be redeemed gets the answer of an unknown code, so that guesses do not reveal real
-- codes.
create function private.validate_form(p private.provisioning, recipient public.campaign_recipients)
returns private.provisioning language plpgsql stable set search_path = '' as $$
declare
  campaign_status text;
  number int;
begin
  select c.status, (
    select min(cc.condition_number) from public.campaign_conditions cc
    where cc.campaign_id = c.id and cc.is_self_service and cc.condition_number = coalesce(p.condition_number, cc.condition_number))
  into campaign_status, number
  from public.campaigns c where c.id = coalesce(p.campaign_id, recipient.campaign_id);
  if p.campaign_id is not null and campaign_status <> 'active' then
    perform private.refuse('RB-400', 'The campaign is ' || campaign_status);
  elsif p.campaign_id is not null and campaign_status is not null and number is null then
    perform private.refuse('GC-001', concat_ws(' ', 'No gift card configured for condition', p.condition_number));
  elsif recipient.id is null or recipient.campaign_id <> p.campaign_id or number is null or campaign_status <> 'active' then
    perform private.refuse('GC-011');
  end if;
  p.condition_number := number;
  return p;
end $$;

-- Who is meant, and may the caller act there? A code that is unknown, another campaign's or another client's reads the same.
create function private.validate_request(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
declare
  recipient public.campaign_recipients;
begin
  if p.redemption_code is not null or p.surface = 'form' then
    select r.* into recipient
    from public.recipient_codes c join public.campaign_recipients r on r.id = c.recipient_id
    where c.redemption_code = private.canonical_code(p.redemption_code);
    if p.surface = 'form' then
      p := private.validate_form(p, recipient);
    elsif recipient.id is null or recipient.campaign_id <> p.campaign_id or (p.actor is not null and recipient.client_id not in (
      select private.client_ids_of(p.actor, private.staff_roles()))) then
      perform private.refuse('GC-011');
    end if;
  else
    select r.* into recipient from public.campaign_recipients r
    where r.id = p.recipient_id and r.campaign_id = coalesce(p.campaign_id, r.campaign_id);
  end if;
  if p.call_session_id is not null and not exists (
    select from public.call_sessions s where s.id = p.call_session_id and s.agent_user_id = p.actor) then
    perform private.refuse('RB-404');
  end if;
  if p.surface <> 'form' then
    perform private.assert_can_act(p.actor, recipient.client_id,
      case when p.surface = 'api' or p.skip_verification then private.admin_roles() else private.staff_roles() end);
  end if;
  if p.surface = 'call_center' and p.redemption_code is null and not coalesce(p.skip_verification, false) and exists (
    select from public.clients c where c.id = recipient.client_id and c.requires_confirmation_code) then
    perform private.refuse('GC-009', 'Verification required: the client asks for the confirmation code');
  end if;
  p.client_id := recipient.client_id;
  p.campaign_id := recipient.campaign_id;
  p.recipient_id := recipient.id;
  return p;
end $$;

-- The card that a request is about: what a pending reward has promised, else what the condition promises now.
create function private.find_promise(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
begin
  select r.id, coalesce(r.brand_id, cc.brand_id), coalesce(r.denomination, cc.card_value),
    case when r.brand_id is null then c.currency else r.currency end
  into p.pending_reward_id, p.brand_id, p.denomination, p.currency
  from public.campaigns c
  left join public.campaign_conditions cc on cc.campaign_id = c.id and cc.condition_number = p.condition_number
  left join public.pending_rewards r on r.recipient_id = p.recipient_id and r.campaign_id = c.id
    and r.condition_number = p.condition_number and r.status like 'awaiting%'
  where c.id = p.campaign_id;
  return p;
end $$;

create function private.check_configuration(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  asked constant private.provisioning := p;
  campaign public.campaigns;
begin
  select c.* into campaign from public.campaigns c where c.id = p.campaign_id;
  if campaign.status <> 'active' then
    perform private.refuse('RB-400', 'The campaign is ' || campaign.status);
  end if;
  if not exists (
    select from public.clients c join public.agencies a on a.id = c.agency_id
    where c.id = p.client_id and c.is_active and a.is_active) then
    perform private.refuse('RB-400', 'The client is not active');
  end if;
  p := private.find_promise(p);
  if p.brand_id is null or p.denomination is null then
    perform private.refuse('GC-001', concat_ws(' ', 'No gift card configured for condition', p.condition_number));
  end if;
  if asked.brand_id <> p.brand_id or asked.denomination <> p.denomination then
    perform private.refuse('GC-012', 'brandId and denomination must be those of the '
      || case when p.pending_reward_id is null then 'condition' else 'pending reward' end || ', or left out');
  end if;
  perform private.assert_offered(p.client_id, p.brand_id, p.denomination, p.currency);
  if campaign.billing_entity is null then
    perform private.refuse('GC-008');
  end if;
  p.billing_entity := campaign.billing_entity;
  p.prices := private.prices_of_card(p.client_id, p.brand_id, p.denomination, p.currency, p.billing_entity);
  p.payers := private.payers_of(p.client_id, p.billing_entity, p.currency);
  return p;
end $$;

-- The lots that may serve a claim: the campaign's, then the client's, then the platform's, and what was bought and came back;
-- in a pool the earliest expiry first.
-- Cards too near to their expiry are no stock. A lot that was far from empty at the last fold is worth a look; near its end the exact count decides, so that an empty
-- pool is known from its counter and not from a walk over what was claimed.
create function private.claimable_lots(p private.provisioning)
returns setof private.card_lots language plpgsql stable set search_path = '' as $$
begin
  return query
    select l.*
    from public.card_pools pool
    join private.card_lots l on l.pool_id = pool.id
    where pool.brand_id = p.brand_id and pool.denomination = p.denomination and pool.currency = p.currency and pool.is_active
      and (pool.campaign_id = p.campaign_id
        or (pool.campaign_id is null and pool.client_id = p.client_id)
        or pool.pool_type = 'supplier'
        or (pool.pool_type = 'master' and exists (
          select from public.client_brands cb
          where cb.client_id = p.client_id and cb.brand_id = p.brand_id and cb.may_use_master_pool)))
      and l.given_until > now()
      and case when l.available_cards > 1000 then true else l.available_cards + (
        select coalesce(sum(m.available), 0) from private.card_movements m
        where m.pool_id = pool.id and m.xact >= pool.folded_before and m.lot_id = l.id) > 0 end
    order by pool.campaign_id is null, pool.client_id is null, l.expires_at nulls last, pool.created_at, l.id;
end $$;

-- One free card of a lot, from a random place on, once around: claims that come together look in different places.
create function private.pick_card(lot_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  start uuid := gen_random_uuid();
  card_id uuid;
begin
  select c.id into card_id from public.gift_cards c
  where c.lot_id = pick_card.lot_id and c.status = 'available' and c.id >= start
  -- a locked card is being claimed by somebody else
  order by c.id limit 1 for update skip locked;
  if card_id is null then
    select c.id into card_id from public.gift_cards c
    where c.lot_id = pick_card.lot_id and c.status = 'available' and c.id < start
    order by c.id limit 1 for update skip locked;
  end if;
  if card_id is null then
    raise exception 'nothing free' using errcode = 'RBACK';
  end if;
  return card_id;
exception when sqlstate 'RBACK' then
  -- cards that were claimed while we looked stay locked by us until this block is undone: whoever goes on to wait for a card
  -- must not hold one
  return null;
end $$;

-- Before saying "empty": a locked card may be given back, so wait for one at a time, holding no other.
create function private.wait_for_card(lot_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  card_id uuid;
begin
  loop
    select c.id into card_id from public.gift_cards c
    where c.lot_id = wait_for_card.lot_id and c.status = 'available' order by c.id limit 1;
    if card_id is null then
      return null;
    end if;
    begin
      perform from public.gift_cards c
      where c.id = card_id and c.lot_id = wait_for_card.lot_id and c.status = 'available' for update;
      if not found then
        raise exception 'it was kept' using errcode = 'RBACK';
      end if;
      return card_id;
    exception when sqlstate 'RBACK' then
      null;
    end;
  end loop;
end $$;

-- What the stock says about the price of a claimed card. A card that its client has bought is billed to the client as it was sold,
-- and is paid for already; one that its client brought costs the platform nothing, and the client a fee at most; a card
-- that was bought for another recipient and returned keeps its cost.
create function private.apply_stock(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
declare
  sold private.card_prices;
begin
  select s.id, s.platform_price_per_card, s.price_per_card, case when s.id is not null then 'platform' else pool.stock_owner end,
    case when s.id is not null then s.cost_per_card when pool.pool_type <> 'supplier' then pool.cost_per_card else coalesce((
      select b.cost_basis from public.billing_transactions b
      where b.gift_card_id = p.gift_card_id and b.reverses_id is null order by b.created_at limit 1), pool.cost_per_card) end
  into p.sale_id, sold.platform_price, sold.client_price, p.stock_owner, p.cost
  from public.card_pools pool
  left join private.sold_cards c on c.gift_card_id = p.gift_card_id
  left join public.admin_card_sales s on s.id = c.sale_id
  where pool.id = p.pool_id;
  if p.sale_id is not null then
    p.prices := sold;
    p.billing_entity := 'client';
  elsif p.stock_owner = 'client' then
    p.prices := private.service_fees_of(p.client_id, p.billing_entity, p.currency);
  end if;
  return p;
end $$;

-- No card is found when the stock is empty.
create function private.claim_from_stock(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  lot private.card_lots;
begin
  for lot in select * from private.claimable_lots(p) loop
    p.gift_card_id := private.pick_card(lot.id);
    p.pool_id := lot.pool_id;
    exit when p.gift_card_id is not null;
  end loop;
  if p.gift_card_id is null and p.never_waits is not true then
    for lot in select * from private.claimable_lots(p) loop
      p.gift_card_id := private.wait_for_card(lot.id);
      p.pool_id := lot.pool_id;
      exit when p.gift_card_id is not null;
    end loop;
  end if;
  if p.gift_card_id is null then
    return p;
  end if;
  p.source := 'inventory';
  p := private.apply_stock(p);
  -- without an address the answer itself delivers the card; an answer that shows the code exposes it
  update public.gift_cards c
  set status = case when p.deliver_to is null then 'delivered' else 'claimed' end,
    claimed_at = now(), client_id = p.client_id, recipient_id = p.recipient_id, grant_id = p.grant_id,
    delivered_at = case when p.deliver_to is null then now() end,
    delivery_method = coalesce(p.delivery_method, case p.surface when 'form' then 'browser' else 'api' end),
    exposed_at = case when p.shows_code then now() end
  where c.id = p.gift_card_id and c.status = 'available';
  if not found then
    raise exception 'card % was claimed under our lock', p.gift_card_id;
  end if;
  return p;
end $$;

create function private.record_billing(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  insert into public.billing_transactions as b (
    client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source, stock_owner, currency, denomination,
    cost_basis, platform_price, client_price, sale_id, billed_entity_type, billed_entity_id, request_id)
  select c.id, c.agency_id, p.campaign_id, p.recipient_id, p.grant_id, p.gift_card_id, p.source, p.stock_owner, p.currency,
    p.denomination, p.cost, (p.prices).platform_price, (p.prices).client_price, p.sale_id,
    p.billing_entity, case p.billing_entity when 'agency' then c.agency_id else c.id end, p.request_id
  from public.clients c where c.id = p.client_id
  returning b.id into p.billing_id;
  return p;
exception when others then
  -- the claim is undone with the bill; the reason is for the trace
  perform private.refuse('GC-007', sqlerrm);
end $$;

create function private.queue_delivery(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  if p.deliver_to is not null then
    p.delivery_id := private.enqueue_delivery(
      p.client_id, 'gift_card', p.gift_card_id, p.recipient_id, p.delivery_method, p.deliver_to);
  end if;
  return p;
end $$;

-- The agent's word that the condition is met stands also while the card is still owed.
create function private.log_condition_met(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  update public.call_sessions s set recipient_id = p.recipient_id, campaign_id = p.campaign_id, client_id = p.client_id
  where s.id = p.call_session_id;
  insert into public.call_conditions_met as m (
    client_id, call_session_id, campaign_id, recipient_id, condition_number, gift_card_id, met_by_agent_id)
  values (p.client_id, p.call_session_id, p.campaign_id, p.recipient_id, p.condition_number, p.gift_card_id, p.actor)
  on conflict on constraint call_conditions_met_are_met_once
    do update set gift_card_id = coalesce(m.gift_card_id, excluded.gift_card_id)
  returning m.id into p.condition_met_id;
  return p;
end $$;

-- Each prepaid level pays its price at once for a card from stock, and for one that was bought what was set aside before. Last of
-- all, because every claim of a payer waits for its account.
create function private.charge_payer(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  if p.sale_id is not null then
    -- its sale was paid, or is on the statement
    return p;
  elsif p.purchase_id is null then
    perform private.charge_credit(p.client_id, p.payers, p.prices, p.currency, 'grant:' || p.grant_id, p.grant_id);
  else
    perform private.capture_credit(r.credit_hold_ids, 'A gift card')
    from private.purchase_requests r where r.purchase_id = p.purchase_id;
  end if;
  return p;
end $$;

create function private.record_provisioning(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
begin
  update public.pending_rewards r set status = 'fulfilled', code = null, fulfilled_at = now(), pool_id = p.pool_id
  where r.recipient_id = p.recipient_id and r.campaign_id = p.campaign_id and r.condition_number = p.condition_number
    and r.status like 'awaiting%'
  returning r.* into reward;
  if (reward.brand_id, reward.denomination) <> (p.brand_id, p.denomination) then
    raise exception 'pending reward % was changed meanwhile', reward.id using errcode = 'serialization_failure';
  end if;
  perform private.record_audit(p.client_id, p.actor, 'gift_card.provisioned', 'gift_card', p.gift_card_id,
    jsonb_build_object('surface', p.surface, 'grant_id', p.grant_id, 'delivery_id', p.delivery_id,
      'code_shown', p.shows_code, 'verification_skipped', coalesce(p.skip_verification, false)), p.request_id);
  -- one in thirty folds for all: no claim waits for a shared counter, and none has much to add up
  if random() < 0.033 then
    perform private.fold_pool(p.pool_id);
  end if;
  return p;
end $$;
