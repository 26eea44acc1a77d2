begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_promise(1));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('elsewhere', tests.create_client());
select tests.keep('other', (select agency_id from public.clients where id = tests.the('elsewhere')));
create function pg_temp.move(agency text) returns text language sql as $$
  select format('update public.clients set agency_id = %L where id = %L', tests.the(agency), tests.the('client'))
$$;

select lives_ok(pg_temp.move('other'), 'clients: never billed → may move to another agency');
select lives_ok(pg_temp.move('agency'), '… and back');
select tests.provision(tests.the('recipient'));
select throws_matching(pg_temp.move('other'), 'stays with its agency', 'clients: billed → stays with its agency, and so do its bills');
select lives_ok(format('update public.clients set name = %L, agency_id = agency_id where id = %L', 'Renamed', tests.the('client')),
  'clients: billed → may be renamed');

select * from finish();
rollback;
