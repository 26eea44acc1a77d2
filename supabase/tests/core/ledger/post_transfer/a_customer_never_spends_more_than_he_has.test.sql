begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep_ledger();

select tests.give(60);
select tests.give(40);
select is(tests.ada_has(), '100/0/100', 'What is given is there');
select is(tests.refusal_of('select tests.spend(101)'), '{"code": "WL-001", "balance": 100, "needed": 101}'::jsonb, 'Who wants more is told what he has and needs');
select is(tests.ada_has(), '100/0/100', 'And keeps it');
select lives_ok('select tests.spend(100)', 'All of it can be spent');
select is(tests.ada_has(), '0/0/0', 'Then nothing is left');
select throws_ok('select tests.spend(1)', 'WL001', null, 'Not even for one more');
select throws_like('select tests.spend(0)', '%must be positive%', 'Nothing is no amount');
select throws_like('select tests.spend(-5)', '%must be positive%', 'Nobody earns by spending less than nothing');
select lives_ok($$ select private.post_transfer(tests.the('client'), 'loss', tests.the('issuance'), tests.the('revenue'),
  1000000, 'system') $$, 'The system gives what it does not have');

select * from finish();
rollback;
