-- Vouchers, admin entry points: change, end, list, report, and roll a redemption back.
-- A rollback revokes what is neither spent nor held, and says how much that was; what is refunded or released later can be revoked
-- by another call. The use is returned, to the voucher and to the customer's identities, when everything is revoked: a customer who
-- kept a part could redeem the voucher again otherwise.

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

-- Revokes what is available of a transfer, and returns how much. Each part has a key with the sum that was revoked before it.
create function private.take_back(transfer_id uuid, taken_before numeric, reason text)
returns numeric language plpgsql volatile set search_path = '' as $$
declare
  reversal public.ledger_transfers;
begin
  if transfer_id is null then
    return 0;
  end if;
  reversal := private.reverse_transfer(
    transfer_id, null, concat_ws(':', 'voucher-rollback', transfer_id, trim_scale(taken_before)), reason);
  return (
    select sum(e.amount) from public.ledger_entries e where e.transfer_id = reversal.id and e.amount > 0);
exception when sqlstate 'WL002' then
  return 0;
end $$;

-- What a redemption gave, as far as it is there: in bizcoins, messages, packages or per cent.
create function private.take_back_benefit(usage public.voucher_usage, reason text)
returns numeric language plpgsql volatile set search_path = '' as $$
declare
  taken numeric := 0;
begin
  if usage.redemption_type in ('credit', 'message') then
    taken := private.take_back(usage.transfer_id, coalesce(usage.rolled_back_benefit, 0), reason);
    perform private.count_messages(usage.customer_package_id);
  elsif usage.redemption_type = 'package' then
    select count(*) into taken from public.customer_packages cp
    where cp.id = usage.customer_package_id and cp.status = 'active';
    perform private.cancel_package(usage.customer_package_id, reason);
  else
    taken := case when private.cancel_entitlement(usage.id) then usage.benefit else 0 end;
  end if;
  return taken;
end $$;

-- Identities, then transfers, then accounts: the order in which a redemption locks. A package is revoked with all transfers that gave
-- messages to it, so those transfers are locked here, too, before the owner's account.
create function private.lock_redemption(usage public.voucher_usage)
returns void language plpgsql volatile set search_path = '' as $$
declare
  transfer_ids constant uuid[] := array[usage.transfer_id, usage.owner_transfer_id] || array(
    select l.transfer_id from private.package_lots pl join public.ledger_lots l on l.id = pl.lot_id
    where usage.redemption_type = 'package' and pl.customer_package_id = usage.customer_package_id);
begin
  perform from private.voucher_identities i
  where i.voucher_id = usage.voucher_id and i.identity = any (usage.identities) order by i.identity for no key update;
  perform from public.ledger_transfers t
  where t.id = any (transfer_ids) order by t.id for no key update;
  perform private.lock_accounts(array(
    select e.account_id from public.ledger_entries e
    where e.transfer_id in (usage.transfer_id, usage.owner_transfer_id) and e.asset = 'bizcoin'));
end $$;

-- Messages of a package voucher that were used: they are given for good.
create function private.messages_kept(usage public.voucher_usage)
returns bigint language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select cp.messages_used from public.customer_packages cp
    where cp.id = usage.customer_package_id and usage.redemption_type = 'package'), 0);
end $$;

-- Adds the revoked amounts to the redemption; when everything is revoked, the customer may redeem again.
create function private.record_rollback(usage public.voucher_usage, taken numeric, owner_taken numeric)
returns public.voucher_usage language plpgsql volatile set search_path = '' as $$
begin
  usage.rolled_back_benefit := coalesce(usage.rolled_back_benefit, 0) + taken;
  usage.rolled_back_owner_benefit := coalesce(usage.rolled_back_owner_benefit, 0) + owner_taken;
  if usage.rolled_back_benefit = usage.benefit and usage.rolled_back_owner_benefit = coalesce(usage.owner_benefit, 0)
    and private.messages_kept(usage) = 0 then
    usage.status := 'rolled_back';
    usage.rolled_back_at := now();
    update private.voucher_identities i set redemptions = i.redemptions - 1
    where i.voucher_id = usage.voucher_id and i.identity = any (usage.identities);
  end if;
  update public.voucher_usage u set status = usage.status, rolled_back_at = usage.rolled_back_at,
    rolled_back_benefit = usage.rolled_back_benefit,
    rolled_back_owner_benefit = case when u.owner_benefit is not null then usage.rolled_back_owner_benefit end
  where u.id = usage.id;
  return usage;
end $$;

create function private.roll_back(usage public.voucher_usage, actor uuid, reason text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  taken numeric;
  owner_taken numeric;
begin
  if usage.status = 'rolled_back' then
    perform private.refuse('VC-015');
  end if;
  perform private.lock_redemption(usage);
  owner_taken := private.take_back(usage.owner_transfer_id, coalesce(usage.rolled_back_owner_benefit, 0), reason);
  taken := private.take_back_benefit(usage, reason);
  if taken + owner_taken = 0 then
    perform private.refuse('VC-016');
  end if;
  usage := private.record_rollback(usage, taken, owner_taken);
  perform private.record_audit(usage.client_id, actor, 'voucher.rolled_back', 'voucher', usage.voucher_id,
    jsonb_build_object('redemption_id', usage.id, 'taken_back', taken, 'of', usage.benefit), reason => reason);
  -- the row that all redeemers share, last
  update public.vouchers v set usage_count = v.usage_count - 1 where v.id = usage.voucher_id and usage.status = 'rolled_back';
  return jsonb_build_object('redemptionId', usage.id, 'type', usage.redemption_type, 'benefit', usage.benefit,
    'takenBack', taken, 'remaining', usage.benefit - usage.rolled_back_benefit, 'ownerBenefit', usage.owner_benefit,
    'ownerTakenBack', owner_taken, 'messagesKept', private.messages_kept(usage), 'isComplete', usage.status = 'rolled_back');
end $$;

create function private.rollback_voucher_redemption(redemption_id uuid, reason text, idempotency_key text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  request constant public.request := row(null, private.caller(), null, idempotency_key,
    private.request_hash(to_jsonb(redemption_id), to_jsonb(reason)));
  scope text;
  usage public.voucher_usage;
  answer jsonb;
begin
  select u.* into usage from public.voucher_usage u where u.id = redemption_id for no key update;
  perform private.assert_can_act(request.actor, usage.client_id, private.admin_roles());
  perform private.assert_text(reason, 'reason', 1000);
  scope := private.answer_scope('rollback_voucher_redemption', usage.client_id, request.actor);
  answer := private.replay(request, scope) -> 'result';
  if answer is null then
    answer := private.roll_back(usage, request.actor, reason);
    perform private.answer(request, scope, answer);
  end if;
  return answer;
end $$;
select private.publish('private.rollback_voucher_redemption(uuid, text, text)', '{authenticated, service_role}',
  'Rolls back what is neither spent nor held of a redemption; the use is returned when everything is rolled back (isComplete). Until '
  'then another call revokes what has become available since; the same idempotency_key repeats its answer. Returns {takenBack, '
  'remaining, ownerTakenBack, messagesKept (used messages of a package), isComplete, …}. RB-400, RB-409, VC-015, VC-016.');

grant select on public.voucher_overview to authenticated, service_role;

-- Must be empty: redemptions that were not counted, not given, or given to whom they must not be.
create view private.voucher_violations as
  select 'a voucher does not count its redemptions' as problem, v.id
  from public.vouchers v
  left join (
    select u.client_id, u.voucher_id, count(*) as uses from public.voucher_usage u where u.status = 'redeemed' group by 1, 2
  ) u on u.client_id = v.client_id and u.voucher_id = v.id
  where v.usage_count <> coalesce(u.uses, 0)
  union all
  select 'a person has redeemed a voucher more or less often than is counted', i.voucher_id
  from private.voucher_identities i
  left join (
    select k.voucher_id, k.known, count(*) as uses
    from (select distinct u.id, u.voucher_id, unnest(u.identities) as known from public.voucher_usage u where u.status = 'redeemed') k
    group by 1, 2
  ) u on u.voucher_id = i.voucher_id and u.known = i.identity
  where i.redemptions <> coalesce(u.uses, 0)
  union all
  select 'a redemption is not counted for its person', u.id
  from public.voucher_usage u, unnest(u.identities) k (known)
  where not exists (
    select from private.voucher_identities i where i.voucher_id = u.voucher_id and i.identity = k.known)
  union all
  select 'a redeemer made the voucher or profits from it', u.id
  from public.voucher_usage u join public.vouchers v on v.id = u.voucher_id
  where u.user_id in (v.created_by, v.owner_id)
  union all
  select 'a redemption did not move what it gave', u.id
  from public.voucher_usage u
  where u.redemption_type in ('credit', 'message') and not exists (
    select from public.ledger_entries e where e.transfer_id = u.transfer_id and e.amount = u.benefit)
  union all
  select 'an owner did not get their benefit', u.id
  from public.voucher_usage u
  where u.owner_benefit is not null and not exists (
    select from public.ledger_entries e where e.transfer_id = u.owner_transfer_id and e.amount = u.owner_benefit)
  union all
  select 'a discount and its redemption do not agree', u.id
  from public.voucher_usage u left join public.voucher_entitlements e on e.usage_id = u.id
  where (u.redemption_type = 'percentage') <> (e.id is not null)
    or (u.redemption_type = 'percentage' and (u.status = 'rolled_back') <> (e.status = 'cancelled'))
  union all
  select 'a rollback does not say what the ledger took back', u.id
  from public.voucher_usage u, lateral (values
    (u.transfer_id, u.rolled_back_benefit), (u.owner_transfer_id, u.rolled_back_owner_benefit)) as r (transfer_id, amount)
  where r.amount > 0 and r.transfer_id is not null and r.amount <> (
    select coalesce(sum(e.amount), 0)
    from public.ledger_transfers t join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
    where t.reverses = r.transfer_id and t.idempotency_key like 'voucher-rollback:%')
  union all
  select 'a package was rolled back, although messages of it were used', u.id
  from public.voucher_usage u join public.customer_packages cp on cp.id = u.customer_package_id
  where u.redemption_type = 'package' and u.status = 'rolled_back' and cp.messages_used > 0;
