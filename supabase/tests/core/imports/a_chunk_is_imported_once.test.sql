-- An import in chunks: each once, in order, whatever is sent again; the same file again is an import that names the first.
begin;
set local search_path = public, extensions, tests;
select plan(29);

select tests.keep(tests.create_promise(0));
create function pg_temp.chunk(code text, chunk int, more jsonb default '{}', hash text default 'file') returns jsonb language sql as $$
  select tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, code)), file_hash => hash,
    file => jsonb_build_object('chunk', chunk, 'expected_rows', 3) || more)
$$;
create function pg_temp.rest(more jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('import_id', tests.the('import')) || more
$$;
create function pg_temp.cards() returns int language sql as $$
  select count(*)::int from public.gift_cards c where c.pool_id = tests.the('pool')
$$;

-- chunks in order
select tests.keep('first', pg_temp.chunk('AAAA-0001', 1));
select tests.keep('import', (tests.kept('first') #>> '{result,importId}')::uuid);
select is(tests.kept('first') #> '{result,progress}', '{"rows": 1, "accepted": 1, "known": 0, "refused": 0, "chunks": 1, "expectedRows": 3}',
  'record_import_chunk: the answer says how far the import is');
select is(tests.kept('first') #>> '{result,importStatus}', 'running', 'record_import_chunk: not the last chunk → running');
select is(pg_temp.chunk('AAAA-0001', 1) -> 'result', tests.kept('first') -> 'result',
  'begin_import: the first chunk again without the id of its import → the stored answer');
select is(pg_temp.chunk('AAAA-0001', 1, pg_temp.rest()) -> 'result', tests.kept('first') -> 'result',
  'replay_chunk: a chunk again → the stored answer');
select is(pg_temp.cards(), 1, '… and nothing new');
select is(pg_temp.chunk('AAAA-0002', 1, pg_temp.rest(), 'another') ->> 'code', 'RB-409', 'replay_chunk: other rows under its number → RB-409');
select is(pg_temp.chunk('AAAA-0003', 3, pg_temp.rest()) ->> 'code', 'RB-400', 'replay_chunk: a chunk is left out → RB-400');
select is(pg_temp.chunk('AAAA-0003', 0, pg_temp.rest()) ->> 'code', 'RB-400', 'replay_chunk: chunk 0 → RB-400');

select results_eq($$
    select pg_temp.chunk('AAAA-0004', 1, w.wrong) ->> 'code' from (values
      ('{"import_id": "x"}'::jsonb), ('{"header": "code"}'), ('{"chunk": "one"}'), ('{"expected_rows": -1}'), ('{"lines": "x"}'),
      ('{"mapping": []}'), ('{"is_last": "yes"}')) as w (wrong) $$,
  $$ select 'RB-400' from generate_series(1, 7) $$, 'read_import_file: a part of another type → RB-400');

-- what was not accepted
select tests.keep('second', pg_temp.chunk('AAAA-0001', 2, pg_temp.rest(
  '{"refused": [{"row": 2, "line": 5, "status": "rejected", "column": "pin", "reason": "the PIN begins like a spreadsheet formula"}]}')));
select results_eq($$ select r.row_number, r.chunk, r.line, r.outcome, r.problems from public.import_rows r
    where r.import_id = tests.the('import') order by 1 $$, $$ values
    (2, 2, null::int, 'known', '[{"column": "code", "problem": "this code is already here"}]'::jsonb),
    (3, 2, 5, 'refused', '[{"column": "pin", "problem": "the PIN begins like a spreadsheet formula"}]') $$,
  'import_rows: rows that were not accepted, numbered through the import, with column and problem');
select tests.keep('third', pg_temp.chunk('AAAA-0003', 3, pg_temp.rest('{"is_last": true}')));
select is(tests.kept('third') #>> '{result,importStatus}', 'finished', 'record_import_chunk: the last chunk → finished');
select is(tests.kept('third') #> '{result,progress}', '{"rows": 4, "accepted": 2, "known": 1, "refused": 1, "chunks": 3, "expectedRows": 3}',
  '… and the counts are of all chunks');
select is(pg_temp.chunk('AAAA-0003', 3, pg_temp.rest('{"is_last": true}')) -> 'result', tests.kept('third') -> 'result',
  'replay_chunk: the last chunk again → the stored answer');
select is(pg_temp.chunk('AAAA-0004', 4, pg_temp.rest()) ->> 'code', 'RB-400', 'replay_chunk: behind the last chunk → RB-400');
select is(pg_temp.chunk('AAAA-0005', 1, jsonb_build_object('import_id', gen_random_uuid())) ->> 'code', 'RB-404',
  'begin_import: an unknown import → RB-404');
select tests.keep('pool_2', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
select is(tests.import(tests.the('pool_2'), '[]', file => pg_temp.rest('{"chunk": 4}')) ->> 'code', 'RB-404',
  'begin_import: the import of another pool → RB-404');
select is(pg_temp.cards(), 2, 'import_gift_cards: each card is in stock once');

-- the same file again
select tests.keep('one', tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'BBBB-0001')), file_hash => 'whole') -> 'result');
select tests.keep('two', tests.import(tests.the('pool'), jsonb_build_array(tests.card_row(1, 'BBBB-0001')), file_hash => 'whole') -> 'result');
select is(tests.kept('one') ->> 'repeats', null, 'begin_import: a new file repeats nothing');
select is(tests.kept('two') -> 'repeats', tests.kept('one') -> 'importId', 'begin_import: the same file again → names the first import');
select is(tests.kept('two') ->> 'alreadyUploaded', 'true', 'was_imported: the same file again → said');
select is(tests.kept('two') #> '{progress}', '{"rows": 1, "accepted": 0, "known": 1, "refused": 0, "chunks": 1}',
  'begin_import: the same file again → nothing new');
select is_empty(format('select from public.import_rows where import_id = %L', tests.kept('two') ->> 'importId'),
  'import_rows: known rows of a repeated file are counted only');
select is(tests.import(tests.the('pool_2'), '[]', file_hash => 'whole') #>> '{result,repeats}', null,
  'begin_import: the same file for another pool → repeats nothing');

-- what admins read
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));
select is((select i.chunk_count from public.get_import(tests.the('import')) i), 3, 'get_import: how far an import is');
select tests.keep('all', array(select i.id from public.list_imports(tests.the('client')) i)::text);
select tests.keep('pages', (array(select i.id from public.list_imports(tests.the('client'), page_size => 2) i)
  || array(select i.id from public.list_imports(tests.the('client'), after_id => (
    select p.id from public.list_imports(tests.the('client'), page_size => 2) p offset 1)) i))::text);
select is(tests.kept('pages'), tests.kept('all'), 'list_imports: page by page → each once, the latest first');
select is_empty($$ select from public.list_imports(tests.the('client'), 'recipients') $$, 'list_imports: of another kind → none');
select is((select array_agg(r.row_number) from public.list_import_rows(tests.the('import'), 'refused') r), '{3}',
  'list_import_rows: by outcome');
select is((select array_agg(r.row_number) from public.list_import_rows(tests.the('import'), after_row => 2) r), '{3}',
  'list_import_rows: behind a row');
select throws_ok($$ select public.list_import_rows(tests.the('import'), 'accepted') $$, 'RB400', null,
  'list_import_rows: another outcome → RB-400');
select tests.sign_out();

select * from finish();
rollback;
