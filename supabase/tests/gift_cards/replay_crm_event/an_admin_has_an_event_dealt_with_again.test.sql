-- An event that came to nothing is dealt with again from its row, by the job, once its cause is out of the way.
begin;
set local search_path = public, extensions, tests;
select plan(10);

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

create function pg_temp.replay(id uuid) returns text language plpgsql as $$
declare
  status text;
begin
  perform tests.sign_in(tests.the('admin'));
  status := (public.replay_crm_event(id, 'the campaign runs again')).status;
  perform tests.sign_out();
  return status;
exception when others then
  return sqlstate;
end $$;

update public.campaigns set status = 'paused' where id = tests.the('campaign');
select tests.keep('event', (tests.take_crm_event(tests.the('endpoint'))).id);
update public.campaigns set status = 'active' where id = tests.the('campaign');

select is(pg_temp.replay(tests.the('event')), 'received', 'replay_crm_event: an admin → the event is queued again');
select is(a.reason, 'the campaign runs again', '… audited with the reason')
from public.audit_events a where a.subject_id = tests.the('event') and a.action = 'crm_event.replayed';
select is(a.actor_id, tests.the('admin'), '… and the actor')
from public.audit_events a where a.subject_id = tests.the('event') and a.action = 'crm_event.replayed';
select is(public.lease_crm_events(100) #> '{result,events}' @> to_jsonb(tests.the('event')), true, '… leased at once');
select is(public.process_crm_event(tests.the('event'), '{}') #>> '{result,status}', 'provisioned', '… now it earns its card');
select is((select attempts from public.crm_events where id = tests.the('event')), 2, '… at the second attempt');
select is(pg_temp.replay(tests.the('event')), 'RB400', 'replay_crm_event: an event that has its card → RB-400');
select is(pg_temp.replay(gen_random_uuid()), 'RB404', 'replay_crm_event: an unknown event → RB-404');

select tests.keep('failed', tests.record_crm_event(tests.the('endpoint'), contact_id => 'crm-9'));
select public.fail_crm_event(tests.the('failed'));
select is(pg_temp.replay(tests.the('failed')), 'received', 'replay_crm_event: an event that failed by an error of ours → replayed');
select is_empty(format('select from public.system_alerts where alert_type = %L and subject = %L and resolved_at is null',
  'crm_event_failed', tests.the('endpoint')), '… which resolves the alert');

select * from finish();
rollback;
