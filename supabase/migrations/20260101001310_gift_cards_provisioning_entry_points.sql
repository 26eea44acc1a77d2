-- Gift cards, the doors of provisioning: run the steps, keep the trace, present the answer.
-- A refusal is caught here, after the steps are undone, so that its trace, its attempt and the owed reward survive.
-- Doors are security definer and for the service role only: the edge function has authenticated the caller, and names it.

create function private.present_card(card_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'id', c.id, 'brandId', b.id, 'brand', b.name, 'denomination', p.denomination, 'currency', p.currency,
      'expiresAt', c.expires_at, 'redemptionUrl', b.redemption_url, 'termsUrl', b.terms_url,
      'codeLast4', c.code_last4, 'status', c.status)
      || case when c.serial_number is null then '{}' else jsonb_build_object('serialNumber', c.serial_number) end
    from public.gift_cards c
    join public.card_pools p on p.id = c.pool_id
    join public.gift_card_brands b on b.id = p.brand_id
    where c.id = card_id);
end $$;

create function private.sealed_card(card_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'giftCardId', s.gift_card_id, 'brandId', p.brand_id, 'keyId', s.seal_key_id,
      'code', translate(encode(s.code_sealed, 'base64'), E'\n', ''), 'pin', translate(encode(s.pin_sealed, 'base64'), E'\n', ''))
    from private.card_secrets s
    join public.gift_cards c on c.id = s.gift_card_id
    join public.card_pools p on p.id = c.pool_id
    where s.gift_card_id = card_id);
end $$;

create function private.sealed_for(p private.provisioning, answer jsonb)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return case when p.shows_code then private.sealed_card((answer -> 'giftCard' ->> 'id')::uuid) end;
end $$;

-- The platform and the agency of the client, and a server.
create function private.keeps_client(p private.provisioning)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p.actor is null or p.client_id in (select private.client_ids_of(p.actor, private.client_keeper_roles()));
end $$;

-- May whoever asked read the bill? A visitor and an agent never, a client's admin not what its agency pays.
create function private.may_read_bill(p private.provisioning)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return p.surface = 'api' and (p.billing_entity = 'client' or private.keeps_client(p));
end $$;

create function private.present_provisioning(p private.provisioning)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_strip_nulls(jsonb_build_object('conditionMetId', p.condition_met_id)) || jsonb_build_object(
      'giftCard', private.present_card(p.gift_card_id), 'source', p.source, 'campaignId', p.campaign_id, 'grantId', p.grant_id,
      'billing', (
        select jsonb_build_object('id', b.id, 'price', b.price, 'currency', b.currency) || case
          when private.keeps_client(p) then jsonb_build_object('platformPrice', b.platform_price) else '{}' end
        from public.billing_transactions b where b.id = p.billing_id and private.may_read_bill(p)),
      'delivery', case when p.delivery_id is not null then jsonb_build_object(
        'id', p.delivery_id, 'method', p.delivery_method, 'status', 'queued') end));
end $$;

create function private.provisioning_steps(p private.provisioning)
returns text[] language plpgsql immutable set search_path = '' as $$
declare
  find_card constant text[] := array['Check campaign configuration', 'Check eligibility', 'Claim from stock', 'Start purchase'];
  give_card constant text[] := array['Record billing', 'Queue delivery', 'Log condition met', 'Record', 'Charge credit'];
begin
  return case
    when p.purchase_id is not null then array['Receive card'] || give_card
    -- whose card it is, the request said before, or the reward when it was earned
    else find_card || give_card end;
end $$;

create function private.is_step_due(p private.provisioning, step text)
returns boolean language plpgsql immutable set search_path = '' as $$
begin
  return case step
    when 'Start purchase' then p.gift_card_id is null
    when 'Log condition met' then p.surface = 'call_center'
    when 'Charge credit' then num_nonnulls((p.payers).agency_account, (p.payers).client_account) > 0
    else true end;
end $$;

create function private.take_step(p private.provisioning, step text)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
begin
  return case step
    when 'Validate request' then private.validate_request(p)
    when 'Check campaign configuration' then private.check_configuration(p)
    when 'Check eligibility' then private.check_eligibility(p)
    when 'Claim from stock' then private.claim_from_stock(p)
    when 'Start purchase' then private.start_purchase(p)
    when 'Receive card' then private.receive_card(p)
    when 'Record billing' then private.record_billing(p)
    when 'Queue delivery' then private.queue_delivery(p)
    when 'Log condition met' then private.log_condition_met(p)
    when 'Record' then private.record_provisioning(p)
    when 'Charge credit' then private.charge_payer(p) end;
end $$;

-- Takes a step that is due, and notes how long it took.
create function private.pass_step(p private.provisioning, step text)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  ended_at timestamptz;
begin
  if not private.is_step_due(p, step) then
    return p;
  end if;
  p := private.take_step(p, step);
  ended_at := clock_timestamp();
  p.steps := coalesce(p.steps, '[]') || jsonb_build_object('name', step, 'endedAt', extract(epoch from ended_at),
    'ms', extract(epoch from ended_at - p.step_started_at) * 1000);
  p.step_started_at := ended_at;
  return p;
end $$;

-- All the steps, or none of them. A purchase ends the transaction halfway: what is to be bought is committed first.
-- answer_key: see private.answer_key.
create function private.run_provisioning(p private.provisioning, answer_key text, request_hash text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  step text := 'Validate request';
  answer jsonb;
  refusal jsonb;
  detail text;
begin
  p.step_started_at := clock_timestamp();
  -- an agent and a CRM are told the last four signs only, and whoever is owed a card gets it by a message
  p.shows_code := p.surface in ('api', 'form') and p.reward_id is null;
  p.answer_key := answer_key;
  p.request_hash := request_hash;
  begin
    if p.reward_id is null then
      p := private.pass_step(p, step);
    end if;
    -- on a form the scope of a key is the recipient, because the code is the only credential; elsewhere it is tenant and caller
    p.answer_scope := private.answer_scope('provisioning-' || p.surface,
      case p.surface when 'form' then p.recipient_id else p.client_id end, p.actor);
    answer := private.stored_answer(p.answer_scope, p.answer_key, request_hash);
    if answer is not null then
      return private.replay_provisioning(p, answer);
    end if;
    foreach step in array private.provisioning_steps(p) loop
      p := private.pass_step(p, step);
      exit when p.purchase_id is not null;
    end loop;
    if p.purchase_id is null then
      answer := private.present_provisioning(p);
      perform private.store_answer(p.answer_scope, p.answer_key, answer);
    else
      answer := jsonb_build_object('purchase', private.remember_purchase(p));
    end if;
  exception when others then
    if not private.is_refusal(sqlstate) then
      raise;
    end if;
    get stacked diagnostics detail = pg_exception_detail;
    refusal := private.refused(sqlstate, sqlerrm, detail);
  end;
  if refusal is not null then
    return private.record_refusal(p, step, refusal);
  end if;
  perform private.record_trace(p, null, null);
  return private.answered(answer, private.sealed_for(p, answer));
end $$;

create function private.client_of_code(code text)
returns uuid language plpgsql stable set search_path = '' as $$
begin
  return (
    select c.client_id from public.recipient_codes c where c.redemption_code = private.canonical_code(code));
end $$;

-- A guess, or a code that is used up, counts as a failure, and on the campaign that was named, if it exists. Returns the seconds
-- to wait when the failure budget is spent.
create function private.settle_code_attempt(surface text, keys jsonb, campaign_id uuid, code text)
returns int language plpgsql volatile set search_path = '' as $$
declare
  scope jsonb;
begin
  if coalesce(code, '') not in ('GC-010', 'GC-011') then
    return private.settle_attempt(surface, keys, false);
  end if;
  select jsonb_build_object('scope', c.id, 'client', c.client_id) into scope
  from public.campaigns c where c.id = settle_code_attempt.campaign_id;
  return private.settle_attempt(surface, keys || coalesce(scope, '{"scope": "none"}'), true);
end $$;

create function public.provision_gift_card(  actor uuid, campaign_id uuid, recipient_id uuid, brand_id uuid, denomination numeric, condition_number int,
  delivery_method text, deliver_to text, request_id uuid, idempotency_key text, request_hash text,
  suppliers text[] default '{}')
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  p private.provisioning;
begin
  p.surface := 'api';
  p.actor := actor;
  p.campaign_id := campaign_id;
  p.recipient_id := recipient_id;
  p.brand_id := brand_id;
  p.denomination := denomination;
  p.condition_number := condition_number;
  p.delivery_method := delivery_method;
  p.deliver_to := deliver_to;
  p.suppliers := suppliers;
  p.request_id := request_id;
  return private.run_provisioning(p, private.answer_key(idempotency_key, request_id::text), request_hash);
end $$;
comment on function public.provision_gift_card is
  'Gives a recipient the card of a condition. Refuses with GC-001, 002, 003, 004, 005, 006, 007, 008, 009, 010, 012, RB-400, 403, '
  '404, 409. GC-003 to GC-006 leave a pending reward, which a later request with another address corrects: '
  'details.pendingReward {id, deliveryMethod, deliverTo (masked), createdAt}.';

-- Whether an agent sends the card to an address that is not the recipient's, for a caller who is not verified.
create function private.is_disclosure(p private.provisioning)
returns boolean language sql stable set search_path = '' as $$
  select p.redemption_code is null and exists (
    select from public.campaign_recipients r
    where r.id = p.recipient_id and r.client_id in (select private.client_ids_of(p.actor, private.staff_roles()))
      and private.own_address(r, p.delivery_method) <> p.deliver_to
      and not exists (
        select from public.call_sessions s
        where s.id = p.call_session_id and s.agent_user_id = p.actor
          and (s.caller_phone = r.phone or s.checked_recipient_id = r.id)))
$$;

-- Provisions for a caller. A card that goes elsewhere needs a reason and a disclosure of the agent's quota, which is taken
-- outside the provisioning: what is taken inside it would come back with a refusal that leaves a pending reward.
create function private.provision_for_caller(
  p private.provisioning, reason text, answer_key text, request_hash text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  is_disclosure constant boolean := private.is_disclosure(p) and not private.is_answered(
    private.answer_scope('provisioning-call_center', (
      select r.client_id from public.campaign_recipients r where r.id = p.recipient_id), p.actor), answer_key);
  wait_seconds int;
  answer jsonb;
begin
  if is_disclosure and not private.is_reason(reason) then
    return private.refused('GC012', 'A reason is needed to send the card to another address', jsonb_build_object('fields',
      jsonb_build_array(jsonb_build_object('field', 'reason', 'problem', 'is required')))::text);
  elsif is_disclosure then
    wait_seconds := private.take_disclosure(p.actor);
  end if;
  if wait_seconds is not null then
    return private.limited(wait_seconds);
  end if;
  answer := private.run_provisioning(p, answer_key, request_hash);
  if is_disclosure and (answer ->> 'outcome' = 'ok' or answer -> 'details' ? 'pendingReward') then
    perform private.record_audit((select r.client_id from public.campaign_recipients r where r.id = p.recipient_id), p.actor,
      'gift_card.sent_elsewhere', 'recipient', p.recipient_id, jsonb_build_object('channel', p.delivery_method,
        'gift_card_id', answer #> '{result,giftCard,id}'), p.request_id, btrim(reason));
  elsif is_disclosure then
    perform private.return_disclosure(p.actor);
  end if;
  return answer;
end $$;

create function public.provision_gift_card_for_call_center(
  actor uuid, call_session_id uuid, confirmation_code text, recipient_id uuid, condition_number int,
  delivery_method text, deliver_to text, skip_verification boolean, request_id uuid, idempotency_key text, request_hash text,
  suppliers text[] default '{}', reason text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'provision-gift-card-for-call-center';
  keys jsonb := jsonb_build_object('actor', actor);
  wait_seconds int := private.take_attempt(surface, keys);
  p private.provisioning;
  answer jsonb;
begin
  p.surface := 'call_center';
  p.actor := actor;
  p.call_session_id := call_session_id;
  p.redemption_code := confirmation_code;
  p.recipient_id := recipient_id;
  p.condition_number := condition_number;
  p.delivery_method := delivery_method;
  p.deliver_to := deliver_to;
  p.skip_verification := skip_verification;
  p.suppliers := suppliers;
  p.request_id := request_id;
  answer := case when wait_seconds is null
    then private.provision_for_caller(p, reason, private.answer_key(idempotency_key, request_id::text), request_hash)
    else private.limited(wait_seconds) end;
  if wait_seconds is null then
    perform private.settle_attempt(surface, keys, answer ->> 'code' is not distinct from 'GC-011');
  end if;
  perform private.record_attempt(surface, actor::text, confirmation_code, answer ->> 'code', request_id,
    private.client_of_code(confirmation_code));
  return answer;
end $$;
comment on function public.provision_gift_card_for_call_center is
  'Provisions the card of the condition that a caller met; the code goes to the recipient only. Another address than the '
  'recipient''s needs a reason (GC-012) and counts against the agent''s daily quota of disclosures (RB-429), unless the caller is '
  'verified by caller ID or confirmation code.';

create function public.redeem_gift_card(
  redemption_code text, campaign_id uuid, condition_number int, delivery_method text, deliver_to text, ip text,
  request_id uuid, idempotency_key text, request_hash text,
  suppliers text[] default '{}')
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'redeem-gift-card';
  keys jsonb := private.code_attempt_keys(redemption_code, ip, campaign_id::text);
  wait_seconds int := private.take_attempt(surface, keys);
  p private.provisioning;
  answer jsonb;
begin
  p.surface := 'form';
  p.redemption_code := redemption_code;
  p.campaign_id := campaign_id;
  p.condition_number := condition_number;
  p.delivery_method := delivery_method;
  p.deliver_to := deliver_to;
  p.suppliers := suppliers;
  p.request_id := request_id;
  answer := case when wait_seconds is null
    then private.run_provisioning(p, private.answer_key(idempotency_key, request_id::text), request_hash)
    else private.limited(wait_seconds) end;
  if wait_seconds is null then
    wait_seconds := private.settle_code_attempt(surface, keys, campaign_id, answer ->> 'code');
  end if;
  perform private.record_attempt(surface, keys ->> 'ip', redemption_code, answer ->> 'code', request_id,
    private.client_of_code(redemption_code));
  return case when wait_seconds is not null and answer ->> 'code' = 'GC-011' then private.limited(wait_seconds) else answer end;
end $$;
comment on function public.redeem_gift_card is
  'A visitor of a web form redeems a code for the card of a self-service condition. Unknown codes and codes of other tenants: GC-011. A right '
  'code whose card cannot be given now: GC-003 with the pending reward, also if the configuration is incomplete.';

insert into private.replay_windows (use_case, replayed_for) values ('provisioning-form', '15 minutes');

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('redeem-gift-card', 'ip', 20, 600, true, false, 3),
  ('redeem-gift-card', 'site', 200, 600, true, false, 20),
  ('redeem-gift-card', 'code', 5, 600, true, false, null),
  ('redeem-gift-card', 'prefix', 100, 600, false, false, null),
  ('redeem-gift-card', 'scope', 1000, 600, false, true, null),
  ('redeem-gift-card', 'surface', 5000, 600, false, true, null),
  ('provision-gift-card-for-call-center', 'actor', 30, 600, true, false, null);

grant execute on function
  public.provision_gift_card, public.provision_gift_card_for_call_center, public.redeem_gift_card
  to service_role;
