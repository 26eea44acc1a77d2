-- Packages, admin entry points: what the client sells. A purchase that has begun keeps its price, and a package that a customer has keeps
-- its days and messages.

-- A valid price: 0, or at least the minimum of the processor; an amount is stored as it is written or refused.
create function private.assert_package_terms(
  name text, price numeric, currency text, duration_days int, messages int, bizcoin_value numeric)
returns void language plpgsql stable set search_path = '' as $$
declare
  minimum numeric := (
    select c.minimum from private.payment_currencies c where c.currency = assert_package_terms.currency);
begin
  if coalesce(private.trimmed(name), '') = '' then
    perform private.refuse_field('name', 'must not be empty');
  elsif price is null then
    perform private.refuse_field('price', 'is required');
  end if;
  perform private.assert_given(duration_days is not null, 'duration_days'), private.assert_given(messages is not null, 'messages');
  perform private.assert_amount(price, currency, 'price');
  perform private.assert_number(duration_days, 'duration_days', 1, 3660);
  perform private.assert_number(messages, 'messages', 0, private.units_limit());
  perform private.assert_number(bizcoin_value, 'bizcoin_value', 0.01, 999999.99, 2);
  if minimum is null then
    perform private.refuse_field('currency', format('cannot be charged: %s', currency));
  elsif price > 0 and price < minimum then
    perform private.refuse_field('price', format('must be 0, or at least %s %s: less cannot be charged', minimum, currency));
  end if;
end $$;

-- The default value of one bizcoin: 1 USD. In another currency, or beside packages in another, there is no usual value.
create function private.usual_bizcoin_value(client_id uuid, currency text)
returns numeric language plpgsql stable set search_path = '' as $$
begin
  if currency <> 'USD' or exists (
    select from public.packages p
    where p.client_id = usual_bizcoin_value.client_id and p.currency <> usual_bizcoin_value.currency) then
    perform private.refuse_field('bizcoin_value', format('is required: say how much one bizcoin pays in %s', currency));
  end if;
  return 1;
end $$;

create function private.create_package(
  client_id uuid, name text, price numeric, duration_days int, messages int default 0, currency text default 'USD',
  description text default null, bizcoin_value numeric default null)
returns public.packages language plpgsql volatile security definer set search_path = '' as $$
declare
  package public.packages;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  perform private.assert_package_terms(name, price, currency, duration_days, messages, bizcoin_value);
  bizcoin_value := coalesce(bizcoin_value, private.usual_bizcoin_value(client_id, currency));
  insert into public.packages as p (
    client_id, name, price, duration_days, messages, currency, description, bizcoin_value, created_by)
  values (client_id, private.trimmed(name), price, duration_days, messages, currency, description, bizcoin_value, private.caller())
  returning p.* into package;
  perform private.record_audit(client_id, private.caller(), 'package.created', 'package', package.id);
  return package;
end $$;
select private.publish('private.create_package(uuid, text, numeric, int, int, text, text, numeric)',
  '{authenticated, service_role}',
  'Offers a package: so many messages for so many days at a price (0, or at least what the processor charges; RB400 names the '
  'field); bizcoin_value is what one bizcoin pays of it: 1 in USD, and required in another or a second currency.');

-- The package of a client that the caller administers.
create function private.administered_package(package_id uuid)
returns public.packages language plpgsql volatile set search_path = '' as $$
declare
  package public.packages;
begin
  select p.* into package from public.packages p where p.id = administered_package.package_id for no key update;
  perform private.assert_can_act(private.caller(), package.client_id, private.admin_roles());
  return package;
end $$;

create function private.update_package(
  package_id uuid, name text default null, price numeric default null, duration_days int default null,
  messages int default null, description text default null, bizcoin_value numeric default null,
  is_active boolean default null)
returns public.packages language plpgsql volatile security definer set search_path = '' as $$
declare
  package public.packages := private.administered_package(package_id);
begin
  if package.archived_at is not null then
    perform private.refuse('RB-400', 'The package is archived');
  end if;
  perform private.assert_package_terms(coalesce(name, package.name), coalesce(price, package.price), package.currency,
    coalesce(duration_days, package.duration_days), coalesce(messages, package.messages),
    coalesce(bizcoin_value, package.bizcoin_value));
  update public.packages p
  set name = coalesce(private.trimmed(update_package.name), p.name), price = coalesce(update_package.price, p.price),
    duration_days = coalesce(update_package.duration_days, p.duration_days),
    messages = coalesce(update_package.messages, p.messages),
    description = coalesce(update_package.description, p.description),
    bizcoin_value = coalesce(update_package.bizcoin_value, p.bizcoin_value),
    is_active = coalesce(update_package.is_active, p.is_active), updated_at = now()
  where p.id = package.id returning p.* into package;
  perform private.record_audit(package.client_id, private.caller(), 'package.updated', 'package', package.id,
    jsonb_build_object('price', package.price, 'is_active', package.is_active));
  return package;
end $$;
select private.publish('private.update_package(uuid, text, numeric, int, int, text, numeric, boolean)',
  '{authenticated, service_role}',
  'Changes what a package is from the next purchase on; what is left out stays. is_active false takes it off the shelf.');

create function private.archive_package(package_id uuid)
returns public.packages language plpgsql volatile security definer set search_path = '' as $$
declare
  package public.packages := private.administered_package(package_id);
begin
  update public.packages p set is_active = false, archived_at = coalesce(p.archived_at, now()), updated_at = now()
  where p.id = package.id returning p.* into package;
  perform private.record_audit(package.client_id, private.caller(), 'package.archived', 'package', package.id);
  return package;
end $$;
select private.publish('private.archive_package(uuid)', '{authenticated, service_role}',
  'Withdraws a package from sale for good; customers who have it keep it.');

-- What the system's accounts saw go by: issued and spent are what is left of it after rollbacks and refunds.
create function private.report_bizcoin_usage(
  client_id uuid, since text default null, until text default null)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  starts_at timestamptz;
  ends_at timestamptz;
  moved record;
  bought record;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  starts_at := coalesce(private.parse_beginning(since, 'since', private.time_zone_of(client_id)), '-infinity');
  ends_at := coalesce(private.parse_ending(until, 'until', private.time_zone_of(client_id)), 'infinity');
  select coalesce(-sum(e.amount) filter (where a.kind = 'issuance'), 0) as issued,
    coalesce(sum(e.amount) filter (where a.kind = 'revenue'), 0) as spent,
    coalesce(sum(e.amount) filter (where a.kind = 'breakage'), 0) as expired into moved
  from public.ledger_accounts a
  join public.ledger_entries e on e.account_id = a.id and e.created_at >= starts_at and e.created_at < ends_at
  where a.client_id = report_bizcoin_usage.client_id and a.asset = 'bizcoin' and a.kind <> 'customer';
  select count(*) as purchases, count(*) filter (where p.bizcoins > 0) as with_bizcoins into bought
  from public.package_purchases p
  where p.client_id = report_bizcoin_usage.client_id and p.completed_at >= starts_at and p.completed_at < ends_at;
  return jsonb_build_object('issued', moved.issued::bigint, 'spent', moved.spent::bigint, 'expired', moved.expired::bigint,
    'outstanding', (
      select coalesce(sum(b.balance), 0)::bigint from public.wallet_balances b
      where b.client_id = report_bizcoin_usage.client_id and b.asset = 'bizcoin'),
    'usageRate', round(moved.spent / nullif(moved.issued, 0), 4), 'purchases', bought.purchases,
    'purchasesWithBizcoins', bought.with_bizcoins,
    'purchaseRate', round(bought.with_bizcoins::numeric / nullif(bought.purchases, 0), 4));
end $$;
select private.publish('private.report_bizcoin_usage(uuid, text, text)', '{authenticated, service_role}',
  'How many bizcoins were issued, spent and expired in a time, how many customers have now, and how many purchases they paid for. '
  'since and until: a day, which counts wholly where the client is, or a moment; null is open.');
