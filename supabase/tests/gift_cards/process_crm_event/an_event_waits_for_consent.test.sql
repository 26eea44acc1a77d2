begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
update public.campaign_recipients set phone = '+12025550171' where id = tests.the('recipient');

create function pg_temp.state() returns text language sql as $$
  select concat_ws(' ', status, code) from public.crm_events where id = tests.the('event')
$$;

select tests.keep('event', (tests.take_crm_event(tests.the('endpoint'))).id);
select is(pg_temp.state(), 'refused GC-009', 'process_crm_event: the condition requires consent → GC-009');
update public.campaign_recipients set first_name = 'Anna' where id = tests.the('recipient');
select is(pg_temp.state(), 'refused GC-009', 'process_crm_event: other events of the recipient → no change');
select tests.ask_for_consent(tests.the('recipient'));
select tests.write_sms('+12025550171', 'YES', 'opt_in');
select is(pg_temp.state(), 'received', 'process_crm_event: YES → the event is processed again');
select public.process_crm_event(tests.the('event'), '{}');
select is(pg_temp.state(), 'provisioned', '… the card is provisioned');
select tests.write_sms('+12025550171', 'STOP', 'opt_out');
select tests.write_sms('+12025550171', 'START', 'opt_in');
select is(pg_temp.state(), 'provisioned', '… once');

select * from finish();
rollback;
