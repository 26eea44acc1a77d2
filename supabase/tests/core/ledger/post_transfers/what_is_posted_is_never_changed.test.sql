begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep_ledger();

select tests.give(10);
select throws_like($$ update public.ledger_entries set amount = 20 where amount = 10 $$, '%append-only%',
  'No entry is changed');
select throws_like($$ delete from public.ledger_entries $$, '%append-only%', 'Or deleted');
select throws_like($$ update public.ledger_transfers set description = 'other' $$, '%append-only%', 'No transfer is changed');
select throws_like($$ delete from public.ledger_transfers $$, '%append-only%', 'Or deleted');
select throws_like($$ delete from private.ledger_lot_uses $$, '%append-only%', 'No use of a lot is deleted');
select throws_like($$ truncate public.ledger_transfers cascade $$, '%append-only%', 'Nothing is truncated');
select throws_like($$ insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, created_at)
  select client_id, id, tests.the('revenue'), 'bizcoin', 1, now() from public.ledger_transfers $$, '%sum to zero%',
  'No entry is added that does not sum to zero');
select throws_like($$ update public.ledger_accounts set balance = -1 where id = tests.the('ada') $$,
  '%ledger_accounts_%', 'No balance is set below zero');

select * from finish();
rollback;
