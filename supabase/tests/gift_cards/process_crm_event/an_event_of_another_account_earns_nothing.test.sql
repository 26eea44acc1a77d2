begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb, kind => 'gohighlevel'));

create function pg_temp.take(account text) returns text language sql as $$
  select concat_ws(' ', p.answer #>> '{result,status}', p.answer #>> '{result,message}') from (
    select public.process_crm_event((public.record_crm_events(tests.the('endpoint'), jsonb_build_array(jsonb_build_object(
      'eventId', gen_random_uuid(), 'names', array['visit'], 'contactId', 'crm-1', 'account', account, 'payload', '{}'::jsonb)),
        tests.request()) #>> '{result,events,0,id}')::uuid, '{}') as answer) p
$$;

select is(pg_temp.take('location-2'), 'ignored The event is of another account than its endpoint',
  'process_crm_event: an event of another account → ignored');
select is(pg_temp.take(null), 'ignored The event is of another account than its endpoint', 'process_crm_event: an event without an account → ignored');
select is_empty($$ select from public.gift_card_grants where client_id = tests.the('client') $$, 'process_crm_event: an event of another account → no grant');
select is(pg_temp.take('location-1'), 'provisioned', 'process_crm_event: its own account → the card');

select tests.keep(tests.create_promise(1));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb, kind => 'hubspot'));
select is(pg_temp.take('62515'), 'provisioned', 'process_crm_event: an endpoint without an account → accepts every signed event');

select * from finish();
rollback;
