-- Computed by hand, as in the decision "Three price levels are three money levels": cost 20.00, platform price 24.00.
--                                            agency owes  client owes  platform margin  agency margin
--   1 no price of the agency                      24.00        24.00             4.00           0.00
--   2 the agency's markup is 10 %                 24.00        26.40             4.00           2.40
--   3 the agency's price for the client is 10     24.00        10.00             4.00         -14.00
--   4 billed to the agency                        24.00         0.00             4.00         -24.00
--   5 as 3, returned to stock undisclosed          0.00         0.00             0.00           0.00
--   6 the client's own stock, no fee               0.00         0.00             0.00           0.00
--   7 the client's own stock, fees 0.20 and 0.50   0.20         0.50             0.20           0.30
--   platform stock (1-5)                          96.00        60.40            16.00         -35.60
begin;
set local search_path = public, extensions, tests;
select plan(23);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('brand', tests.create_brand());
update public.brand_denominations set cost = 20, price = 24 where brand_id = tests.the('brand');
select tests.keep('campaign', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.keep('pool', tests.create_pool(tests.the('client'), tests.the('brand'), 5, cost => 20));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('client_admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));
-- the code of none of them is exposed
create function pg_temp.give(name text) returns void language sql as $$
  select tests.keep(name, tests.provision_for_caller(tests.the('agent'),
    recipient_id => tests.create_recipients(tests.the('campaign'))) #> '{result,grantId}')
$$;
create function pg_temp.owed(name text) returns numeric[] language sql as $$
  select array[sum(platform_price), sum(client_price), sum(margin), sum(agency_margin)]
  from public.billing_transactions where grant_id = tests.the(name)
$$;

select pg_temp.give('one');
select is(pg_temp.owed('one'), array[24.00, 24.00, 4.00, 0.00], 'record_billing: no price of the agency → the platform price at both levels');
insert into public.agency_brands (agency_id, brand_id, markup_percentage) values (tests.the('agency'), tests.the('brand'), 10);
select pg_temp.give('two');
select is(pg_temp.owed('two'), array[24.00, 26.40, 4.00, 2.40], 'record_billing: a markup → it is the agency''s profit');
insert into public.client_denominations (client_id, brand_id, denomination, currency, custom_price)
values (tests.the('client'), tests.the('brand'), 25, 'USD', 10);
select pg_temp.give('three');
select is(pg_temp.owed('three'), array[24.00, 10.00, 4.00, -14.00], 'record_billing: a price below the platform''s → at the agency''s expense');
update public.campaigns set billing_entity = 'agency' where id = tests.the('campaign');
select pg_temp.give('four');
select is(pg_temp.owed('four'), array[24.00, 0.00, 4.00, -24.00], 'record_billing: the agency is billed → its client is charged nothing');
select is((select price from public.billing_transactions where grant_id = tests.the('four')), 24.00, 'record_billing: the price is the agency''s');
update public.campaigns set billing_entity = 'client' where id = tests.the('campaign');
select pg_temp.give('five');
select tests.sign_in(tests.the('agency_admin'));
select public.cancel_gift_card((select id from public.gift_cards where grant_id = tests.the('five')), 'wrong person');
select tests.sign_out();
select is(pg_temp.owed('five'), array[0.00, 0.00, 0.00, 0.00], 'reverse_billing: a returned card → reversed at every level');
select is((select count(*)::int from public.billing_transactions where grant_id = tests.the('five')), 2, '… by a second bill');

-- the client's own stock: in the campaign's pool, which is given first
select tests.keep('own', tests.create_pool(tests.the('client'), tests.the('brand'), 2, campaign_id => tests.the('campaign'),
  cost => 25, stock_owner => 'client'));
select pg_temp.give('six');
select is(pg_temp.owed('six'), array[0.00, 0.00, 0.00, 0.00], 'record_billing: the client''s own stock → its face value is not billed');
insert into public.service_fees (agency_id, currency, fee) values (tests.the('agency'), 'USD', 0.20);
insert into public.service_fees (client_id, currency, fee) values (tests.the('client'), 'USD', 0.50);
select pg_temp.give('seven');
select is(pg_temp.owed('seven'), array[0.20, 0.50, 0.20, 0.30], 'record_billing: the client''s own stock with fees → the fee of each level');
select is((select sum(cost_basis) from public.billing_transactions where grant_id in (tests.the('six'), tests.the('seven'))),
  0.00, 'record_billing: what the client paid for its cards is no cost of the platform');

-- each level reads its own figures
create function pg_temp.statement(client text, agency text) returns jsonb language sql as $$
  select tests.billing_statement(tests.the(client), tests.the(agency), now()::date::text) #> '{result,totals}'
$$;
select tests.keep('nobody', null::text);
select is(pg_temp.statement('client', 'nobody'), '[{"currency": "USD", "cards": 3, "ownCards": 2, "cardsBoughtBefore": 0,
  "cardsSold": 0, "amount": 60.90, "paidFromCredit": 0, "amountDue": 60.90}]',
  'get_billing_statement: the client → 60.40 and a fee of 0.50 due to its agency');
select is(pg_temp.statement('nobody', 'agency'), '[{"currency": "USD", "cards": 4, "ownCards": 2, "cardsBoughtBefore": 0,
  "cardsSold": 0, "amount": 96.20, "paidFromCredit": 0, "amountDue": 96.20}]',
  'get_billing_statement: the agency → 96.00 and a fee of 0.20 due to the platform');

select tests.sign_in(tests.the('platform'));
select results_eq($$ select source, cards, revenue, cost, margin from public.report_profit_by_client(tests.the('client')) $$,
  $$ values ('inventory', 4::bigint, 96.00, 80.00, 16.00), ('own_stock', 2::bigint, 0.20, 0.00, 0.20) $$,
  'report_profit_by_client: the agency''s amount due less the cost; without the markup; own stock apart');
select results_eq($$ select cards, revenue, cost, margin from public.report_profit_by_agency()
  where agency_id = tests.the('agency') $$, $$ values (6::bigint, 96.20, 80.00, 16.20) $$, 'report_profit_by_agency: the same');
select results_eq($$ select given_cards, from_inventory, from_own_stock, from_suppliers, revenue, cost, margin
  from public.report_platform_analytics(tests.the('client')) $$,
  $$ values (6::bigint, 4::bigint, 2::bigint, 0::bigint, 96.20, 80.00, 16.20) $$, 'report_platform_analytics: own stock apart');
select tests.sign_out();
select tests.sign_in(tests.the('agency_admin'));
select results_eq($$ select source, cards, owed_by_client, owed_to_platform, margin from public.report_agency_profit() $$,
  $$ values ('inventory', 4::bigint, 60.40, 96.00, -35.60), ('own_stock', 2::bigint, 0.50, 0.20, 0.30) $$,
  'report_agency_profit: its clients'' amounts due less its own');
select results_eq($$ select billed_entity_type, sum(amount) from public.billing_lines group by 1 order by 1 $$,
  $$ values ('agency', 96.20), ('client', 60.90) $$, 'billing_lines: an agency reads both of its sides');
select throws_ok('select public.report_profit_by_client()', 'RB403', null, 'report_profit_by_client: an agency admin → RB403, never a cost');
select tests.sign_out();
select tests.sign_in(tests.the('client_admin'));
select results_eq($$ select billed_entity_type, sum(amount) from public.billing_lines group by 1 $$,
  $$ values ('client', 60.90) $$, 'billing_lines: a client reads its own amounts, not its agency''s');
select throws_ok('select public.report_agency_profit()', 'RB403', null, 'report_agency_profit: a client admin → RB403');
select tests.sign_out();
select is(tests.export_report('agency_profit', null, null, null, tests.request(tests.the('agency_admin')))
  #>> '{result,rows,0,margin}', '-35.60', 'export_report: the agency''s own profit as a file');
select is(tests.export_report('profit_by_client', null, null, null, tests.request(tests.the('agency_admin'))) ->> 'code', 'RB-403',
  'export_report: an agency admin asks for the platform''s profit → RB-403');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
