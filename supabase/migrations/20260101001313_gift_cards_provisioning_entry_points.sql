-- Gift cards, the entry points of provisioning: for servers by id, for agents in a call, and for visitors of a web form.
-- Entry points are security definer and for the service role only: the edge function has authenticated the caller, and names it.

create function private.client_of_code(code text)
returns uuid language plpgsql stable set search_path = '' as $$
begin
  return (
    select c.client_id from public.recipient_codes c where c.redemption_code = private.canonical_code(code));
end $$;

-- The campaign that a guess names, if it exists: its failures are counted.
create function private.campaign_scope(campaign_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select jsonb_build_object('scope', c.id, 'client', c.client_id) from public.campaigns c
    where c.id = campaign_scope.campaign_id), '{"scope": "none"}');
end $$;

-- A request for a card, of an entry point's request. Without an id of the HTTP request it gets one of its own.
create function private.card_request_of(request public.request, surface text, suppliers text[])
returns private.card_request language plpgsql volatile set search_path = '' as $$
declare
  asked private.card_request;
begin
  asked.surface := card_request_of.surface;
  asked.suppliers := card_request_of.suppliers;
  asked.actor := request.actor;
  asked.answer_key := private.request_key(request);
  asked.request_hash := request.hash;
  asked.request_id := coalesce(request.id, gen_random_uuid());
  return asked;
end $$;

create function public.provision_gift_card(
  campaign_id uuid, recipient_id uuid, brand_id uuid, denomination numeric, condition_number int, delivery_method text,
  deliver_to text, request public.request, suppliers text[] default '{}')
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  asked private.card_request := private.card_request_of(request, 'api', suppliers);
begin
  asked.campaign_id := campaign_id;
  asked.recipient_id := recipient_id;
  asked.brand_id := brand_id;
  asked.denomination := denomination;
  asked.condition_number := condition_number;
  asked.delivery_method := delivery_method;
  asked.deliver_to := deliver_to;
  return private.provision(asked);
end $$;
comment on function public.provision_gift_card is
  'Provisions the card of a condition for a recipient. brand_id and denomination: null, or those of the condition; delivery_method: '
  'sms, email, or null when the answer brings the card; suppliers: those with credentials, to buy from when stock has none. Refuses '
  'with GC-001, 002, 003, 004, 005, 006, 007, 008, 009, 010, 012, RB-400, 403, 404, 409. GC-003 to GC-006 leave a pending reward, '
  'which a later request with another address corrects: details.pendingReward {id, deliveryMethod, deliverTo (masked), createdAt}.';
grant execute on function public.provision_gift_card to service_role;

-- Whether an agent sends the card to an address that is not the recipient's, for a caller who is not verified.
create function private.is_disclosure(asked private.card_request)
returns boolean language sql stable set search_path = '' as $$
  select asked.redemption_code is null and exists (
    select from public.campaign_recipients r
    where r.id = asked.recipient_id and private.acts_for(asked.actor, r.client_id, private.staff_roles())
      and private.own_address(r, asked.delivery_method) <> asked.deliver_to
      and not exists (
        select from public.call_sessions s
        where s.id = asked.call_session_id and s.agent_user_id = asked.actor
          and (s.caller_phone = r.phone or s.checked_recipient_id = r.id)))
$$;

-- Provisions for a caller. A card that goes elsewhere needs a reason and a disclosure of the agent's quota, which is taken
-- outside the provisioning: inside it, a refusal that leaves a pending reward would roll the disclosure back.
create function private.provision_for_caller(asked private.card_request, reason text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  is_disclosure constant boolean := private.is_disclosure(asked) and not private.is_answered(
    private.answer_scope('provisioning-call_center', (
      select r.client_id from public.campaign_recipients r where r.id = asked.recipient_id), asked.actor), asked.answer_key);
  wait_seconds int;
  answer jsonb;
begin
  if is_disclosure and not private.is_reason(reason) then
    return private.refused('GC012', 'A reason is needed to send the card to another address', jsonb_build_object('fields',
      jsonb_build_array(jsonb_build_object('field', 'reason', 'problem', 'is required')))::text);
  elsif is_disclosure then
    wait_seconds := private.take_disclosure(asked.actor);
  end if;
  if wait_seconds is not null then
    return private.limited(wait_seconds);
  end if;
  answer := private.provision(asked);
  if is_disclosure and (answer ->> 'outcome' = 'ok' or answer -> 'details' ? 'pendingReward') then
    perform private.record_audit((select r.client_id from public.campaign_recipients r where r.id = asked.recipient_id), asked.actor,
      'gift_card.sent_elsewhere', 'recipient', asked.recipient_id, jsonb_build_object('channel', asked.delivery_method,
        'gift_card_id', answer #> '{result,giftCard,id}'), asked.request_id, btrim(reason));
  elsif is_disclosure then
    perform private.return_disclosure(asked.actor);
  end if;
  return answer;
end $$;

create function public.provision_gift_card_for_call_center(
  call_session_id uuid, confirmation_code text, recipient_id uuid, condition_number int, delivery_method text, deliver_to text,
  skip_verification boolean, request public.request, suppliers text[] default '{}', reason text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'provision-gift-card-for-call-center';
  keys constant jsonb := jsonb_build_object('actor', request.actor);
  asked private.card_request := private.card_request_of(request, 'call_center', suppliers);
  wait_seconds int;
  answer jsonb;
begin
  perform private.assert_given(request.actor is not null, 'request.actor');
  wait_seconds := private.open_attempt(surface, keys);
  asked.call_session_id := call_session_id;
  asked.redemption_code := confirmation_code;
  asked.recipient_id := recipient_id;
  asked.condition_number := condition_number;
  asked.delivery_method := delivery_method;
  asked.deliver_to := deliver_to;
  asked.skip_verification := skip_verification;
  answer := case when wait_seconds is null then private.provision_for_caller(asked, reason) else private.limited(wait_seconds) end;
  return coalesce(private.close_attempt(surface, keys, request, request.actor::text, confirmation_code,
    private.client_of_code(confirmation_code), case answer ->> 'outcome' when 'refused' then answer end,
    case when wait_seconds is null then answer ->> 'code' is not distinct from 'GC-011' end), answer);
end $$;
comment on function public.provision_gift_card_for_call_center is
  'Provisions the card of the condition that a caller met; the code goes to the recipient only. Another address than the '
  'recipient''s needs a reason (GC-012) and counts against the agent''s daily quota of disclosures (RB-429), unless the caller is '
  'verified by caller ID or confirmation code.';
grant execute on function public.provision_gift_card_for_call_center to service_role;

create function public.redeem_gift_card(
  redemption_code text, campaign_id uuid, condition_number int, delivery_method text, deliver_to text, request public.request,
  suppliers text[] default '{}')
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'redeem-gift-card';
  keys constant jsonb := private.attempt_keys(request, coalesce(redemption_code, ''), campaign_id::text);
  wait_seconds constant int := private.open_attempt(surface, keys);
  asked private.card_request := private.card_request_of(request, 'form', suppliers);
  answer jsonb;
  is_guess boolean;
  refusal jsonb;
begin
  -- the code is the credential: a signed-in user who sends it is not the actor
  asked.actor := null;
  asked.redemption_code := redemption_code;
  asked.campaign_id := campaign_id;
  asked.condition_number := condition_number;
  asked.delivery_method := delivery_method;
  asked.deliver_to := deliver_to;
  answer := case when wait_seconds is null then private.provision(asked) else private.limited(wait_seconds) end;
  -- a code that is used up counts as a failure, too
  is_guess := coalesce(answer ->> 'code' in ('GC-010', 'GC-011'), false);
  refusal := private.close_attempt(surface, case when is_guess then keys || private.campaign_scope(campaign_id) else keys end,
    request, keys ->> 'ip', redemption_code, private.client_of_code(redemption_code),
    case answer ->> 'outcome' when 'refused' then answer end, case when wait_seconds is null then is_guess end);
  return case when refusal is null or answer ->> 'code' = 'GC-010' then answer else refusal end;
end $$;
comment on function public.redeem_gift_card is
  'A visitor of a web form redeems a code for the card of a self-service condition. Unknown codes and codes of other tenants: GC-011. A right '
  'code whose card cannot be given now: GC-003 with the pending reward, also if the configuration is incomplete.';
grant execute on function public.redeem_gift_card to service_role;

insert into private.replay_windows (use_case, replayed_for) values ('provisioning-form', '15 minutes');

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('redeem-gift-card', 'ip', 20, 600, true, false, 3),
  ('redeem-gift-card', 'site', 200, 600, true, false, 20),
  ('redeem-gift-card', 'code', 5, 600, true, false, null),
  ('redeem-gift-card', 'prefix', 100, 600, false, false, null),
  ('redeem-gift-card', 'scope', 1000, 600, false, true, null),
  ('redeem-gift-card', 'surface', 5000, 600, false, true, null),
  ('provision-gift-card-for-call-center', 'actor', 30, 600, true, false, null);
