-- A history of 300 days, one card with its bill, message and attempt each: a report of one day, and the statement of one month, read rows
-- of that range. Scans of whole tables are off, because they are cheaper as long as tables are small.
begin;
set local search_path = public, extensions, tests;
set local enable_seqscan = off;
select plan(8);

select tests.keep('client', tests.create_client());
select tests.keep('brand', tests.create_brand());
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 320));
select tests.add_delivery(tests.give_card(r.id, tests.the('pool'), r.at, r.at + interval '1 minute'), 'sms', 'delivered', '{retriable,sent}', 60)
from (
  select x as id, '2026-01-01 12:00Z'::timestamptz + row_number() over () * interval '1 day' as at
  from tests.create_recipients(tests.the('campaign'), 300) x) r;
update public.gift_cards set created_at = '2025-12-31' where pool_id = tests.the('pool');
analyze public.gift_cards, public.deliveries, public.delivery_attempts, public.billing_transactions, public.ledger_transfers;

-- Rows of the history that a statement reads.
create function pg_temp.rows_read() returns bigint language sql as $$
  select sum(s.seq_tup_read + coalesce(s.idx_tup_fetch, 0))::bigint from pg_stat_xact_all_tables s
  where s.relname in ('gift_cards', 'deliveries', 'delivery_attempts', 'billing_transactions', 'ledger_transfers', 'gift_card_grants')
$$;
create function pg_temp.reads(statement text) returns bigint language plpgsql as $$
declare
  before bigint := pg_temp.rows_read();
begin
  execute statement;
  return pg_temp.rows_read() - before;
end $$;

select ok(pg_temp.reads(format('select * from public.report_%s(%L, %L, %L)', report, tests.the('client'), '2026-06-10', '2026-06-11')) <= 40,
  format('report_%s: a day → reads the rows of the day', report))
from unnest(array['brand_performance', 'delivery_methods', 'geography', 'campaign_comparison', 'liability',
  'profit_by_client']) report;
select ok(pg_temp.reads(format('select tests.billing_statement(%L, null, %L)', tests.the('client'), '2026-06-01')) <= 200,
  'get_billing_statement: a month → reads the rows of the month');
select is((select given_cards::int from public.report_pool_performance(tests.the('client'), '2026-06-10', '2026-06-11')
  where pool_id = tests.the('pool')), 1, 'report_pool_performance: the day → its card');

select * from finish();
rollback;
