-- The last line of defense of balances: these constraints apply to every writer, also past all other checks.
begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep('client', tests.create_client());
select tests.keep('wallet', tests.create_wallet(tests.the('client'), 100));

create function pg_temp.account(change text) returns text language sql as $$
  select format('update public.ledger_accounts set %s where id = %L', change, tests.the('wallet'))
$$;
create function pg_temp.lot(change text) returns text language sql as $$
  select format('update public.ledger_lots set %s where account_id = %L', change, tests.the('wallet'))
$$;
create function pg_temp.refused(statement text) returns text language plpgsql as $$
declare
  violated text;
begin
  execute statement;
  return 'accepted';
exception when check_violation then
  get stacked diagnostics violated = constraint_name;
  return violated;
end $$;

select results_eq($$ select balance, held from public.ledger_accounts where id = tests.the('wallet') $$, 'values (100.00, 1.00)',
  '… a wallet of 100, of which 1 is held');
select is(pg_temp.refused(pg_temp.account('balance = -1, held = 0')), 'ledger_accounts_balance_is_not_negative',
  'ledger_accounts: a balance below zero → ledger_accounts_balance_is_not_negative');
select is(pg_temp.refused(pg_temp.account('held = 101')), 'ledger_accounts_held_is_within_balance',
  'ledger_accounts: more held than there is → ledger_accounts_held_is_within_balance');
select is(pg_temp.refused(pg_temp.account('balance = 0')), 'ledger_accounts_held_is_within_balance',
  'ledger_accounts: what is held is spent → ledger_accounts_held_is_within_balance');
select is(pg_temp.refused(pg_temp.account('held = -1')), 'ledger_accounts_held_is_within_balance',
  'ledger_accounts: less than nothing held → ledger_accounts_held_is_within_balance');
select is(pg_temp.refused(pg_temp.account('held = balance')), 'accepted', 'ledger_accounts: all of it held → accepted');
select is(pg_temp.refused(pg_temp.lot('held = remaining + 1')), 'ledger_lots_held_is_within_remaining',
  'ledger_lots: more held than remains → ledger_lots_held_is_within_remaining');
select is(pg_temp.refused(pg_temp.lot('remaining = 0, spent_at = now()')), 'ledger_lots_held_is_within_remaining',
  'ledger_lots: what is held is drawn → ledger_lots_held_is_within_remaining');
select is(pg_temp.refused(pg_temp.lot('held = -1')), 'ledger_lots_held_is_within_remaining',
  'ledger_lots: less than nothing held → ledger_lots_held_is_within_remaining');
select is(pg_temp.refused(pg_temp.lot('held = remaining')), 'accepted', 'ledger_lots: all of it held → accepted');

-- a spending that no guard has stopped
update public.ledger_accounts set held = 0 where id = tests.the('wallet');
update public.ledger_lots set held = 0 where account_id = tests.the('wallet');
select is(pg_temp.refused(format('update public.ledger_accounts set balance = balance - 101 where id = %L', tests.the('wallet'))),
  'ledger_accounts_balance_is_not_negative', 'ledger_accounts: one more than the balance is spent → ledger_accounts_balance_is_not_negative');

select * from finish();
rollback;
