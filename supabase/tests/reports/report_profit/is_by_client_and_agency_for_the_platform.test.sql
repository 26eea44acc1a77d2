-- Two clients of one agency. The first is tests.create_reported_tenant: 5 bills of 25 at a cost of 20: revenue 125, cost 100,
-- margin 25, 25 / 125 = 0.2. The second sold one card of 25 for 22 at a cost of 23.50 (margin -1.50, -1.5 / 22 = -0.0682), and
-- one of 10 EUR for 11 at a cost of 9 (margin 2, 2 / 11 = 0.1818). By agency, USD: 6 cards, 147, 123.50, 23.50, 0.1599.
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_reported_tenant());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('second', tests.create_promise(1));
update public.clients set agency_id = tests.the('agency'), name = 'Second' where id = (tests.kept('second') ->> 'client')::uuid;
select tests.give_card((tests.kept('second') ->> 'recipient')::uuid, (tests.kept('second') ->> 'pool')::uuid, '2026-03-05', price => 22);
select tests.keep('euros', tests.create_pool((tests.kept('second') ->> 'client')::uuid, (tests.kept('second') ->> 'brand')::uuid, 1,
  10, cost => 9));
update public.card_pools set currency = 'EUR' where id = tests.the('euros');
select tests.give_card((tests.kept('second') ->> 'recipient')::uuid, tests.the('euros'), '2026-03-06', price => 11, condition_number => 2);
select tests.keep('b', tests.create_reported_tenant());

select tests.keep('platform', tests.create_user('platform_admin'));
select tests.sign_in(tests.the('platform'));
select results_eq($$
  select client_name, currency, source, cards, revenue, cost, margin, margin_rate from public.report_profit_by_client()
  where agency_id = tests.the('agency') $$,
  $$ values ('Client', 'USD', 'inventory', 5::bigint, 125.00, 100.00, 25.00, 0.2000),
    ('Second', 'EUR', 'inventory', 1::bigint, 11.00, 9.00, 2.00, 0.1818),
    ('Second', 'USD', 'inventory', 1::bigint, 22.00, 23.50, -1.50, -0.0682) $$, 'report_profit: revenue, cost and margin of each client');
select results_eq($$
  select currency, clients, cards, revenue, cost, margin, margin_rate from public.report_profit_by_agency()
  where agency_id = tests.the('agency') $$,
  $$ values ('EUR', 1::bigint, 1::bigint, 11.00, 9.00, 2.00, 0.1818), ('USD', 2::bigint, 6::bigint, 147.00, 123.50, 23.50, 0.1599) $$,
  'report_profit: an agency''s are those of its clients; currencies are never added');
select results_eq($$ select cards, margin from public.report_profit_by_client(tests.the('client'), '2026-03-01', '2026-04-01') $$,
  $$ values (4::bigint, 20.00) $$, 'report_profit: one client in a range of its days');
select is_empty($$ select from public.report_profit_by_agency(null, '2020-01-01', '2020-02-01') $$, 'report_profit: a range without bills → no rows');
select throws_ok($$ select public.report_profit_by_client(gen_random_uuid()) $$, 'RB404', null, 'report_profit: an unknown client → RB-404');
select tests.sign_out();

-- a card of the first is returned to stock: 4 cards, revenue 125 - 25 = 100, cost 100 - 20 = 80, margin 20
select private.reverse_billing((select grant_id from public.gift_cards where id = (tests.kept('cards') ->> 3)::uuid), gen_random_uuid());
select results_eq($$ select cards, revenue, cost, margin, margin_rate from public.report_profit_by_client(tests.the('client')) $$,
  $$ values (4::bigint, 100.00, 80.00, 20.00, 0.2000) $$, 'report_profit_by_client: a returned card → its revenue and cost are reversed');

create function pg_temp.asks(role text, statement text) returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.create_user(role, tests.the('client')));
  execute statement;
  return 'ok';
exception when others then
  return sqlstate;
end $$;

select is(pg_temp.asks('client_admin', 'select public.report_profit_by_client()'), 'RB403', 'report_profit: a client admin → RB-403');
select is(pg_temp.asks('agency_admin', 'select public.report_profit_by_agency()'), 'RB403', 'report_profit: an agency admin → RB-403');
select is(pg_temp.asks('agency_admin', format('select public.report_profit_by_client(%L)', tests.the('client'))), 'RB403',
  '… for its own client, too');
select is(pg_temp.asks('client_admin', format('select public.report_profit_by_client(%L)', tests.kept('b') ->> 'client')), 'RB404',
  'report_profit: another tenant''s client → RB-404');

select * from finish();
rollback;
