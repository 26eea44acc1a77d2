-- The ledger: reversals and holds. A reversal returns a transfer in one or more parts, never more than remains of it, out of the
-- lots that it credited and back into the lots that it drew from. A hold sets units aside, in their lots, until it is captured (the
-- whole or a part; the rest is free again), released or expired: exactly one of them. Holds are locked in id order, before accounts.

create table public.ledger_holds (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  account_id uuid not null references public.ledger_accounts (id),
  amount numeric(18,2) not null,
  status text not null default 'held',
  idempotency_key text not null,
  reference_id uuid,
  transfer_id uuid references public.ledger_transfers (id),
  captured_amount numeric(18,2),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  captured_at timestamptz,
  released_at timestamptz,
  constraint ledger_holds_a_key_holds_once unique nulls not distinct (idempotency_key, client_id),
  constraint ledger_holds_status_is_valid check (status in ('held', 'captured', 'released', 'expired')),
  constraint ledger_holds_amount_is_positive check (amount > 0),
  constraint ledger_holds_captured_amount_is_within_amount check (captured_amount > 0 and captured_amount <= amount),
  constraint ledger_holds_captured_at_matches_status check (
    (status = 'captured') = (captured_at is not null) and (status = 'captured') = (transfer_id is not null)
    and (status = 'captured') = (captured_amount is not null)),
  constraint ledger_holds_released_at_matches_status check (
    (status in ('released', 'expired')) = (released_at is not null))
);
comment on table public.ledger_holds is
  'Units set aside for a payment: no transfer until they are captured. The job releases a hold past its expires_at.';

create table private.ledger_hold_lots (
  hold_id uuid not null,
  lot_id bigint not null,
  amount numeric(18,2) not null,
  constraint ledger_hold_lots_are_unique primary key (hold_id, lot_id),
  constraint ledger_hold_lots_amount_is_positive check (amount > 0)
);
comment on table private.ledger_hold_lots is 'The lots in which a hold sets units aside: held before they lapse, they do not expire meanwhile.';

create type private.hold_request as (
  account_id uuid, amount numeric, expires_at timestamptz, idempotency_key text, reference_id uuid);
create type private.hold_capture as (hold_id uuid, target_id uuid, amount numeric, transfer_type text, description text);

create index ledger_holds_account_id_idx on public.ledger_holds (account_id);
create index ledger_holds_transfer_id_idx on public.ledger_holds (transfer_id);
create index ledger_holds_expiring_idx on public.ledger_holds (expires_at) where status = 'held';
create index ledger_hold_lots_lot_id_idx on private.ledger_hold_lots (lot_id);

-- How much of a transfer can still be reversed: what is not reversed yet, and of a customer's credit no more than is neither
-- spent, expired nor held. A transfer of more than two entries is reversed as a whole.
create function private.reversible_amount(transfer public.ledger_transfers)
returns numeric language plpgsql stable set search_path = '' as $$
begin
  return case when transfer.reverses is null then (
    select least(
      o.size - (
        select coalesce(sum(e.amount), 0) from public.ledger_transfers t
        join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
        where t.reverses = transfer.id),
      (select min(case when o.parts = 2 then l.remaining - l.held when l.remaining - l.held < l.amount then 0 end)
        from public.ledger_lots l where l.transfer_id = transfer.id))
    from (
      select count(*) as parts, sum(e.amount) filter (where e.amount > 0) as size
      from public.ledger_entries e where e.transfer_id = transfer.id) o)
  else 0 end;
end $$;

-- The lots that a transfer drew from, for an amount that is returned: the lot drawn last first, so that each keeps its expiry.
create function private.lots_to_return(transfer_id uuid, account_id uuid, amount numeric)
returns private.lot_change[] language plpgsql stable set search_path = '' as $$
begin
  return (
    select array_agg(row(null, d.id, least(d.drawn, lots_to_return.amount - d.before), 0)::private.lot_change order by d.before)
    from (
      select l.id, -sum(u.amount) as drawn,
        sum(-sum(u.amount)) over (order by coalesce(l.expires_at, 'infinity') desc, l.id desc) + sum(u.amount) as before
      from private.ledger_lot_uses u
      join public.ledger_lots l on l.id = u.lot_id and l.account_id = lots_to_return.account_id
      where u.transfer_id in (
        select t.id from public.ledger_transfers t where lots_to_return.transfer_id in (t.id, t.reverses))
      group by l.id having sum(u.amount) < 0) d
    where d.before < lots_to_return.amount);
end $$;

create function private.reversal_entries(transfer_id uuid, amount numeric)
returns private.posting_entry[] language plpgsql stable set search_path = '' as $$
declare
  entries private.posting_entry[];
  size numeric;
begin
  select array_agg(row(e.account_id, -round(e.amount * reversal_entries.amount / e.size, 2), null, 0, case
      when e.balance_after is null then null
      when e.amount < 0 then private.lots_to_return(
        e.transfer_id, e.account_id, -round(e.amount * reversal_entries.amount / e.size, 2))
      else (
        select array[row(null, l.id, -round(e.amount * reversal_entries.amount / e.size, 2), 0)::private.lot_change]
        from public.ledger_lots l where l.transfer_id = e.transfer_id and l.account_id = e.account_id) end
    )::private.posting_entry), max(e.size)
  into entries, size
  from (
    select n.*, sum(n.amount) filter (where n.amount > 0) over () as size
    from public.ledger_entries n where n.transfer_id = reversal_entries.transfer_id) e;
  if amount <> size and cardinality(entries) > 2 then
    raise exception 'a transfer of more than two entries is reversed as a whole';
  end if;
  return entries;
end $$;

-- Reverses a transfer, or a part of it; without an amount, as much as can still be reversed.
create function private.reverse_transfer(
  transfer_id uuid, amount numeric, idempotency_key text, description text default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  original public.ledger_transfers;
  done public.ledger_transfers;
  accounts public.ledger_accounts[];
  remaining numeric;
begin
  -- reversals of a transfer are serialized: each sees what the one before has left
  select t.* into original from public.ledger_transfers t
  where t.id = reverse_transfer.transfer_id for no key update;
  if original.id is null then
    perform private.refuse('RB-404');
  end if;
  select t.* into done from public.ledger_transfers t
  where t.idempotency_key = reverse_transfer.idempotency_key and t.client_id is not distinct from original.client_id;
  if done.reverses = original.id and (reverse_transfer.amount is null or reverse_transfer.amount = (
    select sum(e.amount) from public.ledger_entries e where e.transfer_id = done.id and e.amount > 0)) then
    return done;
  elsif done.id is not null then
    perform private.refuse('RB-409');
  end if;
  accounts := private.lock_accounts(array(
    select e.account_id from public.ledger_entries e where e.transfer_id = original.id));
  remaining := private.reversible_amount(original);
  if remaining = 0 or reverse_transfer.amount > remaining then
    perform private.refuse('WL-002', null,
      jsonb_build_object('remaining', remaining, 'requested', reverse_transfer.amount));
  elsif reverse_transfer.amount <= 0 then
    raise exception 'the amount of a reversal must be positive';
  end if;
  return (private.post_transfers(array[row(original.client_id, 'reversal', reverse_transfer.idempotency_key,
    reverse_transfer.description, original.reference_id, original.id,
    private.reversal_entries(original.id, coalesce(reverse_transfer.amount, remaining)))::private.posting]))[1];
end $$;

-- Sets the units of new holds aside, in the lots that expire first; their accounts are locked. Holds of one account are written one
-- after another, so that each finds the lots which the one before has left.
create function private.write_holds(holds public.ledger_holds[], shortage text)
returns public.ledger_holds[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan set enable_hashjoin = off as $$
declare
  hold public.ledger_holds;
  lots private.lot_change[];
begin
  foreach hold in array holds loop
    lots := private.pick_lots(hold.account_id, hold.amount, shortage);
    with account as (
      update public.ledger_accounts a set held = a.held + hold.amount where a.id = hold.account_id),
    lot as (
      update public.ledger_lots l set held = l.held - p.amount from unnest(lots) p where l.id = p.lot_id)
    insert into private.ledger_hold_lots (hold_id, lot_id, amount) select hold.id, p.lot_id, -p.amount from unnest(lots) p;
  end loop;
  return holds;
end $$;

-- The hold that a key has made before, if it is for the same account, amount and reference.
create function private.held_before(asked public.ledger_holds)
returns public.ledger_holds language plpgsql stable set search_path = '' as $$
declare
  hold public.ledger_holds;
begin
  select h.* into hold from public.ledger_holds h
  where h.idempotency_key = asked.idempotency_key and h.client_id is not distinct from asked.client_id;
  if (hold.account_id, hold.amount) <> (asked.account_id, asked.amount)
    or hold.reference_id is distinct from asked.reference_id then
    perform private.refuse('RB-409');
  end if;
  return hold;
end $$;

-- Sets units of customers' accounts aside, all or none; the same key and content gives the hold that was made. Accounts are locked
-- before the rows are written: the foreign key would lock a busy account for many callers at once, one more member for each.
create function private.reserve_holds(requests private.hold_request[], shortage text default 'WL-001')
returns public.ledger_holds[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  request private.hold_request;
  ids uuid[] := '{}';
  accounts public.ledger_accounts[];
  account public.ledger_accounts;
  holds public.ledger_holds[] := '{}';
  written uuid[];
  fresh public.ledger_holds[] := '{}';
begin
  foreach request in array coalesce(requests, '{}') loop
    ids := case when request.account_id = any (ids) then ids else ids || request.account_id end;
  end loop;
  accounts := private.lock_accounts(ids);
  foreach request in array coalesce(requests, '{}') loop
    account := accounts[array_position(ids, request.account_id)];
    if account.id is distinct from request.account_id or account.kind <> 'customer' then
      raise exception 'units are held on a customer''s account';
    end if;
    holds := holds || row(gen_random_uuid(), account.client_id, account.id, request.amount, 'held', request.idempotency_key,
      request.reference_id, null, null, request.expires_at, now(), null, null)::public.ledger_holds;
  end loop;
  with hold as (
    insert into public.ledger_holds as h select a.* from unnest(holds) a order by a.client_id, a.idempotency_key
    on conflict on constraint ledger_holds_a_key_holds_once do nothing
    returning h.id)
  select coalesce(array_agg(h.id), '{}') into written from hold h;
  for line in 1..cardinality(holds) loop
    if holds[line].id = any (written) then
      fresh := fresh || holds[line];
    else
      holds[line] := private.held_before(holds[line]);
    end if;
  end loop;
  fresh := private.write_holds(fresh, shortage);
  return holds;
end $$;

create function private.reserve_hold(
  account_id uuid, amount numeric, expires_at timestamptz, idempotency_key text, reference_id uuid default null)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
begin
  return (private.reserve_holds(array[
    row(account_id, amount, expires_at, idempotency_key, reference_id)::private.hold_request]))[1];
end $$;

-- Locks holds in id order, and returns them so: the loser of a race sees what the winner has done with them.
create function private.lock_holds(hold_ids uuid[])
returns public.ledger_holds[] language plpgsql volatile set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  holds public.ledger_holds[];
begin
  select array_agg(l.hold) into holds
  from (
    select h as hold from public.ledger_holds h where h.id = any (hold_ids) order by h.id for no key update) l;
  return coalesce(holds, '{}');
end $$;

-- The lots of a hold that a capture draws from, earliest expiry first; what it leaves is free again.
create function private.held_lots(hold_id uuid, amount numeric)
returns private.lot_change[] language plpgsql stable set search_path = '' as $$
begin
  return (
    select array_agg(
      row(null, s.lot_id, -greatest(least(s.amount, held_lots.amount - s.before), 0), -s.amount)::private.lot_change)
    from (
      select h.lot_id, h.amount, sum(h.amount) over (order by coalesce(l.expires_at, 'infinity'), l.id) - h.amount as before
      from private.ledger_hold_lots h join public.ledger_lots l on l.id = h.lot_id
      where h.hold_id = held_lots.hold_id) s);
end $$;

-- The transfer that captures a hold; null when the same capture was made before.
create function private.capture_posting(hold public.ledger_holds, capture private.hold_capture)
returns private.posting language plpgsql stable set search_path = '' as $$
declare
  captured numeric := coalesce(capture.amount, hold.amount);
  entries private.posting_entry[];
begin
  if hold.status = 'captured' and hold.captured_amount = captured then
    if exists (
      select from public.ledger_entries e where e.transfer_id = hold.transfer_id and e.account_id = capture.target_id) then
      return null;
    end if;
  end if;
  if hold.status <> 'held' then
    perform private.refuse('WL-003', null, jsonb_build_object('status', hold.status));
  elsif captured <= 0 or captured > hold.amount then
    raise exception 'a capture takes no more than is held, and no less than something';
  end if;
  entries := private.entries_between(hold.account_id, capture.target_id, captured);
  entries[1].held := -hold.amount;
  entries[1].lots := private.held_lots(hold.id, captured);
  return row(hold.client_id, capture.transfer_type, 'hold:' || hold.id, capture.description, hold.reference_id, null,
    entries)::private.posting;
end $$;

-- Pays with what is held, the whole or a part, once; the rest is free again. A hold past its expires_at can be captured until it is
-- released: the payment that it was made for may have happened. Returns the holds in id order.
create function private.capture_holds(captures private.hold_capture[])
returns public.ledger_holds[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan set enable_hashjoin = off as $$
declare
  capture private.hold_capture;
  hold_ids uuid[] := '{}';
  holds public.ledger_holds[];
  posting private.posting;
  postings private.posting[] := '{}';
  captured int[] := '{}';
  transfers public.ledger_transfers[];
begin
  foreach capture in array captures loop
    hold_ids := hold_ids || capture.hold_id;
  end loop;
  holds := private.lock_holds(hold_ids);
  if cardinality(holds) < cardinality(hold_ids) then
    perform private.refuse('RB-404');
  end if;
  for n in 1..cardinality(holds) loop
    posting := private.capture_posting(holds[n], captures[array_position(hold_ids, holds[n].id)]);
    if posting.idempotency_key is not null then
      postings := postings || posting;
      captured := captured || n;
    end if;
  end loop;
  transfers := private.post_transfers(postings);
  for n in 1..cardinality(captured) loop
    holds[captured[n]].status := 'captured';
    holds[captured[n]].captured_at := now();
    holds[captured[n]].captured_amount := (postings[n]).entries[2].amount;
    holds[captured[n]].transfer_id := transfers[n].id;
  end loop;
  if captured <> '{}' then
    update public.ledger_holds h
    set status = k.status, captured_at = k.captured_at, captured_amount = k.captured_amount, transfer_id = k.transfer_id
    from unnest(holds) k where h.id = k.id and h.status = 'held';
  end if;
  return holds;
end $$;

create function private.capture_hold(
  hold_id uuid, target_id uuid, amount numeric default null, transfer_type text default 'capture',
  description text default null)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
begin
  return (private.capture_holds(array[
    row(hold_id, target_id, amount, transfer_type, description)::private.hold_capture]))[1];
end $$;

-- Frees what is held, once, and returns the holds in id order; those that are released or expired already stay as they are.
create function private.release_holds(hold_ids uuid[], status text default 'released')
returns public.ledger_holds[] language plpgsql volatile
set search_path = '' set plan_cache_mode = force_generic_plan set enable_hashjoin = off as $$
declare
  holds public.ledger_holds[] := private.lock_holds(hold_ids);
  accounts public.ledger_accounts[];
  account_ids uuid[];
  held uuid[] := '{}';
begin
  if cardinality(holds) < cardinality(hold_ids) then
    perform private.refuse('RB-404');
  end if;
  for n in 1..cardinality(holds) loop
    if holds[n].status = 'captured' then
      perform private.refuse('WL-003', null, jsonb_build_object('status', holds[n].status));
    elsif holds[n].status = 'held' then
      held := held || holds[n].id;
      account_ids := account_ids || holds[n].account_id;
      holds[n].status := release_holds.status;
      holds[n].released_at := now();
    end if;
  end loop;
  if held <> '{}' then
    accounts := private.lock_accounts(account_ids);
    with account as (
      update public.ledger_accounts a set held = a.held - f.amount
      from (
        select h.account_id, sum(h.amount) as amount from unnest(holds) h where h.id = any (held) group by 1) f
      where a.id = f.account_id),
    lot as (
      update public.ledger_lots l set held = l.held - f.amount
      from (
        select s.lot_id, sum(s.amount) as amount from private.ledger_hold_lots s where s.hold_id = any (held) group by 1) f
      where l.id = f.lot_id)
    update public.ledger_holds h set status = release_holds.status, released_at = now() where h.id = any (held);
  end if;
  return holds;
end $$;

create function private.release_hold(hold_id uuid)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
begin
  return (private.release_holds(array[hold_id]))[1];
end $$;
alter table public.ledger_holds enable row level security;

grant select on public.ledger_holds to authenticated, service_role;

create policy "Readers of an account read its holds" on public.ledger_holds
  for select to authenticated
  using (
    account_id = any (array(select a.id from public.ledger_accounts a where a.owner_id = any (array(select private.ledger_owner_ids()))))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
