begin;
set local search_path = public, extensions, tests;
select plan(16);

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('test', 'ip', 3, 60, true), ('test', 'code', 2, 3600, true), ('test', 'prefix', 1, 60, false);

create function pg_temp.take(keys jsonb) returns int language sql as $$ select private.take_attempt('test', keys) $$;
create function pg_temp.taken(kind text) returns int language sql as $$
  select coalesce(sum(taken), 0)::int from private.attempt_buckets b where b.surface = 'test' and b.kind = taken.kind
$$;

select is(pg_temp.take('{"ip": "a"}'), null, 'A first try passes');
select is(pg_temp.take('{"ip": "a"}'), null, 'A second');
select is(pg_temp.take('{"ip": "a"}'), null, 'A third');
select cmp_ok(pg_temp.take('{"ip": "a"}'), '<=', 60, 'The fourth waits for the end of the window');
select is(pg_temp.taken('ip'), 3, 'It takes no token');
select is(pg_temp.take('{"ip": "b"}'), null, 'Another key has its own tokens');

select is(pg_temp.take('{"ip": "c", "code": "x"}'), null, 'A try takes a token of each kind');
select is(pg_temp.take('{"ip": "d", "code": "x"}'), null, 'wherever it comes from');
select cmp_ok(pg_temp.take('{"ip": "a", "code": "x"}'), '>=', 1, 'Of two that are used up, …');
select cmp_ok(pg_temp.take('{"ip": "a", "code": "x"}'), '<=', 3600, '… the longer wait counts');
select is(pg_temp.take('{"other": "y"}'), null, 'A kind without a limit is not limited');
select is(private.take_attempt('elsewhere', '{"ip": "a"}'), null, 'Nor a surface without one');

select private.settle_attempt('test', '{"ip": "c", "code": "x", "prefix": "p"}', failed => false);
select is(array[pg_temp.taken('code'), pg_temp.taken('prefix')], '{1,0}', 'A success gives its tokens back');
select private.settle_attempt('test', '{"ip": "d", "code": "x", "prefix": "p"}', failed => true);
select is(array[pg_temp.taken('code'), pg_temp.taken('prefix')], '{1,1}',
  'A failure does not, and counts where many share a bucket');
select private.settle_attempt('test', '{"prefix": "p"}', failed => true);
select is((select metadata ->> 'kind' from public.system_alerts where subject = 'test:prefix:p'), 'prefix',
  'Too many failures there raise an alert');
select private.settle_attempt('test', '{"ip": "never taken"}', failed => false);
select is_empty('select from private.attempt_buckets where taken < 0', 'Nobody gets more back than was taken');

select * from finish();
rollback;
