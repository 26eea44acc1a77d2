-- Gift cards, imports of recipients: the same list twice makes each recipient once.
-- A row is known if the campaign, or an earlier row of the list, has its external CRM id, or its phone or e-mail together with its
-- name. The same contact under another name may be a household or a typing error: it is reported, and taken only when the caller
-- allows it. Each row is compared with those before it: rows that share nothing with an earlier one are placed together, then those that
-- waited for them, and so on; imports of a campaign wait for each other.

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
  place int,
  first_name text,
  last_name text,
  email text,
  phone text,
  external_crm_id text,
  state text,
  country text,
  problem jsonb
);

create type private.recipient_match as (place int, reason text, is_known boolean, recipient_id uuid);

-- The outcome of a row: imported, known or shared_contact; reason: by what it is known, or what it shares with another recipient.
create type private.placed_recipient as (place int, outcome text, recipient_id uuid, reason text, shared_with uuid);

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
  select jsonb_agg(jsonb_build_object('field', private.shown_name(u.name), 'problem', 'is not known; '
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
create function private.read_recipient(given jsonb, place int, client_country text)
returns private.listed_recipient language plpgsql stable set search_path = '' as $$
declare
  listed private.listed_recipient;
  field text;
begin
  listed.place := place;
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

-- What identifies the rows that have no key of their own: all of them, in their order. Null if there is none.
create function private.hash_of_list(unkeyed private.listed_recipient[])
returns text language sql immutable set search_path = '' as $$
  select encode(sha256(convert_to(string_agg(row(u.first_name, u.last_name, u.state, u.country)::text, E'\n' order by u.place), 'UTF8')), 'hex')
  from unnest(unkeyed) u
$$;

-- The recipients of the campaign that rows are (is_known), or whose contact they have under another name.
create function private.match_recipients(client_id uuid, campaign_id uuid, listed private.listed_recipient[])
returns setof private.recipient_match language sql stable set search_path = '' as $$
  select l.place, m.reason, m.is_known, m.id
  from (
    -- campaign_id as text: see recipients_phone_idx
    select u.*, private.name_key(u.first_name, u.last_name) as name, match_recipients.campaign_id::text as campaign
    from unnest(listed) u offset 0) l,
    lateral (
      select c.* from (
        (select 1, 'externalCrmId', true, r.id from public.campaign_recipients r
          where r.client_id = match_recipients.client_id and r.external_crm_id = l.external_crm_id
            and r.campaign_id = match_recipients.campaign_id)
        union all
        (select 2, 'phone', true, r.id from public.campaign_recipients r
          where r.phone = l.phone and r.campaign_id::text = l.campaign
            and private.name_key(r.first_name, r.last_name) = l.name limit 1)
        union all
        (select 3, 'email', true, r.id from public.campaign_recipients r
          where lower(r.email) = l.email and r.campaign_id::text = l.campaign
            and private.name_key(r.first_name, r.last_name) = l.name limit 1)
        union all
        (select 4, 'phone', false, r.id from public.campaign_recipients r
          where r.phone = l.phone and r.campaign_id::text = l.campaign limit 1)
        union all
        (select 5, 'email', false, r.id from public.campaign_recipients r
          where lower(r.email) = l.email and r.campaign_id::text = l.campaign limit 1)) as c (rank, reason, is_known, id)
      order by c.rank limit 1) m
$$;

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

-- Adds recipients for rows that are new, each with the id that it was placed with, and their codes.
create function private.add_recipients(
  campaign public.campaigns, listed private.listed_recipient[], placed private.placed_recipient[], pattern text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  ids uuid[] := array(select p.recipient_id from unnest(placed) p where p.outcome = 'imported' order by p.place);
  tokens text[] := array(select private.generate_codes(pattern, cardinality(ids)));
begin
  insert into public.campaign_recipients (
    id, client_id, campaign_id, first_name, last_name, email, phone, external_crm_id, state, country, code_last4)
  select p.recipient_id, campaign.client_id, campaign.id, l.first_name, l.last_name, l.email, l.phone, l.external_crm_id, l.state,
    l.country, private.code_last4(d.token, pattern)
  from unnest(placed) p
  join unnest(listed) l on l.place = p.place
  join unnest(ids, tokens) as d (id, token) on d.id = p.recipient_id
  where p.outcome = 'imported' order by p.place;
  perform private.store_codes(campaign, ids, tokens, pattern);
end $$;

-- Places those of the waiting rows that share no key with an earlier one that may still come in.
create function private.place_ready(
  campaign public.campaigns, waiting private.listed_recipient[], pattern text, allow_shared_contact boolean)
returns private.placed_recipient[] language plpgsql volatile set search_path = '' as $$
declare
  placed private.placed_recipient[];
begin
  with matched as materialized (
    select l.*, m.reason, m.is_known, m.recipient_id,
      m.place is null or (allow_shared_contact and not m.is_known) as is_new
    from unnest(waiting) l
    left join private.match_recipients(campaign.client_id, campaign.id, waiting) m on m.place = l.place),
  keys as materialized (
    select l.place, l.is_new, k.key
    from matched l, lateral (values ('i' || l.external_crm_id), ('p' || l.phone), ('e' || l.email)) k (key)
    where k.key is not null),
  firsts as (
    select k.key, min(k.place) as place from keys k where k.is_new group by k.key),
  blocked as (
    select distinct k.place from keys k join firsts f on f.key = k.key and f.place < k.place)
  select array_agg(row(m.place,
      case when m.is_new then 'imported' when m.is_known then 'known' else 'shared_contact' end,
      case when m.is_new then gen_random_uuid() when m.is_known then m.recipient_id end, m.reason,
      case when m.is_known is false then m.recipient_id end)::private.placed_recipient order by m.place)
  into placed
  from matched m left join blocked b on b.place = m.place where b.place is null;
  perform private.add_recipients(campaign, waiting, placed, pattern);
  return placed;
end $$;

-- Rows with a key. A household of more than ten is placed row by row: each round would place one of them.
create function private.place_keyed(
  campaign public.campaigns, waiting private.listed_recipient[], pattern text, allow_shared_contact boolean)
returns private.placed_recipient[] language plpgsql volatile set search_path = '' as $$
declare
  placed private.placed_recipient[] := '{}';
  ready private.placed_recipient[];
  one private.listed_recipient;
begin
  -- by the number of rows: a plan for any number would compare each row with each other
  perform set_config('plan_cache_mode', 'force_custom_plan', true);
  for round in 1..10 loop
    exit when cardinality(waiting) = 0;
    ready := private.place_ready(campaign, waiting, pattern, allow_shared_contact);
    placed := placed || ready;
    waiting := array(
      select l from unnest(waiting) l left join unnest(ready) p on p.place = l.place where p.place is null order by l.place);
  end loop;
  perform set_config('plan_cache_mode', 'auto', true);
  foreach one in array waiting loop
    placed := placed || private.place_ready(campaign, array[one], pattern, allow_shared_contact);
  end loop;
  return placed;
end $$;

-- Rows without a key, which are known by their list alone.
create function private.place_unkeyed(campaign public.campaigns, unkeyed private.listed_recipient[], pattern text)
returns private.placed_recipient[] language plpgsql volatile set search_path = '' as $$
declare
  hash text := private.hash_of_list(unkeyed);
  known uuid[] := (
    select l.recipient_ids from private.recipient_lists l where l.campaign_id = campaign.id and l.list_hash = hash);
  placed private.placed_recipient[] := array(
    select row(u.place, case when known is null then 'imported' else 'known' end, coalesce(known[u.nth], gen_random_uuid()),
      case when known is not null then 'list' end, null)::private.placed_recipient
    from (select l.place, row_number() over (order by l.place) as nth from unnest(unkeyed) l) u order by u.place);
begin
  if hash is not null and known is null then
    perform private.add_recipients(campaign, unkeyed, placed, pattern);
    insert into private.recipient_lists (campaign_id, list_hash, recipient_ids)
    values (campaign.id, hash, array(select p.recipient_id from unnest(placed) p order by p.place));
  end if;
  return placed;
end $$;

-- Makes recipients of the rows that are new, and returns the outcome of each row.
create function private.place_recipients(
  campaign public.campaigns, recipients jsonb, pattern text, allow_shared_contact boolean)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  country text := private.country_of(campaign.client_id);
  listed private.listed_recipient[] := array(
    select private.read_recipient(e.given, e.place::int, country) from jsonb_array_elements(recipients) with ordinality as e (given, place)
    order by e.place);
  keyed private.listed_recipient[] := array(
    select l from unnest(listed) l where l.problem is null and coalesce(l.external_crm_id, l.phone, l.email) is not null order by l.place);
  unkeyed private.listed_recipient[] := array(
    select l from unnest(listed) l where l.problem is null and coalesce(l.external_crm_id, l.phone, l.email) is null order by l.place);
  placed private.placed_recipient[];
begin
  if cardinality(listed) > 200 then
    perform private.forget_plans();
  end if;
  placed := private.place_keyed(campaign, keyed, pattern, allow_shared_contact) || private.place_unkeyed(campaign, unkeyed, pattern);
  return coalesce((
    select jsonb_agg(case
      when l.problem is not null then jsonb_build_object('outcome', 'rejected') || l.problem
      when p.outcome = 'known' then jsonb_strip_nulls(jsonb_build_object('outcome', 'known', 'recipientId', p.recipient_id,
        'knownBy', p.reason, 'differs', private.differing_fields(p.recipient_id, l)))
      else jsonb_strip_nulls(jsonb_build_object('outcome', p.outcome, 'recipientId', p.recipient_id, 'sharedWith', p.shared_with,
        'sharedBy', p.reason)) end order by l.place)
    from unnest(listed) l left join unnest(placed) p on p.place = l.place), '[]');
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
  left join lateral (
    select x.redemption_token from public.recipient_codes x where x.recipient_id = (e.one ->> 'recipientId')::uuid limit 1) c on true
$$;
