-- Vouchers, admin entry points: change, end, list and report.

-- A voucher that the caller may change, locked.
create function private.managed_voucher(voucher_id uuid)
returns public.vouchers language plpgsql volatile set search_path = '' as $$
declare
  voucher public.vouchers;
  dealer uuid;
begin
  select v.* into voucher from public.vouchers v where v.id = managed_voucher.voucher_id for no key update;
  dealer := private.dealer_at(private.caller(), voucher.client_id);
  if dealer is not null and voucher.dealer_id is distinct from dealer then
    perform private.refuse('RB-404');
  end if;
  return voucher;
end $$;

-- What a voucher always has is changed and not removed: a null must not become the usual value of a new voucher.
create function private.assert_not_null(changes jsonb, fields text[])
returns void language plpgsql stable set search_path = '' as $$
declare
  field text;
begin
  foreach field in array fields loop
    if changes -> field = 'null' then
      perform private.refuse_field(field, 'cannot be removed');
    end if;
  end loop;
end $$;

create function private.update_voucher(voucher_id uuid, changes jsonb)
returns public.vouchers language plpgsql volatile security definer set search_path = '' as $$
declare
  voucher public.vouchers := private.managed_voucher(voucher_id);
  wanted public.vouchers;
  rule text;
  missing text;
begin
  perform private.assert_fields(changes, array['isActive', 'isPublic', 'description', 'usageLimit',
    'perCustomerLimit', 'startsAt', 'expiresAt', 'expiresOn', 'allowedDomains', 'allowedCustomers'], 'changes');
  perform private.assert_not_null(changes, array['isActive', 'isPublic', 'perCustomerLimit', 'startsAt']);
  wanted := private.voucher_of(voucher.client_id, jsonb_build_object('type', voucher.type) || changes, private.caller());
  if wanted.usage_limit < voucher.usage_count and changes ? 'usageLimit' then
    perform private.refuse('RB-400', 'The voucher was redeemed more often already',
      jsonb_build_object('usageCount', voucher.usage_count));
  end if;
  update public.vouchers v set
    is_active = case when changes ? 'isActive' then wanted.is_active else v.is_active end,
    is_public = case when changes ? 'isPublic' then wanted.is_public else v.is_public end,
    description = case when changes ? 'description' then wanted.description else v.description end,
    usage_limit = case when changes ? 'usageLimit' then wanted.usage_limit else v.usage_limit end,
    per_customer_limit = case when changes ? 'perCustomerLimit' then wanted.per_customer_limit else v.per_customer_limit end,
    starts_at = case when changes ? 'startsAt' then wanted.starts_at else v.starts_at end,
    expires_at = case when changes ?| array['expiresAt', 'expiresOn'] then wanted.expires_at else v.expires_at end,
    allowed_domains = case when changes ? 'allowedDomains' then wanted.allowed_domains else v.allowed_domains end,
    allowed_customers = case when changes ? 'allowedCustomers' then wanted.allowed_customers else v.allowed_customers end
  where v.id = voucher.id returning v.* into voucher;
  perform private.record_audit(
    voucher.client_id, private.caller(), 'voucher.updated', 'voucher', voucher.id, changes - 'allowedCustomers');
  return voucher;
exception when integrity_constraint_violation or data_exception then
  get stacked diagnostics rule = constraint_name, missing = column_name;
  perform private.refuse_voucher(rule, missing);
end $$;
select private.publish('private.update_voucher(uuid, jsonb)', '{authenticated, service_role}',
  'Changes a voucher: {isActive? (false pauses it), isPublic?, description?, usageLimit?, perCustomerLimit?, startsAt?, '
  'expiresOn? or expiresAt?, allowedDomains?, allowedCustomers?}; what is left out stays.');

create function private.expire_voucher(voucher_id uuid, reason text default null)
returns public.vouchers language plpgsql volatile security definer set search_path = '' as $$
declare
  voucher public.vouchers := private.managed_voucher(voucher_id);
begin
  -- one that would have begun later never begins
  update public.vouchers v
  set expires_at = least(v.expires_at, now()), starts_at = least(v.starts_at, now() - interval '1 second')
  where v.id = voucher.id returning v.* into voucher;
  perform private.record_audit(
    voucher.client_id, private.caller(), 'voucher.expired', 'voucher', voucher.id, reason => expire_voucher.reason);
  return voucher;
end $$;
select private.publish('private.expire_voucher(uuid, text)', '{authenticated, service_role}',
  'Ends a voucher now; update_voucher with a later expiresAt would revive it.');

-- Callable by clients, because list_vouchers reads with their rights.
create function private.assert_voucher_state(state text)
returns void language plpgsql stable security definer set search_path = '' as $$
begin
  perform private.assert_choice(state, 'state', array['active', 'scheduled', 'paused', 'used_up', 'expired']);
end $$;
grant execute on function private.assert_voucher_state to authenticated, service_role;

-- What the code of a voucher begins with, in the canonical form; null for a text that no code begins with. Callable by clients.
create function private.code_prefix(search text)
returns text language plpgsql stable security definer set search_path = '' as $$
begin
  return nullif(private.canonical_code(search), '');
end $$;
grant execute on function private.code_prefix to authenticated, service_role;

create view public.voucher_overview with (security_invoker = on) as
  select v.id, v.client_id, v.code, v.type, v.value, v.description, case
      when v.expires_at <= now() then 'expired' when not v.is_active then 'paused'
      when v.usage_count >= v.usage_limit then 'used_up' when v.starts_at > now() then 'scheduled'
      else 'active' end as state,
    v.usage_limit, v.usage_count, (
      -- counted for the rows of a page only, as a column is, and a join is not
      select count(*) from public.voucher_usage x
      where x.client_id = v.client_id and x.voucher_id = v.id and x.status = 'rolled_back') as rolled_back, (
      select max(x.used_at) from public.voucher_usage x
      where x.client_id = v.client_id and x.voucher_id = v.id) as last_used_at,
    v.is_public, v.starts_at, v.expires_at, v.package_id, v.batch_id, v.dealer_id, v.owner_id, v.created_by, v.created_at
  from public.vouchers v;
comment on view public.voucher_overview is
  'Vouchers with their state (active, scheduled, paused, used_up, expired), how often each was redeemed, and when last.';

create function public.list_vouchers(
  client_id uuid, state text default null, search text default null, batch_id uuid default null,
  page_size int default 100, after_id uuid default null)
returns setof public.voucher_overview language plpgsql stable security invoker set search_path = ''
-- planned for what is asked: the first page of a hundred thousand is read from its index
set plan_cache_mode = force_custom_plan as $$
declare
  last public.vouchers;
  prefix text := private.code_prefix(search);
  after_prefix text := prefix || '[';
  pattern text := '%' || regexp_replace(search, '([\\%_])', '\\\1', 'g') || '%';
  found_ids uuid[];
  is_frequent boolean;
  page uuid[];
begin
  if state is not null then
    perform private.assert_voucher_state(state);
  end if;
  select v.* into last from public.vouchers v where v.id = list_vouchers.after_id;
  if search is not null then
    -- these operators and not "like", which row-level security keeps from the index
    found_ids := array(select v.id from public.vouchers v
      where v.client_id = list_vouchers.client_id and v.canonical_code ~>=~ prefix and v.canonical_code ~<~ after_prefix limit 1001);
    is_frequent := cardinality(found_ids) > 1000;
    found_ids := found_ids || array(
      select n.id from (
        select v.id, v.code, v.description from public.vouchers v
        where v.client_id = list_vouchers.client_id order by v.created_at desc, v.id desc limit 10000) n
      where n.code ilike pattern or n.description ilike pattern);
  end if;
  page := array(
    select v.id from public.vouchers v
    where v.client_id = list_vouchers.client_id
      and (list_vouchers.batch_id is null or v.batch_id = list_vouchers.batch_id)
      and (list_vouchers.search is null or (not is_frequent and v.id = any (found_ids))
        or (is_frequent and ((v.canonical_code ~>=~ prefix and v.canonical_code ~<~ after_prefix) or v.id = any (found_ids))))
      and (list_vouchers.state is null or (list_vouchers.state = 'expired' and v.expires_at <= now())
        or (list_vouchers.state <> 'expired' and coalesce(v.expires_at > now(), true) and (
          (list_vouchers.state = 'paused' and not v.is_active) or (list_vouchers.state <> 'paused' and v.is_active and (
            (list_vouchers.state = 'used_up' and v.usage_count >= v.usage_limit)
            or (list_vouchers.state <> 'used_up' and coalesce(v.usage_count < v.usage_limit, true) and (
              (list_vouchers.state = 'scheduled' and v.starts_at > now())
              or (list_vouchers.state = 'active' and v.starts_at <= now()))))))))
      and (list_vouchers.after_id is null or (v.created_at, v.id) < (last.created_at, last.id))
    order by v.created_at desc, v.id desc
    limit least(greatest(page_size, 1), 1000));
  return query select o.* from public.voucher_overview o where o.id = any (page) order by o.created_at desc, o.id desc;
end $$;
comment on function public.list_vouchers is
  'A page of the vouchers that the caller may see, the newest first; the next page begins after_id the last one. search: what a code '
  'begins with, however it is spelled; of the newest 10,000 also what is anywhere in the code or the description.';
grant execute on function public.list_vouchers to authenticated, service_role;

-- What discounts of a time have saved, by the currency of the purchase: amounts of two currencies are never added.
create function private.discounts_given(client_id uuid, redemption_type text, starts_at timestamptz, ends_at timestamptz)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(jsonb_object_agg(d.currency, d.amount), '{}') from (
      select p.currency, sum(u.discount_amount) as amount
      from public.voucher_usage u
      join public.voucher_entitlements e on e.usage_id = u.id
      join public.package_purchases p on p.id = e.purchase_id
      where u.client_id = discounts_given.client_id and u.redemption_type = discounts_given.redemption_type
        and u.used_at >= starts_at and u.used_at < ends_at and u.discount_amount is not null
      group by p.currency) d);
end $$;

create function private.report_voucher_usage(
  client_id uuid, since text default null, until text default null)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  starts_at timestamptz;
  ends_at timestamptz;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  starts_at := coalesce(private.parse_beginning(since, 'since', private.time_zone_of(client_id)), '-infinity');
  ends_at := coalesce(private.parse_ending(until, 'until', private.time_zone_of(client_id)), 'infinity');
  return jsonb_build_object('byType', (
    select coalesce(jsonb_agg(to_jsonb(t) order by t.type), '[]') from (
      select u.redemption_type as type, count(*) as redemptions, count(distinct u.voucher_id) as vouchers,
        count(distinct u.user_id) as customers, sum(u.benefit) as benefit,
        private.discounts_given(u.client_id, u.redemption_type, starts_at, ends_at) as discounts,
        coalesce(sum(u.owner_benefit), 0) as "ownerBenefit",
        count(*) filter (where u.status = 'rolled_back') as "rolledBack",
        coalesce(sum(u.rolled_back_benefit), 0) as "takenBack"
      from public.voucher_usage u
      where u.client_id = report_voucher_usage.client_id and u.used_at >= starts_at and u.used_at < ends_at
      group by u.client_id, u.redemption_type) t),
    'attempts', (
      select coalesce(jsonb_object_agg(a.ended, a.attempts), '{}') from (
        select coalesce(x.error_code, x.outcome) as ended, count(*) as attempts
        from public.voucher_redemption_attempts x
        where x.client_id = report_voucher_usage.client_id and x.surface = 'redeem-voucher'
          and x.created_at >= starts_at and x.created_at < ends_at group by 1) a),
    'redemptionRate', (
      select round(count(*) filter (where v.usage_count > 0)::numeric / nullif(count(*), 0), 4)
      from public.vouchers v where v.client_id = report_voucher_usage.client_id and v.created_at < ends_at));
end $$;
select private.publish('private.report_voucher_usage(uuid, text, text)', '{authenticated, service_role}',
  'Redemptions in a period, by type (discounts by currency); outcomes of attempts, by code; and the share of all vouchers that was ever redeemed. '
  'since and until: a day, which counts wholly where the client is, or a moment; null is open.');

grant select on public.voucher_overview to authenticated, service_role;
