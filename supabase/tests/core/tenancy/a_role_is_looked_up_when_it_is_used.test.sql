begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.clients_of(name text, roles text[] default private.staff_roles()) returns int language sql as $$
  select count(*)::int from private.client_ids_of(tests.the(name), roles)
$$;

select is(pg_temp.clients_of('agent'), 1, 'An agent works for one client');
select is(pg_temp.clients_of('agent', private.admin_roles()), 0, 'And administers none');
insert into public.clients (agency_id, name, slug) values (tests.the('agency'), 'Second',
  'second-' || gen_random_uuid());
select is(pg_temp.clients_of('agency_admin', private.admin_roles()), 2,
  'An agency admin administers each client of the agency, new ones too');
update public.memberships set suspended_at = now() where user_id = tests.the('agency_admin');
select is(pg_temp.clients_of('agency_admin'), 0, 'A suspension holds at once');
select is((select count(*)::int from private.client_ids_of(null, private.staff_roles())), 0,
  'Nobody is nobody''s staff');

select lives_ok(format('select private.assert_can_act(null, %L, private.admin_roles())', tests.the('client')),
  'A server may act for a client');
select throws_ok('select private.assert_can_act(null, null, private.admin_roles())', 'RB404', null, 'But not for none');
select throws_ok(format('select private.assert_can_act(%L, %L, private.admin_roles())', tests.the('agent'),
  tests.the('client')), 'RB403', null, 'Staff whose role is not enough are told so');
select throws_ok(format('select private.assert_can_act(%L, %L, private.admin_roles())', tests.the('agent'),
  gen_random_uuid()), 'RB404', null, 'Others are told that there is nothing');

-- what a membership may be
create function pg_temp.member(role text, agency text, client text) returns text language sql as $$
  select format('insert into public.memberships (user_id, role, agency_id, client_id) values (%L, %L, %L, %L)',
    tests.the('agent'), role, tests.the(nullif(agency, '')), tests.the(nullif(client, '')))
$$;
select throws_ok(pg_temp.member('platform_admin', 'agency', ''), '23514', null, 'A platform admin is of no agency');
select throws_ok(pg_temp.member('agency_admin', '', 'client'), '23514', null, 'An agency admin is of an agency');
select throws_ok(pg_temp.member('agency_admin', 'agency', 'client'), '23514', null, 'And of no client');
select throws_ok(pg_temp.member('call_agent', 'agency', ''), '23514', null, 'An agent is of a client');
select throws_ok(pg_temp.member('king', '', 'client'), '23514', null, 'There are no other roles');
select throws_ok(pg_temp.member('call_agent', '', 'client'), '23505', null, 'A membership is written once');
select throws_ok('insert into public.clients (agency_id, name, slug)
  values (tests.the(''agency''), ''X'', ''Not Safe'')', '23514', null, 'A slug is safe in a URL');
select throws_ok('update public.clients set time_zone = ''Mars/Olympus'' where id = tests.the(''client'')', null, null,
  'A time zone is one');

-- the caller of an admin function
select tests.sign_in(null);
select throws_ok('select public.create_campaign(gen_random_uuid(), ''X'')', 'RB401', null,
  'A token without a user is nobody''s: it never passes for a server');
select tests.sign_in(tests.the('agent'));
select is((select count(*)::int from public.clients), 1, 'Signed in, the agent sees the one client');
select tests.sign_out();

select * from finish();
rollback;
