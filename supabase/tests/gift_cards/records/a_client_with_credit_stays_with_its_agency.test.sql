-- clients: moved to another agency with credit, a hold, a sale or an open purchase → refused
begin;
set local search_path = public, extensions, tests;
select plan(9);

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
  now() + interval '1 day', 'held') $$, 'The cent is set aside for a purchase');
select throws_ok(pg_temp.move('elsewhere'), 'P0001', null, 'clients: a hold → stays');
select lives_ok($$ select private.release_hold(h.id) from public.ledger_holds h where h.idempotency_key = 'held' $$, 'It is released');
select private.post_credit('allocation_return', private.credit_account('client', tests.the('client'), 'USD'),
  private.credit_account('agency', tests.the('home'), 'USD'), 0.01, 'back');
select lives_ok(pg_temp.move('elsewhere'), 'clients: credit returned, never billed → moves');
select is((select balance from public.ledger_accounts where owner_id = tests.the('home')), 0.01,
  'The credit stays with the agency that gave it');

select tests.keep('buyer', tests.create_client());
select tests.keep('master', tests.create_pool(null, tests.create_brand(), 1));
select is(tests.sell(tests.the('master'), tests.the('buyer'), 1) ->> 'outcome', 'ok', 'A client on invoice buys a card');
select throws_ok(pg_temp.move('elsewhere', 'buyer'), 'P0001', null, 'clients: a sale → stays with the agency that owes it');

select tests.keep(tests.create_promise(0));
select tests.keep('supplier', tests.create_supplier(tests.the('brand')));
select tests.provision(tests.the('recipient'), suppliers => array[tests.kept('supplier') #>> '{}']);
select throws_ok(pg_temp.move('elsewhere'), 'P0001', null, 'clients: a card is being bought → stays until the purchase ends');

select * from finish();
rollback;
