-- Gift cards, reveals: claim links, which show a code that the message does not contain, and reveals to staff.
-- A claim link belongs to one delivery and stays the same in all its attempts; a newer link of a card replaces older ones.
-- It opens on the first device that opens it, within a time window, until it expires. The database stores no token: the edge functions
-- sign the link's id with the key that seals the card. Every reveal writes its audit row in the same transaction.

create table public.claim_links (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  gift_card_id uuid not null references public.gift_cards (id),
  delivery_id uuid not null references public.deliveries (id),
  is_required boolean not null,
  expires_at timestamptz not null,
  device text,
  reveals int not null default 0,
  created_at timestamptz not null default now(),
  revealed_at timestamptz,
  replaced_at timestamptz,
  constraint claim_links_one_for_a_delivery unique (delivery_id),
  constraint claim_links_device_matches_revealed_at check ((device is null) = (revealed_at is null)),
  constraint claim_links_reveals_match_revealed_at check ((reveals > 0) = (revealed_at is not null))
);
comment on table public.claim_links is
  'The link that shows a card instead of, or beside, the code in its message. device: fingerprint of the device that opened it first.';

create table private.claim_link_rules (
  is_the_only_row boolean primary key default true,
  link_days int not null default 14,
  window_minutes int not null default 15,
  constraint claim_link_rules_are_one_row check (is_the_only_row),
  constraint claim_link_rules_are_positive check (link_days > 0 and window_minutes > 0)
);
comment on table private.claim_link_rules is
  'Days until a claim link expires, and minutes during which its device may see the card again.';
insert into private.claim_link_rules default values;

create unique index claim_links_live_idx on public.claim_links (gift_card_id) where replaced_at is null;
create index claim_links_gift_card_id_idx on public.claim_links (gift_card_id);
create index claim_links_client_id_idx on public.claim_links (client_id, created_at);

create function private.replace_claim_links(gift_card_id uuid)
returns void language sql volatile set search_path = '' as $$
  update public.claim_links l set replaced_at = now()
  where l.gift_card_id = replace_claim_links.gift_card_id and l.replaced_at is null
$$;

-- Creates the links that leased messages need: the brand or campaign requires one, or the template has its tag. A retried delivery keeps
-- its link, replaced or not, so that its text never changes.
create function private.open_claim_links(attempts public.delivery_attempts[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  message record;
begin
  for message in
    select d.id, d.client_id, card.id as gift_card_id, b.requires_claim_link or campaign.requires_claim_link as is_required,
      least(card.expires_at, now() + make_interval(days => rules.link_days)) as expires_at
    from unnest(attempts) a
    join public.deliveries d on d.id = a.delivery_id and d.topic = 'gift_card'
    join public.gift_cards card on card.id = d.subject_id
    join public.card_pools pool on pool.id = card.pool_id
    join public.gift_card_brands b on b.id = pool.brand_id
    join public.campaign_recipients r on r.id = card.recipient_id
    join public.campaigns campaign on campaign.id = r.campaign_id, private.claim_link_rules rules
    where (b.requires_claim_link or campaign.requires_claim_link
        or 'claim_url' = any (private.tags_of(case d.channel when 'sms' then campaign.sms_template else campaign.email_template end)))
      and not exists (select from public.claim_links l where l.delivery_id = d.id)
    order by card.id
  loop
    -- locked, because two messages of one card would both make theirs the newest
    perform from public.gift_cards c where c.id = message.gift_card_id for update;
    perform private.replace_claim_links(message.gift_card_id);
    insert into public.claim_links (client_id, gift_card_id, delivery_id, is_required, expires_at)
    values (message.client_id, message.gift_card_id, message.id, message.is_required, message.expires_at);
  end loop;
end $$;

-- Adds its link to a lease; where the link is required, the sealed code is left out.
create function private.with_claim_link(lease jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  link public.claim_links;
begin
  select l.* into link from public.claim_links l where l.delivery_id = (lease ->> 'deliveryId')::uuid;
  if link.id is null then
    return lease;
  end if;
  return case when link.is_required then lease - 'sealed' else lease end || jsonb_build_object('claim', jsonb_build_object(
    'linkId', link.id, 'keyId', lease #>> '{sealed,keyId}', 'isRequired', link.is_required,
    'expires', (select to_char(link.expires_at at time zone c.time_zone, 'FMMonth FMDD, YYYY')
      from public.clients c where c.id = link.client_id)));
end $$;

-- Why a link shows nothing to a device, for staff; null when it shows the card.
create function private.reveal_obstacle(link public.claim_links, device text)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case
    when link.replaced_at is not null then 'replaced'
    when link.expires_at <= now() then 'expired'
    when (select c.status from public.gift_cards c where c.id = link.gift_card_id)
      not in ('claimed', 'delivered', 'stuck', 'redeemed') then 'card revoked'
    when link.device <> reveal_obstacle.device then 'another device'
    when link.revealed_at < now() - (select make_interval(mins => r.window_minutes) from private.claim_link_rules r)
      then 'window expired' end;
end $$;

-- Records that a code was disclosed. Opening a link proves that its message arrived, so the card is delivered.
create function private.expose_card(gift_card_id uuid, channel text)
returns void language sql volatile set search_path = '' as $$
  update public.gift_cards c
  set exposed_at = coalesce(c.exposed_at, now()),
    status = case when c.status in ('claimed', 'stuck') and channel is not null then 'delivered' else c.status end,
    delivered_at = case when channel is not null then coalesce(c.delivered_at, now()) else c.delivered_at end,
    delivery_method = case when c.status in ('claimed', 'stuck') then coalesce(channel, c.delivery_method) else c.delivery_method end
  where c.id = expose_card.gift_card_id
$$;

-- Binds the link to the first device that opens it. Returns the link, with a null gift_card_id when it shows nothing.
create function private.open_claim_link(link_id uuid, device text, address text, request_id uuid)
returns public.claim_links language plpgsql volatile set search_path = '' as $$
declare
  link public.claim_links;
  obstacle text;
begin
  select l.* into link from public.claim_links l where l.id = link_id;
  -- the card first, in the lock order of open_claim_links
  perform from public.gift_cards c where c.id = link.gift_card_id for update;
  select l.* into link from public.claim_links l where l.id = link_id for update;
  if link.id is null then
    return link;
  end if;
  obstacle := private.reveal_obstacle(link, device);
  perform private.record_audit(link.client_id, null,
    case when obstacle is null then 'gift_card.revealed' else 'gift_card.reveal_refused' end, 'gift_card', link.gift_card_id,
    jsonb_build_object('claim_link_id', link.id, 'device', device, 'address', address), request_id, obstacle);
  if obstacle is not null then
    link.gift_card_id := null;
    return link;
  end if;
  update public.claim_links l
  set device = open_claim_link.device, revealed_at = coalesce(l.revealed_at, now()), reveals = l.reveals + 1
  where l.id = link.id returning l.* into link;
  perform private.expose_card(link.gift_card_id, (select d.channel from public.deliveries d where d.id = link.delivery_id));
  return link;
end $$;

create function public.reveal_gift_card(link_id uuid, device text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'reveal-gift-card';
  keys constant jsonb := private.attempt_keys(request);
  wait_seconds constant int := private.open_attempt(surface, keys);
  link public.claim_links;
  refusal jsonb;
begin
  if wait_seconds is not null then
    return private.close_attempt(surface, keys, request, keys ->> 'ip', link_id::text, null, private.limited(wait_seconds), null);
  end if;
  link := private.open_claim_link(link_id, private.fingerprint(device), keys ->> 'ip', request.id);
  if link.gift_card_id is null then
    refusal := private.refused('RB410', 'RB-410', null);
  end if;
  refusal := private.close_attempt(
    surface, keys, request, keys ->> 'ip', link_id::text, link.client_id, refusal, counts_as_guess => refusal is not null);
  return coalesce(refusal, private.answered(jsonb_build_object('giftCard', private.present_card(link.gift_card_id), 'visibleUntil', (
    select link.revealed_at + make_interval(mins => r.window_minutes) from private.claim_link_rules r)),
    private.sealed_card(link.gift_card_id)));
end $$;
comment on function public.reveal_gift_card is
  'Shows the card of a claim link to the device that opens it first, and again for a short while. Every refusal reads the same (RB-410); '
  'RB-429 after too many attempts of an address.';
grant execute on function public.reveal_gift_card to service_role;

-- Reveals a granted card to staff of its client, with a reason.
create function private.reveal_to_staff(gift_card_id uuid, reason text, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
begin
  if request.actor is null then
    perform private.refuse('RB-403');
  end if;
  select c.* into card from public.gift_cards c where c.id = reveal_to_staff.gift_card_id for update;
  perform private.assert_can_act(request.actor, card.client_id, private.staff_roles());
  perform private.assert_reason(reason);
  if card.status not in ('claimed', 'delivered', 'stuck', 'redeemed') then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': no recipient has it');
  end if;
  perform private.expose_card(card.id, null);
  perform private.record_audit(card.client_id, request.actor, 'gift_card.revealed_to_staff', 'gift_card', card.id, '{}', request.id,
    btrim(reason));
  return jsonb_build_object('giftCard', private.present_card(card.id));
end $$;

create function public.reveal_gift_card_to_staff(gift_card_id uuid, reason text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  -- a quota, so unlike a limit on guesses it counts successes; a refusal rolls the count back
  wait_seconds constant int := private.take_disclosure(request.actor);
begin
  return case when wait_seconds is not null then private.limited(wait_seconds)
    else private.answered(private.reveal_to_staff(gift_card_id, reason, request), private.sealed_card(gift_card_id)) end;
end $$;
comment on function public.reveal_gift_card_to_staff is
  'Reveals a granted card to an agent or admin of its client, with a reason; a daily quota for each user (RB-429), audited. GC-012, '
  'RB-400, RB-403, RB-404.';
grant execute on function public.reveal_gift_card_to_staff to service_role;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('reveal-gift-card', 'ip', 20, 600, true, false, 3),
  ('reveal-gift-card', 'site', 200, 600, true, false, 20),
  ('reveal-gift-card', 'surface', 2000, 600, false, true, null);

create function private.update_campaign_claim_link(campaign_id uuid, is_required boolean)
returns public.campaigns language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
begin
  perform private.assert_given(is_required is not null, 'is_required');
  update public.campaigns c set requires_claim_link = is_required where c.id = campaign.id returning c.* into campaign;
  perform private.record_audit(campaign.client_id, private.caller(), 'campaign.updated', 'campaign', campaign.id,
    jsonb_build_object('requires_claim_link', is_required));
  return campaign;
end $$;
select private.publish('private.update_campaign_claim_link(uuid, boolean)', '{authenticated, service_role}',
  'Sets whether a campaign''s messages contain a claim link instead of the code.');

create function private.update_brand_claim_link(brand_id uuid, is_required boolean)
returns public.gift_card_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  brand public.gift_card_brands;
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_given(is_required is not null, 'is_required');
  update public.gift_card_brands b set requires_claim_link = is_required
  where b.id = update_brand_claim_link.brand_id returning b.* into brand;
  if brand.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'gift_card_brand.updated', 'gift_card_brand', brand.id,
    jsonb_build_object('requires_claim_link', is_required));
  return brand;
end $$;
select private.publish('private.update_brand_claim_link(uuid, boolean)', '{authenticated, service_role}',
  'Sets whether messages with cards of a brand contain a claim link instead of the code; for platform admins.');

-- Must be empty: opened links whose reveals are not all in the audit log.
create view private.reveals_without_audit as
  select l.id from public.claim_links l
  where l.revealed_at is not null and (
    select count(*) from public.audit_events e
    where e.subject_id = l.gift_card_id and e.action = 'gift_card.revealed'
      and e.metadata ->> 'claim_link_id' = l.id::text) <> l.reveals;

alter table public.claim_links enable row level security;

grant select on public.claim_links to authenticated, service_role;

create policy "Staff read the claim links of their clients" on public.claim_links
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
