begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep_ledger();

create function pg_temp.top_up(amount numeric, key text, expires_at timestamptz default null, description text default null,
  reference_id uuid default null) returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the('ada'), amount, key,
    description, reference_id, expires_at)).id
$$;
select tests.keep('first', pg_temp.top_up(10, 'key'));
select is(pg_temp.top_up(10, 'key'), tests.the('first'), 'post_transfer: same key and content → the same transfer');
select is(pg_temp.top_up(10.00, 'key', now() + interval '1 year', 'in other words'), tests.the('first'),
  'post_transfer: same key, another expiry and description → the same transfer');
select is(tests.ada_has(), '10/0/10', 'post_transfer: a repeated key → posted once');
select throws_ok($$ select pg_temp.top_up(11, 'key') $$, 'RB409', null, 'post_transfer: same key, another amount → RB-409');
select throws_ok($$ select pg_temp.top_up(10, 'key', reference_id => gen_random_uuid()) $$, 'RB409', null,
  'post_transfer: same key, another reference → RB-409');
select throws_ok($$ select private.post_transfer(tests.the('client'), 'topup', tests.the('revenue'), tests.the('ada'), 10,
  'key') $$, 'RB409', null, 'post_transfer: same key, another account → RB-409');
select throws_ok($$ select private.post_transfer(tests.the('client'), 'bonus', tests.the('issuance'), tests.the('ada'), 10,
  'key') $$, 'RB409', null, 'post_transfer: same key, another type → RB-409');
select isnt(pg_temp.top_up(10, 'another key'), tests.the('first'), 'post_transfer: another key → another transfer');
select throws_ok($$ select pg_temp.top_up(10, null) $$, '23502', null, 'post_transfer: no key → not-null violation');

select * from finish();
rollback;
