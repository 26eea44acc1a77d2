begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep_ledger();

select tests.give(10);
select tests.give(20, now() + interval '1 day');
select tests.give(30, now() + interval '2 days');
select tests.spend(5);
select is(private.expire_lots(now()), 0, 'What has not lapsed does not expire');
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 20;
select is(tests.ada_has(), '40/0/40', 'What has lapsed no longer counts, before any job ran');
select throws_ok('select tests.spend(41)', 'WL001', null, 'And cannot be spent');
select is((select balance from public.ledger_accounts where id = tests.the('ada')), 55.00, 'Though it still stands there');
select is(private.expire_lots(now()), 1, 'The job expires it');
select is(private.expire_lots(now()), 0, 'Once');
select is((select balance from public.ledger_accounts where id = tests.the('ada')), 40.00, 'Then it is gone');
select is(private.balance_at(private.system_account(tests.the('client'), 'breakage', 'bizcoin'), clock_timestamp()), 15.00,
  'To breakage');
select is((select count(*)::int from public.ledger_transfers where transfer_type = 'expiry'), 1, 'In a transfer');

-- what is held in time is spared until the hold ends
select tests.keep('hold', (private.reserve_hold(tests.the('ada'), 25, now() + interval '1 hour', 'hold')).id);
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 30;
select is(tests.ada_has(), '35/25/10', 'What is held counts until its hold ends');
select is(private.expire_lots(now()), 1, 'What is not held of a lapsed lot expires');
select is(tests.ada_lots(), '10/0/25', 'What is held does not');
select private.release_hold(tests.the('hold'));
select is(tests.ada_has(), '10/0/10', 'Released, it counts for nothing at once');
select is(private.expire_lots(now()), 1, 'And expires');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
