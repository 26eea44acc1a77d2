-- The ledger: expiry, and reading. A lapsed lot is not spendable at once, because every reader looks at the lots; the job then moves
-- it to breakage. private.ledger_imbalances must be empty at all times.

-- Moves what is left in lapsed lots to breakage; returns how many lots that were.
create function private.expire_lots(at timestamptz, batch_size int default 1000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  account_ids uuid[];
  postings private.posting[];
  transfers public.ledger_transfers[];
  expired int;
begin
  account_ids := array(
    select a.id from public.ledger_accounts a
    where a.id in (
      select l.account_id from public.ledger_lots l
      where l.spent_at is null and l.expires_at <= expire_lots.at and l.remaining > l.held
      order by l.expires_at limit batch_size)
    -- an account in use is left to the next run: the job neither waits nor makes others wait
    for no key update skip locked);
  -- read under the locks: another run may have expired some of these lots
  with lapsed as (
    select l.account_id, count(*) as how_many, sum(l.remaining - l.held) as amount,
      array_agg(row(null, l.id, l.held - l.remaining, 0)::private.lot_change) as lots
    from public.ledger_lots l
    where l.account_id = any (account_ids) and l.spent_at is null and coalesce(l.expires_at, 'infinity') <= expire_lots.at
      and l.remaining > l.held
    group by l.account_id)
  select array_agg(row(a.client_id, 'expiry', 'expiry:' || gen_random_uuid(), null, null, null, array[
      row(a.id, -l.amount, null, 0, l.lots)::private.posting_entry,
      row(private.system_account(a.client_id, 'breakage', a.asset), l.amount, null, 0, null)::private.posting_entry
    ])::private.posting), coalesce(sum(l.how_many), 0)
  into postings, expired
  from lapsed l join public.ledger_accounts a on a.id = l.account_id;
  transfers := private.post_transfers(postings);
  return expired;
end $$;

-- Releases holds past their expires_at; returns how many.
create function private.release_expired_holds(at timestamptz, batch_size int default 1000)
returns int language plpgsql volatile set search_path = '' as $$
begin
  return cardinality(private.release_holds(array(
    select h.id from public.ledger_holds h
    join public.ledger_accounts a on a.id = h.account_id
    where h.status = 'held' and h.expires_at <= release_expired_holds.at
    order by h.expires_at limit batch_size
    -- an account in use is left to the next run: the job neither waits nor makes others wait
    for no key update skip locked), 'expired'));
end $$;

create view public.wallet_balances with (security_invoker = on) as
  select a.id, a.client_id, a.owner_type, a.owner_id, case a.owner_type when 'user' then a.owner_id end as user_id, a.asset,
    a.balance - l.lapsed as balance, a.held, a.balance - l.lapsed - a.held as available
  from public.ledger_accounts a, lateral (
    select coalesce(sum(o.remaining - o.held), 0) as lapsed from public.ledger_lots o
    where o.account_id = a.id and o.spent_at is null and coalesce(o.expires_at, 'infinity') <= now()) l
  where a.kind = 'customer';
comment on view public.wallet_balances is
  'Balance of a customer without lapsed lots, the held part of it, and the available rest.';

create view public.bizpoints_transactions with (security_invoker = on) as
  select e.id, e.client_id, case a.owner_type when 'user' then a.owner_id end as user_id, t.id as transfer_id,
    t.transfer_type as transaction_type, e.amount, e.balance_after, t.description, t.reference_id, e.created_at
  from public.ledger_entries e
  join public.ledger_accounts a on a.id = e.account_id and a.kind = 'customer'
  join public.ledger_transfers t on t.id = e.transfer_id
  where e.asset = 'bizcoin';
comment on view public.bizpoints_transactions is 'Every change of a bizcoin balance (biz_points), with its type, description and reference.';

create view private.ledger_imbalances as
  select 'a transfer has entries that do not sum to zero' as problem, t.id::text as id
  from public.ledger_transfers t left join public.ledger_entries e on e.transfer_id = t.id
  group by t.id, e.asset having count(e.id) < 2 or sum(e.amount) <> 0
  union all
  select 'an entry is on an account of another client or asset, or on none', e.id::text
  from public.ledger_entries e left join public.ledger_accounts a on a.id = e.account_id
  where a.id is null or (a.client_id, a.asset) is distinct from (e.client_id, e.asset)
    or (a.kind = 'customer') <> (e.version is not null)
  union all
  select 'a transfer moves between clients, or between a client and an agency that is not its own', e.id::text
  from public.ledger_entries e
  join public.ledger_transfers t on t.id = e.transfer_id and t.client_id is distinct from e.client_id
  left join public.ledger_accounts a on a.id = e.account_id
  left join public.clients c on c.id = t.client_id
  where e.client_id is not null or a.owner_id is distinct from c.agency_id
  union all
  select 'a balance is not the sum of its entries', a.id::text
  from public.ledger_accounts a left join public.ledger_entries e on e.account_id = a.id
  where a.kind = 'customer'
  group by a.id having a.balance <> coalesce(sum(e.amount), 0) or a.version <> count(e.id)
  union all
  select 'an entry does not follow the one before', e.id::text
  from (
    select n.*, sum(n.amount) over account as total, row_number() over account as position
    from public.ledger_entries n where n.version is not null
    window account as (partition by n.account_id order by n.version)) e
  where e.balance_after <> e.total or e.version <> e.position
  union all
  select 'lots do not sum to the balance, or their holds not to what is held', a.id::text
  from public.ledger_accounts a left join public.ledger_lots l on l.account_id = a.id
  where a.kind = 'customer'
  group by a.id having a.balance <> coalesce(sum(l.remaining), 0) or a.held <> coalesce(sum(l.held), 0)
  union all
  select 'a lot is not what its uses left of it', l.id::text
  from public.ledger_lots l left join private.ledger_lot_uses u on u.lot_id = l.id
  group by l.id having l.remaining <> l.amount + coalesce(sum(u.amount), 0)
  union all
  select 'what is held in a lot is not what its holds set aside', l.id::text
  from public.ledger_lots l left join (
    private.ledger_hold_lots s join public.ledger_holds h on h.id = s.hold_id and h.status = 'held') on s.lot_id = l.id
  group by l.id having l.held <> coalesce(sum(s.amount), 0)
  union all
  select 'a hold does not stand in lots', h.id::text
  from public.ledger_holds h left join private.ledger_hold_lots s on s.hold_id = h.id
  group by h.id having h.amount <> coalesce(sum(s.amount), 0)
  union all
  select 'a lot or a transfer is used that does not exist', concat_ws(' ', u.transfer_id, u.lot_id)
  from private.ledger_lot_uses u
  where not exists (select from public.ledger_transfers t where t.id = u.transfer_id)
    or not exists (select from public.ledger_lots l where l.id = u.lot_id)
  union all
  select 'a hold stands in a lot, or a lot is held, that does not exist', concat_ws(' ', s.hold_id, s.lot_id)
  from private.ledger_hold_lots s
  where not exists (select from public.ledger_holds h where h.id = s.hold_id)
    or not exists (select from public.ledger_lots l where l.id = s.lot_id)
  union all
  select 'more was reversed than was moved', o.transfer_id::text
  from public.ledger_entries o
  join public.ledger_transfers t on t.reverses = o.transfer_id
  join public.ledger_entries e on e.transfer_id = t.id and e.account_id = o.account_id
  group by o.id having abs(sum(e.amount)) > abs(o.amount) or sign(sum(e.amount)) = sign(o.amount);

-- The last entries of a customer's accounts, newest first.
create function private.last_transactions(customer_id uuid, client_ids uuid[], how_many int default 20)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('transferId', e.transfer_id, 'clientId', e.client_id, 'asset', e.asset,
      'type', t.transfer_type, 'amount', e.amount, 'balanceAfter', e.balance_after, 'description', t.description,
      'referenceId', t.reference_id, 'createdAt', e.created_at) order by e.created_at desc, e.id desc), '[]')
    from (
      select n.* from public.ledger_accounts a, lateral (
        select x.* from public.ledger_entries x where x.account_id = a.id
        order by x.created_at desc, x.id desc limit how_many) n
      where a.owner_id = customer_id and a.owner_type = 'user' and a.client_id = any (client_ids)
      order by n.created_at desc, n.id desc limit how_many) e
    join public.ledger_transfers t on t.id = e.transfer_id);
end $$;

-- What of these accounts will expire, the soonest first, summed by moment: at most so many moments, and whether there are more.
create function private.expiring_units(customer_id uuid, client_ids uuid[], how_many int default 100)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  moments jsonb;
begin
  select coalesce(jsonb_agg(jsonb_build_object('clientId', m.client_id, 'asset', m.asset, 'amount', m.amount,
    'expiresAt', m.expires_at) order by m.expires_at, m.asset, m.client_id), '[]') into moments
  from (
    select a.client_id, a.asset, n.* from public.ledger_accounts a, lateral (
      -- in the order of the index on drawable lots, which ends the reading at the limit
      select coalesce(l.expires_at, 'infinity') as expires_at, sum(l.remaining - l.held) as amount
      from public.ledger_lots l
      where l.account_id = a.id and l.spent_at is null and l.remaining > l.held
        and coalesce(l.expires_at, 'infinity') > now() and coalesce(l.expires_at, 'infinity') < 'infinity'
      group by 1 order by 1 limit how_many + 1) n
    where a.owner_type = 'user' and a.owner_id = expiring_units.customer_id and a.client_id = any (client_ids)
    order by n.expires_at, a.asset, a.client_id limit how_many + 1) m;
  return jsonb_build_object('expiring', case when jsonb_array_length(moments) > how_many then moments - how_many else moments end,
    'hasMoreExpiring', jsonb_array_length(moments) > how_many);
end $$;

-- Security definer, because it reads for the actor, whom the server has authenticated.
create function public.get_wallet(customer_id uuid, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  client_ids uuid[] := array(
    select a.client_id from public.ledger_accounts a where a.owner_type = 'user' and a.owner_id = get_wallet.customer_id
    union
    select m.client_id from public.memberships m
    where m.user_id = get_wallet.customer_id and m.role = 'customer' and m.suspended_at is null);
begin
  if request.actor is distinct from get_wallet.customer_id then
    if request.actor is not null then
      client_ids := array(
        select unnest(client_ids) intersect select private.client_ids_of(request.actor, private.admin_roles()));
    end if;
    if client_ids = '{}' then
      perform private.refuse('RB-404');
    end if;
  end if;
  return private.answered(jsonb_build_object(
    'customerId', get_wallet.customer_id,
    'balances', (
      select coalesce(jsonb_agg(jsonb_build_object('accountId', b.id, 'clientId', b.client_id, 'asset', b.asset,
        'balance', b.balance, 'held', b.held, 'available', b.available) order by b.asset, b.client_id), '[]')
      from public.wallet_balances b
      where b.owner_type = 'user' and b.owner_id = get_wallet.customer_id and b.client_id = any (client_ids)),
    'transactions', private.last_transactions(get_wallet.customer_id, client_ids)
  ) || private.expiring_units(get_wallet.customer_id, client_ids));
end $$;
comment on function public.get_wallet is
  'Wallet of a customer by asset: balance, held, available, the next hundred moments at which units expire with the amount of each '
  '(hasMoreExpiring: there are more), and the last twenty transactions. Refuses with '
  'RB-404 when the actor may not read it.';

grant execute on function public.get_wallet to service_role;
grant select on public.wallet_balances, public.bizpoints_transactions to authenticated, service_role;
