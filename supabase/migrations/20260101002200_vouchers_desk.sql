-- Vouchers, the desk of an admin: make, change and end vouchers, see what they did; called with supabase-js.
-- An admin works for his clients, a dealer for his own customers: what a dealer makes carries his name, and he changes
-- nothing else. Codes are drawn so that a guesser has ten thousand wrong ones for each that is live.

-- Until 1.0 a migration finds the tables empty.
-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.vouchers add constraint vouchers_package_is_of_the_client
  foreign key (client_id, package_id) references public.packages (client_id, id);

-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.voucher_usage add constraint voucher_usage_customer_package_exists
  foreign key (customer_package_id) references public.customer_packages (id);

create index vouchers_package_id_idx on public.vouchers (client_id, package_id);

-- The actor's part at a client: null for an admin, his own id for a dealer; everybody else is refused.
create function private.dealer_at(actor uuid, client_id uuid)
returns uuid language plpgsql stable set search_path = '' as $$
begin
  if exists (select from private.client_ids_of(actor, private.admin_roles()) c where c = dealer_at.client_id) then
    return null;
  end if;
  if exists (select from private.client_ids_of(actor, array['dealer']) c where c = dealer_at.client_id) then
    return actor;
  end if;
  perform private.assert_can_act(actor, client_id, private.admin_roles());
  return null;
end $$;

-- A name that is not known is a slip, and a limit that is not read would be none.
create function private.assert_voucher_keys(terms jsonb, allowed text[])
returns void language plpgsql immutable set search_path = '' as $$
declare
  unknown text[] := array(select k from jsonb_object_keys(terms) k where k <> all (allowed));
begin
  if cardinality(unknown) > 0 then
    perform private.refuse('RB-400', 'There are fields that a voucher does not have', jsonb_build_object('fields', unknown));
  end if;
end $$;

-- What the table or a type does not take, in words: the name of the rule is one, and the row is nobody's business.
create function private.refuse_voucher(message text, rule text, missing text)
returns void language plpgsql immutable set search_path = '' as $$
begin
  perform private.refuse('RB-400', case
    when rule <> '' then 'A rule for vouchers does not hold: ' || replace(regexp_replace(rule, '^vouchers_', ''), '_', ' ')
    when missing <> '' then 'A voucher needs its ' || replace(missing, '_', ' ')
    else message end, jsonb_strip_nulls(jsonb_build_object('rule', nullif(rule, ''))));
end $$;

-- A customer as an admin names him: a phone number without a country code is of the US.
create function private.allowed_customer(named text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return private.identity_of(case
    when position('@' in named) = 0 and named ~ '^[^+]*$' and regexp_replace(named, '[- ().]', '', 'g') ~ '^[0-9]{10}$'
      then '+1' || named else named end);
end $$;

create function private.jsonb_texts(list jsonb)
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  return case when jsonb_typeof(list) = 'array' and jsonb_array_length(list) > 0 then
    array(select lower(btrim(t)) from jsonb_array_elements_text(list) t) end;
end $$;

-- When a voucher ends: with expiresOn at the end of that day where the client is; expiresAt is a day or a moment.
create function private.voucher_ending(terms jsonb, client_id uuid)
returns timestamptz language plpgsql stable set search_path = '' as $$
declare
  zone text := private.time_zone_of(client_id);
begin
  if terms ? 'expiresOn' and terms ? 'expiresAt' then
    perform private.refuse_field('expiresOn', 'cannot stand beside expiresAt');
  end if;
  return coalesce(private.end_of_day(private.parse_day(terms ->> 'expiresOn', 'expiresOn'), zone),
    private.parse_ending(terms ->> 'expiresAt', 'expiresAt', zone));
end $$;

-- An owner is a customer of the client, a dealer one of its dealers; a dealer gives bizcoins to no owner, who might be himself.
create function private.assert_people_of(voucher public.vouchers, dealer uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if voucher.owner_id is not null and (
    dealer is not null or not private.is_customer(voucher.owner_id, voucher.client_id)) then
    perform private.refuse('RB-400', 'The owner of a voucher is a customer of its client, named by an admin');
  end if;
  if voucher.dealer_id is not null and not exists (
    select from private.client_ids_of(voucher.dealer_id, array['dealer']) c where c = voucher.client_id) then
    perform private.refuse('RB-400', 'The dealer of a voucher is a dealer of its client');
  end if;
end $$;

-- The numbers of a voucher, as they were written or not at all: a percentage has two decimals, what it brings else is whole.
create function private.voucher_numbers(voucher public.vouchers, terms jsonb)
returns public.vouchers language plpgsql stable set search_path = '' as $$
begin
  voucher.value := case voucher.type
    when 'percentage' then private.parse_number(terms -> 'value', 'value', 0.01, 100, 2)
    else private.parse_number(terms -> 'value', 'value', 1, private.units_limit()) end;
  voucher.usage_limit := case when terms ? 'usageLimit'
    then private.parse_number(terms -> 'usageLimit', 'usageLimit', 1, private.units_limit()) else 1 end;
  voucher.per_customer_limit := coalesce(
    private.parse_number(terms -> 'perCustomerLimit', 'perCustomerLimit', 1, private.units_limit()), 1);
  -- of the currency of the package that is bought
  voucher.minimum_purchase := private.parse_number(terms -> 'minimumPurchase', 'minimumPurchase', 0.01, 99999999, 2);
  voucher.entitlement_days := coalesce(private.parse_number(terms -> 'entitlementDays', 'entitlementDays', 1, 3650),
    case voucher.type when 'percentage' then 90 end);
  voucher.owner_benefit := private.parse_number(terms -> 'ownerBenefit', 'ownerBenefit', 1, private.units_limit());
  return voucher;
end $$;

-- What an admin wrote, as a row; what he left out is usual: one use in all and one for a customer, ninety days for a discount.
create function private.voucher_of(client_id uuid, terms jsonb, actor uuid)
returns public.vouchers language plpgsql stable set search_path = '' as $$
declare
  voucher public.vouchers;
  dealer uuid := private.dealer_at(actor, client_id);
begin
  perform private.assert_voucher_keys(terms, array['code', 'type', 'value', 'description', 'usageLimit', 'perCustomerLimit',
    'isActive', 'isPublic', 'startsAt', 'expiresAt', 'expiresOn', 'packageId', 'minimumPurchase', 'entitlementDays', 'ownerId',
    'ownerBenefit', 'dealerId', 'allowedDomains', 'allowedCustomers']);
  voucher.client_id := client_id;
  voucher.code := upper(private.printed_code(terms ->> 'code'));
  voucher.type := terms ->> 'type';
  voucher := private.voucher_numbers(voucher, terms);
  voucher.description := terms ->> 'description';
  voucher.usage_count := 0;
  voucher.is_active := coalesce((terms ->> 'isActive')::boolean, true);
  voucher.is_public := coalesce((terms ->> 'isPublic')::boolean, false);
  voucher.starts_at := coalesce(
    private.parse_beginning(terms ->> 'startsAt', 'startsAt', private.time_zone_of(client_id)), now());
  voucher.expires_at := private.voucher_ending(terms, client_id);
  voucher.package_id := (terms ->> 'packageId')::uuid;
  voucher.owner_id := (terms ->> 'ownerId')::uuid;
  voucher.dealer_id := coalesce(dealer, (terms ->> 'dealerId')::uuid);
  voucher.allowed_domains := nullif(array(
    select ltrim(d, '@') from unnest(private.jsonb_texts(terms -> 'allowedDomains')) d), '{}');
  voucher.allowed_customers := nullif(array(
    select private.allowed_customer(c) from unnest(private.jsonb_texts(terms -> 'allowedCustomers')) c), '{}');
  if array_position(voucher.allowed_customers, null) is not null then
    perform private.refuse('RB-400', 'An allowed customer is an id, an e-mail address or a phone number');
  end if;
  voucher.created_by := actor;
  voucher.created_at := now();
  perform private.assert_people_of(voucher, dealer);
  return voucher;
end $$;

-- One voucher for each code, all alike; the codes that were new.
create function private.insert_vouchers(alike public.vouchers, codes text[])
returns setof text language plpgsql volatile set search_path = '' as $$
begin
  return query
    insert into public.vouchers as v (
      client_id, code, type, value, description, usage_limit, per_customer_limit, is_active, is_public, starts_at, expires_at,
      package_id, minimum_purchase, entitlement_days, owner_id, owner_benefit, dealer_id, allowed_domains, allowed_customers,
      batch_id, created_by)
    select alike.client_id, c.code, alike.type, alike.value, alike.description, alike.usage_limit, alike.per_customer_limit,
      alike.is_active, alike.is_public, alike.starts_at, alike.expires_at, alike.package_id, alike.minimum_purchase,
      alike.entitlement_days, alike.owner_id, alike.owner_benefit, alike.dealer_id, alike.allowed_domains,
      alike.allowed_customers, alike.batch_id, alike.created_by
    from unnest(codes) as c (code)
    -- a code that stands already, or was drawn twice: the caller draws another
    on conflict on constraint vouchers_codes_are_unique do nothing
    returning v.code;
end $$;

create function private.create_voucher(client_id uuid, voucher jsonb)
returns public.vouchers language plpgsql volatile security definer set search_path = '' as $$
declare
  actor uuid := private.caller();
  wanted public.vouchers;
  made public.vouchers;
  rule text;
  missing text;
begin
  wanted := private.voucher_of(client_id, voucher, actor);
  if wanted.code is not null then
    perform private.assert_chosen_code(wanted.code, wanted.type is distinct from 'percentage');
  end if;
  wanted.code := coalesce(wanted.code, private.generate_code());
  if not exists (select private.insert_vouchers(wanted, array[wanted.code])) then
    perform private.refuse('VC-018', 'The client has a voucher with this code already');
  end if;
  select v.* into made from public.vouchers v
  where v.canonical_code = private.canonical_code(wanted.code) and v.client_id = create_voucher.client_id;
  perform private.record_audit(client_id, actor, 'voucher.created', 'voucher', made.id);
  return made;
exception when integrity_constraint_violation or data_exception then
  get stacked diagnostics rule = constraint_name, missing = column_name;
  perform private.refuse_voucher(sqlerrm, rule, missing);
end $$;

create function public.create_voucher(client_id uuid, voucher jsonb)
returns public.vouchers language sql volatile security invoker set search_path = '' as $$
  select private.create_voucher(client_id, voucher)
$$;
comment on function public.create_voucher is
  'Makes a voucher: {type, value, code?, usageLimit? (1; null: none), perCustomerLimit?, startsAt?, expiresOn? or expiresAt?, packageId?, '
  'minimumPurchase?, entitlementDays?, ownerId?, ownerBenefit?, dealerId?, allowedDomains?, allowedCustomers?, isPublic?, '
  'isActive?, description?}. expiresOn is a day, which counts until its end where the client is; startsAt and expiresAt are a day '
  'or a moment with its offset.';

create function private.create_vouchers(client_id uuid, how_many int, voucher jsonb, pattern text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  actor uuid := private.caller();
  alike public.vouchers;
  codes text[] := '{}';
  rule text;
  missing text;
begin
  alike := private.voucher_of(client_id, voucher - 'code', actor);
  if how_many is null or how_many < 1 or how_many > 100000 then
    perform private.refuse('RB-413', 'From 1 to 100,000 vouchers at once');
  end if;
  perform private.assert_code_entropy(pattern, how_many + (
    select count(*) from (
      select from public.vouchers v where v.client_id = create_vouchers.client_id limit 1000000) live),
    private.public_guesses_per_hit());
  alike.batch_id := gen_random_uuid();
  while cardinality(codes) < how_many loop
    codes := codes || array(
      select private.insert_vouchers(
        alike, array(select private.generate_codes(private.printed_code(pattern), how_many - cardinality(codes)))));
  end loop;
  perform private.record_audit(client_id, actor, 'vouchers.created', 'voucher_batch', alike.batch_id,
    jsonb_build_object('vouchers', how_many, 'type', alike.type));
  return jsonb_build_object('batchId', alike.batch_id, 'created', how_many, 'codes', to_jsonb(codes));
exception when integrity_constraint_violation or data_exception then
  get stacked diagnostics rule = constraint_name, missing = column_name;
  perform private.refuse_voucher(sqlerrm, rule, missing);
end $$;

-- A hosted project gives a signed-in user's statement eight seconds; the Data API takes this limit before it calls.
create function public.create_vouchers(client_id uuid, how_many int, voucher jsonb, pattern text default '****-****-****')
returns jsonb language sql volatile security invoker set search_path = '' set statement_timeout = '60s' as $$
  select private.create_vouchers(client_id, how_many, voucher, pattern)
$$;
comment on function public.create_vouchers is
  'Makes up to 100,000 vouchers that differ by their code (pattern: * a symbol, # a digit, YYYY the year); the fields are '
  'those of create_voucher. Returns {batchId, created, codes}.';
