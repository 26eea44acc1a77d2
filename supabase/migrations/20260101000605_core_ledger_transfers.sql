-- The ledger: transfers. post_transfers inserts the keys, locks the accounts, reads the lots and writes each table with one
-- statement, however many transfers it posts; post_transfer is its wrapper for one.
-- Functions that take arrays force generic plans: the planner knows the length of a constant array, so that a custom plan would seem
-- cheaper each time and be planned for each call. Without hash joins they read by key, however small the tables are when planned.

create type private.lot_change as (for_id uuid, lot_id bigint, amount numeric, held numeric);
comment on type private.lot_change is
  'Change of a lot''s remaining amount and of its held amount; for_id: the transfer or hold that makes it, set when it is written.';

create type private.posting_entry as (
  account_id uuid, amount numeric, expires_at timestamptz, held numeric, lots private.lot_change[]);
comment on type private.posting_entry is
  'One side of a transfer. expires_at: of the lot that a credit opens; held: change of the held amount; lots: the lots to change, '
  'when they are not to be chosen by expiry.';

create type private.posting as (
  client_id uuid, transfer_type text, idempotency_key text, description text, reference_id uuid, reverses uuid,
  entries private.posting_entry[]);
comment on type private.posting is 'A transfer to post: post_transfers takes an array of them.';

-- The lots that an amount is drawn from, earliest expiry first, of a locked account. Refuses with the code given when they do not
-- suffice; only a customer's own refusal, WL-001, says how much there is.
create function private.pick_lots(account_id uuid, amount numeric, shortage text default 'WL-001')
returns private.lot_change[] language plpgsql volatile set search_path = '' as $$
declare
  lot record;
  missing numeric := amount;
  picked private.lot_change[];
begin
  for lot in
    select l.id, l.remaining - l.held as free from public.ledger_lots l
    where l.account_id = pick_lots.account_id and l.spent_at is null and coalesce(l.expires_at, 'infinity') > now()
    order by coalesce(l.expires_at, 'infinity'), l.id
  loop
    continue when lot.free = 0;
    picked := picked || row(null, lot.id, -least(lot.free, missing), 0)::private.lot_change;
    missing := missing - least(lot.free, missing);
    exit when missing = 0;
  end loop;
  if missing > 0 and shortage = 'WL-001' then
    perform private.refuse(shortage, null,
      jsonb_build_object('balance', amount - missing, 'needed', amount));
  elsif missing > 0 then
    perform private.refuse(shortage);
  end if;
  return picked;
end $$;

-- Writes one round of transfers: each table once. Accounts that the round does not touch are written as they are.
create function private.write_entries(
  accounts public.ledger_accounts[], lots private.lot_change[], entries public.ledger_entries[], credited public.ledger_lots[])
returns private.lot_change[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  with account as (
    update public.ledger_accounts a set balance = n.balance, held = n.held, version = n.version
    from unnest(accounts) n where a.id = n.id and n.kind = 'customer'),
  lot as (
    update public.ledger_lots l set remaining = l.remaining + c.amount, held = l.held + c.held,
      spent_at = case when l.remaining + c.amount = 0 then now() end
    from unnest(lots) c where l.id = c.lot_id),
  lot_use as (
    insert into private.ledger_lot_uses (transfer_id, lot_id, amount)
    select c.for_id, c.lot_id, c.amount from unnest(lots) c where c.amount <> 0),
  entry as (
    insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, balance_after, version, created_at)
    select e.client_id, e.transfer_id, e.account_id, e.asset, e.amount, e.balance_after, e.version, e.created_at
    from unnest(entries) e)
  insert into public.ledger_lots (client_id, account_id, transfer_id, amount, remaining, expires_at, created_at)
  select c.client_id, c.account_id, c.transfer_id, c.amount, c.remaining, c.expires_at, c.created_at from unnest(credited) c;
  return lots;
end $$;

-- The account of an entry, if it may take part in a transfer of the client: an account of that client, or of its agency.
create function private.checked_account(
  account public.ledger_accounts, entry private.posting_entry, client_id uuid)
returns public.ledger_accounts language plpgsql stable set search_path = '' as $$
begin
  -- two conditions, so that the query runs only for an agency's account
  if account.client_id is distinct from checked_account.client_id then
    if account.client_id is not null or not exists (
      select from public.clients c where c.id = checked_account.client_id and c.agency_id = account.owner_id) then
      account := null;
    end if;
  end if;
  if account.id is distinct from entry.account_id or entry.amount <> round(entry.amount, 2) then
    raise exception 'a transfer moves whole cents between accounts of its client';
  end if;
  -- ten times below what numeric(18,2) holds, so that a sum is refused and never an error
  if account.balance + entry.amount > 1e15 or abs(entry.amount) > 1e15 then
    perform private.refuse('WL-004', null,
      jsonb_build_object('balance', account.balance, 'amount', entry.amount, 'maximum', 1e15));
  end if;
  return account;
end $$;

-- The lots that an entry changes, those it names or those that expire first.
create function private.lots_of_entry(entry private.posting_entry, transfer_id uuid, shortage text)
returns private.lot_change[] language plpgsql volatile set search_path = '' as $$
declare
  lot private.lot_change;
  lots private.lot_change[];
begin
  foreach lot in array coalesce(entry.lots, private.pick_lots(entry.account_id, -entry.amount, shortage)) loop
    lot.for_id := transfer_id;
    lots := lots || lot;
  end loop;
  return lots;
end $$;

-- Writes the entries of new transfers. Balances are computed in memory from the locked accounts. A transfer that draws on an account
-- which an earlier one has changed begins another round, so that it finds the lots which the round before has written.
create function private.write_transfers(transfers public.ledger_transfers[], postings private.posting[], shortage text)
returns public.ledger_transfers[] language plpgsql volatile set search_path = '' as $$
declare
  ids uuid[] := '{}';
  accounts public.ledger_accounts[];
  account public.ledger_accounts;
  changed uuid[] := '{}';
  at timestamptz;
  entry private.posting_entry;
  entries public.ledger_entries[];
  lots private.lot_change[];
  credited public.ledger_lots[];
  place int;
begin
  for line in 1..cardinality(postings) loop
    foreach entry in array postings[line].entries loop
      ids := case when entry.account_id = any (ids) then ids else ids || entry.account_id end;
    end loop;
  end loop;
  accounts := private.lock_accounts(ids);
  -- read under the locks, so that the entries of an account are in the order of their times
  at := clock_timestamp();
  for line in 1..cardinality(postings) loop
    foreach entry in array postings[line].entries loop
      if entry.account_id = any (changed) and (entry.amount < 0 or entry.lots is not null) then
        lots := private.write_entries(accounts, lots, entries, credited);
        changed := '{}';
        lots := null;
        entries := null;
        credited := null;
      end if;
    end loop;
    foreach entry in array postings[line].entries loop
      place := array_position(ids, entry.account_id);
      account := private.checked_account(accounts[place], entry, postings[line].client_id);
      if account.kind = 'customer' then
        if entry.amount < 0 or entry.lots is not null then
          lots := lots || private.lots_of_entry(entry, transfers[line].id, shortage);
        else
          credited := credited || row(null, account.client_id, account.id, transfers[line].id, entry.amount, entry.amount,
            0, entry.expires_at, null, at)::public.ledger_lots;
        end if;
        account.balance := account.balance + entry.amount;
        account.held := account.held + coalesce(entry.held, 0);
        account.version := account.version + 1;
        accounts[place] := account;
        changed := changed || account.id;
      end if;
      entries := entries || row(null, account.client_id, transfers[line].id, account.id, account.asset, entry.amount,
        account.balance, case account.kind when 'customer' then account.version end, at)::public.ledger_entries;
    end loop;
  end loop;
  lots := private.write_entries(accounts, lots, entries, credited);
  return transfers;
end $$;

-- The transfer that a key has posted before. An expiry or a description may differ when a request is repeated; accounts, amounts,
-- type and reference may not.
create function private.posted_before(posting private.posting)
returns public.ledger_transfers language plpgsql stable set search_path = '' as $$
declare
  posted public.ledger_transfers;
begin
  select t.* into posted from public.ledger_transfers t
  where t.idempotency_key = posting.idempotency_key and t.client_id is not distinct from posting.client_id;
  if posted.transfer_type is distinct from posting.transfer_type
    or posted.reference_id is distinct from posting.reference_id
    or posted.reverses is distinct from posting.reverses
    or exists (
      select from (
        select e.account_id, e.amount from public.ledger_entries e where e.transfer_id = posted.id) e
      full join unnest(posting.entries) a on a.account_id = e.account_id and a.amount = e.amount
      where a.account_id is null or e.account_id is null) then
    perform private.refuse('RB-409');
  end if;
  return posted;
end $$;

-- Posts transfers, all or none, and returns them in the order of the postings. A key that was posted before gives the transfer
-- that it made. shortage: the code that refuses a balance which does not suffice.
create function private.post_transfers(postings private.posting[], shortage text default 'WL-001')
returns public.ledger_transfers[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  posting private.posting;
  posted public.ledger_transfers[];
  written uuid[];
  fresh public.ledger_transfers[] := '{}';
  fresh_postings private.posting[] := '{}';
begin
  foreach posting in array coalesce(postings, '{}') loop
    posted := posted || row(gen_random_uuid(), posting.client_id, posting.transfer_type, posting.idempotency_key,
      posting.description, posting.reference_id, posting.reverses, clock_timestamp())::public.ledger_transfers;
  end loop;
  -- keys first, in their order: a repeated request waits here and holds no account meanwhile
  with transfer as (
    insert into public.ledger_transfers as t select p.* from unnest(posted) p order by p.client_id, p.idempotency_key
    on conflict on constraint ledger_transfers_a_key_posts_once do nothing
    returning t.id)
  select coalesce(array_agg(t.id), '{}') into written from transfer t;
  for line in 1..coalesce(cardinality(posted), 0) loop
    if posted[line].id = any (written) then
      fresh := fresh || posted[line];
      fresh_postings := fresh_postings || postings[line];
    else
      posted[line] := private.posted_before(postings[line]);
    end if;
  end loop;
  if fresh <> '{}' then
    fresh := private.write_transfers(fresh, fresh_postings, shortage);
  end if;
  return posted;
end $$;

-- Two entries: an amount from one account to another.
create function private.entries_between(source uuid, target uuid, amount numeric, expires_at timestamptz default null)
returns private.posting_entry[] language plpgsql immutable set search_path = '' as $$
begin
  return array[
    row(source, -amount, null, 0, null)::private.posting_entry, row(target, amount, expires_at, 0, null)::private.posting_entry];
end $$;

-- Posts one transfer from one account to another.
create function private.post_transfer(
  client_id uuid, transfer_type text, source uuid, target uuid, amount numeric, idempotency_key text,
  description text default null, reference_id uuid default null, expires_at timestamptz default null,
  shortage text default 'WL-001')
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
begin
  -- a negative amount would take from the account that it is meant for
  if amount is null or amount <= 0 then
    raise exception 'the amount of a transfer must be positive';
  end if;
  return (private.post_transfers(array[row(client_id, transfer_type, idempotency_key, description, reference_id, null,
    private.entries_between(source, target, amount, expires_at))::private.posting], shortage))[1];
end $$;
