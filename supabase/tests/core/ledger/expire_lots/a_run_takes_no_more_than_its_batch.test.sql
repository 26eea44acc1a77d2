begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep_ledger();

select tests.keep('bob', private.ledger_account(tests.the('client'), 'user', gen_random_uuid(), 'bizcoin'));
select tests.give(1, now() + interval '1 day');
select tests.give(1, now() + interval '2 days', 'bob');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'A run of one takes the earliest');
select is(tests.ada_has(), '0/0/0', 'Of the first account');
select is(private.expire_lots(now() + interval '3 days', 1), 1, 'The next run takes the next');

select * from finish();
rollback;
