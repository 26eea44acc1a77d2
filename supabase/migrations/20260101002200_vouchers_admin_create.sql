-- Vouchers, admin entry points: create one voucher or a batch.
-- An admin acts for the clients that they administer, a dealer for their own customers: vouchers of a dealer carry the dealer's id, and
-- a dealer changes no others. Codes are drawn so that a guesser has ten thousand wrong ones for each that is live.

-- The actor's role at a client: null for an admin, their own id for a dealer; anyone else is refused.
create function private.dealer_at(actor uuid, client_id uuid)
returns uuid language plpgsql stable set search_path = '' as $$
begin
  if private.acts_for(actor, dealer_at.client_id, private.admin_roles()) then
    return null;
  end if;
  if private.acts_for(actor, dealer_at.client_id, array['dealer']) then
    return actor;
  end if;
  perform private.assert_can_act(actor, client_id, private.admin_roles());
  return null;
end $$;

-- Refuses what the table or a type does not take, by the rule and without the row or the value.
create function private.refuse_voucher(rule text, missing text)
returns void language plpgsql immutable set search_path = '' as $$
declare
  problem text := case
    when rule <> '' then 'A rule for vouchers does not hold: ' || replace(regexp_replace(rule, '^vouchers_', ''), '_', ' ')
    when missing <> '' then 'A voucher needs its ' || replace(missing, '_', ' ')
    else 'A value of the voucher cannot be stored' end;
  field text := coalesce((
    select f.snake_case from unnest(array['code', 'type', 'value', 'description', 'usage_limit', 'per_customer_limit', 'starts_at',
      'expires_at', 'package', 'minimum_purchase', 'entitlement_days', 'owner_benefit', 'owner', 'dealer', 'allowed_domains',
      'allowed_customers']) as f (snake_case)
    where rule like 'vouchers\_' || f.snake_case || '%' order by length(f.snake_case) desc limit 1), nullif(missing, ''), 'voucher');
begin
  field := left(field, 1) || substr(replace(initcap(replace(field, '_', ' ')), ' ', ''), 2);
  perform private.refuse('RB-400', problem, jsonb_strip_nulls(jsonb_build_object('rule', nullif(rule, ''),
    'fields', jsonb_build_array(jsonb_build_object('field', field, 'problem', problem)))));
end $$;

-- A customer as an admin names them: by id, e-mail address, or phone number. A number without a country code is read as a US number,
-- and refused if it is not one: stored with its bare digits it would match no customer, or another one.
create function private.allowed_customer(named text, field text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  digits text := coalesce(private.read_phone(named, 'US'), regexp_replace(named, '[- ().]', '', 'g'));
begin
  if named ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' or named ~ '^[^@\s,;<>"]+@[^@\s,;<>"]+\.[^@\s,;<>".]+$' then
    return private.identity_of(named);
  elsif digits ~ '^(\+[1-9][0-9]{6,14}|[1-9][0-9]{10,14})$' then
    return private.identity_of(digits);
  elsif digits ~ '^[0-9]{7,10}$' then
    perform private.refuse_field(field, 'must be a phone number with its country code, such as +442079460958');
  end if;
  perform private.refuse_field(field, 'must be an id, an e-mail address or a phone number');
  return null;
end $$;

-- The domains and identities that may redeem a voucher; null is unrestricted.
create function private.allowed_domains(given jsonb)
returns text[] language plpgsql stable set search_path = '' as $$
declare
  domains text[];
begin
  select array_agg(private.parse_domain(d.domain, 'allowedDomains.' || d.place - 1) order by d.place) into domains
  from unnest(private.parse_texts(given, 'allowedDomains')) with ordinality as d (domain, place);
  return domains;
end $$;

create function private.allowed_customers(given jsonb)
returns text[] language plpgsql stable set search_path = '' as $$
declare
  customers text[];
begin
  select array_agg(private.allowed_customer(c.customer, 'allowedCustomers.' || c.place - 1) order by c.place) into customers
  from unnest(private.parse_texts(given, 'allowedCustomers')) with ordinality as c (customer, place);
  return customers;
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

-- An owner is a customer of the client, a dealer one of its dealers; a dealer names no owner, who could be the dealer.
create function private.assert_people_of(voucher public.vouchers, dealer uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if voucher.owner_id is not null and (
    dealer is not null or not private.is_customer(voucher.owner_id, voucher.client_id)) then
    perform private.refuse_field('ownerId', 'must be a customer of the client, named by an admin');
  end if;
  if voucher.dealer_id <> dealer then
    perform private.refuse_field('dealerId', 'must be your own id, or left out');
  elsif voucher.dealer_id is not null and not private.acts_for(voucher.dealer_id, voucher.client_id, array['dealer']) then
    perform private.refuse_field('dealerId', 'must be a dealer of the client');
  end if;
end $$;

-- The numbers of a voucher, as they were written or not at all: a percentage has two decimals, other values are whole.
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

-- The terms of an admin as a row, with defaults: one use in all and one for a customer, ninety days for a discount.
create function private.voucher_of(client_id uuid, terms jsonb, actor uuid)
returns public.vouchers language plpgsql stable set search_path = '' as $$
declare
  voucher public.vouchers;
  dealer uuid := private.dealer_at(actor, client_id);
begin
  perform private.assert_fields(terms, array['code', 'type', 'value', 'description', 'usageLimit', 'perCustomerLimit',
    'isActive', 'isPublic', 'startsAt', 'expiresAt', 'expiresOn', 'packageId', 'minimumPurchase', 'entitlementDays', 'ownerId',
    'ownerBenefit', 'dealerId', 'allowedDomains', 'allowedCustomers'], 'voucher');
  voucher.client_id := client_id;
  perform private.parse_text(terms -> 'code', 'code', 128);
  -- a blank one is not left out
  voucher.code := upper(private.printed_code(terms ->> 'code'));
  voucher.type := private.parse_text(terms -> 'type', 'type', 20);
  perform private.assert_choice(voucher.type, 'type', array['message', 'credit', 'package', 'percentage']);
  voucher := private.voucher_numbers(voucher, terms);
  voucher.description := private.parse_text(terms -> 'description', 'description', 1000);
  voucher.usage_count := 0;
  voucher.is_active := coalesce(private.parse_flag(terms -> 'isActive', 'isActive'), true);
  voucher.is_public := coalesce(private.parse_flag(terms -> 'isPublic', 'isPublic'), false);
  voucher.starts_at := coalesce(
    private.parse_beginning(terms ->> 'startsAt', 'startsAt', private.time_zone_of(client_id)), now());
  voucher.expires_at := private.voucher_ending(terms, client_id);
  voucher.package_id := private.parse_id(terms -> 'packageId', 'packageId');
  voucher.owner_id := private.parse_id(terms -> 'ownerId', 'ownerId');
  voucher.dealer_id := coalesce(private.parse_id(terms -> 'dealerId', 'dealerId'), dealer);
  voucher.allowed_domains := private.allowed_domains(terms -> 'allowedDomains');
  voucher.allowed_customers := private.allowed_customers(terms -> 'allowedCustomers');
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

create function private.create_voucher(client_id uuid, voucher jsonb, idempotency_key text default null)
returns public.vouchers language plpgsql volatile security definer set search_path = '' as $$
declare
  request constant public.request := row(null, private.caller(), null, idempotency_key, private.request_hash(voucher));
  actor constant uuid := request.actor;
  scope constant text := private.answer_scope('create_voucher', client_id, actor);
  made_before jsonb;
  wanted public.vouchers;
  made public.vouchers;
  rule text;
  missing text;
begin
  perform private.dealer_at(actor, client_id);
  made_before := private.replay(request, scope) -> 'result';
  if made_before is null then
    wanted := private.voucher_of(client_id, voucher, actor);
    if wanted.code is not null then
      perform private.assert_chosen_code(wanted.code, wanted.type is distinct from 'percentage');
    end if;
    wanted.code := coalesce(wanted.code, private.generate_code());
    if not exists (select private.insert_vouchers(wanted, array[wanted.code])) then
      perform private.refuse('VC-018');
    end if;
  end if;
  select v.* into made from public.vouchers v
  where v.client_id = create_voucher.client_id
    and v.canonical_code = coalesce(made_before ->> 'canonicalCode', private.canonical_code(wanted.code));
  if made_before is null then
    perform private.record_audit(client_id, actor, 'voucher.created', 'voucher', made.id);
    perform private.answer(request, scope, jsonb_build_object('canonicalCode', made.canonical_code));
  end if;
  return made;
exception when integrity_constraint_violation or data_exception then
  get stacked diagnostics rule = constraint_name, missing = column_name;
  perform private.refuse_voucher(rule, missing);
end $$;
select private.publish('private.create_voucher(uuid, jsonb, text)', '{authenticated, service_role}',
  'Creates a voucher: {type, value, code?, usageLimit? (1; null: none), perCustomerLimit?, startsAt?, expiresOn? or expiresAt?, packageId?, '
  'minimumPurchase?, entitlementDays?, ownerId?, ownerBenefit?, dealerId?, allowedDomains?, allowedCustomers?, isPublic?, '
  'isActive?, description?}. expiresOn is a day, which counts until its end where the client is; startsAt and expiresAt are a day '
  'or a moment with its offset. The same idempotency_key returns the voucher that it made. RB-400, RB-409, VC-018.');

-- Makes so many vouchers that are alike but for their code; returns {batchId, created, createdAt}.
create function private.make_batch(alike public.vouchers, how_many int, pattern text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  made int := 0;
begin
  alike.batch_id := gen_random_uuid();
  while made < how_many loop
    made := made + (
      select count(*)::int
      from private.insert_vouchers(alike, array(select private.generate_codes(private.printed_code(pattern), how_many - made))));
  end loop;
  perform private.record_audit(alike.client_id, alike.created_by, 'vouchers.created', 'voucher_batch', alike.batch_id,
    jsonb_build_object('vouchers', how_many, 'type', alike.type));
  return jsonb_build_object('batchId', alike.batch_id, 'created', how_many, 'createdAt', now());
end $$;

-- The codes are added to an answer when it is given: a stored one has none.
create function private.with_codes(batch jsonb, is_repeated boolean)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return batch || jsonb_build_object('isRepeated', is_repeated, 'codes', (
    select coalesce(jsonb_agg(v.code order by v.id), '[]') from public.vouchers v
    where v.batch_id = (batch ->> 'batchId')::uuid));
end $$;

create function private.create_vouchers(
  client_id uuid, how_many int, voucher jsonb, pattern text default '****-****-****', idempotency_key text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  hash constant text := private.request_hash(to_jsonb(how_many), voucher, to_jsonb(pattern));
  request constant public.request := row(null, private.caller(), null, idempotency_key, hash);
  actor constant uuid := request.actor;
  -- without a key the same request counts as a repeated one for a while
  scope constant text := private.answer_scope(
    case when idempotency_key is null then 'create_vouchers_again' else 'create_vouchers' end, client_id, actor);
  batch jsonb;
  rule text;
  missing text;
begin
  perform private.dealer_at(actor, client_id);
  batch := private.replay(request, scope, system_key => hash) -> 'result';
  if batch is not null and idempotency_key is not null then
    return private.with_codes(batch, true);
  elsif batch is not null then
    perform private.refuse('RB-409', 'The same vouchers were made a moment ago; to make them again, send an idempotency_key', batch);
  elsif how_many is null or how_many < 1 or how_many > 100000 then
    perform private.refuse('RB-413', 'From 1 to 100,000 vouchers at once');
  elsif voucher ? 'code' then
    perform private.refuse_field('code', 'is for one voucher; the codes of many have a pattern');
  end if;
  perform private.assert_code_entropy(pattern, how_many + case
    when private.is_long_enough(pattern, 'public.vouchers', how_many, private.public_guesses_per_hit()) then 0
    else (select count(*) from (
      select from public.vouchers v where v.client_id = create_vouchers.client_id limit 1000000) live) end,
    private.public_guesses_per_hit());
  batch := private.make_batch(private.voucher_of(client_id, voucher, actor), how_many, pattern);
  perform private.answer(request, scope, batch, system_key => hash);
  return private.with_codes(batch, false);
exception when integrity_constraint_violation or data_exception then
  get stacked diagnostics rule = constraint_name, missing = column_name;
  perform private.refuse_voucher(rule, missing);
end $$;
select private.publish('private.create_vouchers(uuid, int, jsonb, text, text)', '{authenticated, service_role}',
  'Makes up to 100,000 vouchers that differ by their code (pattern: * a symbol, # a digit, YYYY the year); the fields are '
  'those of create_voucher without code. Returns one JSON value, which max_rows does not cut: {batchId, created, createdAt, '
  'isRepeated, codes}. The same idempotency_key makes nothing and returns the batch that it made; without a key the same request '
  'is refused for ten minutes (RB-409 with the batchId). RB-400, RB-409, RB-413.');

insert into private.replay_windows (use_case, replayed_for) values ('create_vouchers_again', '10 minutes');
