begin;
set local search_path = public, extensions, tests;
select plan(8);

create function pg_temp.stored(scope text, key text, hash text) returns jsonb language sql as $$
  select private.replay(row(null, null, null, key, hash), scope) -> 'result'
$$;
create function pg_temp.store(scope text, key text, result jsonb) returns jsonb language sql as $$
  select private.answer(row(null, null, null, key, null), scope, result)
$$;

select is(pg_temp.stored('scope', null, 'hash'), null, 'replay: no key → nothing is stored');
select is(pg_temp.stored('scope', 'key', 'hash'), null, 'replay: a new key → new once');
select pg_temp.store('scope', 'key', '{"a": 1}');
select is(pg_temp.stored('scope', 'key', 'hash'), '{"a": 1}', '… then its stored answer');
select throws_ok('select pg_temp.stored(''scope'', ''key'', ''other'')', 'RB409', null,
  'replay: the key with another request → RB-409');
select is(pg_temp.stored('another scope', 'key', 'other'), null, 'replay: the same key in another scope → new');
select pg_temp.store('scope', null, '{"b": 2}');
select is((select count(*)::int from private.idempotency_keys where answer = '{"b": 2}'), 0,
  'answer: no key → nothing is written');

-- what is undone frees its key
create function pg_temp.ask_and_undo() returns void language plpgsql as $$
begin
  perform pg_temp.stored('scope', 'undone', 'hash');
  raise exception using errcode = 'P0001', message = 'undo';
exception when raise_exception then
  null;
end $$;
select pg_temp.ask_and_undo();
select is_empty('select from private.idempotency_keys where key = ''caller:undone''',
  'answer: a rolled-back request → its key is free');
select is(pg_temp.stored('scope', 'undone', 'other'), null, '… for another request, too');

select * from finish();
rollback;
