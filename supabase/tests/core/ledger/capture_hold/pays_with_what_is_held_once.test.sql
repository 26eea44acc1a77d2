begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep_ledger();

create function pg_temp.capture(name text, amount numeric default null, target text default 'revenue')
returns public.ledger_holds language sql as $$
  select private.capture_hold(tests.the(name), tests.the(target), amount)
$$;
select tests.give(10, now() + interval '1 day');
select tests.give(90);
select tests.keep('whole', tests.reserve(30));
select is((pg_temp.capture('whole')).status, 'captured', 'A hold is captured');
select is(tests.ada_has(), '70/0/70', 'Then it is spent');
select is(private.balance_at(tests.the('revenue'), clock_timestamp()), 30.00, 'By whom it was held for');
select is((pg_temp.capture('whole')).captured_amount, 30.00, 'The same again gives the same capture');
select is(tests.ada_has(), '70/0/70', 'And takes nothing more');
select throws_ok($$ select pg_temp.capture('whole', 10) $$, 'WL003', null, 'Another amount of it is refused');
select throws_ok($$ select pg_temp.capture('whole', 30, 'issuance') $$, 'WL003', null, 'And another target');

select tests.keep('part', tests.reserve(20));
select throws_like($$ select pg_temp.capture('part', 21) $$, '%no more than is held%', 'No more than is held is captured');
select pg_temp.capture('part', 5);
select is(tests.ada_has(), '65/0/65', 'Of a part the rest is free again');

select tests.keep('free', tests.reserve(20));
select private.release_hold(tests.the('free'));
select throws_ok($$ select pg_temp.capture('free') $$, 'WL003', null, 'What was released is not captured');
select throws_ok($$ select pg_temp.capture('client') $$, 'RB404', null, 'What was not held is not found');

-- held in time
select tests.give(7, now() + interval '1 hour');
select tests.keep('late', tests.reserve(7));
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 7;
update public.ledger_holds set expires_at = now() - interval '1 second' where id = tests.the('late');
select is((pg_temp.capture('late')).status, 'captured',
  'A hold past its time is captured as long as nobody released it, though its lot has lapsed');
select is(tests.ada_lots(), '0/65/0', 'And takes what it held');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
