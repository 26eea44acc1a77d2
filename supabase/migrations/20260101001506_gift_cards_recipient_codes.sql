-- Gift cards, the redemption codes of recipients: generated, replaced after a leak, and exported for printing.

-- Serializes imports and rotations of a campaign, because each compares with the committed rows of the other.
create function private.lock_recipients(campaign_id uuid)
returns void language sql volatile set search_path = '' as $$
  select pg_advisory_xact_lock(hashtextextended('recipients of ' || campaign_id, 0))
$$;

-- Visitors of a web form type these codes.
create function private.assert_recipient_pattern(pattern text, how_many int)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_code_entropy(pattern, how_many + case
    when private.is_long_enough(pattern, 'public.recipient_codes', how_many, private.public_guesses_per_hit()) then 0
    else private.rows_about('public.recipient_codes') end, private.public_guesses_per_hit());
end $$;

-- The end of a code, as it is printed; null if too few codes of the pattern have this end to hide among.
create function private.code_last4(token text, pattern text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case when private.code_space(pattern) >= private.public_guesses_per_hit() * power(30::numeric, 4)
    then right(regexp_replace(token, '[^A-Za-z0-9]', '', 'g'), 4) end;
end $$;

-- Stores a code for each recipient. A code that another recipient has is generated again.
create function private.store_codes(campaign public.campaigns, recipient_ids uuid[], tokens text[], pattern text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  while cardinality(recipient_ids) > 0 loop
    with stored as (
      insert into public.recipient_codes as c (recipient_id, client_id, campaign_id, redemption_token)
      select d.recipient_id, campaign.client_id, campaign.id, d.token
      from unnest(recipient_ids, tokens) as d (recipient_id, token)
      on conflict on constraint recipients_redemption_code_is_unique do nothing
      returning c.recipient_id)
    select array(select unnest(recipient_ids) except select s.recipient_id from stored s) into recipient_ids;
    tokens := array(select private.generate_codes(pattern, cardinality(recipient_ids)));
    update public.campaign_recipients r set code_last4 = private.code_last4(d.token, pattern)
    from unnest(recipient_ids, tokens) as d (recipient_id, token) where r.id = d.recipient_id;
  end loop;
end $$;

-- A code is used once a card was given for it or is pending: its recipient needs it to ask again and to confirm the redemption.
create function private.is_code_used(recipient_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
      select from public.gift_card_grants g where g.recipient_id = is_code_used.recipient_id and g.cancelled_at is null)
    or exists (
      select from public.pending_rewards p
      where p.recipient_id = is_code_used.recipient_id and p.status like 'awaiting%');
end $$;

-- Replaces up to batch_size codes that were issued before a moment, and counts the rest.
create function private.replace_codes(
  campaign public.campaigns, before timestamptz, include_used boolean, pattern text, batch_size int)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  due uuid[] := array(
    select c.recipient_id from public.campaign_recipients r join public.recipient_codes c on c.recipient_id = r.id
    where r.campaign_id = campaign.id and c.created_at < before
      and (include_used or not private.is_code_used(r.id)));
  ids uuid[] := due[:batch_size];
  tokens text[] := array(select private.generate_codes(pattern, cardinality(ids)));
begin
  delete from public.recipient_codes c where c.recipient_id = any (ids);
  update public.campaign_recipients r set code_last4 = private.code_last4(d.token, pattern)
  from unnest(ids, tokens) as d (recipient_id, token) where r.id = d.recipient_id;
  perform private.store_codes(campaign, ids, tokens, pattern);
  return jsonb_build_object('campaignId', campaign.id, 'issuedBefore', before, 'rotated', cardinality(ids),
    'remaining', cardinality(due) - cardinality(ids), 'kept', (
      select count(*) from public.campaign_recipients r join public.recipient_codes c on c.recipient_id = r.id
      where r.campaign_id = campaign.id and c.created_at < before and not include_used and private.is_code_used(r.id)));
end $$;

create function private.rotate_redemption_codes(
  campaign_id uuid, issued_before text default null, include_used boolean default false,
  pattern text default '****-****-****', batch_size int default 10000, reason text default null,
  idempotency_key text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign constant public.campaigns := private.administered_campaign(campaign_id);
  request constant public.request := row(null, private.caller(), null, idempotency_key, private.request_hash(to_jsonb(campaign.id),
    to_jsonb(issued_before), to_jsonb(include_used), to_jsonb(pattern), to_jsonb(batch_size)));
  scope constant text := private.answer_scope('rotate_redemption_codes', campaign.client_id, request.actor);
  answer jsonb := private.replay(request, scope) -> 'result';
begin
  if answer is not null then
    return answer;
  end if;
  if batch_size between 1 and 50000 is not true then
    perform private.refuse_field('batch_size', 'must be from 1 to 50000');
  end if;
  perform private.assert_recipient_pattern(pattern, 0);
  perform private.lock_recipients(campaign.id);
  answer := private.replace_codes(campaign,
    coalesce(private.parse_moment(issued_before, 'issued_before'), clock_timestamp()), coalesce(include_used, false), pattern,
    batch_size);
  perform private.record_audit(campaign.client_id, request.actor, 'redemption_codes.rotated', 'campaign', campaign.id,
    answer - 'campaignId', reason => reason);
  return private.answer(request, scope, answer) -> 'result';
end $$;
select private.publish('private.rotate_redemption_codes(uuid, text, boolean, text, int, text, text)',
  '{authenticated, service_role}',
  'Replaces the redemption codes of a campaign after a leak; the old ones stop working. Codes for which a card was given or is '
  'pending are kept unless include_used. Answers {campaignId, issuedBefore, rotated, remaining, kept}; while codes remain, call again '
  'with that issuedBefore as issued_before, which replaces no code twice. RB-400, 403, 404, 409.');

create function private.export_redemption_codes(campaign_id uuid, after_id uuid default null, page_size int default 10000)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
  page jsonb;
  is_full boolean;
begin
  if page_size between 1 and 10000 is not true then
    perform private.refuse_field('page_size', 'must be from 1 to 10000');
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('recipientId', p.id, 'firstName', p.first_name, 'lastName', p.last_name,
      'email', p.email, 'phone', p.phone, 'externalCrmId', p.external_crm_id, 'state', p.state, 'country', p.country,
      'redemptionCode', p.redemption_token, 'isUsed', private.is_code_used(p.id)) order by p.id), '[]'),
    count(*) = page_size
  into page, is_full
  from (
    select r.*, c.redemption_token from public.campaign_recipients r
    left join public.recipient_codes c on c.recipient_id = r.id
    where r.campaign_id = campaign.id and (after_id is null or r.id > after_id) order by r.id limit page_size) p;
  perform private.record_audit(campaign.client_id, private.caller(), 'redemption_codes.exported', 'campaign',
    campaign.id, jsonb_build_object('recipients', jsonb_array_length(page), 'after_id', after_id));
  return jsonb_build_object('campaignId', campaign.id, 'rows', page,
    'nextAfterId', case when is_full then page #> array[(page_size - 1)::text, 'recipientId'] end);
end $$;
select private.publish('private.export_redemption_codes(uuid, uuid, int)', '{authenticated, service_role}',
  'A page of up to 10,000 recipients of a campaign with their redemption codes, for printing; recorded in the audit log. The next page '
  'begins after nextAfterId, which is null on the last one. RB-400, 403, 404.');
