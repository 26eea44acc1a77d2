-- Gift cards, templates: a trigger checks the texts of a campaign whenever they are stored. A text with an unknown tag, without the code or
-- its link, or too long for a carrier would be sent, and counted as delivered, without a reward in it.

create table private.merge_tags (
  tag text not null,
  sample text not null,
  longest int not null,
  is_secret boolean not null default false,
  constraint merge_tags_are_named_once primary key (tag),
  constraint merge_tags_tag_is_in_lower_case check (tag ~ '^[a-z]+(_[a-z]+)*$'),
  constraint merge_tags_sample_fits check (length(sample) between 1 and longest)
);
comment on table private.merge_tags is
  'The merge tags of messages (render.ts fills in the same ones), with a typical value and the assumed maximum of characters. A secret one '
  'has no place in a subject.';

-- code and pin are the maxima of an upload; the others are assumptions, and a longer message is caught before it is sent
insert into private.merge_tags (tag, sample, longest, is_secret) values
  ('first_name', 'Ada', 40, false),
  ('last_name', 'Archer', 40, false),
  ('amount', '25', 12, false),
  ('currency', 'USD', 3, false),
  ('value', '$25', 15, false),
  ('brand', 'Amazon', 60, false),
  ('code', 'ABCD-EFGH-2345-6789', 500, true),
  ('pin', '1234', 32, true),
  ('redemption_url', 'https://brand.example/redeem', 200, false),
  ('expiration_date', 'December 31, 2027', 18, false),
  ('claim_url', 'https://shop.example/card#AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG', 200, true),
  ('claim_expires', 'December 31, 2027', 18, false),
  ('company_name', 'Acme Dental', 60, false),
  ('support_phone', '+1 202 555 0141', 20, false),
  ('support_email', 'help@acme.example', 60, false);

-- How a text is sent as SMS. GSM-7: its letters count once, those of its extension twice, 160 in one message and 153 in each part
-- of a longer one. UCS-2 for any other letter: UTF-16 units, 70 and 67.
create function private.sms_size(content text, out encoding text, out characters int, out segments int)
language plpgsql immutable set search_path = '' as $$
declare
  gsm constant text := E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿'
    'abcdefghijklmnopqrstuvwxyzäöñüà';
  extension constant text := E'\f^{}\\[~]|€';
  units int;
begin
  characters := 2 * length(content) - length(regexp_replace(content, '[\U00010000-\U0010ffff]', '', 'g'));
  if translate(content, gsm || extension, '') = '' then
    encoding := 'GSM-7';
    units := 2 * length(content) - length(translate(content, extension, ''));
    segments := case when units <= 160 then 1 else ceil(units / 153.0) end;
  else
    encoding := 'UCS-2';
    segments := case when characters <= 70 then 1 else ceil(characters / 67.0) end;
  end if;
end $$;

-- A template with typical values, or with the longest ones; as in render.ts a PIN without a place gets a line of its own.
create function private.fill_template(body text, channel text, with_longest boolean)
returns text language plpgsql stable set search_path = '' as $$
declare
  tags constant text[] := private.tags_of(body);
  tag record;
begin
  if channel <> 'email_subject' and not tags && array['pin', 'claim_url'] then
    body := body || E'\nPIN: {{pin}}';
  end if;
  for tag in
    select w.written, case when with_longest then repeat('x', t.longest) else t.sample end as value
    from private.written_tags(body) w (written) join private.merge_tags t on t.tag = lower(private.trimmed(w.written))
  loop
    body := replace(body, '{{' || tag.written || '}}', tag.value);
  end loop;
  return private.trimmed(body);
end $$;

create function private.template_problems(body text, channel text, tags text[])
returns setof text language plpgsql stable set search_path = '' as $$
declare
  loose constant text := regexp_replace(body, private.tag_pattern(), '', 'g');
  known constant text[] := array(select m.tag from private.merge_tags m order by m.tag);
  characters_max constant int := case channel when 'sms' then 1600 when 'email' then 50000 else 255 end;
  characters constant int := (private.sms_size(private.fill_template(body, channel, true))).characters;
  single text;
begin
  return query
    select format('{{%s}} is not a merge tag: did you mean {{%s}}?', t, private.nearest_name(t, known, always => true))
    from unnest(tags) t where t <> all (known) order by t limit 10;
  if loose ~ '[{}]' then
    single := (regexp_match(loose, '\{\s*([A-Za-z_ ]{2,30})\}'))[1];
    return next case when single is not null
      then format('{%s} has single braces: did you mean {{%s}}?', single, private.nearest_name(single, known, always => true))
      else format('has a brace that belongs to no merge tag near "%s"', substring(loose from '[^\n]{0,12}[{}][^\n]{0,12}')) end;
  end if;
  if channel <> 'email_subject' and not tags && array['code', 'claim_url'] then
    return next 'has neither {{code}} nor {{claim_url}}: the recipient would get no card';
  elsif channel = 'email_subject' then
    return query
      select format('{{%s}} has no place in a subject, which is shown on locked screens', m.tag)
      from private.merge_tags m where m.is_secret and m.tag = any (tags) order by m.tag;
  end if;
  if characters > characters_max then
    return next format('may become %s characters long, and %s are the most: counted with the longest values, %s',
      characters, characters_max, coalesce((
        select string_agg(format('{{%s}} %s', m.tag, m.longest), ', ' order by m.longest desc, m.tag)
        from private.merge_tags m where m.tag = any (tags)), 'of which it has none'));
  end if;
end $$;

create function private.check_message_template(body text, channel text default 'sms')
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  tags text[];
  size record;
  longest record;
begin
  if channel in ('sms', 'email', 'email_subject') is not true then
    perform private.refuse_field('channel', 'must be sms, email or email_subject');
  elsif length(body) > 100000 then
    perform private.refuse_field('body', 'has more than 100,000 characters');
  end if;
  body := regexp_replace(coalesce(body, ''), '\r\n?', E'\n', 'g');
  tags := private.tags_of(body);
  select * into size from private.sms_size(private.fill_template(body, channel, false));
  select * into longest from private.sms_size(private.fill_template(body, channel, true));
  return jsonb_build_object('channel', channel, 'tags', to_jsonb(tags),
    'encoding', case channel when 'sms' then size.encoding end, 'segments', case channel when 'sms' then size.segments end,
    'longest', jsonb_strip_nulls(jsonb_build_object('characters', longest.characters,
      'segments', case channel when 'sms' then longest.segments end)),
    'problems', to_jsonb(array(select private.template_problems(body, channel, tags))));
end $$;
select private.publish('private.check_message_template(text, text)', '{authenticated, service_role}',
  'Checks a text before it is stored, for an editor: {channel, tags, encoding, segments, longest: {characters, segments}, problems}. channel: '
  'sms, email or email_subject; encoding (GSM-7 or UCS-2) and segments with typical values, an SMS only; problems: [] if it may be stored.');

-- Blank texts are none: the default text is sent.
create function private.check_templates()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  template record;
  checked jsonb;
  problem text;
  fields jsonb := '[]';
begin
  new.sms_template := case when private.trimmed(new.sms_template) <> '' then new.sms_template end;
  new.email_subject := case when private.trimmed(new.email_subject) <> '' then new.email_subject end;
  new.email_template := case when private.trimmed(new.email_template) <> '' then new.email_template end;
  new.sms_encoding := null;
  new.sms_segments := null;
  for template in
    select * from (values ('sms_template', 'sms', new.sms_template), ('email_subject', 'email_subject', new.email_subject),
      ('email_template', 'email', new.email_template)) t (field, channel, body)
    where t.body is not null
  loop
    checked := private.check_message_template(template.body, template.channel);
    fields := fields || coalesce((
      select jsonb_agg(jsonb_build_object('field', template.field, 'problem', p)) from jsonb_array_elements_text(checked -> 'problems') p),
      '[]');
    if template.field = 'sms_template' then
      new.sms_encoding := checked ->> 'encoding';
      new.sms_segments := (checked ->> 'segments')::int;
    end if;
  end loop;
  if fields <> '[]' then
    perform private.refuse('RB-400', (
      select string_agg(f ->> 'field' || ': ' || (f ->> 'problem'), '; ') from jsonb_array_elements(fields) f),
      jsonb_build_object('fields', fields));
  end if;
  return new;
end $$;

create trigger campaigns_templates_are_checked_when_made before insert on public.campaigns
  for each row execute function private.check_templates();
create trigger campaigns_templates_are_checked_when_changed
  before update of sms_template, email_subject, email_template, sms_encoding, sms_segments on public.campaigns
  for each row execute function private.check_templates();

create function private.update_campaign_templates(
  campaign_id uuid, sms_template text default null, email_subject text default null, email_template text default null)
returns public.campaigns language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
begin
  update public.campaigns c
  set sms_template = coalesce(update_campaign_templates.sms_template, c.sms_template),
    email_subject = coalesce(update_campaign_templates.email_subject, c.email_subject),
    email_template = coalesce(update_campaign_templates.email_template, c.email_template)
  where c.id = campaign.id returning c.* into campaign;
  perform private.resolve_alert('message_too_long', campaign.id::text);
  perform private.record_audit(campaign.client_id, private.caller(), 'campaign.templates_updated', 'campaign', campaign.id,
    jsonb_build_object('sms_template', campaign.sms_template, 'email_subject', campaign.email_subject,
      'email_template', campaign.email_template));
  return campaign;
end $$;
select private.publish('private.update_campaign_templates(uuid, text, text, text)', '{authenticated, service_role}',
  'Changes the texts of a campaign from now on; omitted texts are left unchanged, an empty text resets the default. RB-400 with fields for a '
  'text that cannot be used (check_message_template). The answer says sms_encoding and sms_segments.');
