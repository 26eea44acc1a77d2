-- Discounts: an entitlement is a discount that a customer owns until they buy or it expires; a redeemed percentage voucher gives one.
-- available → reserved (a purchase has begun) → used, or back to available. A purchase holds one entitlement at most, and a reserved
-- one does not expire meanwhile. Vouchers and purchases call these functions and never touch the table.

create table public.voucher_entitlements (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  user_id uuid not null,
  voucher_id uuid not null,
  usage_id uuid not null,
  percentage numeric(5,2) not null,
  package_id uuid,
  minimum_purchase numeric(18,2),
  discount_amount numeric(18,2),
  status text not null default 'available',
  purchase_id uuid,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  used_at timestamptz,
  expired_at timestamptz,
  cancelled_at timestamptz,
  constraint voucher_entitlements_one_for_a_redemption unique (usage_id),
  constraint voucher_entitlements_one_for_a_purchase unique (purchase_id),
  constraint voucher_entitlements_discount_is_not_negative check (discount_amount >= 0 and discount_amount < 'Infinity'),
  constraint voucher_entitlements_percentage_is_a_share check (percentage > 0 and percentage <= 100),
  constraint voucher_entitlements_status_is_valid check (
    status in ('available', 'reserved', 'used', 'expired', 'cancelled')),
  constraint voucher_entitlements_purchase_matches_status check (
    (status in ('reserved', 'used')) = (purchase_id is not null)),
  constraint voucher_entitlements_used_at_matches_status check ((status = 'used') = (used_at is not null)),
  constraint voucher_entitlements_expired_at_matches_status check ((status = 'expired') = (expired_at is not null)),
  constraint voucher_entitlements_cancelled_at_matches_status check ((status = 'cancelled') = (cancelled_at is not null))
);
comment on table public.voucher_entitlements is
  'A discount that a customer owns: percentage of the price of one purchase of package_id (none: of any package), from '
  'minimum_purchase on, until expires_at. discount_amount: what it has saved, less refunds of its purchase.';

create index voucher_entitlements_voucher_id_idx on public.voucher_entitlements (client_id, voucher_id);
create index voucher_entitlements_usable_idx on public.voucher_entitlements (user_id, client_id) where status = 'available';
create index voucher_entitlements_user_id_idx on public.voucher_entitlements (user_id, created_at);
create index voucher_entitlements_expiring_idx on public.voucher_entitlements (expires_at) where status = 'available';

-- Gives a customer a discount for a redemption, until the end of a day where the client is.
create function private.grant_entitlement(
  client_id uuid, user_id uuid, voucher_id uuid, usage_id uuid, percentage numeric, package_id uuid, minimum_purchase numeric, days int)
returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into public.voucher_entitlements (
    client_id, user_id, voucher_id, usage_id, percentage, package_id, minimum_purchase, expires_at)
  select c.id, user_id, voucher_id, usage_id, percentage, package_id, minimum_purchase,
    private.end_of_day((now() at time zone c.time_zone)::date + days, c.time_zone)
  from public.clients c where c.id = grant_entitlement.client_id;
end $$;

-- Takes the discount of a redemption back, if it is neither used nor reserved.
create function private.cancel_entitlement(usage_id uuid)
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  update public.voucher_entitlements e set status = 'cancelled', cancelled_at = now()
  where e.usage_id = cancel_entitlement.usage_id and e.status = 'available';
  return found;
end $$;

-- What an entitlement takes off a price, rounded once, half up, in the minor units of the currency; no more than the price.
create function private.discount_of(entitlement public.voucher_entitlements, price numeric, currency text)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return least(price, private.round_money(price * coalesce(entitlement.percentage, 0) / 100, currency));
end $$;

-- The customer's best entitlement for a purchase: the largest discount, then the one that ends first. None is a null id. One that
-- is reserved by replaced_purchase_id counts, too: it would be available without that purchase.
create function private.entitlement_for(
  client_id uuid, user_id uuid, package_id uuid, price numeric, replaced_purchase_id uuid default null)
returns public.voucher_entitlements language plpgsql stable set search_path = '' as $$
declare
  best public.voucher_entitlements;
begin
  select e.* into best from public.voucher_entitlements e
  where e.user_id = entitlement_for.user_id and e.client_id = entitlement_for.client_id
    and (e.status = 'available' or (e.status = 'reserved' and e.purchase_id = replaced_purchase_id)) and e.expires_at > now()
    and coalesce(e.package_id, entitlement_for.package_id) is not distinct from entitlement_for.package_id
    and coalesce(e.minimum_purchase, 0) <= price
  order by e.percentage desc, e.expires_at, e.id limit 1;
  return best;
end $$;

-- Sets an entitlement aside for a purchase; the same purchase may ask again.
create function private.reserve_entitlement(entitlement_id uuid, purchase_id uuid)
returns public.voucher_entitlements language plpgsql volatile set search_path = '' as $$
declare
  entitlement public.voucher_entitlements;
begin
  update public.voucher_entitlements e set status = 'reserved', purchase_id = reserve_entitlement.purchase_id
  where e.id = entitlement_id
    and ((e.status = 'available' and e.expires_at > now())
      or (e.status = 'reserved' and e.purchase_id = reserve_entitlement.purchase_id))
  returning e.* into entitlement;
  if entitlement.id is null then
    perform private.refuse('VC-017');
  end if;
  return entitlement;
end $$;

-- The purchase is paid: its entitlement is used up.
create function private.use_entitlement(purchase_id uuid, discount_amount numeric default null)
returns public.voucher_entitlements language plpgsql volatile set search_path = '' as $$
declare
  entitlement public.voucher_entitlements;
begin
  update public.voucher_entitlements e
  set status = 'used', used_at = now(), discount_amount = use_entitlement.discount_amount
  where e.purchase_id = use_entitlement.purchase_id and e.status = 'reserved'
  returning e.* into entitlement;
  return entitlement;
end $$;

-- What a discount has saved after refunds of its purchase.
create function private.correct_discount(purchase_id uuid, discount_amount numeric)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.voucher_entitlements e set discount_amount = correct_discount.discount_amount
  where e.purchase_id = correct_discount.purchase_id and e.status = 'used';
end $$;

-- The purchase came to nothing: the customer has their discount back.
create function private.release_entitlement(purchase_id uuid)
returns public.voucher_entitlements language plpgsql volatile set search_path = '' as $$
declare
  entitlement public.voucher_entitlements;
begin
  update public.voucher_entitlements e set status = 'available', purchase_id = null
  where e.purchase_id = release_entitlement.purchase_id and e.status = 'reserved'
  returning e.* into entitlement;
  return entitlement;
end $$;

-- Marks what is past its time; returns how many.
create function private.expire_entitlements(at timestamptz, batch_size int default 1000)
returns int language plpgsql volatile set search_path = '' as $$
declare
  expired int;
begin
  with due as (
    select e.id from public.voucher_entitlements e
    where e.status = 'available' and e.expires_at <= expire_entitlements.at
    order by e.expires_at limit batch_size
    -- a locked one is left to the next run, so that the job blocks no request
    for no key update skip locked)
  update public.voucher_entitlements e set status = 'expired', expired_at = now()
  from due where e.id = due.id;
  get diagnostics expired = row_count;
  return expired;
end $$;

create function public.expire_entitlements()
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
begin
  return private.answered(jsonb_build_object('entitlements', private.expire_entitlements(now())));
end $$;
comment on function public.expire_entitlements is 'Ends the discounts that were not used in time; returns how many.';

grant execute on function public.expire_entitlements to service_role;

alter table public.voucher_entitlements enable row level security;

grant select on public.voucher_entitlements to authenticated, service_role;

create policy "Customers read their discounts, admins those of their clients" on public.voucher_entitlements
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
