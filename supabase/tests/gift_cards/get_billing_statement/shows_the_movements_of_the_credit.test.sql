-- Computed by hand, from the ledger. The client is in New York, where March 2026 begins on March 1, 05:00 UTC and ends on
-- April 1, 04:00 UTC; its agency is nowhere in particular, so that its months are UTC's.
-- The agency:  February  0 + 500 − 200 (to its client) = 300
--              March     300 + 40 (back from the client) − 60 (to the client) − 24 (a card) + 24 (it came back) = 280
-- The client:  February  0 + 200 − 25 = 175, and 26 more in the last hour, which is March in UTC: 149
--              March     149 + 60 − 40 − (30 + 98 for a sale) + (26 back from February's card + 24.50 for a returned card) = 91.50
--              April     91.50 − 10 = 81.50
begin;
set local search_path = public, extensions, tests;
select plan(16);

select tests.keep('client', tests.create_client('America/New_York'));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
alter table public.ledger_entries disable trigger ledger_entries_are_immutable;

-- Posts what follows at a time: entries are in the order of their times.
create function pg_temp.at(at timestamptz, transfer public.ledger_transfers) returns uuid language plpgsql as $$
begin
  update public.ledger_entries e set created_at = at where e.transfer_id = transfer.id;
  return transfer.id;
end $$;
create function pg_temp.agencys() returns uuid language sql as $$
  select private.credit_account('agency', tests.the('agency'), 'USD')
$$;
create function pg_temp.clients() returns uuid language sql as $$
  select private.credit_account('client', tests.the('client'), 'USD')
$$;
create function pg_temp.pay(account uuid, kind text, amount numeric) returns public.ledger_transfers language sql as $$
  select private.post_credit(kind, account, (
    select private.system_account(a.client_id, 'revenue', a.asset) from public.ledger_accounts a where a.id = account), amount, gen_random_uuid()::text)
$$;
create function pg_temp.move(kind text, source uuid, target uuid, amount numeric) returns public.ledger_transfers language sql as $$
  select private.post_credit(kind, source, target, amount, gen_random_uuid()::text)
$$;
create function pg_temp.back(transfer uuid, amount numeric) returns public.ledger_transfers language sql as $$
  select private.reverse_transfer(transfer, amount, gen_random_uuid()::text, 'back')
$$;

select pg_temp.clients(), pg_temp.agencys();
update public.ledger_accounts set created_at = '2026-02-02' where owner_id in (tests.the('client'), tests.the('agency'));
select pg_temp.at('2026-02-02Z', pg_temp.move('allocation', private.system_account(null, 'issuance', 'credit:USD'),
  pg_temp.agencys(), 500));
select pg_temp.at('2026-02-03Z', pg_temp.move('allocation', pg_temp.agencys(), pg_temp.clients(), 200));
select pg_temp.at('2026-02-04Z', pg_temp.pay(pg_temp.clients(), 'card_charge', 25));
select tests.keep('february', pg_temp.at('2026-03-01 04:59:59Z', pg_temp.pay(pg_temp.clients(), 'card_charge', 26)));
select pg_temp.at('2026-03-01 05:00:00Z', pg_temp.pay(pg_temp.clients(), 'card_charge', 30));
select tests.keep('agencys_card', pg_temp.at('2026-03-02Z', pg_temp.pay(pg_temp.agencys(), 'card_charge', 24)));
select tests.keep('sale', pg_temp.at('2026-03-03Z', pg_temp.pay(pg_temp.clients(), 'card_sale', 98)));
select pg_temp.at('2026-03-04Z', pg_temp.move('allocation', pg_temp.agencys(), pg_temp.clients(), 60));
select pg_temp.at('2026-03-05Z', pg_temp.move('allocation_return', pg_temp.clients(), pg_temp.agencys(), 40));
select pg_temp.at('2026-03-06Z', pg_temp.back(tests.the('february'), 26));
select pg_temp.at('2026-03-07Z', pg_temp.back(tests.the('sale'), 24.50));
select pg_temp.at('2026-03-08Z', pg_temp.back(tests.the('agencys_card'), 24));
-- set aside for a purchase, and not paid yet
select tests.keep('held', (private.reserve_hold(pg_temp.clients(), 10, now() + interval '1 day', 'held', null)).id);
select pg_temp.at('2026-04-01 04:00:00Z', pg_temp.pay(pg_temp.clients(), 'card_charge', 10));

create function pg_temp.credit(month date, client text default null, agency text default null) returns jsonb language sql as $$
  select tests.billing_statement(case when client is not null then tests.the(client) end, case when agency is not null then tests.the(agency) end, month::text) #> '{result,credit}'
$$;
create function pg_temp.figures(credit jsonb) returns numeric[] language sql as $$
  select array[(c ->> 'opening')::numeric, (c ->> 'allocated')::numeric, (c ->> 'passedOn')::numeric,
    (c ->> 'charged')::numeric, (c ->> 'reversed')::numeric, (c ->> 'closing')::numeric]
  from jsonb_array_elements(credit) c
$$;

select is(pg_temp.credit('2026-03-01', client => 'client'), '[{"currency": "USD", "opening": 149.00, "allocated": 60.00,
  "passedOn": 40.00, "charged": 128.00, "reversed": 50.50, "closing": 91.50}]', 'get_billing_statement: the client''s March');
select is(pg_temp.figures(pg_temp.credit('2026-02-01', client => 'client')), array[0, 200.00, 0, 51.00, 0, 149.00],
  '… February ends when March begins in New York');
select is(pg_temp.figures(pg_temp.credit('2026-04-15', client => 'client')), array[91.50, 0, 0, 10.00, 0, 81.50],
  '… midnight is April''s; held credit is still shown');
select is(pg_temp.figures(pg_temp.credit('2026-05-01', client => 'client')), array[81.50, 0, 0, 0, 0, 81.50],
  'get_billing_statement: a month without movements → ends as it began');
select is(pg_temp.credit('2026-01-01', client => 'client'), '[]', 'get_billing_statement: before the account → none');
select is(pg_temp.figures(pg_temp.credit('2026-02-01', agency => 'agency')), array[0, 500.00, 200.00, 0, 0, 300.00],
  'get_billing_statement: the agency''s February');
select is(pg_temp.figures(pg_temp.credit('2026-03-01', agency => 'agency')), array[300.00, 40.00, 60.00, 24.00, 24.00, 280.00],
  'get_billing_statement: March → credit returned by a client is credited');

-- the same in every month, for everybody, and against the account
select is(f[1] + f[2] - f[3] - f[4] + f[5], f[6], format('%s %s: it adds up', who, month))
from (values ('client', date '2026-02-01'), ('client', '2026-03-01'), ('client', '2026-04-01'), ('agency', '2026-02-01'),
    ('agency', '2026-03-01')) m (who, month),
  lateral (select pg_temp.figures(pg_temp.credit(month, client => nullif(who, 'agency'), agency => nullif(who, 'client')))) x (f);
select is((pg_temp.figures(pg_temp.credit((now() + interval '40 days')::date, client => 'client')))[6],
  (select balance from public.ledger_accounts where id = pg_temp.clients()), 'get_billing_statement: the last closing balance is the account''s');

-- another currency stands by itself; who is not prepaid has no credit to tell of
select private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:EUR'),
  private.credit_account('agency', tests.the('agency'), 'EUR'), 7, 'euros');
select is((select jsonb_agg(c -> 'currency') from jsonb_array_elements(pg_temp.credit(now()::date, agency => 'agency')) c),
  '["EUR", "USD"]', 'get_billing_statement: currencies are never added');
select tests.keep('on_invoice', tests.create_client());
select is(pg_temp.credit(now()::date, client => 'on_invoice'), '[]', 'get_billing_statement: an account without credit → no movements');
select is_empty('select * from private.ledger_imbalances', 'get_billing_statement: the ledger is in balance');

select * from finish();
rollback;
