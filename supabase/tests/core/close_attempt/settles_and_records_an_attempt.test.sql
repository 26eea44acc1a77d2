-- attempt_keys, open_attempt, close_attempt: one pair for every surface that takes a code.
begin;
set local search_path = public, extensions, tests;
select plan(14);

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows) values
  ('test', 'ip', 3, 600, true, false), ('test', 'scope', 1, 600, false, true);
select tests.keep('agent', gen_random_uuid());
create function pg_temp.request(ip text default '192.0.2.1', actor uuid default null) returns public.request language sql as $$
  select row('00000000-0000-4000-8000-00000000000a', actor, ip, null, null)::public.request $$;
create function pg_temp.close(refusal jsonb, counts_as_guess boolean, recorded_as text default null) returns jsonb language sql as $$
  select private.close_attempt('test', private.attempt_keys(pg_temp.request()), pg_temp.request(), 'subject', 'AB-12', null, refusal,
    counts_as_guess, recorded_as) $$;
create function pg_temp.open() returns int language sql as $$
  select private.open_attempt('test', private.attempt_keys(pg_temp.request())) $$;
create function pg_temp.taken() returns int language sql as $$
  select coalesce(sum(b.taken), 0)::int from private.attempt_buckets b where b.surface = 'test' and b.kind = 'ip' $$;

select is(array(select jsonb_object_keys(private.attempt_keys(pg_temp.request())) order by 1), '{ip,scope}',
  'attempt_keys: a visitor → their network, and the scope none');
select is(array(select jsonb_object_keys(private.attempt_keys(pg_temp.request('2001:db8::1', tests.the('agent')), 'AB-12', 'campaign')) order by 1),
  '{code,ip,prefix,scope,site,user}', 'attempt_keys: a user with IPv6 and a code → each key');
select is(private.attempt_keys(pg_temp.request(), 'ab 12', 'campaign'), private.attempt_keys(pg_temp.request('192.0.2.1:443'), 'AB-12', 'campaign'),
  'attempt_keys: the same code and address in another spelling → the same keys');
select unalike(private.attempt_keys(pg_temp.request(), 'ABCD-1234')::text, '%192.0.2.1%', 'attempt_keys: an address → its fingerprint only');

select is(pg_temp.open(), null, 'open_attempt: a token is left → null');
select is(pg_temp.close(null, false), null, 'close_attempt: a success → null');
select is(pg_temp.taken(), 0, 'close_attempt: a success → the token is back');
select pg_temp.open();
select is(pg_temp.close('{"code": "VC-001"}', true), '{"code": "VC-001"}', 'close_attempt: a guess within the budget → the refusal');
select pg_temp.open();
select is(pg_temp.close('{"code": "VC-001"}', true) ->> 'code', 'RB-429', 'close_attempt: a guess beyond the failure budget → RB-429');
select pg_temp.open();
select is(pg_temp.close('{"code": "VC-005"}', false), '{"code": "VC-005"}', 'close_attempt: a refusal that is no guess → the refusal');
select is(pg_temp.taken(), 2, 'close_attempt: a guess keeps its token, any other refusal returns it');
select pg_temp.open();
select cmp_ok(pg_temp.open(), '>', 0, 'open_attempt: no token is left → the seconds to wait');
select is(pg_temp.close(private.limited(9), null, 'dry-run') #> '{details,retryAfter}', '9', 'close_attempt: not opened → the refusal, nothing settled');
select bag_eq($$ select surface, subject, code_fingerprint, outcome, code, request_id from public.redemption_attempts $$,
  $$ values ('test', 'subject', private.code_fingerprint('AB12'), 'succeeded', null, '00000000-0000-4000-8000-00000000000a'::uuid),
    ('test', 'subject', private.code_fingerprint('AB12'), 'refused', 'VC-001', '00000000-0000-4000-8000-00000000000a'),
    ('test', 'subject', private.code_fingerprint('AB12'), 'refused', 'VC-001', '00000000-0000-4000-8000-00000000000a'),
    ('test', 'subject', private.code_fingerprint('AB12'), 'refused', 'VC-005', '00000000-0000-4000-8000-00000000000a'),
    ('dry-run', 'subject', private.code_fingerprint('AB12'), 'limited', 'RB-429', '00000000-0000-4000-8000-00000000000a') $$,
  'close_attempt: each attempt is recorded, with the refusal that was found');

select * from finish();
rollback;
