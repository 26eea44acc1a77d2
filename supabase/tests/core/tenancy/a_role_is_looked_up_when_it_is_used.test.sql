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

select is(pg_temp.clients_of('agent'), 1, 'acts_for: an agent → for one client');
select is(pg_temp.clients_of('agent', private.admin_roles()), 0, 'tenancy: administers: an agent → no client');
insert into public.clients (agency_id, name, slug) values (tests.the('agency'), 'Second',
  'second-' || gen_random_uuid());
select is(pg_temp.clients_of('agency_admin', private.admin_roles()), 2,
  'tenancy: administers: an agency admin → each client of the agency, new ones too');
update public.memberships set suspended_at = now() where user_id = tests.the('agency_admin');
select is(pg_temp.clients_of('agency_admin'), 0, 'acts_for: a suspended membership → none at once');
select is((select count(*)::int from private.client_ids_of(null, private.staff_roles())), 0,
  'acts_for: a user without membership → none');

select lives_ok(format('select private.assert_can_act(null, %L, private.admin_roles())', tests.the('client')),
  'acts_for: a server → any client');
select throws_ok('select private.assert_can_act(null, null, private.admin_roles())', 'RB404', null, 'acts_for: a server without a client → refused');
select throws_ok(format('select private.assert_can_act(%L, %L, private.admin_roles())', tests.the('agent'),
  tests.the('client')), 'RB403', null, 'assert_can_act: staff without the role → RB-403');
select throws_ok(format('select private.assert_can_act(%L, %L, private.admin_roles())', tests.the('agent'),
  gen_random_uuid()), 'RB404', null, 'assert_can_act: others → RB-404');

-- what a membership may be
create function pg_temp.member(role text, agency text, client text) returns text language sql as $$
  select format('insert into public.memberships (user_id, role, agency_id, client_id) values (%L, %L, %L, %L)',
    tests.the('agent'), role, tests.the(nullif(agency, '')), tests.the(nullif(client, '')))
$$;
select throws_ok(pg_temp.member('platform_admin', 'agency', ''), '23514', null, 'memberships: a platform admin has no agency');
select throws_ok(pg_temp.member('agency_admin', '', 'client'), '23514', null, 'memberships: an agency admin has an agency');
select throws_ok(pg_temp.member('agency_admin', 'agency', 'client'), '23514', null, '… and no client');
select throws_ok(pg_temp.member('call_agent', 'agency', ''), '23514', null, 'memberships: an agent has a client');
select throws_ok(pg_temp.member('king', '', 'client'), '23514', null, 'memberships: another role → refused');
select throws_ok(pg_temp.member('call_agent', '', 'client'), '23505', null, 'memberships: a duplicate → refused');
select throws_ok('insert into public.clients (agency_id, name, slug)
  values (tests.the(''agency''), ''X'', ''Not Safe'')', '23514', null, 'clients: a slug that is not URL-safe → refused');
select throws_ok('update public.clients set time_zone = ''Mars/Olympus'' where id = tests.the(''client'')', null, null,
  'clients: an unknown time zone → refused');

-- the caller of an admin function
select tests.sign_in(null);
select throws_ok('select public.create_campaign(gen_random_uuid(), ''X'')', 'RB401', null,
  'tenancy: a token without a user → never passes for a server');
select tests.sign_in(tests.the('agent'));
select is((select count(*)::int from public.clients), 1, 'rls: an agent reads the one client');
select tests.sign_out();

select * from finish();
rollback;
