begin;
set local search_path = public, extensions, tests;
select plan(8);

select is(private.stored_answer('scope', null, 'hash'), null, 'stored_answer: no key → nothing is stored');
select is(private.stored_answer('scope', 'key', 'hash'), null, 'stored_answer: a new key → new once');
select private.store_answer('scope', 'key', '{"a": 1}');
select is(private.stored_answer('scope', 'key', 'hash'), '{"a": 1}', '… then its stored answer');
select throws_ok('select private.stored_answer(''scope'', ''key'', ''other'')', 'RB409', null,
  'stored_answer: the key with another request → RB-409');
select is(private.stored_answer('another scope', 'key', 'other'), null, 'stored_answer: the same key in another scope → new');
select private.store_answer('scope', null, '{"b": 2}');
select is((select count(*)::int from private.idempotency_keys where answer = '{"b": 2}'), 0,
  'store_answer: no key → nothing is written');

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
  'store_answer: a rolled-back request → its key is free');
select is(private.stored_answer('scope', 'undone', 'other'), null, '… for another request, too');

select * from finish();
rollback;
