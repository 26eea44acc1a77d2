-- Gift cards, the import: sealed cards come into a pool, all valid rows in one transaction.
-- A code stands once within its brand. A row whose code is in the stock of the pool's owner is a "duplicate"; one whose code
-- another owner holds is "rejected" without a cause, and the platform gets an alert. The same file again changes nothing.

-- A pool that the actor may fill; master pools are the platform's.
create function private.pool_to_fill(actor uuid, pool_id uuid)
returns public.card_pools language plpgsql stable set search_path = '' as $$
declare
  pool public.card_pools;
begin
  select p.* into pool from public.card_pools p where p.id = pool_to_fill.pool_id;
  if pool.id is null then
    perform private.refuse('RB-404');
  elsif pool.client_id is null then
    perform private.assert_platform_admin(actor);
  else
    perform private.assert_can_act(actor, pool.client_id, private.admin_roles());
  end if;
  return pool;
end $$;

-- The owner of stock decides what is billed for it, so only the platform may add cards to platform stock.
create function private.assert_may_bring(actor uuid, pool public.card_pools)
returns void language plpgsql stable set search_path = '' as $$
begin
  if pool.stock_owner = 'platform' and pool.client_id is not null and not private.acts_for_platform(actor) then
    perform private.refuse('RB-403', 'The pool holds platform stock: upload cards of your own into a pool of your own');
  end if;
end $$;

create function public.get_upload_target(pool_id uuid, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  pool public.card_pools := private.pool_to_fill(request.actor, pool_id);
begin
  perform private.assert_may_bring(request.actor, pool);
  return private.answered((
    select jsonb_build_object('poolId', pool.id, 'brandId', b.id, 'brandName', b.name, 'codeFormat', b.code_format,
      'codeCaseMatters', b.code_case_matters, 'denomination', pool.denomination, 'currency', pool.currency)
    from public.gift_card_brands b where b.id = pool.brand_id));
end $$;
comment on function public.get_upload_target is
  'What a card must look like to enter a pool: its brand is part of the seal, so it is read before the import. RB-403, 404.';
grant execute on function public.get_upload_target to service_role;

create type private.upload_row as (
  row_number int, id uuid, code bytea, pin bytea, fingerprint bytea, last4 text, expires_at timestamptz, serial_number text);

-- The rows of an upload, with the moment at which each card expires where the client is.
create function private.upload_rows(cards jsonb, brand_id uuid, time_zone text)
returns private.upload_row[] language sql stable set search_path = '' as $$
  select coalesce(array_agg(row(u.row, u.id, decode(u.code, 'base64'), decode(u.pin, 'base64'), decode(u.fingerprint, 'hex'),
    u.last4, private.card_expiry(brand_id, private.parse_day(u."expiresOn", 'expiresOn'), now(), time_zone), nullif(btrim(u."serialNumber"), ''))::private.upload_row order by u.row), '{}')
  from jsonb_to_recordset(cards)
    as u (row int, id uuid, code text, pin text, fingerprint text, last4 text, "expiresOn" text, "serialNumber" text)
$$;

-- Stores the rows that are neither expired nor here already; the ids of those that were stored.
create function private.store_cards(pool public.card_pools, rows private.upload_row[], seal_key_id text)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  fresh private.upload_row[];
begin
  if cardinality(rows) > 200 then
    perform private.forget_plans();
  end if;
  -- two uploads at once would both find a code new: the unique fingerprint decides, one upload at a time says so kindly
  perform pg_advisory_xact_lock(hashtext('private.store_cards'));
  fresh := array(
    select distinct on (u.fingerprint) u
    from unnest(rows) u
    where (u.expires_at is null or u.expires_at > now()) and not exists (
      select from private.card_secrets s where s.code_fingerprint = u.fingerprint)
    order by u.fingerprint, u.row_number);
  insert into private.card_lots (pool_id, expires_at)
  select distinct pool.id, u.expires_at from unnest(fresh) u order by u.expires_at
  -- the lot is there already; in order, because a sale adds lots to the pool, too
  on conflict on constraint card_lots_are_unique do nothing;
  insert into public.gift_cards (id, client_id, pool_id, lot_id, code_last4, expires_at, serial_number)
  select u.id, pool.client_id, pool.id, l.id, u.last4, u.expires_at, u.serial_number
  from unnest(fresh) u
  join private.card_lots l on l.pool_id = pool.id and l.expires_at is not distinct from u.expires_at;
  insert into private.card_secrets (gift_card_id, code_fingerprint, code_sealed, pin_sealed, seal_key_id)
  select u.id, u.fingerprint, u.code, u.pin, seal_key_id from unnest(fresh) u;
  return array(select u.id from unnest(fresh) u);
end $$;

-- Stores the new cards, and retries when a concurrent purchase has stored one of the codes: the unique constraint decides, and the
-- second round finds that card.
create function private.store_new_cards(pool public.card_pools, rows private.upload_row[], seal_key_id text)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  violated text;
begin
  loop
    begin
      return private.store_cards(pool, rows, seal_key_id);
    exception when unique_violation then
      get stacked diagnostics violated = constraint_name;
      if violated <> 'card_secrets_a_code_stands_once' then
        raise;
      end if;
    end;
  end loop;
end $$;

-- The rows whose codes are in the stock of another owner than the pool's.
create function private.held_elsewhere(pool public.card_pools, rows private.upload_row[], stored uuid[])
returns uuid[] language sql stable set search_path = '' as $$
  select coalesce(array_agg(u.id), '{}')
  from unnest(rows) u
  left join unnest(stored) own on own = u.id
  join private.card_secrets s on s.code_fingerprint = u.fingerprint
  join public.gift_cards c on c.id = s.gift_card_id
  join public.card_pools holder on holder.id = c.pool_id
  where own is null and holder.client_id is distinct from pool.client_id and coalesce(u.expires_at, 'infinity') > now()
$$;

-- A code that comes a second time, from another owner or a supplier, may be a mistake or a theft: the platform gets an alert.
create function private.report_known_codes(subject text, metadata jsonb)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.raise_alert('known_card_code', 'critical',
    'Codes of gift cards came in that another owner holds, or that were bought before', metadata, subject);
end $$;

-- What became of each row: {row, status, reason}.
create function private.upload_results(
  rows private.upload_row[], imported uuid[], held_elsewhere uuid[])
returns jsonb language sql stable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('row', u.row_number,
      'status', s.status, 'reason', case s.status when 'duplicate' then 'this code is already here'
        when 'expired' then 'the card has expired' when 'rejected' then 'the card cannot be stocked' end)) order by u.row_number), '[]')
  from unnest(rows) u
  left join unnest(imported) f on f = u.id
  left join unnest(held_elsewhere) e on e = u.id,
    lateral (select case when f is not null then 'imported' when u.expires_at <= now() then 'expired'
      when e is not null then 'rejected' else 'duplicate' end as status) s
$$;

-- The rows that were not stocked, as an import records them: those that the database found, and those that the function refused.
create function private.upload_exceptions(results jsonb)
returns jsonb language sql immutable set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object('row', r.row, 'line', r.line,
      'outcome', case r.status when 'duplicate' then 'known' else 'refused' end, 'problems', jsonb_build_array(jsonb_build_object(
        'column', coalesce(r.column, case r.status when 'expired' then 'expirationDate' else 'code' end), 'problem', r.reason)))), '[]')
  from jsonb_to_recordset(results) as r (row int, line int, status text, "column" text, reason text)
  where r.status <> 'imported'
$$;

create function private.import_cards(
  pool public.card_pools, cards jsonb, seal_key_id text, import public.imports, file private.import_file, refused jsonb,
  request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  rows private.upload_row[] := private.upload_rows(cards, pool.brand_id, private.time_zone_of(pool.client_id));
  stored uuid[] := private.store_new_cards(pool, rows, seal_key_id);
  foreign_ids uuid[] := private.held_elsewhere(pool, rows, stored);
  results jsonb := private.upload_results(rows, stored, foreign_ids);
  answer jsonb := jsonb_build_object('poolId', pool.id, 'imported', cardinality(stored),
    'duplicates', (select count(*) from jsonb_array_elements(results) r where r ->> 'status' = 'duplicate'),
    'rejected', (select count(*) from jsonb_array_elements(results) r where r ->> 'status' in ('expired', 'rejected')),
    'alreadyUploaded', private.was_imported(import), 'rows', results);
begin
  if foreign_ids <> '{}' then
    perform private.report_known_codes(coalesce(request.id, pool.id)::text, jsonb_build_object('pool_id', pool.id,
      'client_id', pool.client_id, 'actor_id', request.actor, 'cards', cardinality(foreign_ids), 'rows', cardinality(rows)));
  end if;
  perform private.record_audit(pool.client_id, request.actor, 'gift_cards.imported', 'card_pool', pool.id,
    jsonb_build_object('imported', cardinality(stored), 'rows', cardinality(rows)), request.id);
  return answer || private.present_import(private.record_import_chunk(
    import, file, cardinality(stored), private.upload_exceptions(results || coalesce(refused, '[]'))));
end $$;

create function public.import_gift_cards(
  pool_id uuid, cards jsonb, seal_key_id text, file jsonb, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  part private.import_file := private.read_import_file(file);
  pool public.card_pools := private.pool_to_fill(request.actor, pool_id);
  scope text := private.answer_scope('import_gift_cards', pool.client_id, request.actor);
  import public.imports;
  answer jsonb;
begin
  perform private.assert_may_bring(request.actor, pool);
  answer := private.replay(request, scope);
  if answer is not null then
    return answer;
  end if;
  import := private.begin_import('gift_cards', pool.client_id, pool.id, part, request.actor);
  answer := private.replay_chunk(import, part, request.hash);
  if answer is not null then
    return private.answer(request, scope, answer);
  end if;
  answer := private.import_cards(pool, cards, seal_key_id, import, part, file -> 'refused', request);
  perform private.store_chunk_answer(import, part, answer);
  perform private.fold_pool(pool.id);
  return private.answer(request, scope, answer);
end $$;
comment on function public.import_gift_cards is
  'Stores up to 10,000 sealed cards in a pool: [{row, id, code, pin, fingerprint, last4, expiresOn, serialNumber}] → the result of each '
  'row: imported, duplicate (in the stock of the pool''s owner already), expired or rejected. file: {hash, name, encoding, delimiter, '
  'header, mapping, import_id, chunk, is_last, expected_rows, refused: [{row, line, status, column, reason}]}, refused by the caller. '
  'RB-400, 403, 404, 409.';
grant execute on function public.import_gift_cards to service_role;

-- Reads only: a dry run cannot change anything. Codes that another owner holds are not looked for, because an import that meets one
-- raises an alert, and a dry run would disclose it without.
create function public.preview_gift_cards(pool_id uuid, cards jsonb, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  pool public.card_pools := private.pool_to_fill(request.actor, pool_id);
  rows private.upload_row[] := private.upload_rows(cards, pool.brand_id, private.time_zone_of(pool.client_id));
begin
  perform private.assert_may_bring(request.actor, pool);
  return private.answered(jsonb_build_object('poolId', pool.id, 'rows', private.upload_results(rows, array(
    select u.id from unnest(rows) u
    where not exists (
      select from private.card_secrets s
      join public.gift_cards c on c.id = s.gift_card_id
      join public.card_pools holder on holder.id = c.pool_id
      where s.code_fingerprint = u.fingerprint and holder.client_id is not distinct from pool.client_id)
    and coalesce(u.expires_at, 'infinity') > now()), '{}')));
end $$;
comment on function public.preview_gift_cards is
  'What import_gift_cards would make of rows [{row, id, fingerprint, expiresOn}]: imported, duplicate or expired. RB-403, 404.';
grant execute on function public.preview_gift_cards to service_role;

-- Cards in stock keep the fingerprints that were computed when they came in: a code in another case would not be found again.
create function private.refuse_other_code_case()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if exists (
    select from public.card_pools p join public.gift_cards c on c.pool_id = p.id where p.brand_id = new.id) then
    perform private.refuse('RB-400', 'The brand has cards already: whether case counts is said before the first one comes in');
  end if;
  return new;
end $$;

create trigger gift_card_brands_with_cards_keep_their_code_case before update of code_case_matters on public.gift_card_brands
  for each row when (new.code_case_matters <> old.code_case_matters) execute function private.refuse_other_code_case();

create function private.update_brand_code_case(brand_id uuid, code_case_matters boolean)
returns public.gift_card_brands language plpgsql volatile security definer set search_path = '' as $$
declare
  brand public.gift_card_brands;
begin
  perform private.assert_platform_admin(private.caller());
  perform private.assert_given(code_case_matters is not null, 'code_case_matters');
  update public.gift_card_brands b set code_case_matters = update_brand_code_case.code_case_matters
  where b.id = update_brand_code_case.brand_id returning b.* into brand;
  if brand.id is null then
    perform private.refuse('RB-404');
  end if;
  perform private.record_audit(null, private.caller(), 'gift_card_brand.updated', 'gift_card_brand', brand.id,
    jsonb_build_object('code_case_matters', brand.code_case_matters));
  return brand;
end $$;
select private.publish('private.update_brand_code_case(uuid, boolean)', '{authenticated, service_role}',
  'Sets whether codes of a brand that differ only by case are different cards; for platform admins, before its first card.');
