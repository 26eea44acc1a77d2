-- A limit that blocks before the look-up raises the alert of a campaign without knowing whose campaign it is.
begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep('client', tests.create_client());
create function pg_temp.alert() returns setof public.system_alerts language sql as $$
  select * from public.system_alerts where subject = 'redeem-gift-card:a campaign'
$$;

select private.report_burst('redeem-gift-card', 'ip', '{"ip": "x", "scope": "a campaign"}');
select is((select client_id from pg_temp.alert()), null, 'report_burst: the client is not known → an alert of the platform');
select private.report_burst('redeem-gift-card', 'scope', jsonb_build_object('scope', 'a campaign', 'client', tests.the('client')));
select is((select client_id from pg_temp.alert()), tests.the('client'), 'report_burst: the client is known later → it becomes the client''s alert');
select private.report_burst('redeem-gift-card', 'ip', '{"ip": "x", "scope": "a campaign"}');
select is((select client_id from pg_temp.alert()), tests.the('client'), '… and stays so');

select * from finish();
rollback;
