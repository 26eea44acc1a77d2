-- Gift cards, sales: cards move from a master pool to a client's pool for money, and back while they are unclaimed.
-- A sale moves exactly the requested number of cards, or none. It locks available cards only and waits for none while it holds any;
-- GC-003 is decided by the exact count. A card keeps its sale, so that it is paid for once: its bill does not charge it again, and a
-- return credits the price of the sale. A sale has two prices: what the client owes its agency, and what the agency owes the platform.
-- A price that the platform names is passed through. Sales and returns are immutable.

create table public.admin_card_sales (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null generated always as (buyer_client_id) stored,
  master_pool_id uuid not null references public.card_pools (id),
  buyer_client_id uuid not null references public.clients (id),
  buyer_pool_id uuid not null references public.card_pools (id),
  quantity int not null,
  price_per_card numeric(18,2) not null,
  total_amount numeric(18,2) not null generated always as (quantity * price_per_card) stored,
  platform_price_per_card numeric(18,2) not null,
  platform_total_amount numeric(18,2) not null generated always as (quantity * platform_price_per_card) stored,
  currency text not null,
  cost_per_card numeric(18,2) not null,
  sold_by uuid,
  request_id uuid,
  created_at timestamptz not null default now(),
  constraint admin_card_sales_quantity_is_positive check (quantity > 0),
  constraint admin_card_sales_amounts_are_not_negative check (
    price_per_card >= 0 and price_per_card < 'Infinity' and cost_per_card >= 0 and cost_per_card < 'Infinity'
    and platform_price_per_card >= 0 and platform_price_per_card < 'Infinity')
);
comment on table public.admin_card_sales is
  'Cards sold from a master pool to a client''s pool: how many, what the client owes (price_per_card), what its agency owes '
  '(platform_price_per_card), and the platform''s cost.';

create table public.admin_card_returns (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  sale_id uuid not null references public.admin_card_sales (id),
  quantity int not null,
  total_amount numeric(18,2) not null,
  currency text not null,
  returned_by uuid,
  request_id uuid,
  created_at timestamptz not null default now(),
  constraint admin_card_returns_quantity_is_positive check (quantity > 0),
  constraint admin_card_returns_total_amount_is_not_negative check (total_amount >= 0)
);
comment on table public.admin_card_returns is 'Returns of cards of a sale to the master pool, with the amount credited.';

create table private.sold_cards (
  gift_card_id uuid primary key references public.gift_cards (id),
  sale_id uuid not null references public.admin_card_sales (id)
);
comment on table private.sold_cards is 'The sale of each sold card, until the card is returned.';

create index admin_card_sales_client_id_idx on public.admin_card_sales (client_id, created_at);
create index admin_card_sales_master_pool_id_idx on public.admin_card_sales (master_pool_id);
create index admin_card_sales_buyer_client_id_idx on public.admin_card_sales (buyer_client_id);
create index admin_card_sales_buyer_pool_id_idx on public.admin_card_sales (buyer_pool_id);
create index admin_card_returns_client_id_idx on public.admin_card_returns (client_id, created_at);
create index admin_card_returns_sale_id_idx on public.admin_card_returns (sale_id);
create index sold_cards_sale_id_idx on private.sold_cards (sale_id);

create trigger admin_card_sales_are_immutable before update or delete or truncate on public.admin_card_sales
  for each statement execute function private.refuse_change();
create trigger admin_card_returns_are_immutable before update or delete or truncate on public.admin_card_returns
  for each statement execute function private.refuse_change();

-- The number of cards of a pool (of one sale, if given) that could move now: exact, from the counters of the lots.
create function private.movable_cards(pool_id uuid, sale_id uuid default null)
returns bigint language plpgsql volatile set search_path = '' as $$
begin
  if sale_id is not null then
    return (
      select count(*) from private.sold_cards s
      join public.gift_cards c on c.id = s.gift_card_id
      join private.card_lots l on l.id = c.lot_id and l.given_until > now()
      where s.sale_id = movable_cards.sale_id and c.pool_id = movable_cards.pool_id and c.status = 'available');
  end if;
  return (
    select coalesce(sum(l.available_cards + (
      select coalesce(sum(m.available), 0) from private.card_movements m
      where m.pool_id = p.id and m.xact >= p.folded_before and m.lot_id = l.id)), 0)
    from public.card_pools p
    join private.card_lots l on l.pool_id = p.id and l.given_until > now()
    where p.id = movable_cards.pool_id);
end $$;

-- Locks up to `quantity` available cards, the earliest expiry first; fewer when other transactions hold some.
create function private.lock_free_cards(pool_id uuid, quantity int, sale_id uuid)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  lot private.card_lots;
  card_ids uuid[] := '{}';
begin
  for lot in
    select l.* from private.card_lots l
    where l.pool_id = lock_free_cards.pool_id and l.given_until > now()
    order by l.expires_at nulls last, l.id
  loop
    card_ids := card_ids || array(
      select c.id from public.gift_cards c
      where c.lot_id = lot.id and c.status = 'available' and (lock_free_cards.sale_id is null or exists (
        select from private.sold_cards s where s.gift_card_id = c.id and s.sale_id = lock_free_cards.sale_id))
      -- a locked card is being claimed or sold by another transaction
      order by c.id limit quantity - cardinality(card_ids) for update of c skip locked);
    exit when cardinality(card_ids) = quantity;
  end loop;
  return card_ids;
end $$;

-- Waits for the transaction that holds a card, and releases the card again.
create function private.await_card(card_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform from public.gift_cards c where c.id = card_id for update;
  raise exception 'seen' using errcode = 'RBACK';
exception when sqlstate 'RBACK' then
  null;
end $$;

-- Locks exactly `quantity` cards, or refuses with GC-003. While other transactions hold cards that may come back, it releases its own
-- cards and waits for one of theirs, to prevent deadlocks.
create function private.lock_cards(pool_id uuid, quantity int, sale_id uuid default null)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  card_ids uuid[];
  held_elsewhere uuid;
begin
  loop
    if private.movable_cards(pool_id, sale_id) < quantity then
      perform private.refuse('GC-003', case when sale_id is null then 'Not enough gift cards in pool'
        else 'Not so many cards of this sale are unclaimed' end, jsonb_build_object(
        'available', private.movable_cards(pool_id, sale_id), 'requested', quantity));
    end if;
    begin
      card_ids := private.lock_free_cards(pool_id, quantity, sale_id);
      if cardinality(card_ids) = quantity then
        return card_ids;
      end if;
      raise exception 'others hold some' using errcode = 'RBACK';
    exception when sqlstate 'RBACK' then
      null;
    end;
    held_elsewhere := (
      select c.id from public.gift_cards c
      join private.card_lots l on l.id = c.lot_id and l.given_until > now()
      where c.pool_id = lock_cards.pool_id and c.status = 'available'
        and c.id <> all (card_ids) and (lock_cards.sale_id is null or exists (
          select from private.sold_cards s where s.gift_card_id = c.id and s.sale_id = lock_cards.sale_id))
      limit 1);
    perform private.await_card(held_elsewhere);
  end loop;
end $$;

-- Moves locked cards to a pool, each to the lot of its expiry there; the triggers move the counters of both pools.
create function private.move_cards_to(card_ids uuid[], source_id uuid, target public.card_pools)
returns void language plpgsql volatile set search_path = '' as $$
declare
  moved int;
begin
  insert into private.card_lots (pool_id, expires_at)
  select distinct target.id, c.expires_at from public.gift_cards c where c.id = any (card_ids) order by c.expires_at
  -- the lot exists already; in order, to prevent deadlocks with others that add lots
  on conflict on constraint card_lots_are_unique do nothing;
  update public.gift_cards c set pool_id = target.id, lot_id = l.id, client_id = target.client_id
  from private.card_lots l
  where c.id = any (card_ids) and c.pool_id = source_id and c.status = 'available'
    and l.pool_id = target.id and l.expires_at is not distinct from c.expires_at;
  get diagnostics moved = row_count;
  if moved <> cardinality(card_ids) then
    raise exception '% of % cards moved under our lock', moved, cardinality(card_ids);
  end if;
end $$;

-- The buyer's pool that receives the cards: the given one, else a new one.
create function private.buyer_pool(
  master public.card_pools, buyer_client_id uuid, buyer_pool_id uuid, price_per_card numeric)
returns public.card_pools language plpgsql volatile set search_path = '' as $$
declare
  pool public.card_pools;
begin
  if buyer_pool_id is null then
    insert into public.card_pools as p (
      client_id, brand_id, pool_name, denomination, currency, pool_type, cost_per_card, client_cost_per_card)
    select c.id, b.id, concat_ws(' - ', c.name, b.name), master.denomination, master.currency, 'client', master.cost_per_card,
      price_per_card
    from public.clients c, public.gift_card_brands b
    where c.id = buyer_client_id and b.id = master.brand_id
    returning p.* into pool;
    return pool;
  end if;
  select p.* into pool from public.card_pools p
  where p.id = buyer_pool_id and p.client_id = buyer_pool.buyer_client_id;
  if pool.id is null then
    perform private.refuse('RB-404');
  elsif (pool.brand_id, pool.denomination, pool.currency) <> (master.brand_id, master.denomination, master.currency) then
    perform private.refuse('RB-400', 'The buyer''s pool holds another brand or value');
  elsif not pool.is_active and pool.archived_at is null then
    perform private.refuse('RB-400', 'The buyer''s pool is not active');
  end if;
  return pool;
end $$;

create function private.present_sale(sale public.admin_card_sales, is_charged boolean)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('saleId', sale.id, 'masterPoolId', sale.master_pool_id, 'buyerClientId', sale.buyer_client_id,
    'buyerPoolId', sale.buyer_pool_id, 'quantity', sale.quantity, 'pricePerCard', sale.price_per_card,
    'totalAmount', sale.total_amount, 'platformPricePerCard', sale.platform_price_per_card, 'currency', sale.currency,
    'chargedToCredit', is_charged)
$$;

-- Whether the agency of a client has disabled the brand or the value.
create function private.is_withheld_by_agency(client_id uuid, brand_id uuid, denomination numeric, currency text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.clients c join public.agency_brands ab on ab.agency_id = c.agency_id
    where c.id = is_withheld_by_agency.client_id and ab.brand_id = is_withheld_by_agency.brand_id and not ab.is_enabled
  ) or exists (
    select from public.clients c join public.agency_denominations ad on ad.agency_id = c.agency_id
    where c.id = is_withheld_by_agency.client_id and ad.brand_id = is_withheld_by_agency.brand_id
      and ad.denomination = is_withheld_by_agency.denomination and ad.currency = is_withheld_by_agency.currency
      and not ad.is_enabled);
end $$;

create function private.sell_cards(
  master_pool_id uuid, buyer_client_id uuid, buyer_pool_id uuid, quantity int, price_per_card numeric, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  master public.card_pools;
  buyer public.card_pools;
  prices private.card_prices;
  card_ids uuid[];
  sale public.admin_card_sales;
  payers private.payers;
begin
  perform private.assert_platform_admin(request.actor);
  select p.* into master from public.card_pools p where p.id = sell_cards.master_pool_id and p.pool_type = 'master';
  if master.id is null or not exists (select from public.clients c where c.id = sell_cards.buyer_client_id) then
    perform private.refuse('RB-404');
  elsif quantity not between 1 and 10000 then
    perform private.refuse('RB-400', 'A sale is of 1 to 10,000 cards');
  elsif private.is_withheld_by_agency(buyer_client_id, master.brand_id, master.denomination, master.currency) then
    perform private.refuse_field('masterPoolId', 'holds cards that the agency of the client does not offer');
  end if;
  perform private.assert_amount(price_per_card, master.currency, 'pricePerCard');
  if price_per_card is null then
    prices := private.prices_of_card(buyer_client_id, master.brand_id, master.denomination, master.currency);
  else
    prices := row(price_per_card, price_per_card);
  end if;
  card_ids := private.lock_cards(master.id, quantity);
  buyer := private.buyer_pool(master, buyer_client_id, buyer_pool_id, prices.client_price);
  perform private.move_cards_to(card_ids, master.id, buyer);
  insert into public.admin_card_sales as s (
    master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, platform_price_per_card, currency,
    cost_per_card, sold_by, request_id)
  values (master.id, buyer.client_id, buyer.id, quantity, prices.client_price, prices.platform_price, master.currency,
    master.cost_per_card, request.actor, request.id)
  returning s.* into sale;
  insert into private.sold_cards (gift_card_id, sale_id) select unnest(card_ids), sale.id;
  perform private.record_audit(buyer.client_id, request.actor, 'gift_cards.sold', 'admin_card_sale', sale.id,
    jsonb_build_object('master_pool_id', master.id, 'buyer_pool_id', buyer.id, 'quantity', quantity,
      'price_per_card', sale.price_per_card, 'total_amount', sale.total_amount, 'currency', sale.currency), request.id);
  payers := private.payers_of(buyer.client_id, 'client', sale.currency);
  perform private.charge_credit(buyer.client_id, payers, row(sale.platform_total_amount, sale.total_amount), sale.currency,
    'sale:' || sale.id, sale.id, 'card_sale', 'Gift cards bought');
  return private.present_sale(sale, payers.client_account is not null and sale.total_amount > 0);
end $$;

create function private.return_cards(sale_id uuid, quantity int, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  sale public.admin_card_sales;
  master public.card_pools;
  given_back public.admin_card_returns;
  card_ids uuid[];
  is_charged boolean;
begin
  perform private.assert_platform_admin(request.actor);
  select s.* into sale from public.admin_card_sales s where s.id = return_cards.sale_id;
  if sale.id is null then
    perform private.refuse('RB-404');
  elsif quantity not between 1 and 10000 then
    perform private.refuse('RB-400', 'A return is of 1 to 10,000 cards');
  end if;
  select p.* into master from public.card_pools p where p.id = sale.master_pool_id;
  card_ids := private.lock_cards(sale.buyer_pool_id, quantity, sale.id);
  delete from private.sold_cards s where s.gift_card_id = any (card_ids);
  perform private.move_cards_to(card_ids, sale.buyer_pool_id, master);
  insert into public.admin_card_returns as r (client_id, sale_id, quantity, total_amount, currency, returned_by, request_id)
  values (sale.buyer_client_id, sale.id, quantity, quantity * sale.price_per_card, sale.currency, request.actor, request.id)
  returning r.* into given_back;
  perform private.record_audit(sale.buyer_client_id, request.actor, 'gift_cards.returned', 'admin_card_sale', sale.id,
    jsonb_build_object('return_id', given_back.id, 'quantity', quantity, 'total_amount', given_back.total_amount,
      'currency', sale.currency), request.id);
  perform private.reverse_charge(sale.id, 'return:' || given_back.id, 'Gift cards returned', 'card_sale',
    row(quantity * sale.platform_price_per_card, given_back.total_amount));
  is_charged := exists (
    select from public.ledger_transfers t
    where t.reference_id = sale.id and t.transfer_type = 'card_sale' and t.client_id is not null);
  return jsonb_build_object('returnId', given_back.id, 'saleId', sale.id, 'masterPoolId', master.id,
    'buyerPoolId', sale.buyer_pool_id, 'quantity', quantity, 'totalAmount', given_back.total_amount,
    'currency', sale.currency, 'returnedToCredit', is_charged);
end $$;

create function public.sell_gift_cards(
  master_pool_id uuid, buyer_client_id uuid, buyer_pool_id uuid, quantity int, price_per_card numeric, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('sell_gift_cards', buyer_client_id, request.actor);
begin
  return coalesce(private.replay(request, scope), private.answer(request, scope, private.sell_cards(
    master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, request)));
end $$;
comment on function public.sell_gift_cards is
  'Sells cards of a master pool to a client: exactly quantity, or none. GC-003, GC-006, RB-400, RB-404, RB-409.';
grant execute on function public.sell_gift_cards to service_role;

create function public.return_gift_cards(sale_id uuid, quantity int, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('return_gift_cards', null, request.actor);
begin
  return coalesce(private.replay(request, scope),
    private.answer(request, scope, private.return_cards(sale_id, quantity, request)));
end $$;
comment on function public.return_gift_cards is
  'Returns unclaimed cards of a sale to their master pool, and credits the buyer with their price. GC-003, RB-400, RB-404, RB-409.';
grant execute on function public.return_gift_cards to service_role;

create function private.list_card_sales()
returns setof public.admin_card_sales language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.assert_platform_admin(private.caller());
  return query select s.* from public.admin_card_sales s order by s.created_at desc, s.id;
end $$;
select private.publish('private.list_card_sales()', '{authenticated, service_role}',
  'All sales of cards with their costs, the newest first; for platform admins. Others read the table, without the costs.');

alter table public.admin_card_sales enable row level security;
alter table public.admin_card_returns enable row level security;

grant select on public.admin_card_returns to authenticated, service_role;
-- without the costs, which are for the platform
grant select (id, client_id, master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card, total_amount, currency,
  sold_by, request_id, created_at) on public.admin_card_sales to authenticated;
grant select on public.admin_card_sales to service_role;

create policy "Admins read the sales to their clients" on public.admin_card_sales
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Admins read the returns of their clients" on public.admin_card_returns
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
