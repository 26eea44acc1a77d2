begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_delivery('sms', '+12025550179'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SMpartly');
create function pg_temp.told(status text) returns text language sql as $$
  select public.record_delivery_status('twilio', 'SMpartly', null, status, null);
  select d.status || ' ' || d.provider_status from public.deliveries d where d.id = tests.the('delivery')
$$;
select pg_temp.told('sent');
select is(pg_temp.told('partially_delivered'), 'sent partially_delivered', 'record_delivery_status: partially_delivered → known, and on its way');
select is(pg_temp.told('sent'), 'sent partially_delivered', 'record_delivery_status: an older sent → changes nothing');
select is(pg_temp.told('delivered'), 'delivered delivered', 'record_delivery_status: delivered afterwards → delivered');
select is(pg_temp.told('partially_delivered'), 'delivered delivered', 'record_delivery_status: partially_delivered, late → changes nothing');

select * from finish();
rollback;
