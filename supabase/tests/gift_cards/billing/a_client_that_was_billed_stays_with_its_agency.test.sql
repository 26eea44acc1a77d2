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

select lives_ok(pg_temp.move('other'), 'A client that was never billed may go to another agency');
select lives_ok(pg_temp.move('agency'), 'And back');
select tests.provision(tests.the('recipient'));
select throws_matching(pg_temp.move('other'), 'stays with its agency', 'One that was billed stays, and its bills with it');
select lives_ok(format('update public.clients set name = %L, agency_id = agency_id where id = %L', 'Renamed', tests.the('client')),
  'It may be renamed');

select * from finish();
rollback;
