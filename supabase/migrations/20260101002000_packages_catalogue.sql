-- Packages: what a client sells its customers, and what a customer has of it. A package gives so many messages for so
-- many days. The messages stand in the ledger: the customer's account of the asset `messages`, in lots that expire with
-- their package and name it (reference_id of the transfer that gave them). messages_limit is what was given and not
-- revoked, messages_used what was used; both are written under the lock of the account and agree with its lots
-- (private.packages_that_disagree is empty). Messages are used from the oldest active package first.

create table public.packages (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  name text not null,
  description text,
  price numeric(18,2) not null,
  currency text not null default 'USD',
  bizcoin_value numeric(18,2) not null default 1,
  duration_days int not null,
  messages int not null default 0,
  is_active boolean not null default true,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  archived_at timestamptz,
  constraint packages_are_of_their_client unique (client_id, id),
  constraint packages_have_a_name check (name <> ''),
  constraint packages_price_is_not_negative check (price >= 0 and price < 'Infinity'),
  constraint packages_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  constraint packages_bizcoin_value_is_positive check (bizcoin_value > 0 and bizcoin_value < 'Infinity'),
  constraint packages_last_a_while check (duration_days between 1 and 3660),
  constraint packages_messages_are_not_negative check (messages >= 0),
  constraint packages_archived_are_not_active check (archived_at is null or not is_active)
);
comment on table public.packages is
  'What customers can buy: so many messages for so many days at a price. bizcoin_value: what one bizcoin pays of it.';

create table public.customer_packages (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  user_id uuid not null,
  package_id uuid not null,
  voucher_id uuid,
  purchase_id uuid,
  status text not null default 'active',
  messages_limit bigint not null,
  messages_used bigint not null default 0,
  starts_at timestamptz not null default now(),
  expires_at timestamptz not null,
  cancel_reason text,
  created_at timestamptz not null default now(),
  expired_at timestamptz,
  cancelled_at timestamptz,
  constraint customer_packages_are_of_the_client
    foreign key (client_id, package_id) references public.packages (client_id, id),
  constraint customer_packages_one_for_a_purchase unique (purchase_id),
  constraint customer_packages_status_is_valid check (status in ('active', 'expired', 'cancelled')),
  constraint customer_packages_expired_at_matches_status check ((status = 'expired') = (expired_at is not null)),
  constraint customer_packages_cancelled_at_matches_status check ((status = 'cancelled') = (cancelled_at is not null)),
  constraint customer_packages_end_after_they_start check (expires_at > starts_at),
  constraint customer_packages_used_is_within_limit check (messages_used between 0 and messages_limit)
);
comment on table public.customer_packages is
  'A package that a customer has: active from starts_at until expires_at, unless it is cancelled. voucher_id or purchase_id: where from.';

create table private.package_lots (
  lot_id bigint primary key references public.ledger_lots (id),
  customer_package_id uuid not null references public.customer_packages (id)
);
comment on table private.package_lots is 'Which messages in the ledger belong to which package of a customer.';

create index package_lots_customer_package_id_idx on private.package_lots (customer_package_id);
create index customer_packages_package_id_idx on public.customer_packages (client_id, package_id);
create index customer_packages_user_id_idx on public.customer_packages (client_id, user_id, expires_at);
-- customers read theirs whatever the client
create index customer_packages_of_a_user_idx on public.customer_packages (user_id);
create index customer_packages_voucher_id_idx on public.customer_packages (voucher_id);
create index customer_packages_expiring_idx on public.customer_packages (expires_at) where status = 'active';

-- For policies: security definer, because the caller may not read the memberships of others.
create function private.customer_client_ids()
returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.client_id from public.memberships m
  where m.user_id = auth.uid() and m.role = 'customer' and m.suspended_at is null
$$;
grant execute on function private.customer_client_ids to authenticated;

create function private.is_customer(user_id uuid, client_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.memberships m
    where m.user_id = is_customer.user_id and m.client_id = is_customer.client_id
      and m.role = 'customer' and m.suspended_at is null);
end $$;

-- Passes the customer, or an actor with a role that may act for them.
create function private.assert_can_act_for_customer(actor uuid, client_id uuid, customer_id uuid, roles text[])
returns void language plpgsql stable set search_path = '' as $$
begin
  if actor is distinct from customer_id or not private.is_customer(actor, client_id) then
    perform private.assert_can_act(actor, client_id, roles);
  end if;
end $$;

create function private.present_customer_package(customer_package public.customer_packages)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return case when customer_package.id is not null then jsonb_build_object(
    'id', customer_package.id, 'packageId', customer_package.package_id, 'status', customer_package.status,
    'messagesLimit', customer_package.messages_limit, 'messagesUsed', customer_package.messages_used,
    'startsAt', customer_package.starts_at, 'expiresAt', customer_package.expires_at) end;
end $$;

-- The account that a customer's messages are in.
create function private.messages_account(customer_package public.customer_packages)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return private.ledger_account(customer_package.client_id, 'user', customer_package.user_id, 'messages');
end $$;

-- Recounts what was given and not reversed; called under the lock of the account.
create function private.count_messages(customer_package_id uuid)
returns public.customer_packages language plpgsql volatile set search_path = '' as $$
declare
  customer_package public.customer_packages;
begin
  update public.customer_packages cp set messages_limit = (
    select coalesce(sum(l.amount - coalesce((
      select sum(e.amount) from public.ledger_transfers t
      join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0 where t.reverses = l.transfer_id), 0)), 0)
    from private.package_lots pl join public.ledger_lots l on l.id = pl.lot_id where pl.customer_package_id = cp.id)
  where cp.id = count_messages.customer_package_id returning cp.* into customer_package;
  return customer_package;
end $$;

-- Gives messages to a package that a customer has; they expire with it.
create function private.add_messages(
  customer_package_id uuid, amount bigint, idempotency_key text, description text default null, reference_id uuid default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  customer_package public.customer_packages;
  added public.ledger_transfers;
begin
  select cp.* into customer_package from public.customer_packages cp where cp.id = add_messages.customer_package_id;
  added := private.post_transfer(customer_package.client_id, 'package_messages',
    private.system_account(customer_package.client_id, 'issuance', 'messages'), private.messages_account(customer_package),
    amount, idempotency_key, description, coalesce(reference_id, customer_package.id), customer_package.expires_at);
  insert into private.package_lots (lot_id, customer_package_id)
  select l.id, customer_package.id from public.ledger_lots l where l.transfer_id = added.id
  -- the key was posted before: its lot has its place already
  on conflict do nothing;
  customer_package := private.count_messages(customer_package.id);
  if customer_package.status <> 'active' or customer_package.expires_at <= now() then
    perform private.refuse('VC-021', null, jsonb_build_object('status', customer_package.status));
  end if;
  return added;
end $$;

-- Gives a customer a package from now on, whether it is still sold or not: what was paid or promised is given.
create function private.activate_package(
  client_id uuid, user_id uuid, package_id uuid, voucher_id uuid default null, purchase_id uuid default null)
returns public.customer_packages language plpgsql volatile set search_path = '' as $$
declare
  package public.packages;
  customer_package public.customer_packages;
begin
  select p.* into package from public.packages p
  where p.client_id = activate_package.client_id and p.id = activate_package.package_id;
  if package.id is null then
    perform private.refuse('RB-404');
  end if;
  insert into public.customer_packages as cp (
    client_id, user_id, package_id, voucher_id, purchase_id, messages_limit, expires_at)
  values (client_id, user_id, package_id, voucher_id, purchase_id, 0, now() + make_interval(days => package.duration_days))
  returning cp.* into customer_package;
  if package.messages > 0 then
    perform private.add_messages(
      customer_package.id, package.messages, 'package:' || customer_package.id, 'Package ' || package.name);
    customer_package.messages_limit := package.messages;
  end if;
  return customer_package;
end $$;

-- The package that a message voucher adds to: of those that are active, the one that lasts longest; none is a null id.
create function private.active_package(client_id uuid, user_id uuid)
returns public.customer_packages language plpgsql stable set search_path = '' as $$
declare
  customer_package public.customer_packages;
begin
  select cp.* into customer_package from public.customer_packages cp
  where cp.client_id = active_package.client_id and cp.user_id = active_package.user_id
    and cp.status = 'active' and cp.expires_at > now()
  order by cp.expires_at desc, cp.id limit 1;
  return customer_package;
end $$;

-- Ends a package before its time: its unused messages are revoked. A second call changes nothing.
create function private.cancel_package(customer_package_id uuid, reason text)
returns public.customer_packages language plpgsql volatile set search_path = '' as $$
declare
  customer_package public.customer_packages;
  lot record;
begin
  -- transfers first, then the account: the order in which a reversal locks
  perform from public.ledger_transfers t
  where t.id in (
    select l.transfer_id from private.package_lots pl join public.ledger_lots l on l.id = pl.lot_id
    where pl.customer_package_id = cancel_package.customer_package_id)
  order by t.id for no key update;
  select cp.* into customer_package from public.customer_packages cp where cp.id = cancel_package.customer_package_id;
  perform private.lock_accounts(array[private.messages_account(customer_package)]);
  update public.customer_packages cp set status = 'cancelled', cancelled_at = now(), cancel_reason = reason
  where cp.id = customer_package.id and cp.status = 'active' returning cp.* into customer_package;
  if not found then
    select cp.* into customer_package from public.customer_packages cp where cp.id = cancel_package.customer_package_id;
    return customer_package;
  end if;
  for lot in
    select l.id, l.transfer_id, l.remaining - l.held as free
    from private.package_lots pl join public.ledger_lots l on l.id = pl.lot_id
    where pl.customer_package_id = customer_package.id and l.remaining > l.held order by l.id
  loop
    perform private.reverse_transfer(lot.transfer_id, lot.free, 'package-cancelled:' || lot.id, 'Package cancelled');
  end loop;
  return private.count_messages(customer_package.id);
end $$;

-- Marks packages past their end as expired; returns how many.
create function private.expire_packages(at timestamptz, batch_size int default 1000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  expired int;
begin
  with due as (
    select cp.id from public.customer_packages cp
    where cp.status = 'active' and cp.expires_at <= expire_packages.at
    order by cp.expires_at limit batch_size
    -- a locked package is left to the next run, so that the job blocks no request
    for no key update skip locked)
  update public.customer_packages cp set status = 'expired', expired_at = now()
  from due where cp.id = due.id;
  get diagnostics expired = row_count;
  return expired;
end $$;

-- Which lots so many messages come from, of a locked account: those of the oldest package first.
create function private.pick_messages(client_id uuid, customer_id uuid, how_many bigint)
returns table (lot_id bigint, customer_package_id uuid, amount numeric)
language plpgsql volatile set search_path = '' as $$
begin
  return query
    select f.lot_id, f.customer_package_id, least(f.free, how_many - f.before)
    from (
      select l.id as lot_id, cp.id as customer_package_id, l.remaining - l.held as free,
        sum(l.remaining - l.held) over (order by cp.starts_at, cp.id, l.id) - (l.remaining - l.held) as before
      from public.customer_packages cp
      join private.package_lots pl on pl.customer_package_id = cp.id
      join public.ledger_lots l on l.id = pl.lot_id and l.spent_at is null and l.remaining > l.held
      where cp.client_id = pick_messages.client_id and cp.user_id = pick_messages.customer_id
        and cp.status = 'active' and cp.expires_at > now()) f
    where f.before < how_many;
end $$;

create function private.draw_messages(
  client_id uuid, customer_id uuid, how_many bigint, idempotency_key text, description text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  account_id uuid := (
    select a.id from public.ledger_accounts a
    where a.client_id = draw_messages.client_id and a.kind = 'customer' and a.owner_type = 'user'
      and a.owner_id = draw_messages.customer_id and a.asset = 'messages');
  drawn jsonb;
  drawn_from uuid[];
  total numeric;
  entries private.posting_entry[];
  posted public.ledger_transfers;
begin
  perform private.assert_number(how_many, 'howMany', 1, private.units_limit());
  perform private.lock_accounts(array[account_id]);
  select coalesce(jsonb_agg(to_jsonb(p)), '[]'), coalesce(sum(p.amount), 0) into drawn, total
  from private.pick_messages(client_id, customer_id, how_many) p;
  if total < how_many then
    perform private.refuse('VC-020', null, jsonb_build_object('left', total, 'needed', how_many));
  end if;
  entries := private.entries_between(account_id, private.system_account(client_id, 'revenue', 'messages'), how_many);
  entries[1].lots := array(
    select row(null, d.lot_id, -d.amount, 0)::private.lot_change
    from jsonb_to_recordset(drawn) as d (lot_id bigint, amount numeric));
  posted := (private.post_transfers(array[
    row(client_id, 'message_use', idempotency_key, description, null, null, entries)::private.posting]))[1];
  drawn_from := array(select d.customer_package_id from jsonb_to_recordset(drawn) as d (customer_package_id uuid));
  update public.customer_packages cp set messages_used = cp.messages_used + (
    select sum(d.amount) from jsonb_to_recordset(drawn) as d (customer_package_id uuid, amount numeric)
    where d.customer_package_id = cp.id)
  where cp.id = any (drawn_from);
  return jsonb_build_object('transferId', posted.id, 'used', how_many, 'packages', (
    select jsonb_agg(private.present_customer_package(cp) order by cp.starts_at, cp.id) from public.customer_packages cp
    where cp.id = any (drawn_from)));
end $$;

-- Must be empty: a package whose counts are not those of its lots.
create view private.packages_off as
  select cp.id, cp.messages_limit, cp.messages_used, n.given, n.used
  from public.customer_packages cp, lateral (
    select coalesce(sum(l.amount), 0) - coalesce(sum(u.taken_back), 0) as given, coalesce(sum(u.used), 0) as used
    from private.package_lots pl
    join public.ledger_lots l on l.id = pl.lot_id, lateral (
      select -sum(x.amount) filter (where t.transfer_type = 'message_use') as used,
        -sum(x.amount) filter (where t.reverses = l.transfer_id) as taken_back
      from private.ledger_lot_uses x join public.ledger_transfers t on t.id = x.transfer_id
      where x.lot_id = l.id) u
    where pl.customer_package_id = cp.id) n
  where (cp.messages_limit, cp.messages_used) <> (n.given, n.used);

create function public.use_messages(
  client_id uuid, customer_id uuid, how_many int, description text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('use_messages', client_id, request.actor);
  answer jsonb;
begin
  perform private.assert_can_act_for_customer(request.actor, client_id, customer_id, private.staff_roles());
  answer := private.replay(request, scope);
  if answer is null then
    answer := private.answer(request, scope, private.draw_messages(
      client_id, customer_id, how_many, concat_ws(':', 'use', request.actor, private.request_key(request)), description));
  end if;
  return answer;
end $$;
comment on function public.use_messages is
  'Uses messages of a customer, from the oldest active package first; all or none (VC-020 with what is left). RB-403, RB-404, RB-409.';
grant execute on function public.use_messages to service_role;

alter table public.packages enable row level security;
alter table public.customer_packages enable row level security;

grant select on public.packages, public.customer_packages to authenticated, service_role;

create policy "Customers read what their client sells, staff all of it" on public.packages
  for select to authenticated
  using (
    (is_active and client_id = any (array(select private.customer_client_ids())))
    -- an owner reads the name also of a package that is paused or archived
    or id = any (array(select cp.package_id from public.customer_packages cp where cp.user_id = (select auth.uid())))
    or client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Customers read their packages, admins those of their clients" on public.customer_packages
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
