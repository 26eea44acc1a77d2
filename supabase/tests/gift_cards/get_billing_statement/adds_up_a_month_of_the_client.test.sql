-- Computed by hand. The client is in New York, where March 2026 begins on March 1, 05:00 UTC and ends on April 1, 04:00 UTC; its
-- sibling of the same agency is in UTC. For each card billed to a client, its agency owes the platform 24.00, at any client price.
begin;
set local search_path = public, extensions, tests;
select plan(19);

alter table public.billing_transactions disable trigger billing_transactions_are_immutable;
select tests.keep('client', tests.create_client('America/New_York'));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('sibling', tests.create_client());
update public.clients set agency_id = tests.the('agency'), name = 'Sibling' where id = tests.the('sibling');
select tests.keep('brand', tests.create_brand());
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('siblings', tests.create_campaign(tests.the('sibling'), tests.the('brand')));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 20));
select tests.keep('siblings_pool', tests.create_pool(tests.the('sibling'), tests.the('brand'), 3));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 0));

-- A card that was given and billed at a time: its grant.
create function pg_temp.bill(at timestamptz, paid numeric, billed text default 'client', sale uuid default null,
  campaign text default 'campaign', pool text default 'pool') returns uuid language plpgsql as $$
declare
  bill public.billing_transactions;
  card uuid := tests.give_card(
    (select tests.create_recipients(tests.the(campaign))), tests.the(pool), at, at,
    price => case billed when 'agency' then paid else 24 end, client_price => paid);
begin
  update public.billing_transactions b set billed_entity_type = billed, sale_id = sale,
    client_price = case billed when 'agency' then 0 else paid end,
    billed_entity_id = case billed when 'agency' then tests.the('agency') else b.client_id end, agency_id = tests.the('agency')
  where b.gift_card_id = card returning b.* into bill;
  return bill.grant_id;
end $$;
create function pg_temp.statement(actor text, client text default null, agency text default null, month date default '2026-03-01')
returns jsonb language sql as $$
  select tests.billing_statement(tests.the(client), tests.the(agency), month::text, tests.request(tests.the(actor)))
$$;

select pg_temp.bill('2026-03-01 04:59:59+00', 25.10);
select pg_temp.bill('2026-03-01 05:00:00+00', 25.10);
select pg_temp.bill('2026-04-01 03:59:59+00', 25.10);
select pg_temp.bill('2026-04-01 04:00:00+00', 25.10);
select pg_temp.bill('2026-03-10 12:00:00+00', 30.00);
select pg_temp.bill('2026-03-11 12:00:00+00', 24.00, 'agency');
-- provisioned and returned
select tests.keep('back', pg_temp.bill('2026-03-12 12:00:00+00', 25.10));
select private.reverse_billing(tests.the('back'), null);
update public.billing_transactions set created_at = '2026-03-15 12:00:00+00' where reverses_id is not null;
-- four cards bought, one of them given, one returned
insert into public.admin_card_sales (master_pool_id, buyer_client_id, buyer_pool_id, quantity, price_per_card,
  platform_price_per_card, currency, cost_per_card, created_at)
values (tests.the('master'), tests.the('client'), tests.the('pool'), 4, 24.50, 23.80, 'USD', 23, '2026-03-13 12:00:00+00');
select tests.keep('sale', (select id from public.admin_card_sales where buyer_client_id = tests.the('client')));
select pg_temp.bill('2026-03-14 12:00:00+00', 24.50, sale => tests.the('sale'));
insert into public.admin_card_returns (client_id, sale_id, quantity, total_amount, currency, created_at)
values (tests.the('client'), tests.the('sale'), 1, 24.50, 'USD', '2026-03-20 12:00:00+00');
-- paid from credit
select tests.give_credit(tests.the('client'), 100);
select tests.keep('charged', pg_temp.bill('2026-03-16 12:00:00+00', 27.00));
select private.charge_credit(tests.the('client'), private.payers_of(tests.the('client'), 'client', 'USD'), row(26.00, 27.00), 'USD',
  'charged', tests.the('charged'));
-- the sibling's, for the agency
select pg_temp.bill('2026-02-28 23:59:59+00', 22.00, 'agency', campaign => 'siblings', pool => 'siblings_pool');
select pg_temp.bill('2026-03-01 00:00:00+00', 22.00, 'agency', campaign => 'siblings', pool => 'siblings_pool');
select pg_temp.bill('2026-03-02 00:00:00+00', 26.00, campaign => 'siblings', pool => 'siblings_pool');

select tests.keep('nobody', null::text);
select tests.keep('answer', pg_temp.statement('nobody', client => 'client') -> 'result');
select is(tests.kept('answer') -> 'totals', '[{"currency": "USD", "cards": 5, "ownCards": 0, "cardsBoughtBefore": 1, "cardsSold": 3,
  "amount": 180.70, "paidFromCredit": 27.00, "amountDue": 153.70}]',
  'get_billing_statement: March → 2 × 25.10 + 30.00 + 27.00 for cards, nothing for the returned one, 98.00 - 24.50 for sales');
select is(((tests.kept('answer') - 'lines') - 'totals') - 'credit', jsonb_build_object('clientId', tests.the('client'), 'name', 'Client',
  'month', '2026-03'), 'get_billing_statement: names the client and the month');
select bag_eq($$ select l.kind, l.quantity, l."unitPrice", l.amount, l.payment
  from jsonb_to_recordset(tests.kept('answer') -> 'lines')
    as l (kind text, quantity int, "unitPrice" numeric, amount numeric, payment text) $$,
  $$ values ('card', 3, 25.10, 75.30, 'invoice'), ('card', 1, 30.00, 30.00, 'invoice'), ('card', 1, 27.00, 27.00, 'credit'),
    ('card', 1, 24.50, 24.50, 'sale'), ('card_reversed', -1, 25.10, -25.10, 'invoice'),
    ('sale', 4, 24.50, 98.00, 'invoice'), ('sale_returned', -1, 24.50, -24.50, 'invoice') $$,
  'get_billing_statement: equal cards → one line, with price and payment');
select is(pg_temp.statement('nobody', client => 'client', month => '2026-02-01') #> '{result,totals,0,amount}', '25.10',
  'get_billing_statement: the last second before midnight in New York → February');
select is(pg_temp.statement('nobody', client => 'client', month => '2026-04-30') #> '{result,totals,0,amount}', '25.10',
  'get_billing_statement: midnight → the next month, on any day');
select is(pg_temp.statement('nobody', client => 'client', month => '2026-05-01') #> '{result,totals}', '[]',
  'get_billing_statement: a month without bills → no totals');

select tests.keep('agencys', pg_temp.statement('nobody', agency => 'agency') -> 'result');
select is(tests.kept('agencys') #> '{totals,0,amount}', '237.40',
  'get_billing_statement: the agency''s March at its own prices → 5 × 24.00 and 71.40 for sales in New York, 22.00 + 24.00 in UTC');
select is(tests.kept('agencys') #> '{totals,0,cards}', '8', 'get_billing_statement: the agency → its clients'' cards, at the platform''s prices, too');
select set_eq($$ select l ->> 'clientName' from jsonb_array_elements(tests.kept('agencys') -> 'lines') l $$,
  $$ values ('Client'), ('Sibling') $$, '… by client');
select unalike(tests.kept('answer')::text || tests.kept('agencys')::text, '%cost%', 'get_billing_statement: card costs are not in it');

select is(pg_temp.statement('nobody', client => 'nobody') ->> 'code', 'RB-400', 'get_billing_statement: neither client nor agency → RB-400');
select is(pg_temp.statement('nobody', client => 'client', agency => 'agency') ->> 'code', 'RB-400', 'get_billing_statement: client and agency → RB-400');
select is(pg_temp.statement('nobody', agency => 'client') ->> 'code', 'RB-404', 'get_billing_statement: an unknown agency → RB-404');

-- the same in the views
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('agency_admin', tests.the('client')));
select row_eq($$ select cards, cards_bought_before, cards_sold, amount, paid_from_credit, amount_due
  from public.billing_statements where billed_entity_id = tests.the('client') and month = '2026-03-01' $$,
  row(5::bigint, 1::bigint, 3::bigint, 180.70, 27.00, 153.70), 'billing_statements: the same month');
select tests.sign_in(tests.the('admin'));
select set_eq('select distinct billed_entity_id from public.billing_lines', array[tests.the('client')],
  'get_billing_statement: a client admin reads what the client was billed, not what the agency pays');
select is((select sum(amount_due) from public.billing_statements where month = '2026-03-01'), 153.70, '… and its amount due');
select tests.sign_out();
select tests.sign_in(tests.the('agent'));
select set_eq('select distinct billed_entity_id from public.billing_lines',
  array[tests.the('client'), tests.the('agency'), tests.the('sibling')], 'get_billing_statement: an agency admin reads all clients of the agency');
select tests.sign_out();
select hasnt_column('public', 'billing_lines', 'cost_basis', 'No line has a cost');
select hasnt_column('public', 'billing_lines', 'margin', 'Nor a margin');

select * from finish();
rollback;
