begin;
set local search_path = public, extensions, tests;
select plan(8);

select is(private.stored_answer('scope', null, 'hash'), null, 'Without a key nothing is kept');
select is(private.stored_answer('scope', 'key', 'hash'), null, 'A key is new once');
select private.store_answer('scope', 'key', '{"a": 1}');
select is(private.stored_answer('scope', 'key', 'hash'), '{"a": 1}', 'Then it has its answer');
select throws_ok('select private.stored_answer(''scope'', ''key'', ''other'')', 'RB409', null,
  'Another request with the key is refused');
select is(private.stored_answer('another scope', 'key', 'other'), null, 'A key counts in its scope');
select private.store_answer('scope', null, '{"b": 2}');
select is((select count(*)::int from private.idempotency_keys where answer = '{"b": 2}'), 0,
  'Without a key nothing is written');

-- what is undone frees its key
create function pg_temp.ask_and_undo() returns void language plpgsql as $$
begin
  perform private.stored_answer('scope', 'undone', 'hash');
  raise exception using errcode = 'P0001', message = 'undo';
exception when raise_exception then
  null;
end $$;
select pg_temp.ask_and_undo();
select is_empty('select from private.idempotency_keys where key = ''undone''',
  'A request that is undone leaves no key');
select is(private.stored_answer('scope', 'undone', 'other'), null, 'And may be another one next time');

select * from finish();
rollback;
