begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep_ledger();

select tests.give(60);
select tests.give(40);
select is(tests.ada_has(), '100/0/100', 'post_transfer: two top-ups → their sum is available');
select is(tests.refusal_of('select tests.spend(101)'), '{"code": "WL-001", "balance": 100, "needed": 101}'::jsonb, 'post_transfer: more than the balance → WL-001 with balance and needed');
select is(tests.ada_has(), '100/0/100', 'post_transfer: refused → the balance is unchanged');
select lives_ok('select tests.spend(100)', 'post_transfer: the whole balance → posted');
select is(tests.ada_has(), '0/0/0', 'post_transfer: the whole balance spent → zero');
select throws_ok('select tests.spend(1)', 'WL001', null, 'post_transfer: one more than nothing → WL-001');
select throws_like('select tests.spend(0)', '%must be positive%', 'post_transfer: an amount of zero → error');
select throws_like('select tests.spend(-5)', '%must be positive%', 'post_transfer: a negative amount → error');
select lives_ok($$ select private.post_transfer(tests.the('client'), 'loss', tests.the('issuance'), tests.the('revenue'),
  1000000, 'system') $$, 'post_transfer: system accounts → have no limit');

select * from finish();
rollback;
