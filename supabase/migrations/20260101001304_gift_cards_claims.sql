-- Gift cards, claims: one card from stock, what it costs, and its bill.

-- A card that is given, and what it costs at each level. sale: that of a card which its client had bought. sealed: for an answer
-- that shows it.
create type private.given_card as (
  id uuid,
  pool_id uuid,
  code_last4 text,
  serial_number text,
  expires_at timestamptz,
  status text,
  sealed jsonb,
  sale public.admin_card_sales,
  source text,
  stock_owner text,
  cost numeric(18,2),
  billing_entity text,
  platform_price numeric(18,2),
  client_price numeric(18,2)
);

-- One free card of a lot, from a random place on, once around: claims that come together look in different places. A card that was
-- claimed while we looked stays locked by us.
create function private.pick_card(lot_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  start uuid := gen_random_uuid();
  card_id uuid;
begin
  select c.id into card_id from public.gift_cards c
  where c.lot_id = pick_card.lot_id and c.status = 'available' and c.id >= start
  -- a locked card is being claimed by another transaction
  order by c.id limit 1 for update skip locked;
  if card_id is null then
    select c.id into card_id from public.gift_cards c
    where c.lot_id = pick_card.lot_id and c.status = 'available' and c.id < start
    order by c.id limit 1 for update skip locked;
  end if;
  return card_id;
end $$;

-- Before GC-003: a locked card may be released by a rollback, so wait for one at a time, holding no other.
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

-- A card that its client has bought is billed to the client as it was sold, and is paid for already; one that its client uploaded
-- costs the platform nothing, and the client a fee at most; a card that was bought for another recipient and returned keeps its
-- cost.
create function private.price_card(card private.given_card, client_id uuid, currency text, pool_type text)
returns private.given_card language plpgsql stable set search_path = '' as $$
declare
  fees private.card_prices;
begin
  if (card.sale).id is not null then
    card.stock_owner := 'platform';
    card.cost := (card.sale).cost_per_card;
    card.billing_entity := 'client';
    card.platform_price := (card.sale).platform_price_per_card;
    card.client_price := (card.sale).price_per_card;
  elsif card.stock_owner = 'client' then
    fees := private.service_fees_of(client_id, card.billing_entity, currency);
    card.platform_price := fees.platform_price;
    card.client_price := fees.client_price;
  elsif pool_type = 'supplier' then
    card.cost := coalesce((
      select b.cost_basis from public.billing_transactions b
      where b.gift_card_id = card.id and b.reverses_id is null order by b.created_at limit 1), card.cost);
  end if;
  return card;
end $$;

-- Without an address the answer itself delivers the card; an answer that shows the code exposes it.
create function private.claim_card(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid, lot private.claimable_lots, card_id uuid)
returns private.given_card language plpgsql volatile set search_path = '' as $$
declare
  card private.given_card;
begin
  update public.gift_cards c
  set status = case when asked.deliver_to is null then 'delivered' else 'claimed' end,
    claimed_at = now(), client_id = facts.client_id, recipient_id = facts.recipient_id, grant_id = claim_card.grant_id,
    delivered_at = case when asked.deliver_to is null then now() end,
    delivery_method = coalesce(asked.delivery_method, case asked.surface when 'form' then 'browser' else 'api' end),
    exposed_at = case when asked.shows_code then now() end
  where c.id = card_id and c.status = 'available'
  returning c.id, c.pool_id, c.code_last4, c.serial_number, c.expires_at, c.status, (
      select private.sealed(s, lot.brand_id) from private.card_secrets s where s.gift_card_id = c.id and asked.shows_code), (
      select s from private.sold_cards x join public.admin_card_sales s on s.id = x.sale_id where x.gift_card_id = c.id),
    'inventory', lot.stock_owner, lot.cost_per_card, facts.billing_entity, facts.platform_price, facts.client_price
  into card;
  if card.id is null then
    raise exception 'card % was claimed under our lock', card_id;
  end if;
  return private.price_card(card, facts.client_id, facts.currency, lot.pool_type);
end $$;

-- No card when the stock is empty. While others hold the last ones (RBACK), the whole provisioning is undone and runs once more, and
-- waits for each card in turn: a transaction that waits for a card must not hold another.
create function private.claim_from_stock(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid)
returns private.given_card language plpgsql volatile set search_path = '' as $$
declare
  lot private.claimable_lots;
  card_id uuid;
begin
  foreach lot in array facts.lots loop
    card_id := case when asked.waits then private.wait_for_card(lot.lot_id) else private.pick_card(lot.lot_id) end;
    if card_id is not null then
      return private.claim_card(asked, facts, grant_id, lot, card_id);
    end if;
  end loop;
  if cardinality(facts.lots) > 0 and asked.waits is not true and asked.never_waits is not true then
    raise exception 'others hold the last cards' using errcode = 'RBACK';
  end if;
  return null;
end $$;

-- Without an exception block of its own: foreign-key checks inside a second subtransaction would make a multixact of each grant.
create function private.record_billing(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid, card private.given_card)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  billing_id uuid;
begin
  insert into public.billing_transactions as b (
    client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, source, stock_owner, currency, denomination,
    cost_basis, platform_price, client_price, sale_id, billed_entity_type, billed_entity_id, request_id)
  values (facts.client_id, facts.agency_id, facts.campaign_id, facts.recipient_id, grant_id, card.id, card.source,
    card.stock_owner, facts.currency, facts.denomination, card.cost, card.platform_price, card.client_price, (card.sale).id,
    card.billing_entity, case card.billing_entity when 'agency' then facts.agency_id else facts.client_id end, asked.request_id)
  returning b.id into billing_id;
  return billing_id;
end $$;

-- Each prepaid level pays its price at once. Last of all, because every claim of a payer waits for its account.
create function private.charge_card(facts private.provisioning_facts, grant_id uuid, card private.given_card)
returns void language plpgsql volatile set search_path = '' as $$
begin
  -- the sale of a card was paid, or is on the statement
  if (card.sale).id is null then
    perform private.charge_credit(facts.client_id, private.payers_of(facts.client_id, card.billing_entity, facts.currency),
      row(card.platform_price, card.client_price), facts.currency, 'grant:' || grant_id, grant_id);
  end if;
end $$;
