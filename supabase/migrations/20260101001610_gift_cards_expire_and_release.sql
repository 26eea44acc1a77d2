-- Gift cards, expiry and release. A card past its date expires; a card that was claimed and is undelivered after ten minutes is released
-- or becomes stuck. Each run takes a batch, skips locked cards, and is safe to run twice at once.

-- Sets the expiry date of cards in stock without one.
create function private.assign_expiry_dates(undated uuid[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  dates timestamptz[] := array(
    select private.card_expiry(p.brand_id, null, c.created_at, coalesce(owner.time_zone, 'UTC'))
    from unnest(undated) with ordinality u (id, n)
    join public.gift_cards c on c.id = u.id
    join public.card_pools p on p.id = c.pool_id
    left join public.clients owner on owner.id = p.client_id
    order by u.n);
begin
  insert into private.card_lots (pool_id, expires_at)
  select distinct c.pool_id, u.expires_at
  from unnest(undated, dates) u (id, expires_at) join public.gift_cards c on c.id = u.id
  order by 1, 2
  -- the lot exists already
  on conflict on constraint card_lots_are_unique do nothing;
  update public.gift_cards c set expires_at = u.expires_at, lot_id = l.id
  from unnest(undated, dates) u (id, expires_at), private.card_lots l
  where c.id = u.id and l.pool_id = c.pool_id and l.expires_at = u.expires_at;
end $$;

-- Dates the cards of brands that got their expiration policy after the upload; a brand is done once no undated card of it is in stock.
create function private.date_cards(batch_size int)
returns int language plpgsql volatile set search_path = '' as $$
declare
  brand private.undated_brands;
  undated uuid[];
  dated int := 0;
begin
  for brand in select u.* from private.undated_brands u order by u.brand_id loop
    undated := array(
      select c.id
      from public.card_pools p
      join private.card_lots l on l.pool_id = p.id and l.expires_at is null
      join public.gift_cards c on c.lot_id = l.id and c.status = 'available'
      where p.brand_id = brand.brand_id and exists (
        select from public.gift_card_brands b where b.id = p.brand_id and b.valid_days is not null)
      limit batch_size - dated
      -- a locked card is being claimed
      for update of c skip locked);
    perform private.assign_expiry_dates(undated);
    dated := dated + cardinality(undated);
    -- an hour later: no upload lasts so long that read the brand before it had its policy
    delete from private.undated_brands u
    where u.brand_id = brand.brand_id and u.noted_at < now() - interval '1 hour' and cardinality(undated) = 0 and not exists (
      select from public.card_pools p
      join private.card_lots l on l.pool_id = p.id and l.expires_at is null
      join public.gift_cards c on c.lot_id = l.id and c.status = 'available'
      where p.brand_id = brand.brand_id);
    exit when dated >= batch_size;
  end loop;
  return dated;
end $$;

-- Marks cards as expired and writes one audit event for each pool and client.
create function private.mark_cards_expired(gift_card_ids uuid[])
returns int language plpgsql volatile set search_path = '' as $$
begin
  update public.gift_cards c set status = 'expired', expired_at = now() where c.id = any (gift_card_ids);
  perform private.cancel_queued_messages(gift_card_ids);
  perform private.record_audit(s.client_id, null, 'gift_cards.expired', 'card_pool', s.pool_id,
    jsonb_build_object('in_stock', s.in_stock, 'given', s.given))
  from (
    select c.client_id, c.pool_id, count(*) filter (where c.grant_id is null) as in_stock, count(c.grant_id) as given
    from public.gift_cards c where c.id = any (gift_card_ids) group by c.client_id, c.pool_id) s;
  return cardinality(gift_card_ids);
end $$;

-- Cards in stock of lots past their expiry, locked. Lots without any are not read again.
create function private.expired_stock(at timestamptz, batch_size int)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  over uuid[] := array(
    select l.id from private.card_lots l
    where l.expires_at <= at and not l.is_expired order by l.expires_at limit batch_size
    -- a card is being returned to a locked lot
    for update skip locked);
  expired uuid[] := array(
    select c.id from unnest(over) l (id) join public.gift_cards c on c.lot_id = l.id and c.status = 'available'
    limit batch_size
    -- a locked card was claimed before it expired
    for update of c skip locked);
begin
  update private.card_lots l set is_expired = true
  where l.id = any (over) and not exists (select from public.gift_cards c where c.lot_id = l.id and c.status = 'available');
  return expired;
end $$;

-- Expires cards past their date: those in stock, and those that were delivered and never confirmed as used. A claimed card is left out:
-- the outcome of its message, or release_stuck_cards, decides first.
create function private.expire_cards(at timestamptz, batch_size int)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  given uuid[] := array(
    select c.id from public.gift_cards c
    where c.status = 'delivered' and c.expires_at <= at order by c.expires_at limit batch_size
    -- a locked card is being redeemed or cancelled
    for update skip locked);
begin
  return jsonb_build_object('expiredInStock', private.mark_cards_expired(private.expired_stock(at, batch_size)),
    'expiredDelivered', private.mark_cards_expired(given));
end $$;

-- Makes the reward of a released card pending again, at its old place in the queue.
create function private.restore_pending_reward(granted public.gift_card_grants, card public.gift_cards, message public.deliveries)
returns void language plpgsql volatile set search_path = '' as $$
declare
  reward_id uuid;
begin
  insert into public.pending_rewards as r (
    client_id, campaign_id, recipient_id, condition_number, surface, requested_by, skip_verification, brand_id, denomination,
    currency, delivery_method, deliver_to, code, created_at)
  select granted.client_id, granted.campaign_id, granted.recipient_id, granted.condition_number, granted.surface,
    granted.granted_by, exists (
      select from public.audit_events e
      where e.subject_id = card.id and e.action = 'gift_card.provisioned' and e.metadata @> jsonb_build_object(
        'grant_id', granted.id, 'verification_skipped', true)),
    p.brand_id, p.denomination, p.currency, message.channel, message.deliver_to, 'GC-003',
    granted.created_at
  from public.card_pools p where p.id = card.pool_id
  -- it is pending already
  on conflict (recipient_id, campaign_id, condition_number) where status like 'awaiting%' do nothing
  returning r.id into reward_id;
  if reward_id is not null then
    insert into private.reward_requests (reward_id, request_id) values (reward_id, private.request_of_card(card.id));
  end if;
end $$;

-- Settles one card that has waited too long. It is released if its code was not disclosed and its message is only queued, and only once for
-- the same reward; a second time it becomes stuck, for an operator.
create function private.release_waiting_card(card_id uuid)
returns text language plpgsql volatile set search_path = '' as $$
declare
  held uuid[] := array(
    select d.id from public.deliveries d
    where d.topic = 'gift_card' and d.subject_id = card_id order by d.id
    -- a locked message is being sent
    for update skip locked);
  card public.gift_cards;
  granted public.gift_card_grants;
  message public.deliveries;
begin
  select c.* into card from public.gift_cards c
  where c.id = card_id and c.status = 'claimed' for update skip locked;
  if card.id is null or exists (
    select from public.deliveries d where d.topic = 'gift_card' and d.subject_id = card_id and d.id <> all (held)) then
    return 'left_alone';
  end if;
  select g.* into granted from public.gift_card_grants g where g.id = card.grant_id;
  select d.* into message from public.deliveries d where d.id = any (held) and d.status = 'queued' order by d.created_at limit 1;
  if message.id is not null and private.is_undisclosed(card) and not exists (
    select from public.gift_card_grants g
    join public.billing_transactions b on b.grant_id = g.id and b.reverses_id is not null
    where g.recipient_id = granted.recipient_id and g.campaign_id = granted.campaign_id
      and g.condition_number = granted.condition_number) then
    perform private.return_to_stock(card, null);
    perform private.restore_pending_reward(granted, card, message);
    perform private.record_audit(card.client_id, null, 'gift_card.released', 'gift_card', card.id,
      jsonb_build_object('grant_id', card.grant_id, 'claimed_at', card.claimed_at));
    return 'released';
  end if;
  update public.gift_cards c set status = 'stuck', stuck_at = now() where c.id = card.id;
  perform private.record_audit(card.client_id, null, 'gift_card.stuck', 'gift_card', card.id,
    jsonb_build_object('grant_id', card.grant_id, 'claimed_at', card.claimed_at));
  return 'stuck';
end $$;

create function private.release_waiting_cards(at timestamptz, batch_size int)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  waiting record;
  outcome text;
  counts jsonb := '{"released": 0, "stuck": 0}';
begin
  for waiting in
    select c.id from public.gift_cards c
    where c.status = 'claimed' and c.claimed_at < at - interval '10 minutes' and not exists (
      -- a message on the other channel, or a resend, has its own ten minutes; one above the daily cap waits for the next day
      select from public.deliveries d
      where d.topic = 'gift_card' and d.subject_id = c.id and d.status in ('queued', 'sending', 'unknown')
        and (d.created_at >= at - interval '10 minutes'
          or (d.status = 'queued' and d.error_code = 'sms_cap_reached' and d.next_attempt_at >= at - interval '10 minutes')))
    order by c.claimed_at limit batch_size
  loop
    outcome := private.release_waiting_card(waiting.id);
    if counts ? outcome then
      counts := jsonb_set(counts, array[outcome], to_jsonb((counts ->> outcome)::int + 1));
    end if;
  end loop;
  return counts;
end $$;

create function private.update_expiration_policy(brand_id uuid, expiration_policy text, valid_days int default null)
returns public.gift_card_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  brand public.gift_card_brands;
begin
  perform private.assert_platform_admin(private.caller());
  -- a day in the far future would be beyond the database's range of dates
  perform private.assert_number(valid_days, 'valid_days', 1, 36500);
  update public.gift_card_brands b
  set expiration_policy = update_expiration_policy.expiration_policy, valid_days = update_expiration_policy.valid_days
  where b.id = update_expiration_policy.brand_id returning b.* into brand;
  if brand.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'brand.expiration_policy_updated', 'gift_card_brand', brand.id,
    jsonb_build_object('valid_days', brand.valid_days));
  return brand;
end $$;
select private.publish('private.update_expiration_policy(uuid, text, int)', '{authenticated, service_role}',
  'Sets for how many days cards of a brand without a date of their own are valid from their upload, including those in stock; for '
  'platform admins. RB-400, RB-403, RB-404.');
