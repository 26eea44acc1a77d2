-- Gift cards, the counters of pools. No transaction that claims a card updates a row that other claims share: triggers append
-- movements, which are folded into the counters now and then, and a reader adds what is not folded yet, so that what is read is exact.
-- Cards in stock that may no longer be given (card_lots.given_until) are not available: neither in the view, nor for the alerts.

create table private.card_movements (
  id bigint generated always as identity,
  pool_id uuid not null,
  lot_id uuid not null,
  total int not null,
  available int not null,
  claimed int not null,
  stuck int not null,
  delivered int not null,
  redeemed int not null,
  received int not null,
  expired int not null,
  cancelled int not null,
  xact xid8 not null default pg_current_xact_id(),
  -- led by what a reader asks for, so that a claim writes one index entry
  constraint card_movements_are_read_by_pool primary key (pool_id, xact, id)
);
comment on table private.card_movements is 'What each transaction changed in the counters of a pool; folded, then purged.';

create table private.fold_progress (
  is_the_only_row boolean primary key default true,
  horizon xid8 not null default '0',
  since timestamptz not null default now(),
  constraint fold_progress_is_one_row check (is_the_only_row)
);
comment on table private.fold_progress is 'The oldest open transaction above which movements wait to be folded, and since when they do.';
insert into private.fold_progress default values;

-- One statement, one movement for each lot it touched: an upload of ten thousand, a claim and an edit in Studio alike.
create function private.move_cards()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_op = 'INSERT' then
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, stuck, delivered, redeemed, received, expired, cancelled)
    select c.pool_id, c.lot_id, sum(c.sign), sum(c.sign * (c.counted_as = 'available')::int),
      sum(c.sign * (c.counted_as = 'claimed')::int), sum(c.sign * (c.status = 'stuck')::int),
      sum(c.sign * (c.counted_as = 'delivered')::int), sum(c.sign * (c.status = 'redeemed')::int),
      sum(c.sign * c.was_received::int),
      sum(c.sign * (c.counted_as = 'expired')::int), sum(c.sign * (c.counted_as = 'cancelled')::int)
    from (select n.*, 1 as sign from new_cards n) c group by c.pool_id, c.lot_id;
  elsif tg_op = 'DELETE' then
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, stuck, delivered, redeemed, received, expired, cancelled)
    select c.pool_id, c.lot_id, sum(c.sign), sum(c.sign * (c.counted_as = 'available')::int),
      sum(c.sign * (c.counted_as = 'claimed')::int), sum(c.sign * (c.status = 'stuck')::int),
      sum(c.sign * (c.counted_as = 'delivered')::int), sum(c.sign * (c.status = 'redeemed')::int),
      sum(c.sign * c.was_received::int),
      sum(c.sign * (c.counted_as = 'expired')::int), sum(c.sign * (c.counted_as = 'cancelled')::int)
    from (select o.*, -1 as sign from old_cards o) c group by c.pool_id, c.lot_id;
  else
    insert into private.card_movements (pool_id, lot_id, total, available, claimed, stuck, delivered, redeemed, received, expired, cancelled)
    select m.* from (
      select c.pool_id, c.lot_id, sum(c.sign) as total, sum(c.sign * (c.counted_as = 'available')::int) as available,
        sum(c.sign * (c.counted_as = 'claimed')::int) as claimed, sum(c.sign * (c.status = 'stuck')::int) as stuck,
        sum(c.sign * (c.counted_as = 'delivered')::int) as delivered, sum(c.sign * (c.status = 'redeemed')::int) as redeemed,
        sum(c.sign * c.was_received::int) as received, sum(c.sign * (c.counted_as = 'expired')::int) as expired,
        sum(c.sign * (c.counted_as = 'cancelled')::int) as cancelled
      from (
        select n.pool_id, n.lot_id, n.status, n.counted_as, n.was_received, 1 as sign from new_cards n
        union all
        select o.pool_id, o.lot_id, o.status, o.counted_as, o.was_received, -1 from old_cards o) c
      group by c.pool_id, c.lot_id) m
    -- an edit that moves nothing (an exposure, a note) leaves no movement
    where (m.total, m.available, m.claimed, m.stuck, m.delivered, m.redeemed, m.received, m.expired, m.cancelled)
      <> (0, 0, 0, 0, 0, 0, 0, 0, 0);
  end if;
  return null;
end $$;

create trigger gift_cards_move_on_insert after insert on public.gift_cards
  referencing new table as new_cards for each statement execute function private.move_cards();
create trigger gift_cards_move_on_update after update on public.gift_cards
  referencing old table as old_cards new table as new_cards for each statement execute function private.move_cards();
create trigger gift_cards_move_on_delete after delete on public.gift_cards
  referencing old table as old_cards for each statement execute function private.move_cards();

-- Manual edits of a pool cannot change its counters, which are computed from its cards.
create function private.refuse_other_counters()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  raise exception 'the counters of a pool follow its cards: upload, sell, return or cancel cards instead';
end $$;

create function private.counters_of(pool public.card_pools)
returns int[] language plpgsql immutable set search_path = '' as $$
begin
  return array[pool.total_cards, pool.available_cards, pool.claimed_cards, pool.stuck_cards, pool.delivered_cards,
    pool.redeemed_cards, pool.received_cards, pool.expired_cards, pool.cancelled_cards];
end $$;

create trigger card_pools_begin_empty before insert on public.card_pools
  for each row when (0 <> any (private.counters_of(new)))
  execute function private.refuse_other_counters();
-- a fold moves the counters together with the point up to which it has counted
create trigger card_pools_counters_follow_the_cards before update on public.card_pools
  for each row when (new.folded_before = old.folded_before and private.counters_of(new) <> private.counters_of(old))
  execute function private.refuse_other_counters();

-- What has moved in a pool since its last fold, and how many of its cards in stock may no longer be given. Every transaction
-- below folded_before had ended when that was written, so a movement is either in the counters or here; the index skips what
-- was folded, even while an old reader keeps it alive.
create function private.unfolded_movements(pool_id uuid, folded_before xid8)
returns table (
  total int, available int, expiring int, claimed int, stuck int, delivered int, redeemed int, received int, expired int,
  cancelled int)
language plpgsql stable security definer set search_path = '' as $$
begin
  return query
    select coalesce(sum(m.total), 0)::int, coalesce(sum(m.available), 0)::int, (
      select coalesce(sum(l.available_cards + (
        select coalesce(sum(n.available), 0) from private.card_movements n
        where n.pool_id = l.pool_id and n.xact >= unfolded_movements.folded_before and n.lot_id = l.id)), 0)
      from private.card_lots l
      where l.pool_id = unfolded_movements.pool_id and l.given_until <= now())::int,
      coalesce(sum(m.claimed), 0)::int, coalesce(sum(m.stuck), 0)::int, coalesce(sum(m.delivered), 0)::int,
      coalesce(sum(m.redeemed), 0)::int, coalesce(sum(m.received), 0)::int, coalesce(sum(m.expired), 0)::int,
      coalesce(sum(m.cancelled), 0)::int
    from private.card_movements m
    where m.pool_id = unfolded_movements.pool_id and m.xact >= unfolded_movements.folded_before;
end $$;

-- How many cards of a pool may be given now: exact.
create function private.givable_cards(pool public.card_pools)
returns int language sql stable set search_path = '' as $$
  select pool.available_cards + m.available - m.expiring from private.unfolded_movements(pool.id, pool.folded_before) m
$$;

-- The lots that may serve the claims of a campaign: its own, its client's, the platform's (where the client may use them), and cards
-- that were bought and came back. Cards too near to their expiry are no stock. A lot that was far from empty at the last fold is
-- worth a probe; near its end the exact count decides, so that an empty pool is known from its counter and not from a walk over
-- claimed cards.
create view private.claimable_lots as
  select c.id as campaign_id, l.id as lot_id, l.expires_at, pool.id as pool_id, pool.pool_type, pool.brand_id, pool.denomination,
    pool.currency, pool.stock_owner, pool.cost_per_card, pool.created_at,
    -- the campaign's pools first, then the client's, then the others
    case when pool.campaign_id is not null then 1 when pool.client_id is not null then 2 else 3 end as rank
  from public.campaigns c
  join public.card_pools pool on pool.is_active and (pool.client_id = c.client_id or pool.client_id is null)
    and (pool.campaign_id is null or pool.campaign_id = c.id)
    and (pool.pool_type <> 'master' or exists (
      select from public.client_brands cb
      where cb.client_id = c.client_id and cb.brand_id = pool.brand_id and cb.may_use_master_pool))
  join private.card_lots l on l.pool_id = pool.id and l.given_until > now()
  where case when l.available_cards > 1000 then true else l.available_cards + (
    select coalesce(sum(m.available), 0) from private.card_movements m
    where m.pool_id = pool.id and m.xact >= pool.folded_before and m.lot_id = l.id) > 0 end;

-- Folds what has moved into the lots of a pool, and notes the lots whose time has passed.
create function private.fold_lots(pool public.card_pools, horizon xid8)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update private.card_lots l set available_cards = l.available_cards + s.available
  from (
    select m.lot_id, sum(m.available) as available from private.card_movements m
    where m.pool_id = pool.id and m.xact >= pool.folded_before and m.xact < horizon group by m.lot_id) s
  where l.id = s.lot_id;
  update private.card_lots l set is_over = true where l.pool_id = pool.id and not l.is_over and l.given_until <= now();
end $$;

-- Folds pending movements into the counters of a pool and of its lots, unless another transaction is folding them.
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
  perform private.fold_lots(pool, horizon);
  update public.card_pools p
  set total_cards = p.total_cards + s.total, available_cards = p.available_cards + s.available,
    expiring_cards = s.expiring, claimed_cards = p.claimed_cards + s.claimed, stuck_cards = p.stuck_cards + s.stuck,
    delivered_cards = p.delivered_cards + s.delivered, redeemed_cards = p.redeemed_cards + s.redeemed,
    received_cards = p.received_cards + s.received, expired_cards = p.expired_cards + s.expired,
    cancelled_cards = p.cancelled_cards + s.cancelled, folded_before = horizon
  from (
    select coalesce(sum(m.total), 0) as total, coalesce(sum(m.available), 0) as available,
      coalesce(sum(m.claimed), 0) as claimed, coalesce(sum(m.stuck), 0) as stuck, coalesce(sum(m.delivered), 0) as delivered,
      coalesce(sum(m.redeemed), 0) as redeemed, coalesce(sum(m.received), 0) as received,
      coalesce(sum(m.expired), 0) as expired, coalesce(sum(m.cancelled), 0) as cancelled, (
        select coalesce(sum(l.available_cards), 0) from private.card_lots l where l.pool_id = pool.id and l.is_over) as expiring
    from private.card_movements m
    where m.pool_id = pool.id and m.xact >= pool.folded_before and m.xact < horizon) s
  where p.id = pool.id;
  return true;
end $$;

-- Folds the pools with lots whose time has passed since the last round: no card has moved there, and fewer may be given.
create function private.end_lots()
returns int language plpgsql volatile set search_path = '' as $$
declare
  pool_id uuid;
  ended int := 0;
begin
  for pool_id in
    select distinct l.pool_id from private.card_lots l where not l.is_over and l.given_until <= now() order by l.pool_id
  loop
    ended := ended + private.fold_pool(pool_id)::int;
  end loop;
  return ended;
end $$;

-- Another minimum validity moves the time of every lot that it concerns.
create function private.limit_lots(brand_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
declare
  brands uuid[] := array(select b.id from public.gift_card_brands b where limit_lots.brand_id is null) || limit_lots.brand_id;
  pools uuid[] := array(
    -- brand by brand and pool by pool, whatever the plan: most are of other brands
    select l.pool_id from unnest(brands) b (id)
    cross join lateral (select p.id from public.card_pools p where p.brand_id = b.id offset 0) p
    cross join lateral (
      select x.pool_id from private.card_lots x where x.pool_id = p.id and x.expires_at is not null limit 1) l
    order by l.pool_id);
begin
  -- the trigger of the lots recomputes given_until
  update private.card_lots l set expires_at = l.expires_at where l.pool_id = any (pools) and l.expires_at is not null;
  perform private.fold_pool(u.id) from unnest(pools) u (id);
end $$;

create function private.follow_minimum_validity()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if tg_relid = 'private.stock_rules'::regclass then
    perform private.limit_lots(null);
  else
    perform private.limit_lots(new.id);
  end if;
  return null;
end $$;

create trigger stock_rules_limit_lots after update of minimum_validity on private.stock_rules
  for each row when (new.minimum_validity <> old.minimum_validity) execute function private.follow_minimum_validity();
create trigger gift_card_brands_limit_lots after update of minimum_validity on public.gift_card_brands
  for each row when (new.minimum_validity is distinct from old.minimum_validity)
  execute function private.follow_minimum_validity();

create function private.update_minimum_validity(hours int, brand_id uuid default null)
returns interval language plpgsql volatile security definer set search_path = '' as $$
declare
  minimum interval := make_interval(hours => hours);
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_given(hours is not null or brand_id is not null, 'hours');
  perform private.assert_number(hours, 'hours', 0, 8760);
  if brand_id is null then
    update private.stock_rules r set minimum_validity = minimum where r.is_the_only_row;
  else
    update public.gift_card_brands b set minimum_validity = minimum where b.id = update_minimum_validity.brand_id;
    if not found then
      perform private.refuse('RB-404');
    end if;
  end if;
  perform private.record_audit(null, private.caller(), 'minimum_validity.updated', 'gift_card_brand',
    coalesce(brand_id, '00000000-0000-0000-0000-000000000000'), jsonb_build_object('hours', hours));
  return coalesce(minimum, (select r.minimum_validity from private.stock_rules r));
end $$;
select private.publish('private.update_minimum_validity(int, uuid)', '{authenticated, service_role}',
  'Sets for how many hours a card must still be good when it is claimed: of a brand (null: as everywhere), or of all brands that say '
  'nothing else. For platform admins; returns the minimum that holds now.');

create function private.purge_movements()
returns void language sql volatile set search_path = '' as $$
  delete from private.card_movements m using public.card_pools p where m.pool_id = p.id and m.xact < p.folded_before
$$;

-- Raises an alert when one transaction is open for five minutes while movements wait for its end: each reader of a small pool adds them up.
create function private.watch_fold()
returns void language plpgsql volatile set search_path = '' as $$
declare
  oldest xid8 := pg_snapshot_xmin(pg_current_snapshot());
  progress private.fold_progress;
begin
  select p.* into progress from private.fold_progress p;
  if progress.horizon <> oldest and exists (select from private.card_movements m where m.xact >= oldest) then
    update private.fold_progress p set horizon = oldest, since = now();
    progress.since := now();
  elsif progress.horizon <> oldest then
    progress.since := now();
  end if;
  if progress.since < now() - interval '5 minutes' then
    perform private.raise_alert('counters_not_folded', 'warning',
      'A transaction is open for more than 5 minutes: counters of pools are not folded, and claims become slower. End it',
      jsonb_build_object('since', progress.since, 'pid', (
        select a.pid from pg_catalog.pg_stat_activity a where a.backend_xid is not null order by age(a.backend_xid) desc limit 1)), 'fold');
  else
    perform private.resolve_alert('counters_not_folded', 'fold');
  end if;
end $$;

-- An alert for each step down (20 %, 10 %, nothing), once; restocking resolves it.
create function private.check_pool_inventory()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  available constant int := new.available_cards - new.expiring_cards;
  facts jsonb := jsonb_build_object('pool_id', new.id, 'available', available, 'total', new.total_cards);
  level record;
begin
  for level in
    select * from (values
      ('low_gift_card_inventory', 'warning', 0.20, ' is below 20% capacity'),
      ('critical_gift_card_inventory', 'critical', 0.10, ' is below 10% capacity'),
      ('pool_exhausted', 'critical', 0.00, ' is exhausted')) as l (alert_type, severity, share, words)
  loop
    if greatest(old.total_cards, new.total_cards) > 0 and (available = 0 or available < new.total_cards * level.share) then
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
    jsonb_build_object('available', new.available_cards - new.expiring_cards));
  return new;
end $$;

create trigger card_pools_reopen_when_restocked before update of available_cards on public.card_pools
  for each row when (new.archived_at is not null and new.available_cards > new.expiring_cards)
  execute function private.reopen_pool();

-- a pool that was stocked and emptied between two folds has crossed, too: its total shows it
create trigger pool_inventory_check after update of total_cards, available_cards, expiring_cards on public.card_pools
  for each row when (new.pool_type <> 'supplier' and new.archived_at is null
    and (old.total_cards, old.available_cards, old.expiring_cards)
      is distinct from (new.total_cards, new.available_cards, new.expiring_cards))
  execute function private.check_pool_inventory();

-- The cost of the cards of a pool; for the platform, servers, and the database owner in Studio.
create function private.cost_of_pool(pool_id uuid)
returns numeric language plpgsql stable security definer set search_path = '' as $$
begin
  if current_setting('role') = 'authenticated' and not private.is_platform_admin() then
    return null;
  end if;
  return (select p.cost_per_card from public.card_pools p where p.id = cost_of_pool.pool_id);
end $$;

-- The client's own cost of the cards of a pool; for the client's admins, not its agents.
create function private.client_cost_of_pool(pool_id uuid)
returns numeric language plpgsql stable security definer set search_path = '' as $$
begin
  return (
    select p.client_cost_per_card from public.card_pools p
    where p.id = client_cost_of_pool.pool_id and (current_setting('role') <> 'authenticated'
      or private.acts_for(auth.uid(), p.client_id, private.admin_roles())));
end $$;

create view public.gift_card_pools with (security_invoker = on) as
  select p.id, p.client_id, p.brand_id, p.pool_name, p.denomination, p.currency, p.pool_type, p.campaign_id,
    p.stock_owner, private.cost_of_pool(p.id) as cost_per_card, private.client_cost_of_pool(p.id) as client_cost_per_card,
    p.is_active, p.total_cards + m.total as total_cards, p.available_cards + m.available - m.expiring as available_cards,
    m.expiring as expiring_cards, p.claimed_cards + m.claimed as claimed_cards, p.stuck_cards + m.stuck as stuck_cards,
    p.delivered_cards + m.delivered as delivered_cards, p.redeemed_cards + m.redeemed as redeemed_cards,
    p.expired_cards + m.expired as expired_cards, p.cancelled_cards + m.cancelled as cancelled_cards,
    round((p.received_cards + m.received)::numeric / nullif(p.total_cards + m.total, 0), 4) as utilization_rate, p.created_at,
    p.archived_at
  from public.card_pools p, lateral private.unfolded_movements(p.id, p.folded_before) m;
comment on view public.gift_card_pools is
  'The pools with their exact counters. total = available + expiring (in stock, and too near to their expiry to be given) + claimed '
  '(stuck among them) + delivered (redeemed among them) + expired + cancelled. utilization_rate: the part that reached its '
  'recipients; a cancelled card did not. cost_per_card is for the platform only, client_cost_per_card for the client''s admins.';

create view public.active_gift_card_pools with (security_invoker = on) as
  select p.* from public.gift_card_pools p where p.archived_at is null;
comment on view public.active_gift_card_pools is 'The pools that are not archived.';

grant execute on function
  private.unfolded_movements(uuid, xid8), private.cost_of_pool(uuid), private.client_cost_of_pool(uuid)
  to authenticated, service_role;
grant select on public.gift_card_pools, public.active_gift_card_pools to authenticated, service_role;
