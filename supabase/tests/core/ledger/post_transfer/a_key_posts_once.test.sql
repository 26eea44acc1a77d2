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
select is(pg_temp.top_up(10, 'key'), tests.the('first'), 'The same again gives the same transfer');
select is(pg_temp.top_up(10.00, 'key', now() + interval '1 year', 'in other words'), tests.the('first'),
  'Also when its expiry is reckoned anew and it is described in other words');
select is(tests.ada_has(), '10/0/10', 'It was posted once');
select throws_ok($$ select pg_temp.top_up(11, 'key') $$, 'RB409', null, 'Another amount with the key is refused');
select throws_ok($$ select pg_temp.top_up(10, 'key', reference_id => gen_random_uuid()) $$, 'RB409', null,
  'Another reference with the key is refused');
select throws_ok($$ select private.post_transfer(tests.the('client'), 'topup', tests.the('revenue'), tests.the('ada'), 10,
  'key') $$, 'RB409', null, 'Another account with the key is refused');
select throws_ok($$ select private.post_transfer(tests.the('client'), 'bonus', tests.the('issuance'), tests.the('ada'), 10,
  'key') $$, 'RB409', null, 'Another type with the key is refused');
select isnt(pg_temp.top_up(10, 'another key'), tests.the('first'), 'Another key is another transfer');
select throws_ok($$ select pg_temp.top_up(10, null) $$, '23502', null, 'Without a key nothing is posted');

select * from finish();
rollback;
