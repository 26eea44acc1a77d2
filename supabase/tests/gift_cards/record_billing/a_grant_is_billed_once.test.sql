-- record_billing: a second bill for a grant violates a constraint, which provisioning refuses as GC-007; also for a supplier's card
-- that comes beside one from stock
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(1));
select tests.keep('answer', tests.provision(tests.the('recipient')) -> 'result');
create function pg_temp.bill_again() returns uuid language plpgsql as $$
declare
  bill public.billing_transactions;
  asked private.card_request;
  facts private.provisioning_facts;
  card private.given_card;
begin
  -- what the provisioning knew when it recorded the bill
  select b.* into bill from public.billing_transactions b where b.grant_id = (tests.kept('answer') ->> 'grantId')::uuid limit 1;
  select bill.client_id, bill.agency_id, bill.campaign_id, bill.recipient_id, bill.denomination, bill.currency
  into facts.client_id, facts.agency_id, facts.campaign_id, facts.recipient_id, facts.denomination, facts.currency;
  select bill.gift_card_id, bill.source, 'platform', 1, 'client', 1, 1
  into card.id, card.source, card.stock_owner, card.cost, card.billing_entity, card.platform_price, card.client_price;
  return private.record_billing(asked, facts, bill.grant_id, card);
end $$;

select throws_ok('select pg_temp.bill_again()', '23505',
  'duplicate key value violates unique constraint "billing_transactions_one_for_a_grant"',
  'record_billing: the grant is billed already → a constraint refuses');
select is((select count(*)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 1,
  'record_billing: one bill');
select lives_ok($$ select private.reverse_billing((tests.kept('answer') ->> 'grantId')::uuid, null) $$, '… reversed once');
select throws_ok($$ select private.reverse_billing((tests.kept('answer') ->> 'grantId')::uuid, null) $$, '23505', null,
  'reverse_billing: reversed already → refused');
select throws_ok('select pg_temp.bill_again()', '23505', null, 'record_billing: billed and reversed → refused, the grant is cancelled');

select * from finish();
rollback;
