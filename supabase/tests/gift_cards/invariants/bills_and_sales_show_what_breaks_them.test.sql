begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep(tests.create_promise(0));
select tests.keep('neighbour', tests.create_client());
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 6));
select tests.give_credit(tests.the('client'), 200);
select tests.keep('sale', tests.sell(tests.the('master'), tests.the('client'), 3, 20, tests.the('pool')) #> '{result,saleId}');
select tests.return_cards(tests.the('sale'), 1);
select tests.provision(tests.the('recipient'));
select tests.keep('uploaded', tests.create_pool(tests.the('client'), tests.the('brand'), 0, campaign_id => tests.the('campaign')));
select tests.add_cards(tests.the('uploaded'), 1);
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('answer', tests.provision(tests.the('second')));
select tests.keep('grant', tests.kept('answer') #> '{result,grantId}');
select is_empty('select * from private.invariant_violations', 'invariants: a sale, a return and two cards of a prepaid client → none violated');
select is((select b.available from public.wallet_balances b where b.owner_id = tests.the('client')), 135.00,
  'invariants: 200 less two cards purchased at 20 and one provisioned at 25');

create function pg_temp.violations_after(change text) returns text language sql as $$
  select tests.found_after(change, $query$
    select string_agg(distinct v.invariant || ': ' || v.problem, '; ') from private.invariant_violations v
    where v.invariant in ('bills_off_the_ledger', 'sales_off') $query$)
$$;
alter table public.billing_transactions disable trigger billing_transactions_are_immutable;
alter table public.admin_card_sales disable trigger admin_card_sales_are_immutable;
alter table public.admin_card_returns disable trigger admin_card_returns_are_immutable;
alter table public.ledger_transfers disable trigger ledger_transfers_are_immutable;

select is(pg_temp.violations_after(format('update public.billing_transactions set client_price = client_price + 0.01 where grant_id = %L',
  tests.the('grant'))), 'bills_off_the_ledger: client: charged otherwise than billed', 'invariants: a bill of a cent more than was charged → shown');
select is(pg_temp.violations_after(format('update public.ledger_transfers set reference_id = null where reference_id = %L',
  tests.the('grant'))), 'bills_off_the_ledger: client: billed to a prepaid payer, and not charged; '
  'bills_off_the_ledger: client: charged otherwise than billed', 'invariants: a bill without its charge, and a charge without its bill → shown');
select is(pg_temp.violations_after(format('select private.reverse_charge(%L, %L, null)', tests.the('grant'), 'undue')),
  'bills_off_the_ledger: client: charged otherwise than billed', 'invariants: a charge reversed without its bill → shown');
select is(pg_temp.violations_after(format('select private.reverse_billing(%L, null)', tests.the('grant'))),
  'bills_off_the_ledger: client: charged otherwise than billed', 'invariants: a bill reversed without its charge → shown');
select is(pg_temp.violations_after(format('select private.reverse_billing(%1$L, null); select private.reverse_charge(%1$L, %2$L,
  null)', tests.the('grant'), 'due')), null, 'invariants: both reversed → none violated');
select is(pg_temp.violations_after(format('update public.billing_transactions set agency_id = %L where grant_id = %L',
  (select c.agency_id from public.clients c where c.id = tests.the('neighbour')), tests.the('grant'))),
  'bills_off_the_ledger: agency: billed to one that is not the client''s', 'invariants: a bill of an agency that its client has left → shown');
select is(pg_temp.violations_after('delete from private.sold_cards where gift_card_id = (
  select max(gift_card_id::text)::uuid from private.sold_cards)'), 'sales_off: cards are missing', 'invariants: a card that lost its sale → shown');
select is(pg_temp.violations_after('delete from public.admin_card_returns'), 'sales_off: cards are missing',
  'invariants: a returned card without its return → shown');
select is(pg_temp.violations_after('update public.admin_card_sales set price_per_card = 21'),
  'sales_off: paid otherwise than sold', 'invariants: a sale at another price than was paid → shown');
select is_empty('select * from private.invariant_violations', 'invariants: all undone → none violated');

select * from finish();
rollback;
