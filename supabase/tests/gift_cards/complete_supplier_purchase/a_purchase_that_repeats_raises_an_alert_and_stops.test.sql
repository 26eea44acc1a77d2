begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
-- a round: a card is issued, cannot be kept, and is given back
create function pg_temp.round(outcome text default 'declined', code text default 'not_keepable') returns text language plpgsql as $$
declare
  answer jsonb := tests.provision(tests.the('recipient'), suppliers => array[tests.kept('supplier') #>> '{}']);
begin
  if answer #> '{result,purchase}' is null then
    return answer ->> 'code';
  end if;
  return 'asked, ' || (tests.complete_supplier_purchase(answer #> '{result,purchase}', outcome, code) ->> 'code');
end $$;
create function pg_temp.alerts() returns int language sql as $$
  select count(*)::int from public.system_alerts where alert_type = 'purchase_repeats' and client_id = tests.the('client') and resolved_at is null
$$;

select is(pg_temp.round(), 'asked, GC-005', 'complete_supplier_purchase: a card that cannot be kept → the reward is pending');
select is(pg_temp.alerts(), 0, 'complete_supplier_purchase: once → it may be chance');
select is(pg_temp.round(), 'asked, GC-005', 'complete_supplier_purchase: the next request → the supplier is called once more');
select is(pg_temp.alerts(), 1, 'complete_supplier_purchase: twice → alert');
select is(pg_temp.round(), 'GC-003', 'provision_gift_card: a repeating purchase → the supplier is not called again');
select is((select count(*)::int from public.gift_card_purchases where recipient_id = tests.the('recipient')), 2,
  'provision_gift_card: a purchase that repeats → no third sale');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'awaiting_inventory',
  'provision_gift_card: a purchase that repeats → the reward stays pending');

-- another recipient is not affected; nor are plain refusals, for which nothing was issued
select tests.keep('recipient', tests.create_recipients(tests.the('campaign')));
select is(pg_temp.round(code => '704'), 'asked, GC-005', 'complete_supplier_purchase: another recipient → asked');
select pg_temp.round(code => '704');
select is(pg_temp.round(code => '704'), 'asked, GC-005', 'complete_supplier_purchase: refused and never issued → retried');
select is(pg_temp.alerts(), 1, 'complete_supplier_purchase: refused and never issued → no alert');

-- after an operator has resolved the alert
update public.system_alerts set resolved_at = clock_timestamp() where alert_type = 'purchase_repeats';
select tests.keep('recipient', (select recipient_id from public.gift_card_purchases where supplier_code = 'not_keepable' limit 1));
update public.gift_card_purchases set created_at = created_at - interval '1 minute' where recipient_id = tests.the('recipient');
select is(pg_temp.round(), 'asked, GC-005', 'provision_gift_card: the alert is resolved → the supplier is called again');

select * from finish();
rollback;
