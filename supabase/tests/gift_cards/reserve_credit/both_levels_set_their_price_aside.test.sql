-- A card that is bought, both levels prepaid: platform price 24.00, client price 26.40. The agency has 30, its client 60.
begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_promise(0));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
update public.brand_denominations set price = 24 where brand_id = tests.the('brand');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10);
select tests.give_credit(tests.the('client'), 30, 'agency');
select tests.give_credit(tests.the('client'), 60);
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.credit() returns text language sql as $$
  select string_agg(a.balance || ' held ' || a.held, ', ' order by a.owner_type)
  from public.ledger_accounts a where a.owner_id in (tests.the('agency'), tests.the('client')) and a.asset = 'credit:USD'
$$;
create function pg_temp.ask() returns jsonb language sql as $$
  select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.create_recipients(tests.the('campaign')),
    suppliers => array[tests.kept('supplier') #>> '{}'])
$$;

select tests.keep('purchase', pg_temp.ask() #> '{result,purchase}');
select is(pg_temp.credit(), '30.00 held 24.00, 60.00 held 26.40', 'reserve_credit: each level sets its price aside');
select is(pg_temp.ask() ->> 'code', 'GC-006', 'reserve_credit: only the agency is short → GC-006');
select is(pg_temp.credit(), '30.00 held 24.00, 60.00 held 26.40', '… the client holds nothing for it');
select is(tests.complete_supplier_purchase(tests.kept('purchase'), 'declined') ->> 'code', 'GC-005', 'reserve_credit: the supplier declines');
select is(pg_temp.credit(), '30.00 held 0.00, 60.00 held 0.00', 'release_credit: both levels are free again');
select tests.keep('purchase', pg_temp.ask() #> '{result,purchase}');
select tests.keep('answer', tests.complete_supplier_purchase(tests.kept('purchase')));
select is(pg_temp.credit(), '6.00 held 0.00, 33.60 held 0.00', 'capture_credit: each level pays its own');
select row_eq($$ select b.cost_basis, b.platform_price, b.client_price, b.stock_owner from public.billing_transactions b
  where b.gift_card_id = (tests.kept('answer') #>> '{result,giftCard,id}')::uuid $$,
  row(23.75::numeric(18,2), 24.00::numeric(18,2), 26.40::numeric(18,2), 'platform'::text), 'reserve_credit: the bill has all three levels');
select is((select count(*)::int from public.ledger_holds h where h.status = 'held' and h.account_id in (
  select a.id from public.ledger_accounts a where a.owner_id in (tests.the('agency'), tests.the('client')))), 0, 'reserve_credit: no hold is left');
select tests.sign_in(tests.create_user('agency_admin', tests.the('client')));
select is((public.cancel_gift_card((tests.kept('answer') #>> '{result,giftCard,id}')::uuid, 'wrong person')).status, 'available',
  'reserve_credit: the card is returned undisclosed');
select tests.sign_out();
select is(pg_temp.credit(), '30.00 held 0.00, 60.00 held 0.00', 'reverse_charge: a captured price → returned at each level');
select is((select count(*)::int from public.ledger_transfers t where t.transfer_type = 'reversal' and t.reference_id = (
  select g.grant_id from public.billing_transactions g where g.reverses_id is not null and g.client_id = tests.the('client'))), 2,
  '… one reversal at each level');
select is(private.has_credit(r), true, 'has_credit: both levels can pay → true')
from public.pending_rewards r where r.client_id = tests.the('client') and r.status = 'awaiting_credit' limit 1;
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
