-- Gift cards, imports of recipients by a list (RPC) and by a file (edge function): answers, history, dry run.

-- The rows that made no recipient, as an import records them.
create function private.recipient_exceptions(outcomes jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('row', o.place, 'outcome', case o.one ->> 'outcome' when 'known' then 'known' else 'refused' end,
    'subjectId', coalesce(o.one ->> 'recipientId', o.one ->> 'sharedWith'), 'problems', jsonb_build_array(jsonb_build_object(
      'column', coalesce(o.one ->> 'field', o.one ->> 'knownBy', o.one ->> 'sharedBy'),
      'problem', coalesce(o.one ->> 'problem', case o.one ->> 'outcome' when 'known' then 'is here already'
        else 'is that of another recipient' end))))), '[]')
  from jsonb_array_elements(outcomes) with ordinality as o (one, place)
  where o.one ->> 'outcome' <> 'imported'
$$;

-- Imports a list, or one chunk of it: the answer without redemption codes.
create function private.import_recipient_list(
  campaign public.campaigns, recipients jsonb, pattern text, allow_shared_contact boolean, file private.import_file,
  request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  import public.imports;
  outcomes jsonb;
  answer jsonb;
begin
  perform private.assert_recipient_list(recipients, pattern);
  perform private.lock_recipients(campaign.id);
  import := private.begin_import('recipients', campaign.client_id, campaign.id, file, request.actor);
  answer := private.replay_chunk(import, file, request.hash);
  if answer is not null then
    return answer;
  end if;
  outcomes := private.place_recipients(campaign, recipients, pattern, coalesce(allow_shared_contact, false));
  answer := private.summarize_import(campaign.id, outcomes);
  perform private.record_audit(campaign.client_id, request.actor, 'recipients.imported', 'campaign', campaign.id,
    jsonb_build_object('recipients', answer -> 'imported', 'known', answer -> 'known', 'shared_contact',
      answer -> 'sharedContact', 'rejected', answer -> 'rejected'), request.id);
  answer := answer || private.present_import(private.record_import_chunk(
    import, file, (answer ->> 'imported')::int, private.recipient_exceptions(outcomes)));
  perform private.store_chunk_answer(import, file, answer);
  return answer;
end $$;

create function private.import_recipients(
  campaign_id uuid, recipients jsonb, pattern text default '****-****-****', allow_shared_contact boolean default false,
  idempotency_key text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
  request public.request := row(null, private.caller(), null, idempotency_key, private.request_hash(
    to_jsonb(campaign.id), recipients, to_jsonb(pattern), to_jsonb(allow_shared_contact)))::public.request;
  scope text := private.answer_scope('import_recipients', campaign.client_id, request.actor);
  answer jsonb := private.replay(request, scope) -> 'result';
begin
  if answer is null then
    answer := private.import_recipient_list(campaign, recipients, pattern, allow_shared_contact,
      private.read_import_file(jsonb_build_object('hash', private.request_hash(recipients))), request);
    perform private.answer(request, scope, answer);
  end if;
  return private.with_redemption_codes(answer);
end $$;
select private.publish('private.import_recipients(uuid, jsonb, text, boolean, text)', '{authenticated, service_role}',
  'Adds up to 10,000 recipients [{firstName, lastName, email, phone, externalCrmId, state, country}] with redemption codes '
  '(pattern: * a symbol, # a digit, YYYY the year). Answers {campaignId, imported, known, sharedContact, rejected, rows: [{row, '
  'outcome, recipientId, redemptionCode, …}], importId, progress}; outcome: imported, known (makes nothing), shared_contact (a known '
  'contact under another name; imported with allow_shared_contact) or rejected (field, problem). RB-400, 403, 404, 409, 413.');

-- A dry run is the import itself, undone: which rows come in depends on those before them.
create function private.preview_recipients(
  campaign public.campaigns, recipients jsonb, pattern text, allow_shared_contact boolean, file private.import_file,
  request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  answer jsonb;
begin
  answer := private.import_recipient_list(campaign, recipients, pattern, allow_shared_contact, file, request);
  raise exception using errcode = 'DRYRN', message = 'a dry run is undone';
exception when sqlstate 'DRYRN' then
  return jsonb_set(answer - '{importId,importStatus,repeats,progress}'::text[], '{rows}', (
    select coalesce(jsonb_agg(case e.one ->> 'outcome' when 'imported' then e.one - 'recipientId' else e.one - 'sharedWith' end
      order by e.place), '[]')
    from jsonb_array_elements(answer -> 'rows') with ordinality as e (one, place)));
end $$;

create function public.import_recipient_file(
  campaign_id uuid, recipients jsonb, pattern text, allow_shared_contact boolean, file jsonb, dry_run boolean, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  part private.import_file := private.read_import_file(file);
  campaign public.campaigns;
  scope text;
  answer jsonb;
begin
  select c.* into campaign from public.campaigns c where c.id = import_recipient_file.campaign_id;
  perform private.assert_can_act(request.actor, campaign.client_id, private.admin_roles());
  if dry_run then
    return private.answered(private.preview_recipients(campaign, recipients, pattern, allow_shared_contact, part, request));
  end if;
  scope := private.answer_scope('import_recipients', campaign.client_id, request.actor);
  answer := private.replay(request, scope);
  if answer is null then
    answer := private.answer(request, scope,
      private.import_recipient_list(campaign, recipients, pattern, allow_shared_contact, part, request));
  end if;
  return jsonb_set(answer, '{result}', private.with_redemption_codes(answer -> 'result'));
end $$;
comment on function public.import_recipient_file is
  'import_recipients for rows of a file or of a chunk of it: {campaignId, imported, known, sharedContact, rejected, rows, importId, '
  'progress}. file: {hash, name, encoding, delimiter, header, mapping, lines, import_id, chunk, is_last, expected_rows}. With dry_run '
  'it is undone. RB-400, 403, 404, 409, 413.';
grant execute on function public.import_recipient_file to service_role;
