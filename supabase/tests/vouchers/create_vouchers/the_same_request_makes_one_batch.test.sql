begin;
set local search_path = public, extensions, tests;
select no_plan();

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('colleague', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.make(how_many int, key text default null, value int default 1000, pattern text default '****-****-****') returns jsonb language sql as $$
  select public.create_vouchers(tests.the('client'), how_many, jsonb_build_object('type', 'credit', 'value', value), pattern, key)
$$;
create function pg_temp.refusal(call text) returns text language plpgsql as $$
declare
  detail text;
begin
  execute call;
  return 'ok';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return sqlstate || ' ' || coalesce(detail::jsonb ->> 'batchId', '');
end $$;
grant execute on function pg_temp.make, pg_temp.refusal to authenticated;

-- with a key
select tests.sign_in(tests.the('admin'));
select tests.keep('batch', pg_temp.make(1500, 'spring'));
select is(tests.kept('batch') - array['codes', 'batchId', 'createdAt'], '{"created": 1500, "isRepeated": false}', 'create_vouchers: a key → made');
select is(jsonb_array_length(tests.kept('batch') -> 'codes'), 1500, 'create_vouchers: 1,500 → all codes in the answer');
select is(pg_temp.make(1500, 'spring'), tests.kept('batch') || '{"isRepeated": true}',
  'create_vouchers: the same key and request → the same batch, and says so');
select is(pg_temp.refusal('select pg_temp.make(1500, ''spring'', 5)'), 'RB409 ', 'create_vouchers: the same key, another request → RB-409');
select isnt(pg_temp.make(1500, 'summer') ->> 'batchId', tests.kept('batch') ->> 'batchId', 'create_vouchers: another key → another batch');
select tests.sign_out();
select is((select count(*)::int from public.vouchers where client_id = tests.the('client')), 3000, 'create_vouchers: so many were made, and no more');
select is((select count(*)::int from public.audit_events where client_id = tests.the('client') and action = 'vouchers.created'), 2, '… and audited once each');
select is_empty($$ select from private.idempotency_keys where answer::text like '%' || (tests.kept('batch') #>> '{codes,0}') || '%' $$,
  'create_vouchers: a stored answer → has no codes');

-- without a key
select tests.sign_in(tests.the('admin'));
select tests.keep('plain', pg_temp.make(3));
select is(pg_temp.refusal('select pg_temp.make(3)'), 'RB409 ' || (tests.kept('plain') ->> 'batchId'),
  'create_vouchers: the same request without a key → RB-409 with the batch');
select is(pg_temp.refusal('select pg_temp.make(4)'), 'ok', 'create_vouchers: another number → ok');
select is(pg_temp.refusal('select pg_temp.make(3, value => 5)'), 'ok', 'create_vouchers: other terms → ok');
select is(pg_temp.refusal('select pg_temp.make(3, pattern => ''MORE-****-****'')'), 'ok', 'create_vouchers: another pattern → ok');
select is(pg_temp.refusal('select pg_temp.make(3, ''on purpose'')'), 'ok', 'create_vouchers: the same request with a key → ok');
select is(pg_temp.refusal('select pg_temp.make(3, value => -5)'), 'RB400 ', 'create_vouchers: refused …');
select is(pg_temp.refusal('select pg_temp.make(3, value => -5)'), 'RB400 ', '… and refused again: what was refused was not made');
select tests.sign_in(tests.the('colleague'));
select is(pg_temp.refusal('select pg_temp.make(3)'), 'ok', 'create_vouchers: another admin → ok');
select isnt(pg_temp.make(1500, 'spring') ->> 'batchId', tests.kept('batch') ->> 'batchId', 'create_vouchers: the key of another admin → a key of one''s own');
select tests.sign_out();
update private.idempotency_keys set created_at = now() - interval '11 minutes' where scope like 'create_vouchers_again:%';
select tests.sign_in(tests.the('admin'));
select is(pg_temp.refusal('select pg_temp.make(3)'), 'ok', 'create_vouchers: after ten minutes → ok');
select throws_ok($$ select public.create_vouchers(tests.the('client'), 3, '{"type": "credit", "value": 5, "code": "SPRING-2027"}') $$, 'RB400',
  'code is for one voucher; the codes of many have a pattern', 'create_vouchers: a code → RB-400');
select tests.sign_out();
select tests.sign_in(tests.create_user('client_admin', tests.create_client()));
select is(pg_temp.refusal('select pg_temp.make(1500, ''spring'')'), 'RB404 ', 'create_vouchers: an admin of another client → RB-404, and no batch');

-- one
select tests.sign_in(tests.the('admin'));
select tests.keep('one', to_jsonb(public.create_voucher(tests.the('client'), '{"type": "credit", "value": 1000}', 'one')));
select is(to_jsonb(public.create_voucher(tests.the('client'), '{"type": "credit", "value": 1000}', 'one')), tests.kept('one'),
  'create_voucher: the same key and request → the same voucher');
select is(pg_temp.refusal($$ select public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5}', 'one') $$), 'RB409 ',
  'create_voucher: the same key, another request → RB-409');
select is((public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5, "code": "SPRING-2027"}', 'two')).id,
  (public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5, "code": "SPRING-2027"}', 'two')).id,
    'create_voucher: a chosen code with the same key → the same voucher');

select * from finish();
rollback;
