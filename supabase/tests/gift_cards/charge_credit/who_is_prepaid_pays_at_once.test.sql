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

select is(pg_temp.charge(25, 'postpaid'), 'ok', 'charge_credit: a client that is not prepaid → not charged');
select is(pg_temp.credit(), null, 'charge_credit: a client that is not prepaid → no account');

select tests.give_credit(tests.the('client'), 60);
select is(pg_temp.charge(25.50, 'one'), 'ok', 'charge_credit: a prepaid client → charged');
select is(pg_temp.credit(), 34.50, 'charge_credit: the card''s price, exactly');
select is(pg_temp.charge(25.50, 'one'), 'ok', 'charge_credit: same key → ok');
select is(pg_temp.credit(), 34.50, 'charge_credit: same key → charged once');
select row_eq($$ select t.client_id, t.transfer_type, t.reference_id from public.ledger_transfers t
  where t.idempotency_key = 'one' $$, row(tests.the('client'), 'card_charge'::text, tests.the('grant')),
  'charge_credit: the charge is in the client''s books with its reference');
select is(private.balance_at(private.system_account(tests.the('client'), 'revenue', 'credit:USD'), 'infinity'), 25.50,
  'charge_credit: the charge → revenue of the client');
select is(pg_temp.charge(34.51, 'two'), 'GC006', 'charge_credit: a cent more than the credit → GC-006');
select is(pg_temp.credit(), 34.50, 'charge_credit: refused → nothing is charged');
select is(pg_temp.charge(34.50, 'three'), 'ok', 'charge_credit: the whole credit → charged');
select is(pg_temp.credit(), 0.00, 'charge_credit: the whole credit → zero');
select is(pg_temp.charge(0, 'free'), 'ok', 'charge_credit: a price of zero → ok');
select is(pg_temp.charge(5, 'euro', currency => 'EUR'), 'GC006', 'charge_credit: another currency → GC-006');
select is(pg_temp.charge(5, 'agency', 'agency'), 'ok', 'charge_credit: an agency that is not prepaid → not charged');

select tests.give_credit(tests.the('client'), 30, 'agency');
select is(pg_temp.charge(20, 'agency one', 'agency'), 'ok', 'charge_credit: a prepaid agency → charged');
select is(pg_temp.credit('agency'), 10.00, 'charge_credit: a prepaid agency → from its own account');
select row_eq($$ select t.client_id, count(e.client_id) from public.ledger_transfers t
  join public.ledger_entries e on e.transfer_id = t.id where t.idempotency_key = 'agency one' group by t.client_id $$,
  row(null::uuid, 0::bigint), 'charge_credit: nothing of it is in the client''s books');
select is(pg_temp.charge(20, 'agency two', 'agency'), 'GC006', 'charge_credit: more than the agency has → GC-006');
select is_empty('select * from private.ledger_imbalances', 'charge_credit: the ledger balances');

select * from finish();
rollback;
