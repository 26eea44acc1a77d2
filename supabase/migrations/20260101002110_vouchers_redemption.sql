-- Vouchers, the redemption: its rules and its benefits.
-- One transaction: the rules are read, then the person is counted (by each of their identities, in one order), the benefit is
-- given, everything is recorded, and the voucher's own row, which all its redeemers share, is taken last. The last two are
-- guarded, so that no race redeems twice or passes a limit. Bizcoins move before messages.

create type private.voucher_rule as (
  position int, rule text, passed boolean, actual jsonb, required jsonb, code text);

-- The voucher of a code at a client that the actor belongs to; for all others it does not exist.
create function private.find_voucher(actor uuid, client_id uuid, code text)
returns public.vouchers language plpgsql stable set search_path = '' as $$
declare
  vouchers public.vouchers[];
begin
  vouchers := array(
    select v from public.vouchers v
    where v.canonical_code = private.canonical_code(find_voucher.code)
      and v.client_id = coalesce(find_voucher.client_id, v.client_id)
      and (
        exists (
          select from public.memberships m
          where m.user_id = actor and m.client_id = v.client_id and m.suspended_at is null)
        or private.acts_for(actor, v.client_id, private.staff_roles()))
    limit 2);
  if cardinality(vouchers) = 0 then
    perform private.refuse('VC-001');
  elsif cardinality(vouchers) > 1 then
    perform private.refuse('VC-002', null, jsonb_build_object(
      'clientIds', jsonb_build_array(vouchers[1].client_id, vouchers[2].client_id)));
  end if;
  return vouchers[1];
end $$;

-- Whether a customer may redeem a voucher restricted to domains or to listed customers. Only confirmed addresses and phones count.
create function private.is_allowed(voucher public.vouchers, actor uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  if voucher.allowed_domains is null and voucher.allowed_customers is null then
    return true;
  end if;
  return exists (
    select from auth.users u
    where u.id = actor and (
      private.identity_of(u.id::text) = any (voucher.allowed_customers)
      or (u.phone_confirmed_at is not null and private.identity_of(nullif(u.phone::text, '')) = any (voucher.allowed_customers))
      or (u.email_confirmed_at is not null and (
        private.ascii_domain(split_part(u.email, '@', 2)) = any (voucher.allowed_domains)
        or private.identity_of(u.email) = any (voucher.allowed_customers)))));
end $$;

-- Every rule for a voucher and a person, in the order in which they refuse.
create function private.voucher_rules(voucher public.vouchers, actor uuid, package_id uuid default null)
returns setof private.voucher_rule language plpgsql stable set search_path = '' as $$
declare
  membership public.memberships;
  known text[] := private.identities_of(actor);
  redemptions int;
begin
  select m.* into membership from public.memberships m
  where m.user_id = actor and m.client_id = voucher.client_id and m.role = 'customer' and m.suspended_at is null;
  select coalesce(max(i.redemptions), 0) into redemptions from private.voucher_identities i
  where i.voucher_id = voucher.id and i.identity = any (known);
  return query
    select r.* from (values
      (1, 'role', membership.id is not null, null, to_jsonb('customer'::text),
        'VC-008'),
      -- what a dealer has made stops when the dealer is suspended
      (2, 'active', voucher.is_active and not exists (
          select from public.memberships d
          where d.user_id = voucher.dealer_id and d.client_id = voucher.client_id and d.role = 'dealer' and d.suspended_at is not null),
        to_jsonb(voucher.is_active), 'true'::jsonb, 'VC-003'),
      (3, 'started', voucher.starts_at <= now(), to_jsonb(now()), to_jsonb(voucher.starts_at),
        'VC-004'),
      (4, 'not_expired', coalesce(voucher.expires_at > now(), true), to_jsonb(now()), to_jsonb(voucher.expires_at),
        'VC-005'),
      -- before usage_limit: a customer whose own redemption used it up gets VC-007
      (5, 'once_per_customer', redemptions < voucher.per_customer_limit,
        to_jsonb(redemptions), to_jsonb(voucher.per_customer_limit), 'VC-007'),
      (6, 'usage_limit', coalesce(voucher.usage_count < voucher.usage_limit, true),
        to_jsonb(voucher.usage_count), to_jsonb(voucher.usage_limit), 'VC-006'),
      (7, 'not_the_creator', coalesce(voucher.created_by, voucher.owner_id) is null or not known && (
          private.identities_of(voucher.created_by) || private.identities_of(voucher.owner_id)), null, null,
        'VC-009'),
      (8, 'dealer', coalesce(membership.dealer_id = voucher.dealer_id, voucher.dealer_id is null), null, null,
        'VC-010'),
      (9, 'allowed_customers', private.is_allowed(voucher, actor), null, to_jsonb(voucher.allowed_domains),
        'VC-011')
    ) as r (position, rule, passed, actual, required, code)
    union all
    select * from private.package_rules(voucher, actor, package_id);
end $$;

-- What a voucher asks of the packages: one to add messages to, or the one that is about to be bought, if it is named.
create function private.package_rules(voucher public.vouchers, actor uuid, package_id uuid)
returns setof private.voucher_rule language plpgsql stable set search_path = '' as $$
declare
  bought record;
begin
  if voucher.type = 'message' then
    return query select 10, 'active_package', (private.active_package(voucher.client_id, actor)).id is not null,
      null::jsonb, null::jsonb, 'VC-012';
  elsif voucher.type = 'percentage' and exists (
    select from public.packages p where p.id = voucher.package_id and p.archived_at is not null) then
    return query select 11, 'package_offered', false, null::jsonb, null::jsonb, 'VC-022';
  elsif voucher.type = 'percentage' and package_id is not null then
    select p.id, p.price into bought from public.packages p
    where p.client_id = voucher.client_id and p.id = package_rules.package_id;
    return query
      select 11, 'package', (coalesce(voucher.package_id, package_rules.package_id) = bought.id) is true,
        to_jsonb(package_rules.package_id), to_jsonb(voucher.package_id), 'VC-013'
      union all
      select 12, 'minimum_purchase', (bought.price >= coalesce(voucher.minimum_purchase, 0)) is true,
        to_jsonb(bought.price), to_jsonb(voucher.minimum_purchase), 'VC-014';
  end if;
end $$;

-- Up to three public vouchers of the client that this person could redeem now.
create function private.alternatives_to(voucher public.vouchers, actor uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('code', a.code, 'type', a.type, 'value', a.value,
      'description', a.description, 'expiresAt', a.expires_at)), '[]')
    from (
      select o.* from (
        select v.* from public.vouchers v
        where v.client_id = voucher.client_id and v.is_public and v.is_active and v.id <> voucher.id
        -- an upper bound, however many vouchers a client offers
        order by v.created_at desc limit 20) o
      where not exists (select from private.voucher_rules(o, actor) r where not r.passed)
      limit 3) a);
end $$;

-- Passes, or refuses with the first rule that fails; whose redemption is counted already is not refused for it.
create function private.assert_redeemable(
  voucher public.vouchers, actor uuid, package_id uuid default null, is_counted boolean default false)
returns void language plpgsql stable set search_path = '' as $$
declare
  broken private.voucher_rule;
begin
  select r.* into broken from private.voucher_rules(voucher, actor, package_id) r
  where not r.passed and not (is_counted and r.rule = 'once_per_customer') order by r.position limit 1;
  if broken.code is null then
    return;
  end if;
  perform private.refuse(broken.code, null, case broken.code
    when 'VC-004' then jsonb_build_object('startsAt', voucher.starts_at)
    when 'VC-005' then jsonb_build_object(
      'expiredAt', voucher.expires_at, 'alternatives', private.alternatives_to(voucher, actor))
    when 'VC-006' then jsonb_build_object('alternatives', private.alternatives_to(voucher, actor))
    when 'VC-013' then jsonb_build_object('packageId', voucher.package_id)
    when 'VC-014' then jsonb_build_object('price', broken.actual, 'minimumPurchase', broken.required)
    else '{}' end);
end $$;

-- Counts the person by each of their identities; the guarded upsert makes the limit exact. One order for all, so that two
-- accounts of one person never wait for each other.
create function private.count_person(voucher public.vouchers, identities text[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  known text;
begin
  foreach known in array identities loop
    insert into private.voucher_identities as i (voucher_id, identity, redemptions)
    values (voucher.id, known, 1)
    on conflict on constraint voucher_identities_are_unique
      do update set redemptions = i.redemptions + 1 where i.redemptions < voucher.per_customer_limit;
    if not found then
      perform private.refuse('VC-007');
    end if;
  end loop;
end $$;

-- The transfer of new bizcoins to a user.
create function private.bizcoins_for(usage public.voucher_usage, user_id uuid, amount numeric, transfer_type text)
returns private.posting language plpgsql volatile set search_path = '' as $$
begin
  return row(usage.client_id, transfer_type, transfer_type || ':' || usage.id, coalesce(usage.notes, 'Voucher'), usage.id, null,
    private.entries_between(private.system_account(usage.client_id, 'issuance', 'bizcoin'),
      private.ledger_account(usage.client_id, 'user', user_id, 'bizcoin'), amount))::private.posting;
end $$;

-- Posts the benefits of the redeemer and of the owner. Bizcoins in one call, which locks all accounts in order.
create function private.give_benefit(usage public.voucher_usage, voucher public.vouchers)
returns public.voucher_usage language plpgsql volatile set search_path = '' as $$
declare
  person uuid;
  transfers private.posting[];
  posted public.ledger_transfers[];
begin
  -- new accounts in one order, too: two customers who refer each other would deadlock otherwise
  for person in
    select p from unnest(array[usage.user_id, voucher.owner_id]) p
    where voucher.type = 'credit' and voucher.owner_id is not null order by p
  loop
    perform private.ledger_account(voucher.client_id, 'user', person, 'bizcoin');
  end loop;
  if voucher.type = 'credit' then
    transfers := transfers || private.bizcoins_for(usage, usage.user_id, voucher.value, 'voucher');
  end if;
  if voucher.owner_id is not null then
    transfers := transfers || private.bizcoins_for(usage, voucher.owner_id, voucher.owner_benefit, 'referral');
  end if;
  posted := private.post_transfers(transfers);
  usage.transfer_id := (select p.id from unnest(posted) p where p.transfer_type = 'voucher');
  usage.owner_transfer_id := (select p.id from unnest(posted) p where p.transfer_type = 'referral');
  if voucher.type = 'message' then
    usage.customer_package_id := (private.active_package(voucher.client_id, usage.user_id)).id;
    usage.transfer_id := (private.add_messages(
      usage.customer_package_id, voucher.value::bigint, 'voucher:' || usage.id, coalesce(usage.notes, 'Voucher'), usage.id)).id;
  elsif voucher.type = 'package' then
    usage.customer_package_id := (private.activate_package(
      voucher.client_id, usage.user_id, voucher.package_id, voucher.id, null)).id;
  end if;
  return usage;
end $$;

create function private.issue_entitlement(usage public.voucher_usage, voucher public.vouchers)
returns void language plpgsql volatile set search_path = '' as $$
begin
  -- an if, and no where: the planner computes an insert's casts first, and thousands of bizcoins are no percentage
  if voucher.type = 'percentage' then
    perform private.grant_entitlement(usage.client_id, usage.user_id, voucher.id, usage.id, voucher.value, voucher.package_id,
      voucher.minimum_purchase, voucher.entitlement_days);
  end if;
end $$;

-- Takes a use of the voucher's row, which all its redeemers share: last, so that it is locked for a commit only.
create function private.take_use(voucher public.vouchers, actor uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.vouchers v set usage_count = v.usage_count + 1
  where v.id = voucher.id and v.is_active and v.starts_at <= clock_timestamp()
    and coalesce(v.expires_at > clock_timestamp(), true)
    and coalesce(v.usage_count < v.usage_limit, true);
  if not found then
    -- a concurrent change took the last use or ended it: refuse by its present state
    select v.* into voucher from public.vouchers v where v.id = voucher.id;
    perform private.assert_redeemable(voucher, actor, is_counted => true);
    perform private.refuse('VC-005', null, jsonb_build_object('expiredAt', voucher.expires_at));
  end if;
end $$;
