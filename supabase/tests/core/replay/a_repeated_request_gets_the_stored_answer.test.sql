-- replay and answer: one request is answered once, for each caller that repeats it.
begin;
set local search_path = public, extensions, tests;
select plan(14);

create function pg_temp.request(key text default null, hash text default 'hash', id uuid default gen_random_uuid())
returns public.request language sql as $$ select row(id, null, '192.0.2.1', key, hash)::public.request $$;

select is(private.replay(pg_temp.request('key'), 'scope'), null, 'replay: a new key → null');
select is(private.answer(pg_temp.request('key'), 'scope', '{"a": 1}', '{"s": 2}'), private.answered('{"a": 1}', '{"s": 2}'),
  'answer: → the answer, with what is sealed');
select is(private.replay(pg_temp.request('key'), 'scope'), private.answered('{"a": 1}', null, true),
  'replay: the key again → the stored result, replayed, without what was sealed');
select throws_ok($$ select private.replay(pg_temp.request('key', 'other'), 'scope') $$, 'RB409', null, 'replay: the key for another request → RB-409');
select is(private.replay(pg_temp.request('key', 'other'), 'another scope'), null, 'replay: the key in another scope → null');
select private.answer(pg_temp.request('key'), 'scope', '{"b": 2}');
select is(private.replay(pg_temp.request('key'), 'scope') -> 'result', '{"b": 2}', 'answer: a later result → replayed from then on');

select tests.keep('call', gen_random_uuid());
select is(private.replay(pg_temp.request(id => tests.the('call')), 'scope'), null, 'replay: no key → the request id is the key');
select private.answer(pg_temp.request(id => tests.the('call')), 'scope', '{"c": 3}');
select is(private.replay(pg_temp.request(id => tests.the('call')), 'scope') -> 'result', '{"c": 3}', 'replay: the same HTTP request again → the stored result');
select is(private.replay(pg_temp.request(tests.the('call')::text), 'scope'), null, 'replay: a request id as a caller''s key → null');

select is(private.replay(pg_temp.request(), 'scope', 'reward:7'), null, 'replay: a system key → null once');
select private.answer(pg_temp.request(), 'scope', '{"d": 4}', system_key => 'reward:7');
select is(private.replay(pg_temp.request(), 'scope', 'reward:7') -> 'result', '{"d": 4}', 'replay: the system key from another HTTP request → the stored result');

select is(private.replay(pg_temp.request(id => null), 'scope'), null, 'replay: neither a key nor an id → null');
select is(private.answer(pg_temp.request(id => null), 'scope', '{"e": 5}'), private.answered('{"e": 5}'), 'answer: neither → the answer');
select is_empty($$ select from private.idempotency_keys where answer = '{"e": 5}' $$, 'answer: neither → nothing is stored');

select * from finish();
rollback;
