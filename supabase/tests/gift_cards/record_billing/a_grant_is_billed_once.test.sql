-- record_billing: a second bill for a grant → GC-007, also for a supplier's card that comes beside one from stock
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(1));
select tests.keep('answer', tests.provision(tests.the('recipient')) -> 'result');
create function pg_temp.bill_again() returns private.provisioning language plpgsql as $$
declare
  p private.provisioning;
begin
  -- what the provisioning knew when it recorded the bill
  select b.client_id, b.campaign_id, b.recipient_id, b.grant_id, b.gift_card_id, b.source, b.currency, b.denomination
  into p.client_id, p.campaign_id, p.recipient_id, p.grant_id, p.gift_card_id, p.source, p.currency, p.denomination
  from public.billing_transactions b where b.grant_id = (tests.kept('answer') ->> 'grantId')::uuid;
  p.cost := 1;
  p.prices := row(1, 1);
  p.stock_owner := 'platform';
  p.billing_entity := 'client';
  return private.record_billing(p);
end $$;

select throws_ok('select pg_temp.bill_again()', 'GC007',
  'duplicate key value violates unique constraint "billing_transactions_one_for_a_grant"',
  'record_billing: the grant is billed already → GC-007');
select is((select count(*)::int from public.billing_transactions where recipient_id = tests.the('recipient')), 1,
  'record_billing: one bill');
select lives_ok($$ select private.reverse_billing((tests.kept('answer') ->> 'grantId')::uuid, null) $$, '… reversed once');
select throws_ok($$ select private.reverse_billing((tests.kept('answer') ->> 'grantId')::uuid, null) $$, '23505', null,
  'reverse_billing: reversed already → refused');
select throws_ok('select pg_temp.bill_again()', 'GC007', null, 'record_billing: billed and reversed → GC-007, the grant is cancelled');

select * from finish();
rollback;
