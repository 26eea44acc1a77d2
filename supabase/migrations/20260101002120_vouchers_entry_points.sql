-- Vouchers, the doors of redemption and of the dry run: attempts and limits around them, what is told and to whom.
-- A wrong code costs a token of the visitor's address and of his account, and a foreign voucher is a wrong code. A code that
-- is known to many never blocks by itself: its wrong tries only raise an alert.

-- What a voucher brings, in words for a message.
create function private.benefit_text(voucher public.vouchers)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case voucher.type
    when 'message' then voucher.value::bigint || ' messages'
    when 'credit' then voucher.value::bigint || ' bizcoins'
    when 'percentage' then trim_scale(voucher.value) || ' % off your next purchase'
    else 'a package' end;
end $$;

-- What a redemption has brought, as its answer shows it.
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

-- Tells the owner of a referral voucher what it brought him; who redeemed it is not his business.
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
create function private.redeem(voucher public.vouchers, actor uuid, package_id uuid, request_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  usage public.voucher_usage;
begin
  perform private.assert_redeemable(voucher, actor, package_id);
  usage.id := gen_random_uuid();
  usage.client_id := voucher.client_id;
  usage.voucher_id := voucher.id;
  usage.user_id := actor;
  usage.redemption_type := voucher.type;
  usage.benefit := coalesce(voucher.value, 1);
  usage.owner_benefit := voucher.owner_benefit;
  usage.status := 'redeemed';
  usage.identities := private.identities_of(actor);
  usage.notes := voucher.description;
  usage.request_id := request_id;
  usage.used_at := now();
  perform private.count_person(voucher, usage.identities);
  usage := private.give_benefit(usage, voucher);
  insert into public.voucher_usage select usage.*;
  perform private.issue_entitlement(usage, voucher);
  perform private.notify_owner(usage, voucher);
  perform private.record_audit(voucher.client_id, actor, 'voucher.redeemed', 'voucher', voucher.id,
    jsonb_build_object('redemption_id', usage.id, 'type', voucher.type, 'benefit', usage.benefit), request_id);
  return private.present_usage(usage, voucher);
end $$;

create function private.voucher_attempt_keys(actor uuid, code text, ip text, client_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return private.visitor_keys(ip, client_id::text)
    || jsonb_build_object('user', actor, 'code', private.code_fingerprint(code));
end $$;

-- Settles an attempt (its tokens and its record), and returns the refusal for the caller. An unknown code is recorded for the client
-- whose customer tried it.
create function private.close_attempt(
  surface text, keys jsonb, actor uuid, code text, client_id uuid, refusal jsonb, request_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  wait_seconds int;
begin
  client_id := coalesce(client_id, (
    select m.client_id from public.memberships m
    where m.user_id = actor and m.role = 'customer' and m.suspended_at is null order by m.created_at limit 1));
  if refusal ->> 'code' is distinct from 'RB-429' then
    wait_seconds := private.settle_attempt('redeem-voucher', keys || jsonb_build_object(
      'scope', coalesce(client_id::text, 'none'), 'client', client_id), refusal ->> 'code' is not distinct from 'VC-001');
  end if;
  perform private.record_attempt(surface, actor::text, code, refusal ->> 'code', request_id, client_id);
  return case when wait_seconds is not null then private.limited(wait_seconds) else refusal end;
end $$;

-- The refusal of an attempt: its own code, or GC-015 for a bug, with the reason for the log. Transient errors (a deadlock, a server
-- that shuts down) are raised again for a retry.
create function private.refusal_of(state text, message text, detail text)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  if private.is_refusal(state) then
    return private.refused(state, message, detail);
  elsif state in ('40001', '40P01') or state ~ '^(08|53|57|58)' then
    raise exception using errcode = state, message = message;
  end if;
  return private.refused('GC015', state || ': ' || message, null);
end $$;

create function public.redeem_voucher(
  actor uuid, code text, client_id uuid, package_id uuid, ip text, request_id uuid, idempotency_key text, request_hash text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'redeem-voucher';
  scope text := private.answer_scope('redeem_voucher', null, actor);
  -- a call that the HTTP client sends twice is answered twice, and redeemed once
  key text := private.answer_key(idempotency_key, request_id::text);
  keys jsonb := private.voucher_attempt_keys(actor, code, ip, client_id);
  wait_seconds int := private.take_attempt(surface, keys);
  voucher public.vouchers;
  answer jsonb;
  refusal jsonb;
  detail text;
begin
  begin
    if wait_seconds is not null then
      perform private.refuse('RB-429', null, jsonb_build_object('retryAfter', wait_seconds));
    end if;
    answer := private.stored_answer(scope, key, request_hash);
    if answer is not null then
      perform private.settle_attempt(surface, keys, false);
      return private.answered(answer, null, true);
    end if;
    voucher := private.find_voucher(actor, client_id, code);
    answer := private.redeem(voucher, actor, package_id, request_id);
    perform private.store_answer(scope, key, answer);
    perform private.close_attempt(surface, keys, actor, code, voucher.client_id, null, request_id);
    perform private.take_use(voucher, actor);
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    refusal := private.refusal_of(sqlstate, sqlerrm, detail);
    refusal := private.close_attempt(surface, keys, actor, code, voucher.client_id, refusal, request_id);
  end;
  return coalesce(refusal, private.answered(answer));
end $$;
comment on function public.redeem_voucher is
  'A customer redeems a voucher of his client, once: gives the benefit and tells the new balance. Refuses with VC-001 to VC-014, '
  'RB-409, RB-429; unknown and foreign codes are VC-001.';

create function public.validate_voucher(
  actor uuid, code text, client_id uuid, package_id uuid, ip text, request_id uuid)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  keys jsonb := private.voucher_attempt_keys(actor, code, ip, client_id);
  -- one budget with redeem-voucher: the dry run is no second chance to guess
  wait_seconds int := private.take_attempt('redeem-voucher', keys);
  voucher public.vouchers;
  rules private.voucher_rule[];
  refusal jsonb;
  told jsonb;
  detail text;
begin
  begin
    if wait_seconds is not null then
      perform private.refuse('RB-429', null, jsonb_build_object('retryAfter', wait_seconds));
    end if;
    voucher := private.find_voucher(actor, client_id, code);
    rules := array(select r from private.voucher_rules(voucher, actor, package_id) r order by r.position);
  exception when others then
    get stacked diagnostics detail = pg_exception_detail;
    refusal := private.refusal_of(sqlstate, sqlerrm, detail);
  end;
  told := private.close_attempt('validate-voucher', keys, actor, code, voucher.client_id, coalesce(refusal, (
    select jsonb_build_object('code', r.code) from unnest(rules) r where not r.passed limit 1)), request_id);
  return coalesce(case when refusal is not null then told end, private.answered(jsonb_build_object(
    'valid', not exists (select from unnest(rules) r where not r.passed),
    'clientId', voucher.client_id, 'benefit', jsonb_build_object('type', voucher.type, 'value', voucher.value),
    'expiresAt', voucher.expires_at, 'rules', (
      select jsonb_agg(jsonb_build_object('rule', r.rule, 'passed', r.passed, 'actual', r.actual, 'required', r.required,
        'code', case when not r.passed then r.code end, 'message', case when not r.passed then r.message end)
        order by r.position) from unnest(rules) r))));
end $$;
comment on function public.validate_voucher is
  'The dry run of a redemption: every rule, what is and what must be; an unknown code is refused as in redeem_voucher.';

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('redeem-voucher', 'ip', 20, 600, true, false, 3),
  ('redeem-voucher', 'site', 200, 600, true, false, 20),
  ('redeem-voucher', 'user', 10, 600, true, false, 3),
  ('redeem-voucher', 'code', 50, 600, false, false, null),
  ('redeem-voucher', 'scope', 1000, 600, false, true, null),
  ('redeem-voucher', 'surface', 5000, 600, false, true, null);

grant execute on function public.redeem_voucher, public.validate_voucher to service_role;
