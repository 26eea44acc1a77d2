-- Imports: the one mechanism behind every file of rows (gift cards, recipients). An edge function or a server reads the file; the
-- entry point of a domain takes its rows in one call, or in numbered chunks of one import, and records each chunk's outcomes in the
-- transaction that stores its rows. So a call that is repeated, or a caller that was killed between two chunks, adds nothing twice.
-- Rows that were accepted are counted; those that were not are listed, by number and problem, without the values of the file.

create table public.imports (
  id uuid primary key default gen_random_uuid(),
  client_id uuid references public.clients (id),
  kind text not null,
  subject_id uuid not null,
  file_name text,
  file_hash text not null,
  encoding text,
  delimiter text,
  header text[],
  mapping jsonb,
  status text not null default 'running',
  expected_rows int,
  row_count int not null default 0,
  accepted_count int not null default 0,
  known_count int not null default 0,
  refused_count int not null default 0,
  chunk_count int not null default 0,
  repeats uuid references public.imports (id),
  actor_id uuid,
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  constraint imports_kind_is_a_word check (kind ~ '^[a-z_]{1,40}$'),
  constraint imports_status_is_valid check (status in ('running', 'finished')),
  constraint imports_ended_at_matches_status check ((status = 'finished') = (ended_at is not null)),
  constraint imports_counts_are_not_negative check (least(accepted_count, known_count, refused_count, expected_rows) >= 0),
  constraint imports_rows_are_accepted_known_or_refused check (row_count = accepted_count + known_count + refused_count)
);
comment on table public.imports is
  'Files that were imported, and how far each is. subject_id: the pool or campaign (see kind) that the rows go to; client_id is null for '
  'pools of the platform. file_hash: sha256 of the file and of how it is to be read; repeats: the import that had the same file first. '
  'mapping: the column of each field; header cells with digits or addresses are hidden. known: rows that were here already.';

create table public.import_rows (
  import_id uuid not null references public.imports (id),
  client_id uuid,
  row_number int not null,
  chunk int not null,
  line int,
  outcome text not null,
  problems jsonb not null default '[]',
  subject_id uuid,
  constraint import_rows_stand_once primary key (import_id, row_number),
  constraint import_rows_row_number_is_positive check (row_number > 0),
  constraint import_rows_outcome_is_valid check (outcome in ('known', 'refused')),
  constraint import_rows_problems_are_a_list check (jsonb_typeof(problems) = 'array')
);
comment on table public.import_rows is
  'Rows of imports that were not accepted: row_number in the whole import, line in the file of its chunk, problems [{column, problem}] '
  'without any value of the file, subject_id of what the row is already. Known rows of a repeated file are counted only.';

create unique index imports_of_a_file_idx on public.imports (subject_id, kind, file_hash) where repeats is null;
create index imports_repeats_idx on public.imports (repeats);
create index imports_client_id_idx on public.imports (client_id, started_at, id);
create index import_rows_outcome_idx on public.import_rows (import_id, outcome, row_number);
create index import_rows_client_id_idx on public.import_rows (client_id);

-- A file, and which part of it a call sends: all of it, or the chunk with a number of its own; lines: where each row begins in it.
create type private.import_file as (
  name text, hash text, encoding text, delimiter text, header text[], mapping jsonb, import_id uuid, chunk int, is_last boolean,
  expected_rows int, lines int[]);

create function private.read_import_file(file jsonb)
returns private.import_file language plpgsql stable set search_path = '' as $$
begin
  if jsonb_typeof(file) is distinct from 'object' then
    perform private.refuse_field('file', 'must be an object');
  elsif not coalesce(
    jsonb_typeof(coalesce(file -> 'header', '[]')) in ('array', 'null') and jsonb_typeof(coalesce(file -> 'mapping', '{}')) in ('object', 'null')
    and jsonb_typeof(coalesce(file -> 'is_last', 'true')) in ('boolean', 'null')
    and coalesce(pg_input_is_valid(file ->> 'import_id', 'uuid'), true) and coalesce(pg_input_is_valid(file ->> 'chunk', 'int'), true)
    and coalesce(pg_input_is_valid(file ->> 'expected_rows', 'int') and (file ->> 'expected_rows')::numeric >= 0, true)
    and coalesce(pg_input_is_valid(translate(file ->> 'lines', '[]', '{}'), 'int[]'), true), false) then
    perform private.refuse_field('file', 'must say import_id (a uuid), header and lines (lists), mapping (an object), chunk and expected_rows '
      '(whole numbers) and is_last (a boolean), each of its type');
  end if;
  perform private.assert_text(file ->> 'hash', 'file.hash', 400);
  return jsonb_populate_record(null::private.import_file, file);
end $$;

-- A plan that was made while a table was small reads all of it for each row that comes in: a foreign-key check keeps its plan for as
-- long as the connection lives.
create function private.forget_plans()
returns void language plpgsql volatile set search_path = '' as $$
begin
  discard plans;
end $$;

-- The import that a call belongs to, locked: a new one, or the running one that its chunk continues. The same file again is an import
-- of its own that names the first.
create function private.begin_import(kind text, client_id uuid, subject_id uuid, file private.import_file, actor uuid)
returns public.imports language plpgsql volatile set search_path = '' as $$
declare
  import public.imports;
  first_import uuid;
begin
  if file.import_id is not null then
    select i.* into import from public.imports i
    where i.id = file.import_id and i.kind = begin_import.kind and i.subject_id = begin_import.subject_id for update;
    if import.id is null then
      perform private.refuse('RB-404');
    end if;
    return import;
  end if;
  loop
    insert into public.imports as i (client_id, kind, subject_id, file_name, file_hash, encoding, delimiter, header, mapping,
      expected_rows, repeats, actor_id)
    values (client_id, kind, subject_id, left(file.name, 200), file.hash, file.encoding, file.delimiter, file.header, file.mapping,
      file.expected_rows, first_import, actor)
    -- the file was imported before (imports_of_a_file_idx), perhaps by a call that has not ended: this waits for it
    on conflict do nothing
    returning i.* into import;
    exit when import.id is not null;
    select i.* into import from public.imports i
    where i.kind = begin_import.kind and i.subject_id = begin_import.subject_id and i.file_hash = file.hash and i.repeats is null
    for update;
    -- the caller did not receive the id of the import that its first chunk began
    exit when file.chunk is not null and import.status = 'running';
    first_import := import.id;
  end loop;
  return import;
end $$;

-- Had this file rows that were accepted before?
create function private.was_imported(import public.imports)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.imports i
    where (i.id = import.repeats or i.repeats = import.repeats) and i.id <> import.id and i.accepted_count > 0);
end $$;

-- The answer of a chunk that was imported already, or null for the one that is next. The number of a chunk is its idempotency key.
create function private.replay_chunk(import public.imports, file private.import_file, hash text)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  stored jsonb;
begin
  if file.chunk is null then
    return null;
  elsif file.chunk not between 1 and import.chunk_count + 1 or (import.status = 'finished' and file.chunk > import.chunk_count) then
    perform private.refuse_field('chunk', case import.status when 'finished' then 'is behind the last one of this import'
      else format('must be %s, which is next, or an earlier one', import.chunk_count + 1) end);
  end if;
  stored := private.replay(row(null, null, null, null, hash), 'import:' || import.id, 'chunk:' || file.chunk) -> 'result';
  if stored is null and file.chunk <= import.chunk_count then
    perform private.refuse_field('chunk', 'was imported more than 30 days ago');
  end if;
  return stored;
end $$;

-- Records what became of the rows of a chunk, beside the rows themselves. exceptions: [{row, line, outcome: known | refused,
-- subjectId, problems: [{column, problem}]}], where row counts within the chunk; all others were accepted.
create function private.record_import_chunk(
  import public.imports, file private.import_file, accepted int, exceptions jsonb)
returns public.imports language plpgsql volatile set search_path = '' as $$
declare
  known int;
  refused int;
begin
  select count(*) filter (where e ->> 'outcome' = 'known'), count(*) filter (where e ->> 'outcome' = 'refused') into known, refused
  from jsonb_array_elements(exceptions) e;
  insert into public.import_rows (import_id, client_id, row_number, chunk, line, outcome, problems, subject_id)
  select import.id, import.client_id, import.row_count + e.row, import.chunk_count + 1, coalesce(e.line, file.lines[e.row]), e.outcome,
    coalesce(e.problems, '[]'), e."subjectId"
  from jsonb_to_recordset(exceptions) as e (row int, line int, outcome text, problems jsonb, "subjectId" uuid)
  where import.repeats is null or e.outcome = 'refused';
  update public.imports i
  set row_count = i.row_count + accepted + known + refused, accepted_count = i.accepted_count + accepted,
    known_count = i.known_count + known, refused_count = i.refused_count + refused, chunk_count = i.chunk_count + 1,
    status = case when l.is_last then 'finished' else 'running' end,
    ended_at = case when l.is_last then clock_timestamp() end
  from (select coalesce(file.is_last, file.chunk is null) as is_last) l
  where i.id = import.id returning i.* into import;
  return import;
end $$;

create function private.store_chunk_answer(import public.imports, file private.import_file, answer jsonb)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if file.chunk is not null then
    perform private.answer(null, 'import:' || import.id, answer, system_key => 'chunk:' || file.chunk);
  end if;
end $$;

-- What every import answers beside the domain's own words.
create function private.present_import(import public.imports)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_strip_nulls(jsonb_build_object('importId', import.id, 'importStatus', import.status, 'repeats', import.repeats,
    'progress', jsonb_build_object('rows', import.row_count, 'accepted', import.accepted_count, 'known', import.known_count,
      'refused', import.refused_count, 'chunks', import.chunk_count, 'expectedRows', import.expected_rows)));
end $$;

-- An import that the actor administers; those into pools of the platform are the platform's.
create function private.administered_import(import_id uuid, actor uuid)
returns public.imports language plpgsql stable set search_path = '' as $$
declare
  import public.imports;
begin
  select i.* into import from public.imports i where i.id = administered_import.import_id;
  if import.id is null then
    perform private.refuse('RB-404');
  elsif import.client_id is null then
    perform private.assert_platform_admin(actor);
  else
    perform private.assert_can_act(actor, import.client_id, private.admin_roles());
  end if;
  return import;
end $$;

create function private.get_import(import_id uuid)
returns public.imports language plpgsql stable security definer set search_path = '' as $$
begin
  return private.administered_import(import_id, private.caller());
end $$;
select private.publish('private.get_import(uuid)', '{authenticated, service_role}',
  'How far an import is: status (running, finished), row_count, accepted_count, known_count, refused_count, chunk_count (the next chunk '
  'is the one after it), expected_rows if the caller named them. For admins. RB-401, 403, 404.');

create function private.list_imports(
  client_id uuid default null, kind text default null, after_id uuid default null, page_size int default 100)
returns setof public.imports language plpgsql stable security definer set search_path = '' as $$
declare
  last_one public.imports;
begin
  if list_imports.client_id is null then
    perform private.assert_platform_admin(private.caller());
  else
    perform private.assert_can_act(private.caller(), list_imports.client_id, private.admin_roles());
  end if;
  perform private.assert_given(page_size is not null, 'page_size');
  perform private.assert_number(page_size, 'page_size', 1, 1000);
  select i.* into last_one from public.imports i
  where i.id = after_id and i.client_id is not distinct from list_imports.client_id;
  if after_id is not null and last_one.id is null then
    perform private.refuse('RB-404');
  end if;
  -- apart, so that each has an index
  if list_imports.client_id is null then
    return query
      select i.* from public.imports i
      where i.client_id is null and (list_imports.kind is null or i.kind = list_imports.kind)
        and (after_id is null or (i.started_at, i.id) < (last_one.started_at, last_one.id))
      order by i.started_at desc, i.id desc limit page_size;
  end if;
  return query
    select i.* from public.imports i
    where i.client_id = list_imports.client_id and (list_imports.kind is null or i.kind = list_imports.kind)
      and (after_id is null or (i.started_at, i.id) < (last_one.started_at, last_one.id))
    order by i.started_at desc, i.id desc limit page_size;
end $$;
select private.publish('private.list_imports(uuid, text, uuid, int)', '{authenticated, service_role}',
  'The imports of a client, or with null of the platform, the latest first; kind: gift_cards or recipients. A page has page_size rows '
  '(at most 1,000); the next one begins after_id, the id of the last row. For admins. RB-400, 401, 403, 404.');

create function private.list_import_rows(
  import_id uuid, outcome text default null, after_row int default 0, page_size int default 1000)
returns setof public.import_rows language plpgsql stable security definer set search_path = '' as $$
declare
  import public.imports := private.administered_import(import_id, private.caller());
begin
  if outcome is not null then
    perform private.assert_choice(outcome, 'outcome', array['known', 'refused']);
  end if;
  perform private.assert_given(page_size is not null, 'page_size');
  perform private.assert_number(page_size, 'page_size', 1, 1000);
  return query
    select r.* from public.import_rows r
    where r.import_id = import.id and r.row_number > coalesce(after_row, 0)
      and (list_import_rows.outcome is null or r.outcome = list_import_rows.outcome)
    order by r.row_number limit page_size;
end $$;
select private.publish('private.list_import_rows(uuid, text, int, int)', '{authenticated, service_role}',
  'The rows of an import that were not accepted, by row_number: outcome known (was here already) or refused, with line and problems '
  '[{column, problem}]. A page has page_size rows (at most 1,000); the next one begins after_row. For admins. RB-400, 401, 403, 404.');

create function public.export_import_rows(import_id uuid, outcome text, after_row int, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  import public.imports := private.administered_import(import_id, request.actor);
begin
  if outcome is not null then
    perform private.assert_choice(outcome, 'outcome', array['known', 'refused']);
  end if;
  return private.answered(jsonb_build_object('kind', import.kind, 'fileName', import.file_name, 'rows', (
    select coalesce(jsonb_agg(jsonb_build_object('row', r.row_number::text, 'line', r.line::text, 'outcome', r.outcome,
      'column', p.one ->> 'column', 'problem', p.one ->> 'problem') order by r.row_number, p.nth), '[]')
    from (
      select x.* from public.import_rows x
      where x.import_id = import.id and x.row_number > coalesce(after_row, 0)
        and (export_import_rows.outcome is null or x.outcome = export_import_rows.outcome)
      order by x.row_number limit 10000) r
    left join lateral jsonb_array_elements(r.problems) with ordinality as p (one, nth) on true)));
end $$;
comment on function public.export_import_rows is
  'The rows of an import that were not accepted, for a file: {kind, fileName, rows: [{row, line, outcome, column, problem}]}, up to 10,000 '
  'rows behind after_row, a row for each problem. outcome: known or refused. RB-400, 403, 404.';
grant execute on function public.export_import_rows to service_role;

alter table public.imports enable row level security;
alter table public.import_rows enable row level security;

grant select on public.imports, public.import_rows to authenticated, service_role;

create policy "Admins read the imports of their clients" on public.imports
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Admins read the rows of their clients' imports" on public.import_rows
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
