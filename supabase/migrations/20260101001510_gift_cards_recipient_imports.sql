-- Gift cards, imports of recipients: the same list twice makes each recipient once.
-- A row is known if the campaign, or an earlier row of the list, has its external CRM id, or its phone or e-mail together with its
-- name. The same contact under another name may be a household or a typing error: it is reported, and taken only when the caller
-- allows it. Rows are placed in order, because each is compared with those before it; imports of a campaign wait for each other.

create table private.recipient_lists (
  campaign_id uuid not null references public.campaigns (id),
  list_hash text not null,
  recipient_ids uuid[] not null,
  created_at timestamptz not null default now(),
  constraint recipient_lists_are_imported_once primary key (campaign_id, list_hash)
);
comment on table private.recipient_lists is
  'The rows of imported lists that have neither CRM id nor phone nor e-mail: their hash, and the recipients made of them, in order.';

create type private.listed_recipient as (
  first_name text,
  last_name text,
  email text,
  phone text,
  external_crm_id text,
  state text,
  country text,
  problem jsonb
);

create type private.recipient_match as (reason text, is_known boolean, recipient_id uuid);

create function private.recipient_fields()
returns text[] language sql immutable set search_path = '' as $$
  select array['firstName', 'lastName', 'email', 'phone', 'externalCrmId', 'state', 'country']
$$;

-- Refuses a list that cannot be read as a whole. A name of a field that is not known is wrong in every row.
create function private.assert_recipient_list(recipients jsonb, pattern text)
returns void language plpgsql stable set search_path = '' as $$
declare
  unknown jsonb;
begin
  if jsonb_typeof(recipients) is distinct from 'array' then
    perform private.refuse_field('recipients', 'must be a list');
  elsif jsonb_array_length(recipients) > 10000 then
    perform private.refuse('RB-413', 'At most 10,000 recipients at once');
  end if;
  select jsonb_agg(jsonb_build_object('field', u.name, 'problem', 'is not known; '
      || coalesce('did you mean ' || private.nearest_name(u.name, private.recipient_fields()) || '?',
        'a recipient has ' || array_to_string(private.recipient_fields(), ', '))) order by u.name)
  into unknown
  from (
    select distinct k.name from jsonb_array_elements(recipients) as e (given),
      jsonb_object_keys(case jsonb_typeof(e.given) when 'object' then e.given else '{}' end) as k (name)
    where k.name <> all (private.recipient_fields()) limit 20) u;
  if unknown is not null then
    perform private.refuse('RB-400', (unknown #>> '{0,field}') || ' ' || (unknown #>> '{0,problem}'),
      jsonb_build_object('fields', unknown));
  end if;
  perform private.assert_recipient_pattern(pattern, jsonb_array_length(recipients));
end $$;

-- One row of the list, or what is wrong with it.
create function private.read_recipient(given jsonb, client_country text)
returns private.listed_recipient language plpgsql stable set search_path = '' as $$
declare
  listed private.listed_recipient;
  field text;
begin
  if jsonb_typeof(given) is distinct from 'object' then
    listed.problem := jsonb_build_object('field', 'row', 'problem', 'must be an object');
    return listed;
  end if;
  foreach field in array private.recipient_fields() loop
    if not (coalesce(jsonb_typeof(given -> field), 'null') in ('string', 'null')
      or (field = 'externalCrmId' and jsonb_typeof(given -> field) = 'number')) then
      listed.problem := jsonb_build_object('field', field, 'problem', 'must be text');
    elsif length(given ->> field) > 254 then
      listed.problem := jsonb_build_object('field', field, 'problem', 'must have at most 254 characters');
    end if;
    if listed.problem is not null then
      return listed;
    end if;
  end loop;
  listed.first_name := nullif(private.trimmed(given ->> 'firstName'), '');
  listed.last_name := nullif(private.trimmed(given ->> 'lastName'), '');
  listed.external_crm_id := nullif(private.trimmed(given ->> 'externalCrmId'), '');
  listed.state := nullif(private.trimmed(given ->> 'state'), '');
  listed.country := nullif(private.trimmed(given ->> 'country'), '');
  -- a number is dialed where the recipient is
  listed.phone := private.read_phone(given ->> 'phone',
    case when listed.country ~ '^[A-Z]{2}$' then listed.country else client_country end);
  listed.email := private.read_email(given ->> 'email');
  if listed.email is null and private.trimmed(given ->> 'email') <> '' then
    listed.problem := jsonb_build_object('field', 'email', 'problem', 'must be one e-mail address');
  end if;
  if listed.phone is null and private.trimmed(given ->> 'phone') <> '' then
    listed.problem := jsonb_build_object('field', 'phone', 'problem',
      'must be one phone number, in international form such as +12025550123 or as it is dialed in the country');
  end if;
  return listed;
end $$;

create function private.has_key(listed private.listed_recipient)
returns boolean language sql immutable set search_path = '' as $$
  select coalesce(listed.external_crm_id, listed.phone, listed.email) is not null
$$;

-- What identifies the rows that have no key of their own: all of them, in their order. Null if there is none.
create function private.hash_of_list(listed private.listed_recipient[])
returns text language sql immutable set search_path = '' as $$
  select encode(sha256(convert_to(string_agg(l.one::text, E'\n' order by l.place), 'UTF8')), 'hex')
  from (
    select row(u.first_name, u.last_name, u.state, u.country) as one, u.place
    from unnest(listed) with ordinality as u (
      first_name, last_name, email, phone, external_crm_id, state, country, problem, place)
    where u.problem is null and coalesce(u.external_crm_id, u.phone, u.email) is null) l
$$;

-- The recipient of the campaign that a row is (is_known), or whose contact it has under another name.
create function private.match_recipient(campaign_id uuid, listed private.listed_recipient)
returns private.recipient_match language plpgsql stable set search_path = '' as $$
declare
  -- see recipients_phone_idx
  campaign text := campaign_id;
  name text := private.name_key(listed.first_name, listed.last_name);
  match private.recipient_match;
begin
  select m.reason, m.is_known, m.id into match
  from (
    (select 1, 'externalCrmId', true, r.id from public.campaign_recipients r
      where r.external_crm_id = listed.external_crm_id and r.campaign_id::text = campaign)
    union all
    (select 2, 'phone', true, r.id from public.campaign_recipients r
      where r.phone = listed.phone and r.campaign_id::text = campaign
        and private.name_key(r.first_name, r.last_name) = name limit 1)
    union all
    (select 3, 'email', true, r.id from public.campaign_recipients r
      where lower(r.email) = listed.email and r.campaign_id::text = campaign
        and private.name_key(r.first_name, r.last_name) = name limit 1)
    union all
    (select 4, 'phone', false, r.id from public.campaign_recipients r
      where r.phone = listed.phone and r.campaign_id::text = campaign limit 1)
    union all
    (select 5, 'email', false, r.id from public.campaign_recipients r
      where lower(r.email) = listed.email and r.campaign_id::text = campaign limit 1)) as m (
        place, reason, is_known, id)
  order by m.place limit 1;
  return match;
end $$;

-- The fields in which a row says something else than the recipient that it is; they are left as they are.
create function private.differing_fields(recipient_id uuid, listed private.listed_recipient)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_agg(d.field order by d.place)
  from public.campaign_recipients r,
    lateral (values (1, 'firstName', listed.first_name, r.first_name), (2, 'lastName', listed.last_name, r.last_name),
      (3, 'email', listed.email, lower(r.email)), (4, 'phone', listed.phone, r.phone),
      (5, 'externalCrmId', listed.external_crm_id, r.external_crm_id), (6, 'state', listed.state, r.state),
      (7, 'country', listed.country, r.country)) as d (place, field, given, stored)
  where r.id = differing_fields.recipient_id and d.given is distinct from d.stored and d.given is not null
$$;

create function private.add_recipient(campaign public.campaigns, listed private.listed_recipient, code_last4 text)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  recipient_id uuid;
begin
  insert into public.campaign_recipients as r (
    client_id, campaign_id, first_name, last_name, email, phone, external_crm_id, state, country, code_last4)
  values (campaign.client_id, campaign.id, listed.first_name, listed.last_name, listed.email, listed.phone,
    listed.external_crm_id, listed.state, listed.country, code_last4)
  returning r.id into recipient_id;
  return recipient_id;
end $$;

-- Makes recipients of the rows that are new, and returns the outcome of each row.
create function private.place_recipients(
  campaign public.campaigns, recipients jsonb, pattern text, allow_shared_contact boolean)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  listed private.listed_recipient[] := array(
    select private.read_recipient(e.given, private.country_of(campaign.client_id)) from jsonb_array_elements(recipients) with ordinality as e (given, place)
    order by e.place);
  hash text := private.hash_of_list(listed);
  unkeyed uuid[] := (
    select l.recipient_ids from private.recipient_lists l where l.campaign_id = campaign.id and l.list_hash = hash);
  is_repeated boolean := unkeyed is not null;
  one private.listed_recipient;
  match private.recipient_match;
  nth int := 0;
  ids uuid[] := '{}';
  tokens text[] := '{}';
  outcomes jsonb[] := '{}';
begin
  foreach one in array listed loop
    match := null;
    if one.problem is null and private.has_key(one) then
      match := private.match_recipient(campaign.id, one);
    elsif one.problem is null and is_repeated then
      nth := nth + 1;
      match := row('list', true, unkeyed[nth]);
    end if;
    if one.problem is not null then
      outcomes := outcomes || (jsonb_build_object('outcome', 'rejected') || one.problem);
    elsif match.is_known then
      outcomes := outcomes || jsonb_strip_nulls(jsonb_build_object('outcome', 'known', 'recipientId', match.recipient_id,
        'knownBy', match.reason, 'differs', private.differing_fields(match.recipient_id, one)));
    elsif match.recipient_id is not null and not allow_shared_contact then
      outcomes := outcomes || jsonb_build_object(
        'outcome', 'shared_contact', 'sharedWith', match.recipient_id, 'sharedBy', match.reason);
    else
      tokens := tokens || private.generate_code(pattern);
      ids := ids || private.add_recipient(campaign, one, private.code_last4(tokens[cardinality(tokens)], pattern));
      outcomes := outcomes || jsonb_strip_nulls(jsonb_build_object('outcome', 'imported', 'recipientId', ids[cardinality(ids)],
        'sharedWith', match.recipient_id, 'sharedBy', match.reason));
      if not private.has_key(one) then
        unkeyed := unkeyed || ids[cardinality(ids)];
      end if;
    end if;
  end loop;
  perform private.store_codes(campaign, ids, tokens, pattern);
  insert into private.recipient_lists (campaign_id, list_hash, recipient_ids)
  select campaign.id, hash, unkeyed where hash is not null and not is_repeated;
  return to_jsonb(outcomes);
end $$;

-- {campaignId, imported, known, sharedContact, rejected, rows}, each row with its number in the list.
create function private.summarize_import(campaign_id uuid, outcomes jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select jsonb_build_object('campaignId', summarize_import.campaign_id,
    'imported', count(*) filter (where o.one ->> 'outcome' = 'imported'),
    'known', count(*) filter (where o.one ->> 'outcome' = 'known'),
    'sharedContact', count(*) filter (where o.one ->> 'outcome' = 'shared_contact'),
    'rejected', count(*) filter (where o.one ->> 'outcome' = 'rejected'),
    'rows', coalesce(jsonb_agg(jsonb_build_object('row', o.place) || o.one order by o.place), '[]'))
  from jsonb_array_elements(outcomes) with ordinality as o (one, place)
$$;

-- The codes are added to an answer when it is given: a stored answer has none, and a repeated one has those that hold now.
create function private.with_redemption_codes(answer jsonb)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_set(answer, '{rows}', coalesce(jsonb_agg(
    case when c.redemption_token is null then e.one else e.one || jsonb_build_object('redemptionCode', c.redemption_token) end
    order by e.place), '[]'))
  from jsonb_array_elements(answer -> 'rows') with ordinality as e (one, place)
  left join public.recipient_codes c on c.recipient_id = (e.one ->> 'recipientId')::uuid
$$;

create function private.import_recipients(
  campaign_id uuid, recipients jsonb, pattern text default '****-****-****', allow_shared_contact boolean default false,
  idempotency_key text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  actor uuid := private.caller();
  campaign public.campaigns := private.administered_campaign(campaign_id);
  scope text := private.answer_scope('import_recipients', campaign.client_id, actor);
  key text := private.answer_key(idempotency_key, null);
  answer jsonb := private.stored_answer(scope, key, private.request_hash(
    to_jsonb(campaign.id), recipients, to_jsonb(pattern), to_jsonb(allow_shared_contact)));
begin
  if answer is null then
    perform private.assert_recipient_list(recipients, pattern);
    perform private.lock_recipients(campaign.id);
    answer := private.summarize_import(campaign.id,
      private.place_recipients(campaign, recipients, pattern, coalesce(allow_shared_contact, false)));
    perform private.record_audit(campaign.client_id, actor, 'recipients.imported', 'campaign', campaign.id,
      jsonb_build_object('recipients', answer -> 'imported', 'known', answer -> 'known', 'shared_contact',
        answer -> 'sharedContact', 'rejected', answer -> 'rejected'));
    perform private.store_answer(scope, key, answer);
  end if;
  return private.with_redemption_codes(answer);
end $$;
select private.publish('private.import_recipients(uuid, jsonb, text, boolean, text)', '{authenticated, service_role}',
  'Adds up to 10,000 recipients [{firstName, lastName, email, phone, externalCrmId, state, country}] with redemption codes '
  '(pattern: * a symbol, # a digit, YYYY the year). Answers {campaignId, imported, known, sharedContact, rejected, rows: [{row, '
  'outcome, recipientId, redemptionCode, …}]}; outcome: imported, known (makes nothing), shared_contact (a known contact under '
  'another name; imported with allow_shared_contact) or rejected (field, problem). RB-400, 403, 404, 409, 413.');
