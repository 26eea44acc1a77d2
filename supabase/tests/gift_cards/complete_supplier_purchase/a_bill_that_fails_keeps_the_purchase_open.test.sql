begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('answer', tests.provision(tests.the('recipient'), suppliers => array[tests.kept('supplier') #>> '{}']));
alter table public.billing_transactions add constraint nothing_can_be_billed check (false) not valid;
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}') ->> 'code', 'GC-007', 'complete_supplier_purchase: the bill fails → GC-007');
select is_empty($$ select from public.gift_cards where recipient_id = tests.the('recipient') $$, '… no card is claimed');
select is((select ended_at from public.gift_card_purchases where recipient_id = tests.the('recipient')), null,
  '… the purchase stays open, to be retried');
alter table public.billing_transactions drop constraint nothing_can_be_billed;
select is(tests.complete_supplier_purchase(tests.kept('answer') #> '{result,purchase}') ->> 'outcome', 'ok', '… then it is received and billed');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
