-- clients: moved to another agency with credit, a hold, a sale or an open purchase → refused
begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep('client', tests.create_client());
select tests.keep('home', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('neighbour', tests.create_client());
select tests.keep('elsewhere', (select agency_id from public.clients where id = tests.the('neighbour')));
create function pg_temp.move(agency text, client text default 'client') returns text language sql as $$
  select format('update public.clients set agency_id = %L where id = %L', tests.the(agency), tests.the(client))
$$;

select tests.give_credit(tests.the('client'), 0.01);
select throws_ok(pg_temp.move('elsewhere'), 'P0001', 'a client with credit stays with its agency: return the credit first',
  'clients: a cent of credit → stays with the agency that gave it');
select lives_ok($$ select private.reserve_hold(private.credit_account('client', tests.the('client'), 'USD'), 0.01,
  now() + interval '1 day', 'held') $$, 'billing: a cent is held for a purchase');
select throws_ok(pg_temp.move('elsewhere'), 'P0001', null, 'clients: a hold → stays');
select lives_ok($$ select private.release_hold(h.id) from public.ledger_holds h where h.idempotency_key = 'held' $$, 'billing: the hold is released');
select private.post_credit('allocation_return', private.credit_account('client', tests.the('client'), 'USD'),
  private.credit_account('agency', tests.the('home'), 'USD'), 0.01, 'back');
select tests.keep('brand', tests.create_brand());
insert into public.client_denominations (client_id, brand_id, denomination, currency, is_enabled, custom_price)
select tests.the('client'), d.brand_id, d.denomination, d.currency, false, 10 from public.brand_denominations d
where d.brand_id = tests.the('brand') limit 1;
insert into public.service_fees (client_id, currency, fee) values (tests.the('client'), 'USD', 0.30);
select lives_ok(pg_temp.move('elsewhere'), 'clients: credit returned, never billed → moves');
select results_eq($$ select custom_price, is_enabled from public.client_denominations where client_id = tests.the('client') $$,
  $$ values (null::numeric, false) $$, 'clients: moved → the old agency''s price ends, its own choice stays');
select is_empty($$ select from public.service_fees where client_id = tests.the('client') $$, 'clients: moved → so is the fee');
select is((select metadata - 'from' from public.audit_events where action = 'client.moved' and subject_id = tests.the('client')),
  jsonb_build_object('to', tests.the('elsewhere'), 'custom_prices_removed', 1, 'service_fees_removed', 1), 'clients: moved → audited');
select is((select balance from public.ledger_accounts where owner_id = tests.the('home')), 0.01,
  'clients: with credit → stays with the agency that allocated it');

select tests.keep('buyer', tests.create_client());
select tests.keep('master', tests.create_pool(null, tests.create_brand(), 1));
select is(tests.sell(tests.the('master'), tests.the('buyer'), 1) ->> 'outcome', 'ok', 'billing: a client on invoice buys a card');
select throws_ok(pg_temp.move('elsewhere', 'buyer'), 'P0001', null, 'clients: a sale → stays with the agency that was charged');

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.provision(tests.the('recipient'), suppliers => array[tests.kept('supplier') #>> '{}']);
select throws_ok(pg_temp.move('elsewhere'), 'P0001', null, 'clients: a card is being bought → stays until the purchase ends');

select * from finish();
rollback;
