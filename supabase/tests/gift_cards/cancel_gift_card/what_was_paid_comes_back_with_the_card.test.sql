begin;
set local search_path = public, extensions, tests;
select plan(18);

select tests.keep(tests.create_promise(1));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('credit', tests.give_credit(tests.the('client'), 60));
create function pg_temp.left() returns text language sql as $$
  select (balance - held)::text || ' of ' || balance from public.ledger_accounts where id = tests.the('credit')
$$;
create function pg_temp.give(suppliers text[] default null) returns jsonb language sql as $$
  select tests.provision_for_caller(tests.the('agent'), recipient_id => tests.the('recipient'), suppliers => suppliers)
$$;
create function pg_temp.cancel() returns text language plpgsql as $$
declare
  card public.gift_cards;
begin
  perform tests.sign_in(tests.the('admin'));
  card := public.cancel_gift_card(tests.the('card'), 'wrong person');
  perform tests.sign_out();
  return card.status;
end $$;

select tests.keep('card', pg_temp.give() #> '{result,giftCard,id}');
select is(pg_temp.left(), '35.00 of 35.00', 'cancel_gift_card: a card from stock is paid');
select is(pg_temp.cancel(), 'available', '… it is returned');
select is(pg_temp.left(), '60.00 of 60.00', '… and so does what was paid');
select is(pg_temp.give() #> '{result,giftCard,id}', tests.kept('card'), '… provisioned again');
select is(pg_temp.left(), '35.00 of 35.00', '… and paid again');
select is(pg_temp.cancel(), 'available', '… and returned a second time');
select is(pg_temp.left(), '60.00 of 60.00', '… with what was paid');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- one that was bought
select tests.keep(tests.create_promise(0));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('credit', tests.give_credit(tests.the('client'), 60));
insert into public.client_brands (client_id, brand_id) values (tests.the('client'), tests.the('brand'));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.keep('answer', tests.complete_supplier_purchase(
  pg_temp.give(array[tests.kept('supplier') #>> '{}']) #> '{result,purchase}'));
select tests.keep('card', tests.kept('answer') #> '{result,giftCard,id}');
select is(pg_temp.left(), '35.00 of 35.00', 'cancel_gift_card: a supplier''s card is paid');
select tests.keep('cost', (select cost_basis from public.billing_transactions where gift_card_id = tests.the('card')));
select is(pg_temp.cancel(), 'available', '… it is returned to stock');
select is(pg_temp.left(), '60.00 of 60.00', '… and so does what was paid');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');
select is(pg_temp.give() #> '{result,giftCard,id}', tests.kept('card'), '… the next recipient gets it, and nothing is purchased');
select row_eq('select source, cost_basis from public.billing_transactions where gift_card_id = tests.the(''card'')
  and grant_id = (select grant_id from public.gift_cards where id = tests.the(''card''))',
  row('inventory'::text, (tests.kept('cost') #>> '{}')::numeric(18,2)), '… from stock, at its cost');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

-- the reports add up what remains
create function pg_temp.report(name text) returns jsonb language plpgsql as $$
declare
  rows jsonb;
begin
  perform tests.sign_in(tests.create_user('platform_admin'));
  execute format('select jsonb_agg(r) from public.report_%s(%L) r', name, tests.the('client')) into rows;
  perform tests.sign_out();
  return rows;
end $$;
create function pg_temp.facts(name text, variadic columns text[]) returns jsonb language sql as $$
  select jsonb_agg((select jsonb_agg(r -> c) from unnest(columns) c) order by r ->> 'source')
  from jsonb_array_elements(pg_temp.report(name)) r
$$;
select is(pg_temp.facts('profit_by_client', 'source', 'cards', 'revenue', 'cost'),
  jsonb_build_array('["inventory", 1, 25.00, 23.75]'::jsonb, jsonb_build_array(tests.kept('supplier'), 0, 0.00, 0.00)),
  '… three bills, one card sold');
select is(pg_temp.facts('brand_performance', 'given_cards'), '[[1]]', '… and given once');
select is(pg_temp.facts('delivery_methods', 'deliveries'), '[[1]]', 'cancel_gift_card: a cancelled message is no delivery');

select * from finish();
rollback;
