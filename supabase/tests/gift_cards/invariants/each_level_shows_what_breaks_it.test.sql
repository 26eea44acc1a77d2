-- bills_off_the_ledger, sales_off: both levels are prepaid, and each shows what breaks it
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_promise(1));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 6));
select tests.give_credit(tests.the('client'), 200, 'agency');
select tests.give_credit(tests.the('client'), 200);
select tests.keep('grant', tests.provision(tests.the('recipient')) #> '{result,grantId}');
select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 3, 20, tests.the('pool')) #> '{result,saleId}');
select tests.return_cards(tests.the('sale'), 1);
select is_empty('select * from private.invariant_violations', 'invariants: a card, a sale and a return of two prepaid levels → none violated');
create function pg_temp.violations_after(change text) returns text language sql as $$
  select tests.found_after(change, $query$
    select string_agg(distinct v.invariant || ': ' || v.problem, '; ') from private.invariant_violations v
    where v.invariant in ('bills_off_the_ledger', 'sales_off') $query$)
$$;
alter table public.billing_transactions disable trigger billing_transactions_are_immutable;
alter table public.admin_card_sales disable trigger admin_card_sales_are_immutable;
alter table public.ledger_transfers disable trigger ledger_transfers_are_immutable;

select is(pg_temp.violations_after(format('update public.billing_transactions set platform_price = platform_price + 0.01 where grant_id = %L',
  tests.the('grant'))), 'bills_off_the_ledger: agency: charged otherwise than billed',
    'invariants: the agency is billed a cent more than it was charged → shown');
select is(pg_temp.violations_after(format('update public.billing_transactions set client_price = client_price + 0.01 where grant_id = %L',
  tests.the('grant'))), 'bills_off_the_ledger: client: charged otherwise than billed',
    'invariants: the client is billed a cent more than it was charged → shown');
select is(pg_temp.violations_after(format('update public.ledger_transfers set reference_id = null where reference_id = %L and client_id is null',
  tests.the('grant'))), 'bills_off_the_ledger: agency: billed to a prepaid payer, and not charged; '
  'bills_off_the_ledger: agency: charged otherwise than billed', 'invariants: a bill without the agency''s charge → shown');
select is(pg_temp.violations_after(format(
  'select private.reverse_transfer(t.id, null, %L) from public.ledger_transfers t where t.reference_id = %L and t.client_id is null',
  'undue', tests.the('grant'))), 'bills_off_the_ledger: agency: charged otherwise than billed', 'invariants: a charge reversed at one level alone → shown');
select is(pg_temp.violations_after(format('update public.billing_transactions set billed_entity_type = %L, billed_entity_id = agency_id,
  client_price = 0 where grant_id = %L', 'agency', tests.the('grant'))), 'bills_off_the_ledger: client: charged otherwise than billed',
  'invariants: a client that was charged for what its agency pays → shown');
select is(pg_temp.violations_after('update public.admin_card_sales set platform_price_per_card = 21'),
  'sales_off: paid otherwise than sold', 'invariants: a sale at another price than the agency paid → shown');
select is(pg_temp.violations_after('update public.admin_card_sales set price_per_card = 21'),
  'sales_off: paid otherwise than sold', 'invariants: a sale at another price than the client paid → shown');
select throws_ok(format('update public.billing_transactions set stock_owner = %L where grant_id = %L', 'client', tests.the('grant')),
  '23514', null, 'invariants: a bill of own stock with a cost of the platform → refused');
select is_empty('select * from private.invariant_violations', 'invariants: all undone → none violated');

select * from finish();
rollback;
