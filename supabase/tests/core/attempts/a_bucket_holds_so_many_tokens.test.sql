begin;
set local search_path = public, extensions, tests;
select plan(16);

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('test', 'ip', 3, 60, true), ('test', 'code', 2, 3600, true), ('test', 'prefix', 1, 60, false);

create function pg_temp.take(keys jsonb) returns int language sql as $$ select private.take_attempt('test', keys) $$;
create function pg_temp.taken(kind text) returns int language sql as $$
  select coalesce(sum(taken), 0)::int from private.attempt_buckets b where b.surface = 'test' and b.kind = taken.kind
$$;

select is(pg_temp.take('{"ip": "a"}'), null, 'take_attempt: the first attempt → passes');
select is(pg_temp.take('{"ip": "a"}'), null, '… the second passes');
select is(pg_temp.take('{"ip": "a"}'), null, '… the third passes');
select cmp_ok(pg_temp.take('{"ip": "a"}'), '<=', 60, '… the fourth waits for the end of the window');
select is(pg_temp.taken('ip'), 3, '… and takes no token');
select is(pg_temp.take('{"ip": "b"}'), null, 'attempts: another key has its own tokens');

select is(pg_temp.take('{"ip": "c", "code": "x"}'), null, 'attempts: an attempt takes a token of each kind');
select is(pg_temp.take('{"ip": "d", "code": "x"}'), null, '… from any address');
select cmp_ok(pg_temp.take('{"ip": "a", "code": "x"}'), '>=', 1, 'attempts: two used-up buckets, …');
select cmp_ok(pg_temp.take('{"ip": "a", "code": "x"}'), '<=', 3600, '… the longer wait counts');
select is(pg_temp.take('{"other": "y"}'), null, 'attempts: a kind without a limit → not limited');
select is(private.take_attempt('elsewhere', '{"ip": "a"}'), null, 'attempts: a surface without a limit → not limited');

select private.settle_attempt('test', '{"ip": "c", "code": "x", "prefix": "p"}', failed => false);
select is(array[pg_temp.taken('code'), pg_temp.taken('prefix')], '{1,0}', 'attempts: a success → its tokens are returned');
select private.settle_attempt('test', '{"ip": "d", "code": "x", "prefix": "p"}', failed => true);
select is(array[pg_temp.taken('code'), pg_temp.taken('prefix')], '{1,1}',
  'attempts: a failure → its tokens stay taken, also in shared buckets');
select private.settle_attempt('test', '{"prefix": "p"}', failed => true);
select is((select metadata ->> 'kind' from public.system_alerts where subject = 'test:prefix:p'), 'prefix',
  'attempts: too many failures in a shared bucket → an alert');
select private.settle_attempt('test', '{"ip": "never taken"}', failed => false);
select is_empty('select from private.attempt_buckets where taken < 0', 'attempts: no more tokens are returned than were taken');

select * from finish();
rollback;
