-- stored_answer: what an answer or a table shows is worthless as a caller's key, and an answer of a form ends with its window.
begin;
set local search_path = public, extensions, tests;
select plan(16);

select isnt(private.answer_key('x', null), private.answer_key(null, 'x'), 'answer_key: the same text of a caller and of the system → two keys');
select isnt(private.answer_key('system:x', null), private.answer_key(null, 'x'), 'answer_key: a caller who writes the prefix → another key');
select is(private.answer_key('mine', gen_random_uuid()::text), 'caller:mine', 'answer_key: a caller''s key counts before the request id');
select is(private.answer_key(null, null), null, 'answer_key: neither → no key');
select throws_ok(format('select private.answer_key(%L, null)', key), 'RB400', 'idempotency_key must be 1 to 255 characters and not blank',
  format('answer_key: the key %s… → RB-400', to_json(left(key, 5))))
from unnest(array['', ' ', E'\u00a0\t', repeat('k', 256)]) key;
select is(private.answer_key('on purpose', null), 'caller:on purpose', 'answer_key: a key with a space → kept');
select isnt(private.answer_scope('a', '00000000-0000-0000-0000-000000000001', null),
  private.answer_scope('a', null, '00000000-0000-0000-0000-000000000001'), 'answer_scope: a tenant''s servers and a user → two scopes');
select isnt(private.answer_scope('a', '00000000-0000-0000-0000-000000000001', null),
  private.answer_scope('a', '00000000-0000-0000-0000-000000000002', null), 'answer_scope: servers of two tenants → two scopes');

insert into private.replay_windows (use_case, replayed_for) values ('short', '15 minutes');
select private.stored_answer('short:x', 'key', 'hash');
select private.store_answer('short:x', 'key', '{"a": 1}');
select private.stored_answer('long:x', 'key', 'hash');
select private.store_answer('long:x', 'key', '{"a": 1}');
select is(private.stored_answer('short:x', 'key', 'hash'), '{"a": 1}', 'stored_answer: within the window → the answer');
update private.idempotency_keys set created_at = created_at - interval '16 minutes' where key = 'key';
select is(private.stored_answer('short:x', 'key', 'other'), null, 'stored_answer: after the window → a new request, of any body');
select private.store_answer('short:x', 'key', '{"b": 2}');
select is(private.stored_answer('short:x', 'key', 'other'), '{"b": 2}', 'stored_answer: the new request → its own answer');
select throws_ok('select private.stored_answer(''short:x'', ''key'', ''hash'')', 'RB409', null, 'stored_answer: the first body again → RB-409');
select is(private.stored_answer('long:x', 'key', 'hash'), '{"a": 1}', 'stored_answer: a scope without a window → the answer');

select * from finish();
rollback;
