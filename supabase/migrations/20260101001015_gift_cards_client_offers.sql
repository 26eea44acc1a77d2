-- Gift cards, the offers to a client: the cards that it may choose, its choices, and its prices.
-- A client and its agency choose brands and values for the client; its custom prices, and access to the platform's master
-- pools, are set by the agency or the platform. Cards of the client's own stock have no price, only a fee for each.

create table public.service_fees (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid references public.agencies (id),
  client_id uuid references public.clients (id),
  currency text not null,
  fee numeric(18,2) not null,
  constraint service_fees_are_of_one_level check (num_nonnulls(agency_id, client_id) = 1),
  constraint service_fees_are_unique unique nulls not distinct (agency_id, client_id, currency),
  constraint service_fees_currency_is_iso check (currency ~ '^[A-Z]{3}$'),
  constraint service_fees_fee_is_not_negative check (fee >= 0 and fee < 'Infinity')
);
comment on table public.service_fees is
  'The fee for giving one card of a client''s own stock: the platform''s for an agency, or an agency''s for its client; 0 without a row.';

create index service_fees_client_id_idx on public.service_fees (client_id);

-- The prices of a card of the client's own stock.
create function private.service_fees_of(client_id uuid, billing_entity text, currency text)
returns private.card_prices language plpgsql stable set search_path = '' as $$
declare
  prices private.card_prices;
begin
  select coalesce(max(f.fee) filter (where f.agency_id is not null), 0),
    coalesce(max(f.fee) filter (where f.client_id is not null and billing_entity <> 'agency'), 0)
  into prices
  from public.clients c
  join public.service_fees f on f.currency = service_fees_of.currency and (f.client_id = c.id or f.agency_id = c.agency_id)
  where c.id = service_fees_of.client_id;
  return prices;
end $$;

-- The roles that keep a client: its agency and the platform, not the client itself.
create function private.client_keeper_roles()
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  return array['platform_admin', 'agency_admin'];
end $$;

create function private.update_client_brand(
  client_id uuid, brand_id uuid, is_enabled boolean default null, may_use_master_pool boolean default null)
returns public.client_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  updated public.client_brands;
begin
  perform private.assert_can_act(private.caller(), client_id, case
    when may_use_master_pool is null then private.admin_roles() else private.client_keeper_roles() end);
  -- access to master pools alone does not choose the brand
  is_enabled := coalesce(is_enabled, case when may_use_master_pool is null then true end);
  if is_enabled and not private.is_approved(client_id, brand_id) then
    perform private.refuse('GC-002', 'The brand is not offered to this client');
  end if;
  insert into public.client_brands as cb (client_id, brand_id, is_enabled, may_use_master_pool)
  select update_client_brand.client_id, b.id, coalesce(update_client_brand.is_enabled, true),
    coalesce(update_client_brand.may_use_master_pool, false)
  from public.gift_card_brands b where b.id = update_client_brand.brand_id
  on conflict on constraint client_brands_are_unique do update set
    is_enabled = coalesce(update_client_brand.is_enabled, cb.is_enabled),
    may_use_master_pool = coalesce(update_client_brand.may_use_master_pool, cb.may_use_master_pool)
  returning cb.* into updated;
  if updated.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(client_id, private.caller(), 'client_brand.updated', 'client_brand', updated.id, to_jsonb(updated));
  return updated;
end $$;
select private.publish('private.update_client_brand(uuid, uuid, boolean, boolean)', '{authenticated, service_role}',
  'Sets whether the campaigns of a client may give a brand (true by default). Only its agency and the platform can set '
  'may_use_master_pool, which by itself leaves the choice unchanged.');

-- Sets the choice and price of one denomination at a client; null leaves a value unchanged.
create function private.set_client_denomination(
  client_id uuid, brand_id uuid, denomination numeric, currency text, is_enabled boolean, changes_price boolean,
  custom_price numeric)
returns public.client_denominations language plpgsql volatile set search_path = '' as $$
declare
  updated public.client_denominations;
begin
  insert into public.client_denominations as cd (client_id, brand_id, denomination, currency, is_enabled, custom_price)
  select set_client_denomination.client_id, d.brand_id, d.denomination, d.currency,
    coalesce(set_client_denomination.is_enabled, true), set_client_denomination.custom_price
  from public.brand_denominations d
  where d.brand_id = set_client_denomination.brand_id and d.denomination = set_client_denomination.denomination
    and d.currency = set_client_denomination.currency
  on conflict on constraint client_denominations_are_unique do update set
    is_enabled = coalesce(set_client_denomination.is_enabled, cd.is_enabled),
    custom_price = case when changes_price then excluded.custom_price else cd.custom_price end
  returning cd.* into updated;
  if updated.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(client_id, private.caller(), 'client_denomination.updated', 'client_denomination', updated.id,
    to_jsonb(updated));
  return updated;
end $$;

create function private.update_client_denomination(
  client_id uuid, brand_id uuid, denomination numeric, currency text default 'USD', is_enabled boolean default true)
returns public.client_denominations language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  if is_enabled and not private.is_approved(client_id, brand_id, denomination, currency) then
    perform private.refuse('GC-002', 'The value is not offered to this client');
  end if;
  return private.set_client_denomination(client_id, brand_id, denomination, currency, is_enabled, false, null);
end $$;
select private.publish('private.update_client_denomination(uuid, uuid, numeric, text, boolean)', '{authenticated, service_role}',
  'Sets whether the campaigns of a client may give one denomination of a brand.');

create function private.update_client_price(
  client_id uuid, brand_id uuid, denomination numeric, currency text default 'USD', custom_price numeric default null)
returns public.client_denominations language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.assert_can_act(private.caller(), client_id, private.client_keeper_roles());
  perform private.assert_amount(custom_price, currency, 'custom_price');
  return private.set_client_denomination(client_id, brand_id, denomination, currency, null, true, custom_price);
end $$;
select private.publish('private.update_client_price(uuid, uuid, numeric, text, numeric)', '{authenticated, service_role}',
  'Sets a client''s custom price for one denomination of a brand; null removes it, and the agency''s price applies. For the agency and '
  'the platform.');

-- The platform sets an agency's fee, an agency its client's.
create function private.update_service_fee(
  fee numeric, agency_id uuid default null, client_id uuid default null, currency text default 'USD')
returns public.service_fees language plpgsql volatile security definer set search_path = '' as $$
declare
  updated public.service_fees;
begin
  if num_nonnulls(agency_id, client_id) <> 1 then
    perform private.refuse_field('client_id', 'or agency_id is required, and not both');
  elsif fee is null then
    perform private.refuse_field('fee', 'is required');
  end if;
  perform private.assert_amount(fee, currency, 'fee');
  if agency_id is not null then
    perform private.assert_platform_admin(private.caller());
    if not exists (select from public.agencies a where a.id = update_service_fee.agency_id) then
      perform private.refuse('RB-404');
    end if;
  else
    perform private.assert_can_act(private.caller(), client_id, private.client_keeper_roles());
  end if;
  insert into public.service_fees as f (agency_id, client_id, currency, fee)
  values (agency_id, client_id, currency, fee)
  on conflict on constraint service_fees_are_unique do update set fee = excluded.fee
  returning f.* into updated;
  perform private.record_audit(client_id, private.caller(), 'service_fee.updated', 'service_fee', updated.id, to_jsonb(updated));
  return updated;
end $$;
select private.publish('private.update_service_fee(numeric, uuid, uuid, text)', '{authenticated, service_role}',
  'Sets the fee for giving one card of a client''s own stock: of an agency (for the platform) or of a client (for its agency). '
  'RB-400, RB-403, RB-404.');

create type public.card_offer as (
  brand_id uuid, brand_name text, denomination numeric, currency text, price numeric, is_enabled boolean);

create function private.list_card_offers(client_id uuid)
returns setof public.card_offer language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.assert_can_act(private.caller(), client_id, private.staff_roles());
  return query
    select b.id, b.name, d.denomination, d.currency,
      private.price_of_card(list_card_offers.client_id, b.id, d.denomination, d.currency),
      coalesce(cb.is_enabled, true) and coalesce(cd.is_enabled, true)
    from public.gift_card_brands b
    join public.brand_denominations d on d.brand_id = b.id
    left join public.client_brands cb on cb.client_id = list_card_offers.client_id and cb.brand_id = b.id
    left join public.client_denominations cd on cd.client_id = list_card_offers.client_id and cd.brand_id = b.id
      and cd.denomination = d.denomination and cd.currency = d.currency
    where private.is_approved(list_card_offers.client_id, b.id, d.denomination, d.currency)
    order by b.name, d.currency, d.denomination;
end $$;
select private.publish('private.list_card_offers(uuid)', '{authenticated, service_role}',
  'The cards that platform and agency offer to a client, with prices; is_enabled: its campaigns may give it.');

create type public.agency_offer as (
  brand_id uuid, brand_name text, denomination numeric, currency text, price numeric, markup_percentage numeric,
  custom_price numeric, client_price numeric, is_enabled boolean);

create function private.list_agency_offers(agency_id uuid)
returns setof public.agency_offer language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.assert_can_act_for_agency(private.caller(), agency_id);
  return query
    select b.id, b.name, d.denomination, d.currency, coalesce(d.price, d.denomination), own.markup, ad.custom_price,
      private.agency_price(coalesce(d.price, d.denomination), ad.custom_price, own.markup, d.currency),
      coalesce(ab.is_enabled, true) and coalesce(ad.is_enabled, true)
    from public.gift_card_brands b
    join public.brand_denominations d on d.brand_id = b.id
    left join public.agency_brands ab on ab.agency_id = list_agency_offers.agency_id and ab.brand_id = b.id
    left join public.agency_denominations ad on ad.agency_id = list_agency_offers.agency_id and ad.brand_id = b.id
      and ad.denomination = d.denomination and ad.currency = d.currency,
      lateral (
        select case when ad.custom_price is null then coalesce(ad.markup_percentage, ab.markup_percentage, 0) end as markup) own
    where b.is_enabled and d.is_enabled
    order by b.name, d.currency, d.denomination;
end $$;
select private.publish('private.list_agency_offers(uuid)', '{authenticated, service_role}',
  'The cards that the platform offers to an agency, with prices, the agency''s settings, and the price for clients without a custom '
  'price; is_enabled: the agency offers it.');

-- The agency sets the prices and fees of a client, so they end when the client moves: the new agency has not agreed to them.
create function private.drop_agency_prices()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  prices int;
  fees int;
begin
  update public.client_denominations cd set custom_price = null where cd.client_id = new.id and cd.custom_price is not null;
  get diagnostics prices = row_count;
  delete from public.service_fees f where f.client_id = new.id;
  get diagnostics fees = row_count;
  perform private.record_audit(new.id, auth.uid(), 'client.moved', 'client', new.id, jsonb_build_object(
    'from', old.agency_id, 'to', new.agency_id, 'custom_prices_removed', prices, 'service_fees_removed', fees));
  return null;
end $$;

create trigger clients_leave_prices_with_their_agency after update of agency_id on public.clients
  for each row when (new.agency_id <> old.agency_id) execute function private.drop_agency_prices();

alter table public.service_fees enable row level security;

grant select on public.service_fees to authenticated, service_role;

create policy "Admins read the fees that they pay or ask" on public.service_fees
  for select to authenticated
  using (
    agency_id = any (array(select private.administered_agency_ids()))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
