begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep_ledger();

select tests.give(10);
select tests.give(20, now() + interval '1 day');
select tests.give(30, now() + interval '2 days');
select tests.spend(5);
select is(private.expire_lots(now()), 0, 'expire_lots: no lapsed lot → 0');
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 20;
select is(tests.ada_has(), '40/0/40', 'wallet_balances: a lapsed lot, before the job → not counted');
select throws_ok('select tests.spend(41)', 'WL001', null, 'post_transfer: a lapsed lot, before the job → WL-001');
select is((select balance from public.ledger_accounts where id = tests.the('ada')), 55.00, 'ledger_accounts: a lapsed lot, before the job → in the balance');
select is(private.expire_lots(now()), 1, 'expire_lots: a lapsed lot → 1');
select is(private.expire_lots(now()), 0, 'expire_lots: the next run → 0');
select is((select balance from public.ledger_accounts where id = tests.the('ada')), 40.00, 'expire_lots: a lapsed lot → out of the balance');
select is(private.balance_at(private.system_account(tests.the('client'), 'breakage', 'bizcoin'), clock_timestamp()), 15.00,
  'expire_lots: → to breakage');
select is((select count(*)::int from public.ledger_transfers where transfer_type = 'expiry'), 1, 'expire_lots: a lapsed lot → one transfer');

-- what is held in time is spared until the hold ends
select tests.keep('hold', (private.reserve_hold(tests.the('ada'), 25, now() + interval '1 hour', 'hold')).id);
update public.ledger_lots set expires_at = now() - interval '1 second' where amount = 30;
select is(tests.ada_has(), '35/25/10', 'wallet_balances: a lapsed lot that is held → counted');
select is(private.expire_lots(now()), 1, 'expire_lots: a lapsed lot held in part → 1');
select is(tests.ada_lots(), '10/0/25', 'expire_lots: a lapsed lot held in part → the held part remains');
select private.release_hold(tests.the('hold'));
select is(tests.ada_has(), '10/0/10', 'wallet_balances: released after it lapsed → not counted');
select is(private.expire_lots(now()), 1, 'expire_lots: released after it lapsed → 1');
select is_empty('select * from private.ledger_imbalances', 'expire_lots: the ledger balances');

select * from finish();
rollback;
