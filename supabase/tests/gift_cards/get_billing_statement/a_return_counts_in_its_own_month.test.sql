-- Computed by hand, in Auckland (UTC+13 in March): a card provisioned on March 31 at 23:30 there is March's 25.00; it is returned
-- on April 1 at 00:30, which is April's −25.00 although it is still March in UTC. The statement of a past month never changes.
begin;
set local search_path = public, extensions, tests;
select plan(6);

alter table public.billing_transactions disable trigger billing_transactions_are_immutable;
select tests.keep('client', tests.create_client('Pacific/Auckland'));
select tests.keep('brand', tests.create_brand());
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 2));
create function pg_temp.month(month date) returns text language sql as $$
  select string_agg(concat_ws(' ', t ->> 'cards', t ->> 'amount', t ->> 'amountDue'), ', ')
  from jsonb_array_elements(tests.billing_statement(tests.the('client'), null, month::text) #> '{result,totals}') t
$$;

select tests.keep('card', tests.give_card(tests.create_recipients(tests.the('campaign')), tests.the('pool'),
  '2026-03-31 23:30+13', '2026-03-31 23:30+13'));
select tests.give_card(tests.create_recipients(tests.the('campaign')), tests.the('pool'), '2026-04-01 00:00+13', '2026-04-01 00:00+13',
  price => 30);
select is(pg_temp.month('2026-03-01'), '1 25.00 25.00', 'get_billing_statement: March, during March');
select private.reverse_billing((select grant_id from public.gift_cards where id = tests.the('card')), null);
update public.billing_transactions set created_at = '2026-04-01 00:30+13' where reverses_id is not null;
select is(pg_temp.month('2026-03-01'), '1 25.00 25.00', 'get_billing_statement: a return in April → the statement of March is unchanged');
select is(pg_temp.month('2026-04-01'), '0 5.00 5.00', 'get_billing_statement: April → 30.00 and −25.00, one card provisioned and one returned');
select is((select count(*)::int from jsonb_array_elements(
  tests.billing_statement(tests.the('client'), null, '2026-04-01') #> '{result,lines}')), 2, '… on two lines');
select set_eq($$ select month, amount from public.billing_statements where billed_entity_id = tests.the('client') $$,
  $$ values ('2026-03-01'::date, 25.00), ('2026-04-01'::date, 5.00) $$, 'billing_statement: the same in the view');
select is((select sum(amount) from public.billing_statements where billed_entity_id = tests.the('client')), 30.00,
  '… together the cards provisioned');

select * from finish();
rollback;
