-- The ledger: accounts of bizcoins, points, messages and credit. Double entry: the entries of a transfer sum to zero for each
-- asset, and no entry is changed or deleted; a mistake is reversed.
-- A customer's account keeps a balance that is never below zero, and each amount credited to it is a lot, which may expire; lots
-- are drawn earliest expiry first. System accounts (issuance, breakage, revenue) keep no balance and are never locked, and entries
-- have no foreign key to accounts: a shared row would serialize all transfers. Lots, holds and the balance of an account are
-- changed only under the account's lock; accounts are locked in id order.
-- Accounts without a client belong to agencies or to the platform. A transfer stays within its client, or between accounts without
-- a client; the exception is credit between an agency and its own client.

create table public.ledger_accounts (
  id uuid primary key default gen_random_uuid(),
  client_id uuid references public.clients (id),
  kind text not null default 'customer',
  owner_type text,
  owner_id uuid,
  asset text not null,
  balance numeric(18,2),
  held numeric(18,2),
  version bigint not null default 0,
  created_at timestamptz not null default now(),
  constraint ledger_accounts_are_unique unique nulls not distinct (client_id, kind, owner_type, owner_id, asset),
  constraint ledger_accounts_kind_is_valid check (kind in ('customer', 'issuance', 'breakage', 'revenue')),
  constraint ledger_accounts_asset_is_known check (
    asset in ('bizcoin', 'points', 'messages') or asset ~ '^credit:[A-Z]{3}$'),
  constraint ledger_accounts_customers_have_an_owner check (
    (kind = 'customer') = (owner_type is not null) and (kind = 'customer') = (owner_id is not null)),
  constraint ledger_accounts_customers_alone_keep_a_balance check (
    (kind = 'customer') = (balance is not null) and (kind = 'customer') = (held is not null)),
  constraint ledger_accounts_without_client_are_credit check (
    client_id is not null or (asset like 'credit:%' and (kind <> 'customer' or owner_type = 'agency'))),
  constraint ledger_accounts_balance_is_not_negative check (balance >= 0),
  constraint ledger_accounts_held_is_within_balance check (held between 0 and balance),
  constraint ledger_accounts_units_are_whole check (
    asset like 'credit:%' or (balance = trunc(balance) and held = trunc(held)))
);
comment on table public.ledger_accounts is
  'One account for each owner, client and asset. balance includes held units and lots that lapsed since the last run of '
  'expire_lots; the view wallet_balances leaves lapsed lots out.';

create table public.ledger_transfers (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  transfer_type text not null,
  idempotency_key text not null,
  description text,
  reference_id uuid,
  reverses uuid references public.ledger_transfers (id),
  created_at timestamptz not null default clock_timestamp(),
  constraint ledger_transfers_a_key_posts_once unique nulls not distinct (idempotency_key, client_id),
  constraint ledger_transfers_type_is_a_word check (transfer_type ~ '^[a-z]+(_[a-z]+)*$')
);
comment on table public.ledger_transfers is
  'Immutable. reverses: the transfer that this one reverses, wholly or in part; reference_id: the row that it pays for.';

create table public.ledger_entries (
  id bigint generated always as identity primary key,
  client_id uuid,
  transfer_id uuid not null references public.ledger_transfers (id),
  account_id uuid not null,
  asset text not null,
  amount numeric(18,2) not null,
  balance_after numeric(18,2),
  version bigint,
  created_at timestamptz not null,
  constraint ledger_entries_one_for_an_account unique (transfer_id, account_id),
  constraint ledger_entries_amount_moves_something check (amount <> 0 and amount < 'Infinity'),
  constraint ledger_entries_units_are_whole check (asset like 'credit:%' or amount = trunc(amount)),
  constraint ledger_entries_version_comes_with_balance check ((balance_after is null) = (version is null))
);
comment on table public.ledger_entries is
  'Debits and credits of a transfer: immutable, summing to zero for each asset. A customer''s entry carries balance_after and '
  'version, the number of the entry within its account; client_id is that of the account.';

create table public.ledger_lots (
  id bigint generated always as identity primary key,
  client_id uuid,
  account_id uuid not null,
  transfer_id uuid not null,
  amount numeric(18,2) not null,
  remaining numeric(18,2) not null,
  held numeric(18,2) not null default 0,
  expires_at timestamptz,
  spent_at timestamptz,
  created_at timestamptz not null,
  constraint ledger_lots_come_from_an_entry
    foreign key (transfer_id, account_id) references public.ledger_entries (transfer_id, account_id),
  constraint ledger_lots_one_for_a_credit unique (transfer_id, account_id),
  constraint ledger_lots_remaining_is_within_amount check (remaining between 0 and amount),
  constraint ledger_lots_held_is_within_remaining check (held between 0 and remaining),
  constraint ledger_lots_spent_at_matches_remaining check ((spent_at is not null) = (remaining = 0))
);
comment on table public.ledger_lots is
  'An amount credited to a customer, and how much of it remains. A lot past its expires_at is not spendable.';

-- Without foreign keys, as ledger_hold_lots: their checks are a quarter of what a transfer costs. Both tables are written only by
-- functions of the ledger that have just read or written the rows; neither lots nor transfers nor holds are ever deleted, and
-- ledger_imbalances finds a row that refers to none.
create table private.ledger_lot_uses (
  transfer_id uuid not null,
  lot_id bigint not null,
  amount numeric(18,2) not null,
  constraint ledger_lot_uses_are_unique primary key (transfer_id, lot_id),
  constraint ledger_lot_uses_amount_moves_something check (amount <> 0)
);
comment on table private.ledger_lot_uses is 'Amount that a transfer drew from a lot (negative) or returned to it: immutable.';

create index ledger_accounts_owner_id_idx on public.ledger_accounts (owner_id);
create index ledger_accounts_of_the_system_idx
  on public.ledger_accounts (coalesce(client_id, '00000000-0000-0000-0000-000000000000'), kind, asset)
  where kind <> 'customer';
create index ledger_transfers_reference_id_idx on public.ledger_transfers (reference_id) where reference_id is not null;
create index ledger_transfers_reverses_idx on public.ledger_transfers (reverses);
create index ledger_transfers_created_at_idx on public.ledger_transfers using brin (created_at);
create index ledger_entries_account_id_created_at_idx on public.ledger_entries (account_id, created_at, id);
create index ledger_entries_created_at_idx on public.ledger_entries using brin (created_at);
create index ledger_lots_drawable_idx on public.ledger_lots (account_id, coalesce(expires_at, 'infinity'), id)
  where spent_at is null;
create index ledger_lots_expiring_idx on public.ledger_lots (expires_at) where spent_at is null;
create index ledger_lot_uses_lot_id_idx on private.ledger_lot_uses (lot_id);

create trigger ledger_transfers_are_immutable before update or delete or truncate on public.ledger_transfers
  for each statement execute function private.refuse_change();
create trigger ledger_entries_are_immutable before update or delete or truncate on public.ledger_entries
  for each statement execute function private.refuse_change();
create trigger ledger_lot_uses_are_immutable before update or delete or truncate on private.ledger_lot_uses
  for each statement execute function private.refuse_change();

-- All entries of a transfer are written in one statement, so the check runs once at its end.
create function private.refuse_imbalance()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  if exists (select from new_entries e group by e.transfer_id, e.asset having sum(e.amount) <> 0 or count(*) < 2) then
    raise exception 'the entries of a transfer must sum to zero for each asset';
  end if;
  return null;
end $$;

create trigger ledger_entries_sum_to_zero after insert on public.ledger_entries
  referencing new table as new_entries for each statement execute function private.refuse_imbalance();

-- Returns the account of an owner, and opens it on first use.
create function private.ledger_account(
  client_id uuid, owner_type text, owner_id uuid, asset text, kind text default 'customer')
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  account_id uuid;
begin
  for attempt in 1..2 loop
    -- two queries, so that each is one index probe
    if kind = 'customer' then
      select a.id into account_id from public.ledger_accounts a
      where a.owner_id = ledger_account.owner_id and a.owner_type = ledger_account.owner_type
        and a.asset = ledger_account.asset and a.client_id is not distinct from ledger_account.client_id;
    else
      select a.id into account_id from public.ledger_accounts a
      where a.kind <> 'customer' and a.kind = ledger_account.kind and a.asset = ledger_account.asset
        and coalesce(a.client_id, '00000000-0000-0000-0000-000000000000')
          = coalesce(ledger_account.client_id, '00000000-0000-0000-0000-000000000000');
    end if;
    exit when account_id is not null;
    insert into public.ledger_accounts as a (client_id, kind, owner_type, owner_id, asset, balance, held)
    values (client_id, kind, owner_type, owner_id, asset,
      case kind when 'customer' then 0 end, case kind when 'customer' then 0 end)
    -- a concurrent call may have opened it: the second attempt reads it
    on conflict on constraint ledger_accounts_are_unique do nothing
    returning a.id into account_id;
    exit when account_id is not null;
  end loop;
  return account_id;
end $$;

create function private.system_account(client_id uuid, kind text, asset text)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return private.ledger_account(client_id, null, null, asset, kind);
end $$;

-- Locks customers' accounts in id order, to prevent deadlocks, and only reads system accounts. No key update, so that rows that
-- reference the account are written meanwhile. Returns the accounts in the order of the ids, each once; missing ones are left out.
create function private.lock_accounts(account_ids uuid[])
returns public.ledger_accounts[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  accounts public.ledger_accounts[];
begin
  with locked as (
    select a as account from public.ledger_accounts a
    where a.id = any (account_ids) and a.kind = 'customer' order by a.id for no key update)
  select array_agg(f.account order by array_position(account_ids, (f.account).id)) into accounts
  from (
    select l.account from locked l
    union all
    select a from public.ledger_accounts a where a.id = any (account_ids) and a.kind <> 'customer') f;
  return accounts;
end $$;

create function private.balance_at(account_id uuid, at timestamptz)
returns numeric language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(sum(e.amount), 0) from public.ledger_entries e
    where e.account_id = balance_at.account_id and e.created_at <= at);
end $$;

alter table public.ledger_accounts enable row level security;
alter table public.ledger_transfers enable row level security;
alter table public.ledger_entries enable row level security;
alter table public.ledger_lots enable row level security;

grant select on public.ledger_accounts, public.ledger_transfers, public.ledger_entries, public.ledger_lots
  to authenticated, service_role;

-- Owners whose accounts the caller may read: the caller, and the agencies that they administer.
create function private.ledger_owner_ids()
returns setof uuid language sql stable security definer rows 2 set search_path = '' as $$
  select auth.uid() union all select private.administered_agency_ids()
$$;

grant execute on function private.ledger_owner_ids() to authenticated;

create policy "Customers read their accounts, admins those of their clients" on public.ledger_accounts
  for select to authenticated
  using (
    owner_id = any (array(select private.ledger_owner_ids()))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Readers of an account read its entries" on public.ledger_entries
  for select to authenticated
  using (
    account_id = any (array(select a.id from public.ledger_accounts a where a.owner_id = any (array(select private.ledger_owner_ids()))))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Readers of an entry read its transfer" on public.ledger_transfers
  for select to authenticated
  using (
    exists (
      select from public.ledger_entries e
      join public.ledger_accounts a on a.id = e.account_id and a.owner_id = any (array(select private.ledger_owner_ids()))
      where e.transfer_id = ledger_transfers.id)
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Readers of an account read its lots" on public.ledger_lots
  for select to authenticated
  using (
    account_id = any (array(select a.id from public.ledger_accounts a where a.owner_id = any (array(select private.ledger_owner_ids()))))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
