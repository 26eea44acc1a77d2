begin;
set local search_path = public, extensions, tests;
select plan(18);

select tests.keep_ledger();

select tests.keep('gift', tests.give(100));
select tests.spend(10);
select private.reserve_hold(tests.the('ada'), 20, now() + interval '1 hour', 'hold');
select tests.keep('reversed', tests.spend(10));
select private.reverse_transfer(tests.the('reversed'), 10, 'reversal');
select is_empty('select * from private.ledger_imbalances', 'ledger_imbalances: a balanced ledger → empty');

-- what no function does, done behind their backs and undone again
alter table public.ledger_entries disable trigger user;
alter table public.ledger_transfers disable trigger user;
alter table private.ledger_lot_uses disable trigger user;
create function pg_temp.problems_after(statement text) returns text[] language plpgsql as $$
declare
  problems text[];
begin
  execute statement;
  problems := array(select distinct problem from private.ledger_imbalances);
  raise sqlstate 'XX999' using message = array_to_string(problems, '|');
exception when sqlstate 'XX999' then
  return string_to_array(sqlerrm, '|');
end $$;
create function pg_temp.names(problem text, statement text) returns text language sql as $$
  select ok(problem = any (pg_temp.problems_after(statement)), statement || ': ' || problem)
$$;

select pg_temp.names('a transfer has entries that do not sum to zero',
  $$ update public.ledger_entries set amount = amount - 1 where account_id = tests.the('issuance') $$);
select pg_temp.names('a transfer has entries that do not sum to zero',
  $$ insert into public.ledger_transfers (client_id, transfer_type, idempotency_key) values (tests.the('client'), 'x', 'x') $$);
select pg_temp.names('an entry is on an account of another client or asset, or on none',
  $$ update public.ledger_entries set account_id = gen_random_uuid() where account_id = tests.the('revenue') $$);
select pg_temp.names('a transfer moves between clients, or between a client and an agency that is not its own',
  $$ update public.ledger_transfers set client_id = tests.create_client() where id = tests.the('gift') $$);
select pg_temp.names('a balance is not the sum of its entries',
  $$ update public.ledger_accounts set balance = balance + 1 where id = tests.the('ada') $$);
select pg_temp.names('an entry does not follow the one before',
  $$ update public.ledger_entries set balance_after = balance_after + 1 where version = 2 $$);
select pg_temp.names('an entry does not follow the one before',
  $$ update public.ledger_entries set version = 9 where version = 4 $$);
select pg_temp.names('lots do not sum to the balance, or their holds not to what is held',
  $$ update public.ledger_lots set remaining = remaining - 1 where transfer_id = tests.the('gift') $$);
select pg_temp.names('lots do not sum to the balance, or their holds not to what is held',
  $$ update public.ledger_accounts set held = held - 1 where id = tests.the('ada') $$);
select pg_temp.names('a lot is not what its uses left of it', $$ update private.ledger_lot_uses set amount = amount - 1 $$);
select pg_temp.names('what is held in a lot is not what its holds set aside',
  $$ update public.ledger_lots set held = held - 1 where transfer_id = tests.the('gift') $$);
select pg_temp.names('a hold does not stand in lots', $$ update private.ledger_hold_lots set amount = amount - 1 $$);
select pg_temp.names('a lot or a transfer is used that does not exist',
  $$ update private.ledger_lot_uses set lot_id = -1 $$);
select pg_temp.names('a lot or a transfer is used that does not exist',
  $$ update private.ledger_lot_uses set transfer_id = gen_random_uuid() $$);
select pg_temp.names('a hold stands in a lot, or a lot is held, that does not exist',
  $$ update private.ledger_hold_lots set lot_id = -1 $$);
select pg_temp.names('a hold stands in a lot, or a lot is held, that does not exist',
  $$ update private.ledger_hold_lots set hold_id = gen_random_uuid() $$);
select pg_temp.names('more was reversed than was moved',
  $$ update public.ledger_entries set amount = amount + 1 where account_id = tests.the('ada')
    and transfer_id in (select id from public.ledger_transfers where reverses is not null) $$);

select * from finish();
rollback;
