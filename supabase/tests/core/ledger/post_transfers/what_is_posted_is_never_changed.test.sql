begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep_ledger();

select tests.give(10);
select throws_like($$ update public.ledger_entries set amount = 20 where amount = 10 $$, '%append-only%',
  'ledger_entries: update → error');
select throws_like($$ delete from public.ledger_entries $$, '%append-only%', 'ledger_entries: delete → error');
select throws_like($$ update public.ledger_transfers set description = 'other' $$, '%append-only%', 'ledger_transfers: update → error');
select throws_like($$ delete from public.ledger_transfers $$, '%append-only%', 'ledger_transfers: delete → error');
select throws_like($$ delete from private.ledger_lot_uses $$, '%append-only%', 'ledger_lot_uses: delete → error');
select throws_like($$ truncate public.ledger_transfers cascade $$, '%append-only%', 'ledger_transfers: truncate → error');
select throws_like($$ insert into public.ledger_entries (client_id, transfer_id, account_id, asset, amount, created_at)
  select client_id, id, tests.the('revenue'), 'bizcoin', 1, now() from public.ledger_transfers $$, '%sum to zero%',
  'ledger_entries: an entry added alone → error');
select throws_like($$ update public.ledger_accounts set balance = -1 where id = tests.the('ada') $$,
  '%ledger_accounts_%', 'ledger_accounts: a negative balance → check violation');

select * from finish();
rollback;
