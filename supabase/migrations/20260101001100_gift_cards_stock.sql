-- Gift cards, the stock: pools of one brand and value, in lots of one expiry; each card in one lot.
-- Codes and PINs are sealed before they come here and stand apart, where no client role can look; a code stands once
-- within its brand, by its fingerprint. Nobody who claims a card updates a row that other claims share: the triggers append movements,
-- which are folded into the counters now and then, and a reader adds what is not folded yet, so that what is read is exact.

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
  claimed_cards int not null default 0,
  delivered_cards int not null default 0,
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
  'client''s own figure. Its counters are those of the last fold; the view gift_card_pools has the exact ones.';

create table private.card_lots (
  id uuid primary key default gen_random_uuid(),
  pool_id uuid not null references public.card_pools (id),
  expires_at timestamptz,
  available_cards int not null default 0,
  constraint card_lots_are_unique unique nulls not distinct (pool_id, expires_at),
  constraint card_lots_belong_to_their_pool unique (pool_id, id)
);
comment on table private.card_lots is 'The cards of a pool that expire together: claims take the earliest first.';

create table public.gift_cards (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  pool_id uuid not null,
  lot_id uuid not null,
  code_last4 text not null,
  status text not null default 'available',
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
  'One card each; only the last four signs of its code stand here. exposed_at: since then the code may have left the house.';

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

create table private.card_imports (
  pool_id uuid not null references public.card_pools (id),
  file_hash text not null,
  imported int not null,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint card_imports_are_unique primary key (pool_id, file_hash)
);
comment on table private.card_imports is 'The files that were uploaded to a pool, by their sha256.';

create table private.card_movements (
  id bigint generated always as identity primary key,
  pool_id uuid not null,
  lot_id uuid not null,
  total int not null,
  available int not null,
  claimed int not null,
  delivered int not null,
  xact xid8 not null default pg_current_xact_id()
);
comment on table private.card_movements is 'What each transaction changed in the counters of a pool; folded, then purged.';

create index card_pools_client_id_idx on public.card_pools (client_id);
create index card_pools_campaign_id_client_id_idx on public.card_pools (campaign_id, client_id);
create index card_pools_supplier_id_idx on public.card_pools (supplier_id);
create index card_pools_brand_id_denomination_idx on public.card_pools (brand_id, denomination);
create index card_lots_expires_at_idx on private.card_lots (expires_at);
create index gift_cards_claimable_idx on public.gift_cards (lot_id, id) where status = 'available';
create index gift_cards_waiting_idx on public.gift_cards (claimed_at) where status = 'claimed';
create index gift_cards_lapsing_idx on public.gift_cards (expires_at) where status = 'delivered' and expires_at is not null;
create index gift_cards_pool_id_lot_id_idx on public.gift_cards (pool_id, lot_id);
create index gift_cards_recipient_id_idx on public.gift_cards (recipient_id);
create index gift_cards_client_id_idx on public.gift_cards (client_id);
create index card_movements_pool_id_xact_idx on private.card_movements (pool_id, xact);

-- When a card expires: at the end of the day that stands on it, else by the policy of its brand, counted from when it came in.
create function private.card_expiry(brand_id uuid, expires_on date, came_in_at timestamptz, time_zone text)
returns timestamptz language sql stable set search_path = '' as $$
  select private.end_of_day(coalesce(expires_on, (came_in_at at time zone time_zone)::date + b.valid_days), time_zone)
  from public.gift_card_brands b where b.id = card_expiry.brand_id
$$;

-- One statement, one movement for each lot it touched: an upload of ten thousand, a claim and an edit in Studio alike.
create function private.move_cards()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, delivered)
    select c.pool_id, c.lot_id, count(*), count(*) filter (where c.status = 'available'),
      count(*) filter (where c.status in ('claimed', 'stuck')), count(*) filter (where c.status in ('delivered', 'redeemed'))
    from new_cards c group by c.pool_id, c.lot_id;
  elsif tg_op = 'DELETE' then
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, delivered)
    select c.pool_id, c.lot_id, -count(*), -count(*) filter (where c.status = 'available'),
      -count(*) filter (where c.status in ('claimed', 'stuck')), -count(*) filter (where c.status in ('delivered', 'redeemed'))
    from old_cards c group by c.pool_id, c.lot_id;
  else
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, delivered)
    select c.pool_id, c.lot_id, sum(c.sign), coalesce(sum(c.sign) filter (where c.status = 'available'), 0),
      coalesce(sum(c.sign) filter (where c.status in ('claimed', 'stuck')), 0),
      coalesce(sum(c.sign) filter (where c.status in ('delivered', 'redeemed')), 0)
    from (
      select n.pool_id, n.lot_id, n.status, 1 as sign from new_cards n
      union all
      select o.pool_id, o.lot_id, o.status, -1 from old_cards o) c
    group by c.pool_id, c.lot_id
    -- an edit that moves nothing (an exposure, a note) leaves no movement
    having count(*) filter (where c.sign = 1) <> count(*) filter (where c.sign = -1)
      or array_agg(c.status order by c.status) filter (where c.sign = 1)
        <> array_agg(c.status order by c.status) filter (where c.sign = -1);
  end if;
  return null;
end $$;

create trigger gift_cards_move_on_insert after insert on public.gift_cards
  referencing new table as new_cards for each statement execute function private.move_cards();
create trigger gift_cards_move_on_update after update on public.gift_cards
  referencing old table as old_cards new table as new_cards for each statement execute function private.move_cards();
create trigger gift_cards_move_on_delete after delete on public.gift_cards
  referencing old table as old_cards for each statement execute function private.move_cards();

-- Whoever edits a pool by hand: its counters follow its cards, and cards keep the brand with which they are sealed, the value
-- at which they were given and the client to whom they belong.
create function private.refuse_other_counters()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  raise exception 'the counters of a pool follow its cards: upload, sell, return or cancel cards instead';
end $$;

create trigger card_pools_begin_empty before insert on public.card_pools
  for each row when ((new.total_cards, new.available_cards, new.claimed_cards, new.delivered_cards) <> (0, 0, 0, 0))
  execute function private.refuse_other_counters();
-- a fold moves the counters together with the point up to which it has counted
create trigger card_pools_counters_follow_the_cards before update on public.card_pools
  for each row when (new.folded_before = old.folded_before
    and (new.total_cards, new.available_cards, new.claimed_cards, new.delivered_cards)
      <> (old.total_cards, old.available_cards, old.claimed_cards, old.delivered_cards))
  execute function private.refuse_other_counters();

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

-- What has moved in a pool since its last fold. Every transaction below folded_before had ended when that was written, so
-- a movement is either in the counters or here; the index skips what was folded, even while an old reader keeps it alive.
create function private.unfolded_movements(pool_id uuid, folded_before xid8)
returns table (total int, available int, claimed int, delivered int)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select coalesce(sum(m.total), 0)::int, coalesce(sum(m.available), 0)::int,
      coalesce(sum(m.claimed), 0)::int, coalesce(sum(m.delivered), 0)::int
    from private.card_movements m
    where m.pool_id = unfolded_movements.pool_id and m.xact >= unfolded_movements.folded_before;
end $$;

-- Folds what has moved into the counters of a pool and of its lots, unless somebody else is at it.
create function private.fold_pool(pool_id uuid)
returns boolean language plpgsql volatile set search_path = '' as $$
declare
  pool public.card_pools;
  horizon xid8;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('private.fold_pool' || fold_pool.pool_id, 0)) then
    return false;
  end if;
  -- read under the lock: a horizon older than the last fold's would count twice
  horizon := pg_snapshot_xmin(pg_current_snapshot());
  select p.* into pool from public.card_pools p where p.id = fold_pool.pool_id;
  update private.card_lots l set available_cards = l.available_cards + s.available
  from (
    select m.lot_id, sum(m.available) as available from private.card_movements m
    where m.pool_id = pool.id and m.xact >= pool.folded_before and m.xact < horizon group by m.lot_id) s
  where l.id = s.lot_id;
  update public.card_pools p
  set total_cards = p.total_cards + s.total, available_cards = p.available_cards + s.available,
    claimed_cards = p.claimed_cards + s.claimed, delivered_cards = p.delivered_cards + s.delivered, folded_before = horizon
  from (
    select coalesce(sum(m.total), 0) as total, coalesce(sum(m.available), 0) as available,
      coalesce(sum(m.claimed), 0) as claimed, coalesce(sum(m.delivered), 0) as delivered
    from private.card_movements m
    where m.pool_id = pool.id and m.xact >= pool.folded_before and m.xact < horizon) s
  where p.id = pool.id;
  return true;
end $$;

create function private.purge_movements()
returns void language sql volatile set search_path = '' as $$
  delete from private.card_movements m using public.card_pools p where m.pool_id = p.id and m.xact < p.folded_before
$$;

-- An alert for each step down (20 %, 10 %, nothing), once; restocking resolves it.
create function private.check_pool_inventory()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  facts jsonb := jsonb_build_object('pool_id', new.id, 'available', new.available_cards, 'total', new.total_cards);
  level record;
begin
  for level in
    select * from (values
      ('low_gift_card_inventory', 'warning', 0.20, ' is below 20% capacity'),
      ('critical_gift_card_inventory', 'critical', 0.10, ' is below 10% capacity'),
      ('pool_exhausted', 'critical', 0.00, ' is exhausted')) as l (alert_type, severity, share, words)
  loop
    if greatest(old.total_cards, new.total_cards) > 0 and (new.available_cards = 0 or new.available_cards < new.total_cards * level.share) then
      perform private.raise_alert(level.alert_type, level.severity,
        'Gift card pool ' || new.pool_name || level.words, facts, new.id::text, new.client_id);
    else
      perform private.resolve_alert(level.alert_type, new.id::text);
    end if;
  end loop;
  return null;
end $$;

-- Cards that come into an archived pool, by an upload, a transfer or a return, bring it back.
create function private.reopen_pool()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  new.archived_at := null;
  new.is_active := true;
  perform private.record_audit(new.client_id, null, 'card_pool.reopened', 'card_pool', new.id,
    jsonb_build_object('available', new.available_cards));
  return new;
end $$;

create trigger card_pools_reopen_when_restocked before update of available_cards on public.card_pools
  for each row when (new.archived_at is not null and new.available_cards > 0)
  execute function private.reopen_pool();

-- a pool that was stocked and emptied between two folds has crossed, too: its total tells
create trigger pool_inventory_check after update of total_cards, available_cards on public.card_pools
  for each row when (new.pool_type <> 'supplier' and new.archived_at is null
    and (old.total_cards, old.available_cards) is distinct from (new.total_cards, new.available_cards))
  execute function private.check_pool_inventory();

-- What the cards of a pool had cost, for whom it concerns: the platform, a server, the owner in Studio.
create function private.cost_of_pool(pool_id uuid)
returns numeric language plpgsql stable security definer set search_path = '' as $$
begin
  if current_setting('role') = 'authenticated' and not private.is_platform_admin() then
    return null;
  end if;
  return (select p.cost_per_card from public.card_pools p where p.id = cost_of_pool.pool_id);
end $$;

-- What the cards of a pool had cost its client: for the client's admins, not its agents.
create function private.client_cost_of_pool(pool_id uuid)
returns numeric language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select p.client_cost_per_card from public.card_pools p
    where p.id = client_cost_of_pool.pool_id and (current_setting('role') <> 'authenticated' or exists (
      select from private.client_ids_of(auth.uid(), private.admin_roles()) as known where known = p.client_id)));
end $$;

create view public.gift_card_pools with (security_invoker = on) as
  select p.id, p.client_id, p.brand_id, p.pool_name, p.denomination, p.currency, p.pool_type, p.campaign_id,
    p.stock_owner, private.cost_of_pool(p.id) as cost_per_card, private.client_cost_of_pool(p.id) as client_cost_per_card,
    p.is_active, p.total_cards + m.total as total_cards, p.available_cards + m.available as available_cards,
    p.claimed_cards + m.claimed as claimed_cards, p.delivered_cards + m.delivered as delivered_cards, p.created_at,
    p.archived_at
  from public.card_pools p, lateral private.unfolded_movements(p.id, p.folded_before) m;
comment on view public.gift_card_pools is
  'The pools with their exact counters: total, available, claimed, delivered. cost_per_card is for the platform only, '
  'client_cost_per_card for the client''s admins.';

create view public.active_gift_card_pools with (security_invoker = on) as
  select p.* from public.gift_card_pools p where p.archived_at is null;
comment on view public.active_gift_card_pools is 'The pools that are not archived.';

create view public.gift_card_inventory with (security_invoker = on) as
  select c.id, c.client_id, c.pool_id, p.brand_id, b.brand_name, p.denomination, p.currency, c.code_last4, c.status, c.expires_at
  from public.gift_cards c
  join public.card_pools p on p.id = c.pool_id
  join public.gift_card_brands b on b.id = p.brand_id;
comment on view public.gift_card_inventory is 'Every card with its brand and value.';

alter table public.card_pools enable row level security;
alter table public.gift_cards enable row level security;

grant execute on function
  private.unfolded_movements(uuid, xid8), private.cost_of_pool(uuid), private.client_cost_of_pool(uuid)
  to authenticated, service_role;
grant select on public.gift_cards, public.gift_card_pools, public.active_gift_card_pools, public.gift_card_inventory
  to authenticated, service_role;
grant select on public.card_pools to service_role;
-- what the cards had cost is the platform's business
grant select (id, client_id, brand_id, pool_name, denomination, currency, pool_type, campaign_id, supplier_id, stock_owner, is_active,
  total_cards, available_cards, claimed_cards, delivered_cards, folded_before, created_at, archived_at)
  on public.card_pools to authenticated;

create policy "Staff read the pools of their clients" on public.card_pools
  for select to authenticated
  using (client_id in (select private.staffed_client_ids()) or (select private.is_platform_admin()));

create policy "Staff read the cards of their clients" on public.gift_cards
  for select to authenticated
  using (client_id in (select private.staffed_client_ids()) or (select private.is_platform_admin()));
