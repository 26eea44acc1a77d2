begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('grant', gen_random_uuid());

create function pg_temp.charge(amount numeric, key text, billed text default 'client', currency text default 'USD')
returns text language plpgsql as $$
begin
  perform private.charge_credit(tests.the('client'), private.payers_of(tests.the('client'), billed, currency),
    row(amount, amount), currency, key, tests.the('grant'));
  return 'ok';
exception when others then
  return sqlstate;
end $$;
create function pg_temp.credit(owner text default 'client', currency text default 'USD') returns numeric language sql as $$
  select a.balance from public.ledger_accounts a where a.owner_id = tests.the(owner) and a.asset = 'credit:' || currency
$$;

select is(pg_temp.charge(25, 'postpaid'), 'ok', 'Whoever is not prepaid is not charged');
select is(pg_temp.credit(), null, 'And has no account');

select tests.give_credit(tests.the('client'), 60);
select is(pg_temp.charge(25.50, 'one'), 'ok', 'A prepaid client is charged');
select is(pg_temp.credit(), 34.50, 'The card''s price, exactly');
select is(pg_temp.charge(25.50, 'one'), 'ok', 'The same key again');
select is(pg_temp.credit(), 34.50, 'Charges nothing more');
select row_eq($$ select t.client_id, t.transfer_type, t.reference_id from public.ledger_transfers t
  where t.idempotency_key = 'one' $$, row(tests.the('client'), 'card_charge'::text, tests.the('grant')),
  'The charge stands in the client''s books and names what it was for');
select is(private.balance_at(private.system_account(tests.the('client'), 'revenue', 'credit:USD'), 'infinity'), 25.50,
  'And is its revenue');
select is(pg_temp.charge(34.51, 'two'), 'GC006', 'A cent too much is refused');
select is(pg_temp.credit(), 34.50, 'And takes nothing');
select is(pg_temp.charge(34.50, 'three'), 'ok', 'All there is can be spent');
select is(pg_temp.credit(), 0.00, 'To the last cent');
select is(pg_temp.charge(0, 'free'), 'ok', 'A free card costs nothing');
select is(pg_temp.charge(5, 'euro', currency => 'EUR'), 'GC006', 'Dollars pay no euros');
select is(pg_temp.charge(5, 'agency', 'agency'), 'ok', 'An agency that is not prepaid is not charged for its client');

select tests.give_credit(tests.the('client'), 30, 'agency');
select is(pg_temp.charge(20, 'agency one', 'agency'), 'ok', 'A prepaid agency pays for its client');
select is(pg_temp.credit('agency'), 10.00, 'From its own account');
select row_eq($$ select t.client_id, count(e.client_id) from public.ledger_transfers t
  join public.ledger_entries e on e.transfer_id = t.id where t.idempotency_key = 'agency one' group by t.client_id $$,
  row(null::uuid, 0::bigint), 'Nothing of it stands in the client''s books');
select is(pg_temp.charge(20, 'agency two', 'agency'), 'GC006', 'And no more than it has');
select is_empty('select * from private.ledger_imbalances', 'The books balance');

select * from finish();
rollback;
