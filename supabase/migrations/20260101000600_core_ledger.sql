-- The ledger: who has how many bizcoins, points, messages or how much credit, and why. Double entry: the entries of a
-- transfer sum to zero for each asset, and nothing is ever changed or deleted; a mistake is reversed.
-- A customer's account keeps its balance, never below zero, and what was credited stands in lots that may expire and are
-- drawn earliest first. The system's accounts (issuance, breakage, revenue) keep no balance and are never locked, and no
-- entry has a foreign key to them: a shared row would be a queue. Lots, holds and balances of an account are only touched
-- by whoever has locked it; accounts are locked in the order of their ids.
-- What has no client is above the clients: the credit of an agency and what the platform issues. A transfer stays within
-- its client, or above the clients, but for what an agency gives to its client or takes back.

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
  'One account for each owner, client and asset. balance includes what is held and what lapsed since the last run of the '
  'job: the view wallet_balances tells what counts.';

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
  'What moved: immutable. reverses: the transfer that this one takes back, wholly or in part; reference_id: what it was for.';

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
  'The sides of a transfer: immutable, summing to zero. A customer''s entry carries the balance after it and its number; '
  'client_id is that of the account.';

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
  'What a customer was credited at once, and how much of it is left. A lot past its expires_at no longer counts.';

create table private.ledger_lot_uses (
  transfer_id uuid not null references public.ledger_transfers (id),
  lot_id bigint not null references public.ledger_lots (id),
  amount numeric(18,2) not null,
  constraint ledger_lot_uses_are_unique primary key (transfer_id, lot_id),
  constraint ledger_lot_uses_amount_moves_something check (amount <> 0)
);
comment on table private.ledger_lot_uses is 'What a transfer drew from a lot (below zero) or gave back to it: immutable.';

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

-- The entries of a transfer are written in one statement, so that its end is the moment to ask.
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

-- The account of an owner, opened when it is asked for first.
create function private.ledger_account(
  client_id uuid, owner_type text, owner_id uuid, asset text, kind text default 'customer')
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  account_id uuid;
begin
  for attempt in 1..2 loop
    -- two questions, so that each is one look into an index
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
    -- somebody opens it at the same time: it is there at the second look
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

-- Always in the order of the ids; a lock that lets rows point at the account, and none for the system's accounts.
create function private.lock_accounts(account_ids uuid[])
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform from public.ledger_accounts a
  where a.id = any (account_ids) and a.kind = 'customer' order by a.id for no key update;
end $$;

-- The lots that an amount is drawn from, earliest expiry first, of a locked account; refuses when they do not suffice.
create function private.pick_lots(account_id uuid, amount numeric)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  lot record;
  missing numeric := amount;
  picked jsonb := '[]';
begin
  for lot in
    select l.id, l.remaining - l.held as free from public.ledger_lots l
    where l.account_id = pick_lots.account_id and l.spent_at is null and coalesce(l.expires_at, 'infinity') > now()
    order by coalesce(l.expires_at, 'infinity'), l.id
  loop
    continue when lot.free = 0;
    picked := picked || jsonb_build_object('lot_id', lot.id, 'amount', -least(lot.free, missing));
    missing := missing - least(lot.free, missing);
    exit when missing = 0;
  end loop;
  if missing > 0 then
    perform private.refuse('WL-001', null,
      jsonb_build_object('balance', amount - missing, 'needed', amount));
  end if;
  return picked;
end $$;

create function private.use_lots(account_id uuid, transfer_id uuid, lots jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  used record;
begin
  -- one by one, by key: the planner takes a list of one for a hundred rows, and might read the whole table for them
  for used in select x.lot_id, x.amount from jsonb_to_recordset(lots) as x (lot_id bigint, amount numeric) loop
    insert into private.ledger_lot_uses (transfer_id, lot_id, amount)
    values (use_lots.transfer_id, used.lot_id, used.amount);
    update public.ledger_lots l
    set remaining = l.remaining + used.amount, spent_at = case when l.remaining + used.amount = 0 then now() end
    where l.id = used.lot_id and l.account_id = use_lots.account_id;
  end loop;
end $$;

-- Writes the entries of a transfer whose accounts are locked. An entry names its lots when they are not to be chosen.
create function private.write_entries(transfer public.ledger_transfers, entries jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  entry record;
  account public.ledger_accounts;
  -- read under the locks, so that the entries of an account are in the order of their times
  at timestamptz := clock_timestamp();
  written public.ledger_entries[];
  credited public.ledger_lots[];
begin
  for entry in
    select e.* from jsonb_to_recordset(entries) as e (
      account_id uuid, amount numeric, expires_at timestamptz, lots jsonb)
  loop
    select a.* into account from public.ledger_accounts a
    where a.id = entry.account_id and (a.client_id = transfer.client_id or (a.client_id is null and (
      transfer.client_id is null
      or a.owner_id = (select c.agency_id from public.clients c where c.id = transfer.client_id))));
    if not found or entry.amount <> round(entry.amount, 2) then
      raise exception 'a transfer moves whole cents between accounts of its client';
    end if;
    -- ten times below what numeric(18,2) holds, so that a sum is refused and never an error
    if account.balance + entry.amount > 1e15 or abs(entry.amount) > 1e15 then
      perform private.refuse('WL-004', null,
        jsonb_build_object('balance', account.balance, 'amount', entry.amount, 'maximum', 1e15));
    end if;
    if account.kind = 'customer' then
      if entry.lots is not null or entry.amount < 0 then
        perform private.use_lots(account.id, transfer.id,
          coalesce(entry.lots, private.pick_lots(account.id, -entry.amount)));
      else
        credited := credited || row(null, account.client_id, account.id, transfer.id, entry.amount, entry.amount, 0,
          entry.expires_at, null, at)::public.ledger_lots;
      end if;
      update public.ledger_accounts a set balance = a.balance + entry.amount, version = a.version + 1
      where a.id = account.id returning a.* into account;
    end if;
    written := written || row(null, account.client_id, transfer.id, account.id, account.asset, entry.amount,
      account.balance, case account.kind when 'customer' then account.version end, at)::public.ledger_entries;
  end loop;
  insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
  select w.client_id, w.transfer_id, w.account_id, w.asset, w.amount, w.balance_after, w.version, w.created_at
  from unnest(written) w;
  insert into public.ledger_lots (client_id, account_id, transfer_id, amount, remaining, expires_at, created_at)
  select c.client_id, c.account_id, c.transfer_id, c.amount, c.remaining, c.expires_at, c.created_at from unnest(credited) c;
end $$;

-- An expiry or a description may be reckoned anew when a request is repeated: what moves, why and for what may not.
create function private.is_same_transfer(
  posted public.ledger_transfers, transfer_type text, reference_id uuid, reverses uuid, entries jsonb)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return posted.transfer_type = is_same_transfer.transfer_type
    and posted.reference_id is not distinct from is_same_transfer.reference_id
    and posted.reverses is not distinct from is_same_transfer.reverses
    and not exists (
      select from (
        select e.account_id, e.amount from public.ledger_entries e where e.transfer_id = posted.id) e
      full join jsonb_to_recordset(entries) as a (account_id uuid, amount numeric)
        on a.account_id = e.account_id and a.amount = e.amount
      where a.account_id is null or e.account_id is null);
end $$;

-- Posts transfers, all or none: [{client_id, idempotency_key, transfer_type, description?, reference_id?, reverses?,
-- entries: [{account_id, amount, expires_at?, lots?}]}]. A key that was posted before gives the transfer it made.
create function private.post_transfers(transfers jsonb)
returns setof public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  request record;
  line int;
  transfer public.ledger_transfers;
  posted public.ledger_transfers[];
  fresh int[] := '{}';
begin
  -- keys first, in their order: whoever repeats a request waits here, and holds no account meanwhile
  for request in
    select x.line::int as line, r.* from jsonb_array_elements(transfers) with ordinality as x (body, line),
      jsonb_to_record(x.body) as r (client_id uuid, idempotency_key text, transfer_type text, description text,
        reference_id uuid, reverses uuid, entries jsonb)
    order by r.client_id, r.idempotency_key
  loop
    insert into public.ledger_transfers as t (
      client_id, idempotency_key, transfer_type, description, reference_id, reverses)
    values (request.client_id, request.idempotency_key, request.transfer_type, request.description,
      request.reference_id, request.reverses)
    on conflict on constraint ledger_transfers_a_key_posts_once do nothing
    returning t.* into transfer;
    if found then
      fresh := fresh || request.line;
    else
      select t.* into transfer from public.ledger_transfers t
      where t.idempotency_key = request.idempotency_key and t.client_id is not distinct from request.client_id;
      if not private.is_same_transfer(
        transfer, request.transfer_type, request.reference_id, request.reverses, request.entries) then
        perform private.refuse('RB-409');
      end if;
    end if;
    posted[request.line] := transfer;
  end loop;
  perform private.lock_accounts(array(
    select (e.entry ->> 'account_id')::uuid
    from unnest(fresh) f (line), jsonb_array_elements(transfers -> (f.line - 1) -> 'entries') e (entry)));
  foreach line in array (select coalesce(array_agg(f order by f), '{}') from unnest(fresh) f) loop
    perform private.write_entries(posted[line], transfers -> (line - 1) -> 'entries');
  end loop;
  return query select p.* from unnest(posted) p;
end $$;

-- One transfer from one account to another.
create function private.post_transfer(
  client_id uuid, transfer_type text, source uuid, target uuid, amount numeric, idempotency_key text,
  description text default null, reference_id uuid default null, expires_at timestamptz default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  posted public.ledger_transfers;
begin
  -- an amount below zero would take from whom it is meant to give
  if amount is null or amount <= 0 then
    raise exception 'the amount of a transfer must be positive';
  end if;
  select p.* into posted from private.post_transfers(jsonb_build_array(jsonb_build_object(
    'client_id', client_id, 'transfer_type', transfer_type, 'idempotency_key', idempotency_key,
    'description', description, 'reference_id', reference_id, 'entries', jsonb_build_array(
      jsonb_build_object('account_id', source, 'amount', -amount),
      jsonb_build_object('account_id', target, 'amount', amount, 'expires_at', expires_at))))) p;
  return posted;
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

-- Whose accounts the caller reads as his own: he himself, and the agencies that he administers.
create function private.ledger_owner_ids()
returns setof uuid language sql stable security definer rows 2 set search_path = '' as $$
  select auth.uid() union all select private.administered_agency_ids()
$$;

grant execute on function private.ledger_owner_ids() to authenticated;

create policy "Customers read their accounts, admins those in their care" on public.ledger_accounts
  for select to authenticated
  using (
    owner_id in (select private.ledger_owner_ids())
    or client_id in (select private.administered_client_ids())
    or (select private.is_platform_admin()));

create policy "Whoever reads an account reads its entries" on public.ledger_entries
  for select to authenticated
  using (
    account_id in (select a.id from public.ledger_accounts a where a.owner_id in (select private.ledger_owner_ids()))
    or client_id in (select private.administered_client_ids())
    or (select private.is_platform_admin()));

create policy "Whoever reads an entry reads its transfer" on public.ledger_transfers
  for select to authenticated
  using (
    exists (
      select from public.ledger_entries e
      join public.ledger_accounts a on a.id = e.account_id and a.owner_id in (select private.ledger_owner_ids())
      where e.transfer_id = ledger_transfers.id)
    or client_id in (select private.administered_client_ids())
    or (select private.is_platform_admin()));

create policy "Whoever reads an account reads its lots" on public.ledger_lots
  for select to authenticated
  using (
    account_id in (select a.id from public.ledger_accounts a where a.owner_id in (select private.ledger_owner_ids()))
    or client_id in (select private.administered_client_ids())
    or (select private.is_platform_admin()));
