-- Vouchers, rollbacks: an admin rolls a redemption back; and what must hold for all redemptions.
-- A rollback revokes what is neither spent nor held, and says how much that was; what is refunded or released later can be revoked
-- by another call. The use is returned, to the voucher and to the customer's identities, when everything is revoked: a customer who
-- kept a part could redeem the voucher again otherwise.

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
