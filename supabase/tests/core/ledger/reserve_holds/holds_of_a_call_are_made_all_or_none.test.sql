begin;
set local search_path = public, extensions, tests;
select plan(7);

select tests.keep_ledger();
select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
select tests.give(10, now() + interval '1 day');
select tests.give(10);
select tests.give(5, null, 'bob');

create function pg_temp.request(name text, amount numeric, key text) returns private.hold_request language sql as $$
  select row(tests.the(name), amount, now() + interval '1 hour', key, null)::private.hold_request
$$;
create function pg_temp.capture(hold_id uuid, amount numeric)
returns private.hold_capture language sql as $$
  select row(hold_id, tests.the('revenue'), amount, 'capture', null)::private.hold_capture
$$;
create temp table held as
  select * from unnest(private.reserve_holds(array[
    pg_temp.request('ada', 8, 'first'), pg_temp.request('ada', 8, 'second'), pg_temp.request('bob', 5, 'third')]));

select is((select string_agg(trim_scale(l.held)::text, '/' order by l.id) from public.ledger_lots l), '10/6/5',
  'reserve_holds: two holds of one account → the second sets aside what the first has left');
select is((select array_agg(h.id) from unnest(private.reserve_holds(array[
    pg_temp.request('bob', 5, 'third'), pg_temp.request('ada', 8, 'first')])) h),
  array[(select id from held where idempotency_key = 'third'), (select id from held where idempotency_key = 'first')],
  'reserve_holds: keys of before → their holds, in the order of the requests');
select throws_ok($$ select private.reserve_holds(array[pg_temp.request('ada', 1, 'fits'), pg_temp.request('bob', 1, 'too much')]) $$,
  'WL001', null, 'reserve_holds: one of two does not fit → WL-001');
select is((select count(*)::int from public.ledger_holds), 3, 'reserve_holds: one of two does not fit → none is made');
select is((select array_agg(c.captured_amount order by c.captured_amount)
  from unnest(private.capture_holds(array(select pg_temp.capture(h.id, 5) from held h))) c), array[5.00, 5.00, 5.00],
  'capture_holds: holds of two accounts → each is captured');
select is(tests.ada_has(), '10/0/10', 'capture_holds: parts of holds → the rest is free again');
select is_empty('select * from private.ledger_imbalances', 'reserve_holds, capture_holds: the ledger balances');

select * from finish();
rollback;
