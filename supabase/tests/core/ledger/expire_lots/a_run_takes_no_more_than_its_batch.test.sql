begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep_ledger();

select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
select tests.give(1, now() + interval '1 day');
select tests.give(1, now() + interval '2 days', 'bob');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'expire_lots: a batch of one → the earliest lot');
select is(tests.ada_has(), '0/0/0', 'expire_lots: a batch of one → of the account that it is on');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'expire_lots: the next run → the next lot');

select * from finish();
rollback;
