-- Gift cards, the suppliers: accounts that sell cards when the stock is empty, their brands, and their circuit breaker.
-- Another account is a row, another protocol an adapter in the edge functions. Credentials are never stored here: a request names the
-- suppliers whose credentials it has.

create table public.gift_card_suppliers (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  adapter text not null default 'tillo',
  priority int not null default 100,
  is_enabled boolean not null default true,
  requests_per_minute int not null default 60,
  failures int not null default 0,
  paused_until timestamptz,
  created_at timestamptz not null default now(),
  constraint gift_card_suppliers_name_is_unique unique (name),
  constraint gift_card_suppliers_name_is_a_word check (name ~ '^[a-z][a-z0-9_]*$'),
  constraint gift_card_suppliers_adapter_is_a_word check (adapter ~ '^[a-z][a-z0-9_]*$'),
  constraint gift_card_suppliers_requests_per_minute_is_positive check (requests_per_minute > 0),
  constraint gift_card_suppliers_failures_are_not_negative check (failures >= 0)
);
comment on table public.gift_card_suppliers is
  'Suppliers of cards: the account (name), its protocol (adapter), the lowest priority first. After '
  'repeated failures a supplier is paused until paused_until.';

create table public.supplier_brands (
  id uuid primary key default gen_random_uuid(),
  supplier_id uuid not null references public.gift_card_suppliers (id),
  brand_id uuid not null references public.gift_card_brands (id),
  brand_code text not null,
  delivery_method text not null default 'code',
  sector text,
  is_async boolean not null default false,
  is_enabled boolean not null default true,
  constraint supplier_brands_are_unique unique (supplier_id, brand_id),
  constraint supplier_brands_brand_code_is_a_slug check (brand_code ~ '^[a-z0-9-]+$'),
  constraint supplier_brands_delivery_method_is_valid check (delivery_method in ('code', 'url'))
);
comment on table public.supplier_brands is
  'The brands of a supplier: its code for each, and whether it delivers a code or a link; a card of an asynchronous brand is ordered, then polled.';

create index supplier_brands_brand_id_idx on public.supplier_brands (brand_id);

-- The supplier to ask: enabled, with credentials, not paused, within its rate, and not asked before for this reward.
-- GC-004: suppliers sell the card, and no credentials are set. GC-005: the circuit breaker has paused those that could be asked;
-- null: no supplier can sell it now.
create function private.supplier_to_ask(brand_id uuid, suppliers text[], asked uuid[])
returns public.supplier_brands language plpgsql volatile set search_path = '' as $$
declare
  supplier public.gift_card_suppliers;
  is_sold boolean := false;
  is_configured boolean := false;
  retry_at timestamptz;
begin
  for supplier in
    select s.* from public.gift_card_suppliers s
    join public.supplier_brands b on b.supplier_id = s.id and b.brand_id = supplier_to_ask.brand_id and b.is_enabled
    where s.is_enabled and s.id <> all (asked) order by s.priority, s.name
  loop
    is_sold := true;
    continue when supplier.name <> all (suppliers);
    is_configured := true;
    if supplier.paused_until > now() then
      retry_at := least(retry_at, supplier.paused_until);
      continue;
    end if;
    continue when not private.take_token('supplier', 'rate', supplier.name, 60, supplier.requests_per_minute);
    return (
      select b from public.supplier_brands b
      where b.supplier_id = supplier.id and b.brand_id = supplier_to_ask.brand_id);
  end loop;
  if is_sold and not is_configured and asked = '{}' then
    perform private.refuse('GC-004');
  elsif retry_at is not null then
    perform private.refuse('GC-005', 'The supplier failed repeatedly and is paused',
      jsonb_build_object('supplierPaused', true, 'retryAt', retry_at, 'pending', true));
  end if;
  return null;
end $$;

-- Pauses a supplier after five failures in a row for 30 seconds, then twice as long each time, up to 30 minutes.
create function private.note_supplier_failure(supplier_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
declare
  supplier public.gift_card_suppliers;
begin
  update public.gift_card_suppliers s set failures = s.failures + 1,
    paused_until = case when s.failures + 1 >= 5
      then now() + least(interval '30 seconds' * power(2, least(s.failures - 4, 6)), interval '30 minutes') end
  where s.id = supplier_id returning s.* into supplier;
  if supplier.paused_until is not null then
    perform private.raise_alert('supplier_paused', 'critical', 'A gift card supplier fails repeatedly and is paused',
      jsonb_build_object('supplier', supplier.name, 'failures', supplier.failures), supplier.name);
  end if;
end $$;

create function private.note_supplier_success(supplier_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.gift_card_suppliers s set failures = 0, paused_until = null where s.id = supplier_id and s.failures > 0;
  if found then
    perform private.resolve_alert('supplier_paused', s.name) from public.gift_card_suppliers s where s.id = supplier_id;
  end if;
end $$;

alter table public.gift_card_suppliers enable row level security;
alter table public.supplier_brands enable row level security;

grant select on public.gift_card_suppliers, public.supplier_brands to authenticated, service_role;

create policy "Platform admins read the suppliers" on public.gift_card_suppliers
  for select to authenticated using ((select private.is_platform_admin()));

create policy "Platform admins read what suppliers sell" on public.supplier_brands
  for select to authenticated using ((select private.is_platform_admin()));
