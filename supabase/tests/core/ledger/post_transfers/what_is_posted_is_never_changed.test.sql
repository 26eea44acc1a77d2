begin;
set local search_path = public, extensions, tests;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('owner', tests.create_user('customer', tests.the('client')));
select tests.keep('ada', private.ledger_account(tests.the('client'), 'user', tests.the('owner'), 'bizcoin'));
select tests.keep('issuance', private.system_account(tests.the('client'), 'issuance', 'bizcoin'));
select tests.keep('revenue', private.system_account(tests.the('client'), 'revenue', 'bizcoin'));
create function pg_temp.give(amount numeric, expires_at timestamptz default null, account text default 'ada')
returns uuid language sql as $$
  select (private.post_transfer(tests.the('client'), 'topup', tests.the('issuance'), tests.the(account), amount,
    gen_random_uuid()::text, expires_at => expires_at)).id
$$;

select pg_temp.give(10);
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
