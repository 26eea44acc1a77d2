-- Contacts that were imported after their events: the admin has all of them dealt with again at once.
begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(3));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

create function pg_temp.replay(since timestamptz, as_user uuid default tests.the('admin'), endpoint uuid default tests.the('endpoint'))
returns text language plpgsql as $$
declare
  replayed int;
begin
  perform tests.sign_in(as_user);
  replayed := public.replay_crm_events(endpoint, tests.iso(since), 'imported late');
  perform tests.sign_out();
  return replayed;
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
create function pg_temp.statuses() returns text language sql as $$
  select string_agg(contact_id || ' ' || status, ', ' order by contact_id) from public.crm_events
  where endpoint_id = tests.the('endpoint')
$$;

select tests.take_crm_event(tests.the('endpoint'));
select tests.take_crm_event(tests.the('endpoint'), contact_id => 'late-' || n) from generate_series(1, 3) n;
update public.crm_events set created_at = now() - interval '2 days' where contact_id = 'late-3';
select is(pg_temp.statuses(), 'crm-1 provisioned, late-1 ignored, late-2 ignored, late-3 ignored', 'process_crm_event: three unknown contacts → ignored');
select tests.keep('late', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'late-1' where id = tests.the('late');

select is(pg_temp.replay(now() - interval '1 day'), '2', 'replay_crm_event: an admin → replays those of a day');
select is(pg_temp.statuses(), 'crm-1 provisioned, late-1 received, late-2 received, late-3 ignored', '… and no others');
select public.process_crm_event(id, '{}') from public.crm_events where endpoint_id = tests.the('endpoint') and status = 'received';
select is(pg_temp.statuses(), 'crm-1 provisioned, late-1 provisioned, late-2 ignored, late-3 ignored',
  '… recipients known by now get the card');
select row_eq($$ select actor_id, reason, metadata ->> 'events' from public.audit_events
  where subject_id = tests.the('endpoint') and action = 'crm_events.replayed' $$,
  row(tests.the('admin'), 'imported late'::text, '2'::text), '… audited');
select is(pg_temp.replay(now() + interval '1 hour'), '0', 'replay_crm_event: no event without a result → zero');
select is(pg_temp.replay('-infinity', tests.create_user('call_agent', tests.the('client'))), 'RB403', 'replay_crm_event: an agent → RB-403');
select is(pg_temp.replay('-infinity', tests.create_user('client_admin', tests.create_client())), 'RB404', 'replay_crm_event: another tenant''s user → RB-404');
select is(pg_temp.replay('-infinity', endpoint => gen_random_uuid()), 'RB404', 'replay_crm_event: an unknown endpoint → RB-404');

select * from finish();
rollback;
