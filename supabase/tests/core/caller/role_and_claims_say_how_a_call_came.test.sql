-- private.call_origin, private.caller: role and claims, which the API sets, decide, inside a security definer as well.
begin;
set local search_path = public, extensions, tests;
select plan(17);

select tests.keep('client', tests.create_client());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function tests.body() returns text language sql security definer as
  $$ select concat_ws(' ', private.call_origin(), private.caller()) $$;

create function pg_temp.call(role text, claims jsonb) returns text language plpgsql as $$
declare
  answer text;
begin
  perform set_config('request.jwt.claims', coalesce(claims::text, ''), true);
  perform set_config('role', role, true);
  answer := tests.body();
  perform tests.sign_out();
  return answer;
exception when others then
  return sqlstate;
end $$;

create function pg_temp.user_claims() returns jsonb language sql as $$
  select jsonb_build_object('role', 'authenticated', 'sub', tests.the('admin'))
$$;
select is(pg_temp.call('none', null), 'studio', 'caller: no role and no claims → the SQL editor');
select is(pg_temp.call('postgres', null), 'studio', 'caller: the owner and no claims → the SQL editor');
select is(pg_temp.call('service_role', '{"role": "service_role"}'), 'server', 'caller: service_role → a server');
select is(pg_temp.call('service_role', null), 'server', 'caller: service_role without claims → a server');
select is(pg_temp.call('service_role', pg_temp.user_claims()), 'server', 'caller: service_role with a user''s claims → a server');
select is(pg_temp.call('authenticated', pg_temp.user_claims()), 'user ' || tests.the('admin'), '… authenticated → the user of the token');
select is(pg_temp.call('none', pg_temp.user_claims()), 'user ' || tests.the('admin'), 'caller: claims without a role → the user of the token');
select is(pg_temp.call('authenticated', null), 'RB401', '… authenticated without claims → RB-401');
select is(pg_temp.call('authenticated', '{"role": "service_role"}'), 'RB401', 'caller: a role in the claims alone → RB-401');
select is(pg_temp.call('none', '{"role": "service_role"}'), 'RB401', 'caller: claims without a user and no role → RB-401');
select is(pg_temp.call('anon', '{"role": "anon"}'), 'RB401', '… anon → RB-401');
select is(pg_temp.call('anon', null), 'RB401', '… anon without claims → RB-401');

-- no actor is a server or the SQL editor; it stands in no membership and opens no policy
select tests.sign_in(null);
select is((select count(*)::int from public.clients), 0, 'caller: a token without a user reads no client');
select is((select count(*)::int from private.administered_client_ids()), 0, '… and administers none');
select throws_ok(format('select public.list_card_offers(%L)', tests.the('client')), 'RB401', null, '… and calls no admin entry point');
select tests.sign_out();

-- how the audit log says it
select tests.keep('campaign', (public.create_campaign(tests.the('client'), 'By the editor')).id);
select row_eq($$ select actor_id, origin from public.audit_events where subject_id = tests.the('campaign') $$,
  row(null::uuid, 'studio'::text), 'record_audit: an admin entry point in the SQL editor → no actor, origin studio');
select tests.sign_in(tests.the('admin'));
select tests.keep('campaign', (public.create_campaign(tests.the('client'), 'By a user')).id);
select tests.sign_out();
select row_eq($$ select actor_id, origin from public.audit_events where subject_id = tests.the('campaign') $$,
  row(tests.the('admin'), 'user'::text), 'record_audit: an admin entry point called by a user → actor, origin user');

select * from finish();
rollback;
