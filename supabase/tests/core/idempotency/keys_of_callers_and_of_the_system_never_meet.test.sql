-- replay: what an answer or a table shows is worthless as a caller's key, and an answer of a form ends with its window.
begin;
set local search_path = public, extensions, tests;
select plan(16);

create function pg_temp.key(key text, system_key text default null) returns text language sql as $$
  select private.request_key(row(null, null, null, key, null), system_key)
$$;
create function pg_temp.stored(scope text, key text, hash text) returns jsonb language sql as $$
  select private.replay(row(null, null, null, key, hash), scope) -> 'result'
$$;
create function pg_temp.store(scope text, key text, result jsonb) returns jsonb language sql as $$
  select private.answer(row(null, null, null, key, null), scope, result)
$$;

select isnt(pg_temp.key('x'), pg_temp.key(null, 'x'), 'request_key: the same text of a caller and of the system → two keys');
select isnt(pg_temp.key('system:x'), pg_temp.key(null, 'x'), 'request_key: a caller who writes the prefix → another key');
select is(pg_temp.key('mine', gen_random_uuid()::text), 'caller:mine', 'request_key: a caller''s key counts before the request id');
select is(pg_temp.key(null), null, 'request_key: neither → no key');
select throws_ok(format('select pg_temp.key(%L)', key), 'RB400', 'idempotency_key must be 1 to 255 characters and not blank',
  format('request_key: the key %s… → RB-400', to_json(left(key, 5))))
from unnest(array['', ' ', E'\u00a0\t', repeat('k', 256)]) key;
select is(pg_temp.key('on purpose'), 'caller:on purpose', 'request_key: a key with a space → kept');
select isnt(private.answer_scope('a', '00000000-0000-0000-0000-000000000001', null),
  private.answer_scope('a', null, '00000000-0000-0000-0000-000000000001'), 'answer_scope: a tenant''s servers and a user → two scopes');
select isnt(private.answer_scope('a', '00000000-0000-0000-0000-000000000001', null),
  private.answer_scope('a', '00000000-0000-0000-0000-000000000002', null), 'answer_scope: servers of two tenants → two scopes');

insert into private.replay_windows (use_case, replayed_for) values ('short', '15 minutes');
select pg_temp.stored('short:x', 'key', 'hash');
select pg_temp.store('short:x', 'key', '{"a": 1}');
select pg_temp.stored('long:x', 'key', 'hash');
select pg_temp.store('long:x', 'key', '{"a": 1}');
select is(pg_temp.stored('short:x', 'key', 'hash'), '{"a": 1}', 'replay: within the window → the answer');
update private.idempotency_keys set created_at = created_at - interval '16 minutes' where key = 'caller:key';
select is(pg_temp.stored('short:x', 'key', 'other'), null, 'replay: after the window → a new request, of any body');
select pg_temp.store('short:x', 'key', '{"b": 2}');
select is(pg_temp.stored('short:x', 'key', 'other'), '{"b": 2}', 'replay: the new request → its own answer');
select throws_ok('select pg_temp.stored(''short:x'', ''key'', ''hash'')', 'RB409', null, 'replay: the first body again → RB-409');
select is(pg_temp.stored('long:x', 'key', 'hash'), '{"a": 1}', 'replay: a scope without a window → the answer');

select * from finish();
rollback;
