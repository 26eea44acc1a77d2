begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('other', tests.create_client());
select tests.keep('issuance', private.system_account(null, 'issuance', 'credit:USD'));
select tests.keep('agencys', private.ledger_account(null, 'agency', tests.the('agency'), 'credit:USD'));
select tests.keep('clients', private.ledger_account(tests.the('client'), 'client', tests.the('client'), 'credit:USD'));
select tests.keep('others', private.ledger_account(tests.the('other'), 'client', tests.the('other'), 'credit:USD'));
create function pg_temp.move(client text, source text, target text) returns text language plpgsql as $$
begin
  perform private.post_transfer(tests.the(client), 'test', tests.the(source), tests.the(target), 10, gen_random_uuid()::text);
  return 'moved';
exception when raise_exception then
  return sqlerrm;
end $$;
select tests.keep('nobody', null::text);
select private.post_transfer(null, 'test', tests.the('issuance'), tests.the('agencys'), 100, 'a hundred');

select is(private.ledger_account(null, 'agency', tests.the('agency'), 'credit:USD'), tests.the('agencys'),
  'ledger_account: an agency and a currency → one account');
select is(private.system_account(null, 'issuance', 'credit:USD'), tests.the('issuance'), 'system_account: no client and a currency → one issuance account');
select throws_ok($$ select private.ledger_account(null, 'agency', tests.the('agency'), 'points') $$, '23514', null,
  'ledger_account: no client, an asset other than credit → check violation');
select throws_ok($$ select private.ledger_account(null, 'user', gen_random_uuid(), 'credit:USD') $$, '23514', null,
  'ledger_account: no client, a user → check violation');
select is(pg_temp.move('nobody', 'issuance', 'agencys'), 'moved', 'post_transfers: platform to agency → posted');
select is(pg_temp.move('client', 'agencys', 'clients'), 'moved', 'post_transfers: agency to its client, under the client → posted');
select is(pg_temp.move('client', 'clients', 'others'), 'a transfer moves whole cents between accounts of its client',
  'post_transfers: one client to another → error');
select is(pg_temp.move('other', 'agencys', 'others'), 'a transfer moves whole cents between accounts of its client',
  'post_transfers: an agency to a client of another agency → error');
select is(pg_temp.move('nobody', 'agencys', 'clients'), 'a transfer moves whole cents between accounts of its client',
  'post_transfers: agency to its client without the client → error');
select bag_eq($$ select e.client_id, e.amount from public.ledger_entries e $$,
  $$ values (null::uuid, -100.00), (null, 100.00), (null, -10.00), (null, 10.00), (null, -10.00), (tests.the('client'), 10.00) $$,
  'ledger_entries: client_id is that of the account');
select is_empty('select * from private.ledger_imbalances', 'post_transfers: the ledger balances');

select * from finish();
rollback;
