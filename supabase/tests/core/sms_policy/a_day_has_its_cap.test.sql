begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep(tests.create_promise(9));
select tests.keep('agency_admin', tests.create_user('agency_admin', tests.the('client')));
update public.clients set sms_daily_max = 5 where id = tests.the('client');
select tests.provision(r, deliver_to => null) from tests.create_recipients(tests.the('campaign'), 8) r;

create function pg_temp.count_of(status text) returns int language sql as $$
  select count(*)::int from public.deliveries d where d.client_id = tests.the('client') and d.status = count_of.status
$$;
create function pg_temp.alerts() returns text language sql as $$
  select string_agg(alert_type || ' ' || severity, ', ' order by alert_type) from public.system_alerts
  where client_id = tests.the('client') and alert_type like 'sms_cap%' and resolved_at is null
$$;
create function pg_temp.lease_all() returns void language sql as $$
  select public.lease_deliveries(id, 1) from public.deliveries where client_id = tests.the('client') and status = 'queued'
$$;

select public.lease_deliveries(id, 1) from (
  select id from public.deliveries where client_id = tests.the('client') order by id limit 3) d;
select is(pg_temp.alerts(), null, 'lease_deliveries: 3 of 5 a day → no alert');
select pg_temp.lease_all();
select is(pg_temp.count_of('sending'), 5, 'lease_deliveries: 8 messages, 5 a day → 5 are leased');
select is(pg_temp.count_of('queued'), 3, 'lease_deliveries: beyond the cap → nothing is lost');
select is(pg_temp.alerts(), 'sms_cap warning, sms_cap_reached critical', 'lease_deliveries: cap reached → alert');
select is((select count(*)::int from public.deliveries where client_id = tests.the('client') and error_code = 'sms_cap_reached'
  and next_attempt_at = private.end_of_day((now() at time zone 'UTC')::date, 'UTC')), 3,
  'lease_deliveries: beyond the cap → wait until the next day of the client');
select is((select sent from private.sms_usage where client_id = tests.the('client')), 5, 'take_sms: counts what was leased');
-- an e-mail is not held back
select is(tests.lease((tests.provision((select tests.create_recipients(tests.the('campaign'))), delivery_method => 'email',
  deliver_to => 'ada@example.com') #>> '{result,delivery,id}')::uuid) ->> 'channel', 'email', 'lease_deliveries: e-mail has no cap');

select tests.sign_in(tests.the('agency_admin'));
select public.update_sms_policy(tests.the('client'), sms_daily_max => 7);
select tests.sign_out();
select is(pg_temp.alerts(), null, 'update_sms_policy: higher cap → the alerts are resolved');
select pg_temp.lease_all();
select is(pg_temp.count_of('sending'), 8, 'update_sms_policy: higher cap → two more messages are leased at once');
select is(pg_temp.count_of('queued'), 1, 'update_sms_policy: higher cap → and no more');

-- the next day
update private.sms_usage set day = day - 1 where client_id = tests.the('client');
update public.deliveries set next_attempt_at = now() where client_id = tests.the('client') and status = 'queued';
select pg_temp.lease_all();
select is(pg_temp.alerts(), null, 'take_sms: the first message of a day resolves the alerts of the day before');

select * from finish();
rollback;
