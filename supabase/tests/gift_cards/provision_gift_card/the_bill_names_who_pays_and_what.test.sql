begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_promise(2));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
update public.campaigns set billing_entity = 'agency' where id = tests.the('campaign');
update public.brand_denominations set price = 27.35 where brand_id = tests.the('brand');
select tests.keep('answer', tests.provision(tests.the('recipient')));

select row_eq($$
  select billed_entity_type, billed_entity_id, client_id, agency_id, cost_basis, price,
    margin from public.billing_transactions
  where recipient_id = tests.the('recipient') $$,
  row('agency'::text, tests.the('agency'), tests.the('client'), tests.the('agency'), 23.50::numeric(18,2),
    27.35::numeric(18,2), 3.85::numeric(18,2)), 'provision_gift_card: an agency as billing entity → the price of the brand''s value');
select is(tests.kept('answer') #>> '{result,billing,price}', '27.35', '… the answer has that price');

select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');
update public.brand_denominations set price = null where brand_id = tests.the('brand');
update public.card_pools set cost_per_card = 26 where id = tests.the('pool');
select is(tests.provision(tests.the('second')) ->> 'outcome', 'ok', 'provision_gift_card: no price of its own …');
select row_eq('select billed_entity_id, price, margin from public.billing_transactions
  where recipient_id = tests.the(''second'')', row(tests.the('client'), 25.00::numeric(18,2), -1.00::numeric(18,2)),
  '… is sold for its face value, even at a loss');

select throws_ok('update public.billing_transactions set client_price = 1', 'P0001', null, 'billing_transactions: update → error');
select throws_ok('delete from public.billing_transactions', 'P0001', null, 'billing_transactions: delete → error');

select * from finish();
rollback;
