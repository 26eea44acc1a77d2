-- Gift cards, supplier purchases: cards that are bought from a supplier when the stock is empty.
-- A supplier purchase and its client_request_id are committed before the supplier is called, the outcome after it; while the outcome
-- is unknown, the same id is looked up again and no other purchase is made for the grant. A grant has one purchase under way.

create table public.gift_card_purchases (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  recipient_id uuid not null,
  grant_id uuid not null references public.gift_card_grants (id),
  supplier_id uuid not null references public.gift_card_suppliers (id),
  brand_id uuid not null references public.gift_card_brands (id),
  denomination numeric(18,2) not null,
  currency text not null,
  client_request_id text not null,
  brand_code text not null,
  delivery_method text not null,
  sector text,
  is_async boolean not null,
  gift_card_id uuid not null default gen_random_uuid(),
  status text not null default 'calling',
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  lease_token uuid,
  supplier_reference text,
  supplier_code text,
  supplier_message text,
  created_at timestamptz not null default now(),
  reopened_at timestamptz,
  ended_at timestamptz,
  constraint gift_card_purchases_client_request_id_is_unique unique (client_request_id),
  constraint gift_card_purchases_client_request_id_fits check (client_request_id ~ '^[A-Za-z0-9_-]{5,50}$'),
  constraint gift_card_purchases_gift_card_id_is_unique unique (gift_card_id),
  constraint gift_card_purchases_status_is_valid check (
    status in ('calling', 'ordered', 'unknown', 'reversing', 'issued', 'declined', 'reversed')),
  constraint gift_card_purchases_ended_at_matches_status check (
    (status in ('issued', 'declined', 'reversed')) = (ended_at is not null)),
  constraint gift_card_purchases_reopened_are_reversed check (reopened_at is null or status in ('reversing', 'reversed')),
  constraint gift_card_purchases_ordered_have_a_reference check (status <> 'ordered' or supplier_reference is not null)
);
comment on table public.gift_card_purchases is
  'One card bought from a supplier: calling → issued | declined, or ordered and unknown on the way there; what stays unknown '
  'is reversed; so is what came after all, when its purchase was given up (reopened_at). client_request_id is the supplier''s idempotency key; what was asked for stands here as it was asked.';

create table private.supplier_purchase_requests (
  purchase_id uuid primary key references public.gift_card_purchases (id),
  asked jsonb not null,
  facts jsonb not null,
  condition_met_id uuid,
  next_step int not null,
  credit_hold_ids uuid[] not null default '{}'
);
comment on table private.supplier_purchase_requests is
  'What the provisioning had asked (private.card_request) and read (private.provisioning_facts) when it went to buy, so that any '
  'worker that learns the outcome can finish it. The typed code, the contact and stored answers are not kept.';

create index gift_card_purchases_client_id_idx on public.gift_card_purchases (client_id, created_at);
create index gift_card_purchases_supplier_id_idx on public.gift_card_purchases (supplier_id);
create index gift_card_purchases_recipient_id_idx on public.gift_card_purchases (recipient_id, campaign_id);
create index gift_card_purchases_brand_id_idx on public.gift_card_purchases (brand_id);
create index gift_card_purchases_grant_id_idx on public.gift_card_purchases (grant_id);
create unique index gift_card_purchases_one_under_way_idx on public.gift_card_purchases (grant_id)
  where ended_at is null and reopened_at is null;
create index gift_card_purchases_due_idx on public.gift_card_purchases (next_attempt_at) where ended_at is null;

-- The pool of a supplier's purchased cards: claimed on arrival, except returned ones.
create function private.supplier_pool(supplier public.gift_card_suppliers, brand_id uuid, denomination numeric, currency text)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  pool_id uuid;
begin
  -- two first purchases would make two pools
  perform pg_advisory_xact_lock(hashtextextended('private.supplier_pool' || concat_ws(':', brand_id, denomination, currency), 0));
  select p.id into pool_id from public.card_pools p
  where p.supplier_id = supplier.id and p.brand_id = supplier_pool.brand_id
    and p.denomination = supplier_pool.denomination and p.currency = supplier_pool.currency;
  if pool_id is null then
    -- what each card cost stands on its bill
    insert into public.card_pools as p (brand_id, pool_name, denomination, currency, pool_type, supplier_id, cost_per_card)
    values (brand_id, 'Bought from ' || supplier.name, denomination, currency, 'supplier', supplier.id, 0)
    returning p.id into pool_id;
  end if;
  return pool_id;
end $$;

create function private.present_supplier_purchase(purchase public.gift_card_purchases)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'purchaseId', purchase.id, 'leaseToken', purchase.lease_token, 'supplier', s.name, 'adapter', s.adapter,
      'action', case purchase.status
        when 'ordered' then 'order_status' when 'reversing' then 'reverse'
        else case when purchase.is_async then 'order' else 'issue' end end,
      'clientRequestId', purchase.client_request_id, 'brandCode', purchase.brand_code, 'amount', purchase.denomination::text,
      'currency', purchase.currency, 'sector', purchase.sector, 'deliveryMethod', purchase.delivery_method,
      'giftCardId', purchase.gift_card_id, 'brandId', purchase.brand_id, 'codeCaseMatters', b.code_case_matters,
      'reference', purchase.supplier_reference)
    from public.gift_card_suppliers s, public.gift_card_brands b
    where s.id = purchase.supplier_id and b.id = purchase.brand_id);
end $$;

-- The refusal while the outcome of a supplier purchase is unknown.
create function private.pending_supplier_purchase(purchase_id uuid)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return private.refused('GC005', 'The card is being bought; it is delivered as soon as it is there',
    jsonb_build_object('purchaseId', purchase_id, 'pending', true)::text);
end $$;

-- What an alert about repeated purchases is raised for.
create function private.repetition_of(recipient_id uuid, campaign_id uuid, supplier_id uuid)
returns text language sql immutable set search_path = '' as $$
  select concat_ws(':', repetition_of.recipient_id, repetition_of.campaign_id, repetition_of.supplier_id)
$$;

-- Suppliers whose cards for this reward were issued and reversed twice since the last alert about it was resolved: asking once more
-- would most likely do the same, and each round costs a sale.
create function private.repeating_suppliers(recipient_id uuid, campaign_id uuid, brand_id uuid)
returns uuid[] language sql stable set search_path = '' as $$
  select array(
    select b.supplier_id from public.gift_card_purchases b
    where b.recipient_id = repeating_suppliers.recipient_id and b.campaign_id = repeating_suppliers.campaign_id
      and b.brand_id = repeating_suppliers.brand_id and (b.status = 'reversed' or (b.status = 'declined' and b.supplier_code = 'not_keepable'))
      and b.created_at > coalesce((
        select max(a.resolved_at) from public.system_alerts a
        where a.alert_type = 'purchase_repeats'
          and a.subject = private.repetition_of(b.recipient_id, b.campaign_id, b.supplier_id)), '-infinity')
    group by b.supplier_id having count(*) >= 2)
$$;

-- Must be empty: bought and not on our books, or on our books and not bought, or open and forgotten.
create view private.supplier_purchases_without_end as
  select p.id, 'issued, without card or bill' as problem
  from public.gift_card_purchases p
  left join public.gift_cards c on c.id = p.gift_card_id
  left join public.billing_transactions b on b.gift_card_id = p.gift_card_id
  where p.status = 'issued' and (c.id is null or b.id is null)
  union all
  select p.id, 'not issued, and has a card'
  from public.gift_card_purchases p join public.gift_cards c on c.id = p.gift_card_id
  where p.status <> 'issued'
  union all
  select p.id, 'due for an hour and not processed'
  from public.gift_card_purchases p
  where p.ended_at is null and greatest(p.next_attempt_at, p.leased_until) < now() - interval '1 hour'
  union all
  select p.id, 'its outcome is not known after two days'
  from public.gift_card_purchases p
  where p.ended_at is null and p.created_at < now() - interval '48 hours';

-- Credit is a claim on the agency that gave it, a sale names what its agency owes, and an open purchase will: a client takes none
-- of them to another agency. An allocation in flight is waited for: it locks the client's row.
create function private.refuse_agency_of_other_money()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (
    select from public.ledger_accounts a
    where a.client_id = new.id and a.owner_type = 'client' and a.asset like 'credit:%' and (a.balance <> 0 or a.held <> 0)
  ) then
    raise exception 'a client with credit stays with its agency: return the credit first';
  elsif exists (select from public.admin_card_sales s where s.client_id = new.id) then
    raise exception 'a client that bought cards stays with its agency: make a client of the other agency';
  elsif exists (select from public.gift_card_purchases p where p.client_id = new.id and p.ended_at is null) then
    raise exception 'a client for which a card is being bought stays with its agency until the purchase ends';
  end if;
  return new;
end $$;

create trigger clients_with_money_stay_with_their_agency before update of agency_id on public.clients
  for each row when (new.agency_id <> old.agency_id) execute function private.refuse_agency_of_other_money();

alter table public.gift_card_purchases enable row level security;

grant select on public.gift_card_purchases to authenticated, service_role;

create policy "Staff read the purchases of their clients" on public.gift_card_purchases
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
