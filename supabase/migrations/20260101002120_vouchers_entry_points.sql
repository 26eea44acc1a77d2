-- Vouchers, the entry points of redemption and dry run: attempts and limits, and what the answer and the messages contain.
-- A wrong code costs a token of the caller's address and of their account; a code of another tenant is a wrong code. A code known to
-- many never blocks by itself: failed attempts with it only raise an alert.

-- The benefit of a voucher, in words for a message.
create function private.benefit_text(voucher public.vouchers)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case voucher.type
    when 'message' then voucher.value::bigint || ' messages'
    when 'credit' then voucher.value::bigint || ' bizcoins'
    when 'percentage' then trim_scale(voucher.value) || ' % off your next purchase'
    else 'a package' end;
end $$;

-- The benefit of a redemption, as its answer shows it.
create function private.present_benefit(usage public.voucher_usage, voucher public.vouchers)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  benefit jsonb := jsonb_build_object('type', voucher.type, 'value', voucher.value);
begin
  if voucher.type in ('message', 'package') then
    benefit := benefit || jsonb_build_object('customerPackage', (
      select private.present_customer_package(cp) from public.customer_packages cp where cp.id = usage.customer_package_id));
  elsif voucher.type = 'percentage' then
    benefit := benefit || (
      select jsonb_build_object('entitlementId', e.id, 'packageId', e.package_id,
        'minimumPurchase', e.minimum_purchase, 'expiresAt', e.expires_at)
      from public.voucher_entitlements e where e.usage_id = usage.id);
  end if;
  return benefit;
end $$;

create function private.present_balance(client_id uuid, user_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object('bizcoins', coalesce(sum(b.available) filter (where b.asset = 'bizcoin'), 0)::bigint,
      'messages', coalesce(sum(b.available) filter (where b.asset = 'messages'), 0)::bigint)
    from public.wallet_balances b
    where b.client_id = present_balance.client_id and b.owner_type = 'user' and b.owner_id = present_balance.user_id);
end $$;

-- Notifies the owner of a referral voucher of the benefit, without the redeemer.
create function private.notify_owner(usage public.voucher_usage, voucher public.vouchers)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.notify_user(usage.client_id, 'referral_rewarded', usage.id, voucher.owner_id,
    jsonb_build_object('benefit', usage.owner_benefit::bigint) || private.present_balance(usage.client_id, voucher.owner_id))
  where voucher.owner_id is not null;
end $$;

create function private.present_usage(usage public.voucher_usage, voucher public.vouchers)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  balance jsonb := private.present_balance(usage.client_id, usage.user_id);
begin
  return jsonb_build_object(
    'redemptionId', usage.id, 'voucherId', voucher.id, 'clientId', voucher.client_id, 'redeemedAt', usage.used_at,
    'transferId', usage.transfer_id, 'benefit', private.present_benefit(usage, voucher), 'balance', balance,
    'deliveryId', private.notify_user(usage.client_id, 'voucher_redeemed', usage.id, usage.user_id,
      balance || jsonb_build_object('benefit', private.benefit_text(voucher))));
end $$;

-- All of a redemption but the use itself, which is taken last.
create function private.redeem(voucher public.vouchers, request public.request, package_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  usage public.voucher_usage;
begin
  perform private.assert_redeemable(voucher, request.actor, package_id);
  usage.id := gen_random_uuid();
  usage.client_id := voucher.client_id;
  usage.voucher_id := voucher.id;
  usage.user_id := request.actor;
  usage.redemption_type := voucher.type;
  usage.benefit := coalesce(voucher.value, 1);
  usage.owner_benefit := voucher.owner_benefit;
  usage.status := 'redeemed';
  usage.identities := private.identities_of(request.actor);
  usage.notes := voucher.description;
  usage.request_id := request.id;
  usage.used_at := now();
  perform private.count_person(voucher, usage.identities);
  usage := private.give_benefit(usage, voucher);
  insert into public.voucher_usage select usage.*;
  perform private.issue_entitlement(usage, voucher);
  perform private.notify_owner(usage, voucher);
  perform private.record_audit(voucher.client_id, request.actor, 'voucher.redeemed', 'voucher', voucher.id,
    jsonb_build_object('redemption_id', usage.id, 'type', voucher.type, 'benefit', usage.benefit), request.id);
  return private.present_usage(usage, voucher);
end $$;

create function private.present_rules(rules private.voucher_rule[])
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('rule', r.rule, 'passed', r.passed, 'actual', r.actual, 'required', r.required,
      'code', case when not r.passed then r.code end, 'message', case when not r.passed then c.message end) order by r.position)
    from unnest(rules) r left join private.error_catalogue c on c.code = r.code);
end $$;

-- Closes an attempt: an unknown code is recorded for the client whose customer tried it, and is a guess on their budget. One budget
-- for both surfaces: the dry run is no second chance to guess.
create function private.close_voucher_attempt(
  surface text, keys jsonb, request public.request, code text, client_id uuid, refusal jsonb)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  client_id := coalesce(client_id, (
    select m.client_id from public.memberships m
    where m.user_id = request.actor and m.role = 'customer' and m.suspended_at is null order by m.created_at limit 1));
  return private.close_attempt('redeem-voucher',
    keys || jsonb_build_object('scope', coalesce(client_id::text, 'none'), 'client', client_id), request, request.actor::text, code,
    client_id, refusal, case when refusal ->> 'code' is distinct from 'RB-429' then refusal ->> 'code' is not distinct from 'VC-001' end,
    surface);
end $$;

create function public.redeem_voucher(code text, client_id uuid, package_id uuid, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'redeem-voucher';
  scope constant text := private.answer_scope('redeem_voucher', null, request.actor);
  keys constant jsonb := private.attempt_keys(request, code, client_id::text);
  -- here and not in the block, whose changes a refusal undoes
  wait_seconds constant int := private.open_attempt(surface, keys);
  voucher public.vouchers;
  answer jsonb;
  detail text;
begin
  perform private.assert_given(request.actor is not null, 'request.actor');
  if wait_seconds is not null then
    return private.close_voucher_attempt(surface, keys, request, code, null, private.limited(wait_seconds));
  end if;
  answer := private.replay(request, scope);
  if answer is not null then
    perform private.settle_attempt(surface, keys, false);
    return answer;
  end if;
  voucher := private.find_voucher(request.actor, client_id, code);
  answer := private.answer(request, scope, private.redeem(voucher, request, package_id));
  perform private.close_voucher_attempt(surface, keys, request, code, voucher.client_id, null);
  perform private.take_use(voucher, request.actor);
  return answer;
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return private.close_voucher_attempt(
    surface, keys, request, code, voucher.client_id, private.refusal_of(sqlstate, sqlerrm, detail));
end $$;
comment on function public.redeem_voucher is
  'Redeems a voucher of the customer''s client (request.actor), once: gives the benefit and returns the new balance. Refused as data, '
  'because each attempt is recorded: VC-001 to VC-014, RB-409, RB-429; unknown codes and codes of other tenants are VC-001.';
grant execute on function public.redeem_voucher to service_role;

create function public.validate_voucher(code text, client_id uuid, package_id uuid, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'validate-voucher';
  keys constant jsonb := private.attempt_keys(request, code, client_id::text);
  wait_seconds constant int := private.open_attempt('redeem-voucher', keys);
  voucher public.vouchers;
  rules private.voucher_rule[];
  refusal jsonb;
  detail text;
begin
  perform private.assert_given(request.actor is not null, 'request.actor');
  begin
    if wait_seconds is not null then
      refusal := private.limited(wait_seconds);
    else
      voucher := private.find_voucher(request.actor, client_id, code);
      rules := array(select r from private.voucher_rules(voucher, request.actor, package_id) r order by r.position);
    end if;
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    refusal := private.refusal_of(sqlstate, sqlerrm, detail);
  end;
  if refusal is not null then
    return private.close_voucher_attempt(surface, keys, request, code, voucher.client_id, refusal);
  end if;
  perform private.close_voucher_attempt(surface, keys, request, code, voucher.client_id, (
    select jsonb_build_object('code', r.code) from unnest(rules) r where not r.passed limit 1));
  return private.answered(jsonb_build_object(
    'valid', not exists (select from unnest(rules) r where not r.passed),
    'clientId', voucher.client_id, 'benefit', jsonb_build_object('type', voucher.type, 'value', voucher.value),
    'expiresAt', voucher.expires_at, 'rules', private.present_rules(rules)));
end $$;
comment on function public.validate_voucher is
  'The dry run of a redemption: each rule with its actual and required value; an unknown code is refused as in redeem_voucher.';
grant execute on function public.validate_voucher to service_role;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('redeem-voucher', 'ip', 20, 600, true, false, 3),
  ('redeem-voucher', 'site', 200, 600, true, false, 20),
  ('redeem-voucher', 'user', 10, 600, true, false, 3),
  ('redeem-voucher', 'code', 50, 600, false, false, null),
  ('redeem-voucher', 'scope', 1000, 600, false, true, null),
  ('redeem-voucher', 'surface', 5000, 600, false, true, null);
