-- The ledger: what is taken back, and what is held. A reversal takes back a transfer in one or more parts, never more than
-- remains of it, out of the lots it went into and back into the lots it came from. A hold sets units aside, in their lots,
-- until it is captured (the whole or a part; the rest is free again), released or expired: exactly one of them.

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
  'Units set aside for a payment: no transfer until they are captured. Past its expires_at a hold is released by the job.';

create table private.ledger_hold_lots (
  hold_id uuid not null references public.ledger_holds (id),
  lot_id bigint not null references public.ledger_lots (id),
  amount numeric(18,2) not null,
  constraint ledger_hold_lots_are_unique primary key (hold_id, lot_id),
  constraint ledger_hold_lots_amount_is_positive check (amount > 0)
);
comment on table private.ledger_hold_lots is 'In which lots a hold stands: held in time, they do not expire meanwhile.';

create index ledger_holds_account_id_idx on public.ledger_holds (account_id);
create index ledger_holds_transfer_id_idx on public.ledger_holds (transfer_id);
create index ledger_holds_expiring_idx on public.ledger_holds (expires_at) where status = 'held';
create index ledger_hold_lots_lot_id_idx on private.ledger_hold_lots (lot_id);

-- How much of a transfer can still be taken back: what is not reversed yet, and of what a customer was given no more than
-- is neither spent, expired nor held. A transfer of more than two entries is reversed as a whole.
create function private.reversible_amount(transfer public.ledger_transfers)
returns numeric language plpgsql stable set search_path = '' as $$
declare
  parts int;
  size numeric;
  reversed numeric;
  unspent numeric;
begin
  if transfer.reverses is not null then
    return 0;
  end if;
  select count(*), sum(e.amount) filter (where e.amount > 0) into parts, size
  from public.ledger_entries e where e.transfer_id = transfer.id;
  select coalesce(sum(e.amount), 0) into reversed
  from public.ledger_transfers t
  join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
  where t.reverses = transfer.id;
  select min(case when parts = 2 then l.remaining - l.held when l.remaining - l.held < l.amount then 0 end) into unspent
  from public.ledger_lots l where l.transfer_id = transfer.id;
  return least(size - reversed, unspent);
end $$;

-- The lots that a transfer drew from, for an amount that comes back: what was drawn last is given back first, and keeps
-- its expiry.
create function private.lots_to_return(transfer_id uuid, account_id uuid, amount numeric)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  lot record;
  missing numeric := amount;
  returned jsonb := '[]';
begin
  for lot in
    select l.id, -sum(u.amount) as drawn
    from private.ledger_lot_uses u
    join public.ledger_lots l on l.id = u.lot_id and l.account_id = lots_to_return.account_id
    where u.transfer_id in (
      select t.id from public.ledger_transfers t where lots_to_return.transfer_id in (t.id, t.reverses))
    group by l.id having sum(u.amount) < 0
    order by coalesce(l.expires_at, 'infinity') desc, l.id desc
  loop
    returned := returned || jsonb_build_object('lot_id', lot.id, 'amount', least(lot.drawn, missing));
    missing := missing - least(lot.drawn, missing);
    exit when missing = 0;
  end loop;
  return returned;
end $$;

create function private.reversal_entries(transfer_id uuid, amount numeric)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  size numeric := (
    select sum(e.amount) from public.ledger_entries e
    where e.transfer_id = reversal_entries.transfer_id and e.amount > 0);
begin
  if amount <> size and (
    select count(*) > 2 from public.ledger_entries e where e.transfer_id = reversal_entries.transfer_id) then
    raise exception 'a transfer of more than two entries is reversed as a whole';
  end if;
  return (
    select jsonb_agg(jsonb_build_object('account_id', e.account_id, 'amount', -part.amount, 'lots', case
      when e.balance_after is null then null
      when e.amount < 0 then private.lots_to_return(e.transfer_id, e.account_id, -part.amount)
      else (
        select jsonb_build_array(jsonb_build_object('lot_id', l.id, 'amount', -part.amount))
        from public.ledger_lots l where l.transfer_id = e.transfer_id and l.account_id = e.account_id) end))
    from public.ledger_entries e, lateral (select round(e.amount * reversal_entries.amount / size, 2) as amount) part
    where e.transfer_id = reversal_entries.transfer_id);
end $$;

-- Takes back a transfer, or a part of it; without an amount, as much as can still be taken back.
create function private.reverse_transfer(
  transfer_id uuid, amount numeric, idempotency_key text, description text default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  original public.ledger_transfers;
  done public.ledger_transfers;
  remaining numeric;
begin
  -- the reversals of a transfer wait for each other: each sees what the one before has left
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
  perform private.lock_accounts(array(
    select e.account_id from public.ledger_entries e where e.transfer_id = original.id));
  remaining := private.reversible_amount(original);
  if remaining = 0 or reverse_transfer.amount > remaining then
    perform private.refuse('WL-002', null,
      jsonb_build_object('remaining', remaining, 'requested', reverse_transfer.amount));
  elsif reverse_transfer.amount <= 0 then
    raise exception 'the amount of a reversal must be positive';
  end if;
  select p.* into done from private.post_transfers(jsonb_build_array(jsonb_build_object(
    'client_id', original.client_id, 'transfer_type', 'reversal', 'idempotency_key', reverse_transfer.idempotency_key,
    'description', reverse_transfer.description, 'reference_id', original.reference_id, 'reverses', original.id,
    'entries', private.reversal_entries(original.id, coalesce(reverse_transfer.amount, remaining))))) p;
  return done;
end $$;

-- Sets units of a customer's account aside; the same key and content gives the hold that was made.
create function private.reserve_hold(
  account_id uuid, amount numeric, expires_at timestamptz, idempotency_key text, reference_id uuid default null)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
declare
  hold public.ledger_holds;
  account public.ledger_accounts;
begin
  select a.* into account from public.ledger_accounts a where a.id = reserve_hold.account_id and a.kind = 'customer';
  insert into public.ledger_holds as h (client_id, account_id, amount, expires_at, idempotency_key, reference_id)
  values (account.client_id, account.id, amount, expires_at, idempotency_key, reference_id)
  on conflict on constraint ledger_holds_a_key_holds_once do nothing
  returning h.* into hold;
  if not found then
    select h.* into hold from public.ledger_holds h
    where h.idempotency_key = reserve_hold.idempotency_key and h.client_id is not distinct from account.client_id;
    if (hold.account_id, hold.amount) <> (reserve_hold.account_id, reserve_hold.amount)
      or hold.reference_id is distinct from reserve_hold.reference_id then
      perform private.refuse('RB-409');
    end if;
    return hold;
  end if;
  perform private.lock_accounts(array[account.id]);
  insert into private.ledger_hold_lots (hold_id, lot_id, amount)
  select hold.id, p.lot_id, -p.amount
  from jsonb_to_recordset(private.pick_lots(account.id, hold.amount)) as p (lot_id bigint, amount numeric);
  update public.ledger_lots l set held = l.held + s.amount
  from private.ledger_hold_lots s where s.hold_id = hold.id and l.id = s.lot_id;
  update public.ledger_accounts a set held = a.held + hold.amount where a.id = hold.account_id;
  return hold;
end $$;

-- The hold as it is once its account is locked: whoever comes second sees what the first has done with it.
create function private.lock_hold(hold_id uuid, target_id uuid default null)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
declare
  hold public.ledger_holds;
begin
  perform private.lock_accounts(array(
    select h.account_id from public.ledger_holds h where h.id = lock_hold.hold_id) || target_id);
  select h.* into hold from public.ledger_holds h where h.id = lock_hold.hold_id;
  if hold.id is null then
    perform private.refuse('RB-404');
  end if;
  return hold;
end $$;

create function private.free_hold(hold public.ledger_holds)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.ledger_lots l set held = l.held - s.amount
  from private.ledger_hold_lots s where s.hold_id = hold.id and l.id = s.lot_id;
  update public.ledger_accounts a set held = a.held - hold.amount where a.id = hold.account_id;
end $$;

-- The first so many units of a hold, in its lots.
create function private.held_lots(hold_id uuid, amount numeric)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('lot_id', s.lot_id, 'amount', -least(s.amount, held_lots.amount - s.before)))
    from (
      select h.lot_id, h.amount, sum(h.amount) over (order by coalesce(l.expires_at, 'infinity'), l.id) - h.amount as before
      from private.ledger_hold_lots h join public.ledger_lots l on l.id = h.lot_id
      where h.hold_id = held_lots.hold_id) s
    where s.before < held_lots.amount);
end $$;

-- Pays with what is held, the whole or a part, once; the rest is free again. A hold that is past its time can be captured
-- until it is released: the money it was held for may be paid already.
create function private.capture_hold(
  hold_id uuid, target_id uuid, amount numeric default null, transfer_type text default 'capture',
  description text default null)
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
declare
  hold public.ledger_holds := private.lock_hold(hold_id, target_id);
  captured numeric := coalesce(amount, hold.amount);
  posted public.ledger_transfers;
begin
  if hold.status = 'captured' and hold.captured_amount = captured and exists (
    select from public.ledger_entries e where e.transfer_id = hold.transfer_id and e.account_id = target_id) then
    return hold;
  elsif hold.status <> 'held' then
    perform private.refuse('WL-003', null, jsonb_build_object('status', hold.status));
  elsif captured <= 0 or captured > hold.amount then
    raise exception 'a capture takes no more than is held, and no less than something';
  end if;
  perform private.free_hold(hold);
  select p.* into posted from private.post_transfers(jsonb_build_array(jsonb_build_object(
    'client_id', hold.client_id, 'transfer_type', transfer_type, 'idempotency_key', 'hold:' || hold.id,
    'description', description, 'reference_id', hold.reference_id, 'entries', jsonb_build_array(
      jsonb_build_object('account_id', hold.account_id, 'amount', -captured, 'lots', private.held_lots(hold.id, captured)),
      jsonb_build_object('account_id', target_id, 'amount', captured))))) p;
  update public.ledger_holds h
  set status = 'captured', captured_at = now(), captured_amount = captured, transfer_id = posted.id
  where h.id = hold.id returning h.* into hold;
  return hold;
end $$;

-- Gives back what is held; once is enough.
create function private.release_hold(hold_id uuid, status text default 'released')
returns public.ledger_holds language plpgsql volatile set search_path = '' as $$
declare
  hold public.ledger_holds := private.lock_hold(hold_id);
begin
  if hold.status = 'captured' then
    perform private.refuse('WL-003', null, jsonb_build_object('status', hold.status));
  elsif hold.status = 'held' then
    perform private.free_hold(hold);
    update public.ledger_holds h set status = release_hold.status, released_at = now()
    where h.id = hold.id returning h.* into hold;
  end if;
  return hold;
end $$;

alter table public.ledger_holds enable row level security;

grant select on public.ledger_holds to authenticated, service_role;

create policy "Whoever reads an account reads its holds" on public.ledger_holds
  for select to authenticated
  using (
    account_id in (select a.id from public.ledger_accounts a where a.owner_id in (select private.ledger_owner_ids()))
    or client_id in (select private.administered_client_ids())
    or (select private.is_platform_admin()));
