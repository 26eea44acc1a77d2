-- Events are stored as received, once for their endpoint; unprocessed ones are leased again.
begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_promise(2));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('other', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));

create function pg_temp.record(endpoint text, variadic ids text[]) returns jsonb language sql as $$
  select public.record_crm_events(tests.the(endpoint), (
    select jsonb_agg(jsonb_build_object('eventId', id, 'names', '{visit}'::text[], 'contactId', 'crm-1',
      'payload', jsonb_build_object('said', id))) from unnest(ids) id), tests.request()) #> '{result,events}'
$$;

select tests.keep('batch', pg_temp.record('endpoint', 'a', 'b', 'a'));
select is(jsonb_array_length(tests.kept('batch')), 2, 'record_crm_events: an event twice in a batch → one');
select is(jsonb_path_query_array(tests.kept('batch'), '$[*].isNew'), '[true, true]', '… both are new');
select is(jsonb_path_query_array(pg_temp.record('endpoint', 'b', 'c'), '$[*].isNew'), '[false, true]',
  'record_crm_events: an event id received before → not new');
select is(jsonb_path_query_array(pg_temp.record('other', 'a'), '$[*].isNew'), '[true]', 'record_crm_events: each endpoint has its own event ids');
select is((select payload from public.crm_events where endpoint_id = tests.the('endpoint') and event_id = 'c'), '{"said": "c"}',
  'record_crm_events: the event is stored as received');
select is((select client_id from public.crm_events where endpoint_id = tests.the('endpoint') and event_id = 'c'),
  tests.the('client'), '… for the endpoint''s client');
select is(public.record_crm_events(gen_random_uuid(), '[{"eventId": "a", "names": []}]', tests.request()) #> '{result,events}', '[]',
  'record_crm_events: an unknown endpoint → nothing is stored');
select throws_ok(format('insert into public.crm_events (client_id, endpoint_id, event_id, event_names, payload, request_id)
  values (%L, %L, %L, %L, %L, gen_random_uuid())', tests.create_client(), tests.the('endpoint'), 'd', '{}', '{}'), '23503', null,
  'record_crm_events: a row of one client cannot reference another''s endpoint');

-- unprocessed events
select tests.keep('due', (select id from public.crm_events where endpoint_id = tests.the('endpoint') and event_id = 'c'));
create function pg_temp.is_leased() returns boolean language sql as $$
  select coalesce(public.lease_crm_events(100) #> '{result,events}' @> to_jsonb(tests.the('due')), false)
$$;
select is(pg_temp.is_leased(), false, 'record_crm_events: → leased to its caller for a minute');
update public.crm_events set leased_until = now() where id = tests.the('due');
select is(pg_temp.is_leased(), true, '… then it is due');
select is(pg_temp.is_leased(), false, 'lease_crm_events: → leased to one worker');
update public.crm_events set leased_until = now() where id = tests.the('due');
select public.process_crm_event(tests.the('due'), '{}');
select is(pg_temp.is_leased(), false, 'record_crm_events: a processed event → not leased');
select is(public.process_crm_event(tests.the('due'), '{}') #>> '{result,status}', 'provisioned', '… and not processed again');

select * from finish();
rollback;
