begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep_ledger();

select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
select tests.keep('points', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'points'));
select tests.keep('points issuance', private.system_account(tests.the('client'), 'issuance', 'points'));
select tests.keep('foreigner', private.ledger_account(tests.create_client(), 'user', gen_random_uuid(), 'bizcoin'));

-- one transfer of entries written as {"ada": 5, "issuance": -5}
create function pg_temp.request(amounts jsonb, key text default gen_random_uuid()::text) returns jsonb language sql as $$
  select jsonb_build_object('client_id', tests.the('client'), 'idempotency_key', key, 'transfer_type', 'test', 'entries',
    (select jsonb_agg(jsonb_build_object('account_id', tests.the(e.key), 'amount', e.value)) from jsonb_each(amounts) e))
$$;
create function pg_temp.post(variadic requests jsonb[]) returns bigint language sql as $$
  select cardinality(private.post_transfers(
    array(select p from jsonb_populate_recordset(null::private.posting, to_jsonb(requests)) p)))::bigint
$$;

select lives_ok($$ select pg_temp.post(pg_temp.request('{"issuance": -10, "ada": 6, "bob": 4}')) $$,
  'post_transfers: three entries → posted');
select results_eq($$ select balance from public.ledger_accounts where id in (tests.the('ada'), tests.the('bob'))
  order by 1 $$, 'values (4.00), (6.00)', 'post_transfers: three entries → each account has its amount');
select lives_ok($$ select pg_temp.post(pg_temp.request('{"ada": -1, "issuance": 1, "points": 5, "points issuance": -5}')) $$,
  'post_transfers: two assets, each balanced → posted');
select throws_like($$ select pg_temp.post(pg_temp.request('{"issuance": -10, "ada": 9}')) $$, '%sum to zero%',
  'post_transfers: entries that do not sum to zero → error');
select throws_like($$ select pg_temp.post(pg_temp.request('{"issuance": -10, "points": 10}')) $$, '%sum to zero%',
  'post_transfers: one asset for another → error');
select throws_like($$ select pg_temp.post(pg_temp.request('{"ada": 10}')) $$, '%sum to zero%',
  'post_transfers: one entry → error');
select throws_like($$ select pg_temp.post(pg_temp.request('{"ada": 5, "issuance": -5, "foreigner": 5}')) $$,
  '%between accounts of its client%', 'post_transfers: an account of another client → error');
select throws_like($$ select pg_temp.post(pg_temp.request('{"ada": 0.5, "issuance": -0.5}')) $$,
  '%units_are_whole%', 'post_transfers: half a bizcoin → units_are_whole');
select throws_like($$ select pg_temp.post(pg_temp.request('{"ada": 0.001, "issuance": -0.001}')) $$,
  '%moves whole cents%', 'post_transfers: less than a cent → error');
select throws_ok($$ select pg_temp.post(pg_temp.request('{"issuance": -5, "bob": 5}'),
  pg_temp.request('{"ada": -1000, "issuance": 1000}')) $$, 'WL001', null, 'post_transfers: one of two exceeds the balance → WL-001');
select is((select balance from public.ledger_accounts where id = tests.the('bob')), 4.00, 'post_transfers: one of two is refused → none is posted');
select lives_ok($$ select pg_temp.post(pg_temp.request('{"issuance": -50, "ada": 50}', 'z: first'),
  pg_temp.request('{"ada": -55, "revenue": 55}', 'a: second')) $$,
  'post_transfers: a later transfer spends what an earlier one credits → posted');
select is_empty('select * from private.ledger_imbalances', 'post_transfers: the ledger balances');

select * from finish();
rollback;
