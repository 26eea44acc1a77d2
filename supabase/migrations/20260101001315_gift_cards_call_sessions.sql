-- Gift cards, call sessions: finds the recipients a caller may be, by caller ID or by the redemption code that the caller reads out.
-- Agents check codes here, because they cannot read them.

-- The recipients of active campaigns among the clients of an agent, by their code if one is given, else by their phone.
create function private.callers_of(actor uuid, caller_phone text, confirmation_code text, campaign_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  by_code uuid := (
    select c.recipient_id from public.recipient_codes c
    where c.redemption_code = private.canonical_code(confirmation_code));
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'recipientId', r.id, 'firstName', r.first_name, 'lastName', r.last_name, 'campaignId', c.id,
      'campaignName', c.campaign_name, 'phoneLast4', right(r.phone, 4)) order by r.created_at desc), '[]')
    from (
      select n.* from (
        select x.id from public.campaign_recipients x
        where callers_of.confirmation_code is null and x.phone = callers_of.caller_phone
        union all select by_code) as m (id)
      join public.campaign_recipients n on n.id = m.id
      join public.campaigns k on k.id = n.campaign_id
      where k.status = 'active' and k.id = coalesce(callers_of.campaign_id, k.id)
        and n.client_id in (select private.client_ids_of(actor, private.staff_roles()))
      order by n.created_at desc limit 51) r
    join public.campaigns c on c.id = r.campaign_id);
end $$;

create function private.open_call_session(actor uuid, caller_phone text, matches jsonb, is_checked boolean)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  session_id uuid;
begin
  insert into public.call_sessions as s (
    caller_phone, agent_user_id, recipient_id, checked_recipient_id, campaign_id, client_id)
  select open_call_session.caller_phone, actor, r.id, case when is_checked then r.id end, r.campaign_id, r.client_id
  from (select case when jsonb_array_length(matches) = 1 then (matches -> 0 ->> 'recipientId')::uuid end as id) m
  left join public.campaign_recipients r on r.id = m.id
  returning s.id into session_id;
  return private.answered(jsonb_build_object('callSessionId', session_id, 'matches', matches - 50,
    'hasMoreMatches', jsonb_array_length(matches) > 50));
end $$;

create function public.start_call_session(
  caller_phone text, campaign_id uuid, confirmation_code text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'start-call-session';
  actor constant uuid := request.actor;
  keys constant jsonb := jsonb_build_object('actor', actor);
  wait_seconds int;
  matches jsonb;
  refusal jsonb;
begin
  if not exists (select private.client_ids_of(actor, private.staff_roles())) then
    perform private.refuse('RB-403');
  elsif confirmation_code is null then
    return private.open_call_session(
      request.actor, caller_phone, private.callers_of(request.actor, caller_phone, null, campaign_id), false);
  end if;
  wait_seconds := private.open_attempt(surface, keys);
  if wait_seconds is null then
    matches := private.callers_of(actor, caller_phone, confirmation_code, campaign_id);
  end if;
  -- as data, because the attempt is recorded
  refusal := case when wait_seconds is not null then private.limited(wait_seconds)
    when matches = '[]' then private.refused('GC011', null, null) end;
  refusal := private.close_attempt(surface, keys, request, actor::text, confirmation_code, private.client_of_code(confirmation_code),
    refusal, case when wait_seconds is null then refusal is not null end);
  return coalesce(refusal, private.open_call_session(actor, caller_phone, matches, true));
end $$;
comment on function public.start_call_session is
  'Opens a call session for an agent and finds the newest fifty recipients with the phone of the caller (E.164; null if it is withheld: '
  'no matches; hasMoreMatches: there are more) among the clients of the agent; '
  'with a confirmation code the recipient of that code, which verifies the caller. Unknown codes and codes of other tenants: GC-011. RB-403, RB-429.';
grant execute on function public.start_call_session to service_role;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('start-call-session', 'actor', 30, 600, true);
