-- Gift cards, the stock: pools of one brand and value, in lots of one expiry; each card in one lot.
-- Codes and PINs are sealed before they come here and stand apart, where no client role can look; a code stands once
-- within its brand, by its fingerprint. A lot knows until when its cards may be given.

create table public.card_pools (
  id uuid primary key default gen_random_uuid(),
  client_id uuid references public.clients (id),
  brand_id uuid not null references public.gift_card_brands (id),
  pool_name text not null,
  denomination numeric(18,2) not null,
  currency text not null default 'USD',
  pool_type text not null default 'client',
  campaign_id uuid,
  supplier_id uuid references public.gift_card_suppliers (id),
  stock_owner text not null default 'platform',
  cost_per_card numeric(18,2) not null,
  client_cost_per_card numeric(18,2),
  is_active boolean not null default true,
  total_cards int not null default 0,
  available_cards int not null default 0,
  expiring_cards int not null default 0,
  claimed_cards int not null default 0,
  stuck_cards int not null default 0,
  delivered_cards int not null default 0,
  redeemed_cards int not null default 0,
  received_cards int not null default 0,
  expired_cards int not null default 0,
  cancelled_cards int not null default 0,
  folded_before xid8 not null default '0',
  created_at timestamptz not null default now(),
  archived_at timestamptz,
  constraint card_pools_campaign_is_the_clients
    foreign key (campaign_id, client_id) references public.campaigns (id, client_id),
  constraint card_pools_pool_type_is_valid check (pool_type in ('master', 'client', 'supplier')),
  constraint card_pools_owner_matches_type check ((pool_type = 'client') = (client_id is not null)),
  constraint card_pools_supplier_matches_type check ((pool_type = 'supplier') = (supplier_id is not null)),
  constraint card_pools_campaign_pools_have_a_client check (campaign_id is null or client_id is not null),
  constraint card_pools_denomination_is_positive check (denomination > 0 and denomination < 'Infinity'),
  constraint card_pools_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  constraint card_pools_cost_per_card_is_not_negative check (cost_per_card >= 0 and cost_per_card < 'Infinity'),
  constraint card_pools_stock_owner_is_valid check (stock_owner in ('platform', 'client')),
  constraint card_pools_own_stock_is_a_clients check (stock_owner = 'platform' or pool_type = 'client'),
  constraint card_pools_own_stock_costs_the_platform_nothing check (stock_owner = 'platform' or cost_per_card = 0),
  constraint card_pools_client_cost_is_a_clients check (client_cost_per_card is null or client_id is not null),
  constraint card_pools_client_cost_is_not_negative check (client_cost_per_card >= 0 and client_cost_per_card < 'Infinity'),
  constraint card_pools_archived_are_not_active check (archived_at is null or not is_active)
);
comment on table public.card_pools is
  'A pool: cards of one brand and value, of one client, of the platform (master), or bought one by one from a supplier. '
  'stock_owner decides what its cards are billed: cost_per_card is what platform stock cost the platform, client_cost_per_card the '
  'client''s own figure. Its counters are those of the last fold; the view gift_card_pools has the exact ones. Here available_cards counts all in stock, '
  'and expiring_cards those of them that may no longer be given.';

create table private.stock_rules (
  is_the_only_row boolean primary key default true,
  minimum_validity interval not null default '24 hours',
  minimum_validity_at_send interval not null default '1 hour',
  constraint stock_rules_are_one_row check (is_the_only_row),
  constraint stock_rules_are_not_negative check (
    minimum_validity >= interval '0' and minimum_validity_at_send >= interval '0')
);
comment on table private.stock_rules is
  'For how long a card must still be good when it is claimed (a brand may say otherwise), and when its message is sent.';
insert into private.stock_rules default values;

create table private.card_lots (
  id uuid primary key default gen_random_uuid(),
  pool_id uuid not null references public.card_pools (id),
  expires_at timestamptz,
  given_until timestamptz not null default 'infinity',
  is_over boolean not null default false,
  is_expired boolean not null default false,
  available_cards int not null default 0,
  constraint card_lots_are_unique unique nulls not distinct (pool_id, expires_at),
  constraint card_lots_belong_to_their_pool unique (pool_id, id)
);
comment on table private.card_lots is
  'The cards of a pool that expire together: claims take the earliest first. Until given_until they may be given: their expiry less '
  'the minimum validity, kept here so that a claim need not look it up. is_over: the pool''s counters know that it has passed. is_expired: it is past its expiry, and no card of '
  'it is in stock.';

create table public.gift_cards (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  pool_id uuid not null,
  lot_id uuid not null,
  code_last4 text not null,
  serial_number text,
  status text not null default 'available',
  counted_as text not null generated always as (
    case status when 'stuck' then 'claimed' when 'redeemed' then 'delivered' else status end) stored,
  was_received boolean not null generated always as (
    status in ('delivered', 'redeemed') or (status = 'expired' and delivered_at is not null)) stored,
  recipient_id uuid references public.campaign_recipients (id),
  grant_id uuid references public.gift_card_grants (id),
  delivery_method text,
  expires_at timestamptz,
  exposed_at timestamptz,
  created_at timestamptz not null default now(),
  claimed_at timestamptz,
  delivered_at timestamptz,
  redeemed_at timestamptz,
  expired_at timestamptz,
  stuck_at timestamptz,
  cancelled_at timestamptz,
  constraint gift_cards_serial_number_is_printable check (serial_number ~ '^[\x21-\x7e]([\x20-\x7e]{0,62}[\x21-\x7e])?$'),
  constraint gift_cards_lot_is_the_pools foreign key (pool_id, lot_id) references private.card_lots (pool_id, id),
  constraint gift_cards_status_is_valid check (
    status in ('available', 'claimed', 'delivered', 'redeemed', 'expired', 'stuck', 'cancelled')),
  constraint gift_cards_given_have_a_grant check (
    case when status in ('claimed', 'delivered', 'redeemed', 'stuck')
      then grant_id is not null and recipient_id is not null and claimed_at is not null and client_id is not null
      when status = 'available' then grant_id is null and recipient_id is null and claimed_at is null
      else true end),
  constraint gift_cards_delivered_at_matches_status check (
    (status in ('delivered', 'redeemed')) <= (delivered_at is not null)
    and (status in ('available', 'claimed')) <= (delivered_at is null)),
  constraint gift_cards_redeemed_at_matches_status check ((status = 'redeemed') = (redeemed_at is not null)),
  constraint gift_cards_expired_at_matches_status check ((status = 'expired') = (expired_at is not null)),
  constraint gift_cards_stuck_at_matches_status check ((status = 'stuck') <= (stuck_at is not null)),
  constraint gift_cards_cancelled_at_matches_status check ((status = 'cancelled') = (cancelled_at is not null)),
  constraint gift_cards_that_left_are_never_available check (status <> 'available' or exposed_at is null),
  constraint gift_cards_delivery_method_is_valid check (delivery_method in ('sms', 'email', 'browser', 'api')),
  constraint gift_cards_one_card_for_a_grant unique (grant_id)
);
comment on table public.gift_cards is
  'One card each; only the last four signs of its code stand here. serial_number: what the store''s support asks for, if the supplier '
  'named one; it pays for nothing. exposed_at: since then the code may have been disclosed. How '
  'it counts in inventory, pools and reports: counted_as (available, claimed, delivered, expired or cancelled), and was_received (it '
  'reached its recipient and was not cancelled; it may have expired since).';

create table private.undated_brands (
  brand_id uuid primary key references public.gift_card_brands (id),
  noted_at timestamptz not null default now()
);
comment on table private.undated_brands is
  'Brands with an expiration policy that may have cards in stock without an expiry date; expire_gift_cards gives them one.';

create table private.card_secrets (
  gift_card_id uuid primary key references public.gift_cards (id),
  code_fingerprint bytea not null,
  code_sealed bytea not null,
  pin_sealed bytea,
  seal_key_id text not null,
  constraint card_secrets_a_code_stands_once unique (code_fingerprint)
);
comment on table private.card_secrets is
  'AES-256-GCM ciphertext of code and PIN (nonce, ciphertext, tag) and the keyed fingerprint (HMAC) of the brand and the '
  'canonical code. Keys never come here.';

create index card_pools_client_id_idx on public.card_pools (client_id);
create index card_pools_campaign_id_client_id_idx on public.card_pools (campaign_id, client_id);
create index card_pools_supplier_id_idx on public.card_pools (supplier_id);
create index card_pools_brand_id_denomination_idx on public.card_pools (brand_id, denomination);
create index card_lots_expires_at_idx on private.card_lots (expires_at) where not is_expired;
create index card_lots_running_idx on private.card_lots (given_until) where not is_over;
create index gift_cards_claimable_idx on public.gift_cards (lot_id, id) where status = 'available';
create index gift_cards_waiting_idx on public.gift_cards (claimed_at) where status = 'claimed';
create index gift_cards_lapsing_idx on public.gift_cards (expires_at) where status = 'delivered' and expires_at is not null;
create index gift_cards_pool_id_lot_id_idx on public.gift_cards (pool_id, lot_id);
create index gift_cards_recipient_id_idx on public.gift_cards (recipient_id);
create index gift_cards_client_id_claimed_at_idx on public.gift_cards (client_id, claimed_at);
create index gift_cards_created_at_idx on public.gift_cards using brin (created_at);

-- When a card expires: at the end of the day that stands on it, else by the policy of its brand, counted from when it came in.
create function private.card_expiry(brand_id uuid, expires_on date, came_in_at timestamptz, time_zone text)
returns timestamptz language sql stable set search_path = '' as $$
  select private.end_of_day(coalesce(expires_on, (came_in_at at time zone time_zone)::date + b.valid_days), time_zone)
  from public.gift_card_brands b where b.id = card_expiry.brand_id
$$;

-- Until when a card of a brand may be given. A bought card is held to it, too.
create function private.given_until(brand_id uuid, expires_at timestamptz)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return coalesce(expires_at - coalesce(
    (select b.minimum_validity from public.gift_card_brands b where b.id = given_until.brand_id),
    (select r.minimum_validity from private.stock_rules r)), 'infinity');
end $$;

create function private.limit_lot()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  new.given_until := private.given_until((select p.brand_id from public.card_pools p where p.id = new.pool_id), new.expires_at);
  new.is_over := new.is_over and new.given_until <= now();
  return new;
end $$;

create trigger card_lots_are_limited before insert or update of expires_at on private.card_lots
  for each row execute function private.limit_lot();

create function private.note_undated_brand(brand_id uuid)
returns void language sql volatile set search_path = '' as $$
  insert into private.undated_brands as u (brand_id) values (brand_id)
  on conflict on constraint undated_brands_pkey do update set noted_at = now()
$$;

create function private.note_undated_cards()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.note_undated_brand(new.id);
  return null;
end $$;

create trigger gift_card_brands_date_their_cards after update of valid_days on public.gift_card_brands
  for each row when (new.valid_days is not null and new.valid_days is distinct from old.valid_days)
  execute function private.note_undated_cards();

-- Cards keep the brand with which they are sealed, the value at which they were given and the client to whom they belong.
create function private.refuse_other_kind()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (
    select from public.gift_cards c where c.pool_id = new.id and (c.grant_id is not null
      or (new.client_id, new.brand_id, new.pool_type, new.stock_owner)
        is distinct from (old.client_id, old.brand_id, old.pool_type, old.stock_owner))) then
    raise exception 'a pool that has cards keeps its brand, value, type, client and owner: make another pool';
  end if;
  return new;
end $$;

create trigger card_pools_keep_their_kind
  before update of client_id, brand_id, denomination, currency, pool_type, stock_owner on public.card_pools
  for each row when ((new.client_id, new.brand_id, new.denomination, new.currency, new.pool_type, new.stock_owner)
    is distinct from (old.client_id, old.brand_id, old.denomination, old.currency, old.pool_type, old.stock_owner))
  execute function private.refuse_other_kind();

-- A card as callers see it: of its code the last four signs.
create function private.present_card(card_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'id', c.id, 'brandId', b.id, 'brand', b.name, 'denomination', p.denomination, 'currency', p.currency,
      'expiresAt', c.expires_at, 'redemptionUrl', b.redemption_url, 'termsUrl', b.terms_url,
      'codeLast4', c.code_last4, 'status', c.status)
      || case when c.serial_number is null then '{}' else jsonb_build_object('serialNumber', c.serial_number) end
    from public.gift_cards c
    join public.card_pools p on p.id = c.pool_id
    join public.gift_card_brands b on b.id = p.brand_id
    where c.id = card_id);
end $$;

-- The ciphertexts of a card, and what is needed to open them.
create function private.sealed(secret private.card_secrets, brand_id uuid)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('giftCardId', secret.gift_card_id, 'brandId', brand_id, 'keyId', secret.seal_key_id,
    'code', translate(encode(secret.code_sealed, 'base64'), E'\n', ''),
    'pin', translate(encode(secret.pin_sealed, 'base64'), E'\n', ''));
end $$;

create function private.sealed_card(card_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select private.sealed(s, p.brand_id) from private.card_secrets s
    join public.gift_cards c on c.id = s.gift_card_id
    join public.card_pools p on p.id = c.pool_id
    where s.gift_card_id = card_id);
end $$;

create view public.gift_card_inventory with (security_invoker = on) as
  select c.id, c.client_id, c.pool_id, p.brand_id, b.brand_name, p.denomination, p.currency, c.code_last4, c.status, c.counted_as, c.expires_at
  from public.gift_cards c
  join public.card_pools p on p.id = c.pool_id
  join public.gift_card_brands b on b.id = p.brand_id;
comment on view public.gift_card_inventory is 'Every card with its brand and value. counted_as: available, claimed, delivered, expired or cancelled, as in gift_card_pools.';

alter table public.card_pools enable row level security;
alter table public.gift_cards enable row level security;

grant select on public.gift_cards, public.gift_card_inventory to authenticated, service_role;
grant select on public.card_pools to service_role;
-- what the cards had cost is the platform's business
grant select (id, client_id, brand_id, pool_name, denomination, currency, pool_type, campaign_id, supplier_id, stock_owner, is_active,
  total_cards, available_cards, expiring_cards, claimed_cards, stuck_cards, delivered_cards, redeemed_cards, received_cards,
  expired_cards, cancelled_cards, folded_before, created_at, archived_at) on public.card_pools to authenticated;

create policy "Staff read the pools of their clients" on public.card_pools
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Staff read the cards of their clients" on public.gift_cards
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
