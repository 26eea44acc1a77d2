begin;
set local search_path = public, extensions, tests;
select plan(6);

select tests.keep(tests.create_promise());
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('other', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
update private.attempt_limits set attempts_max = 2, window_seconds = 3600 where surface = 'crm-webhook';

create function pg_temp.tell(endpoint uuid, events int default 1) returns jsonb language sql as $$
  select public.record_crm_events(endpoint, (
    select jsonb_agg(jsonb_build_object('eventId', gen_random_uuid(), 'names', '{}'::text[], 'payload', '{}'::jsonb))
    from generate_series(1, events)), tests.request())
$$;

select is(pg_temp.tell(tests.the('endpoint'), 100) ->> 'outcome', 'ok', 'record_crm_events: a call counts once, for any number of events');
select is(pg_temp.tell(tests.the('endpoint')) ->> 'outcome', 'ok', 'record_crm_events: the limit is reached');
select tests.keep('refused', pg_temp.tell(tests.the('endpoint')));
select is(tests.kept('refused') ->> 'code', 'RB-429', 'record_crm_events: one call more → RB-429');
select ok((tests.kept('refused') #>> '{details,retryAfter}')::int between 1 and 3600, '… with the seconds to wait');
select is((select count(*)::int from public.crm_events where endpoint_id = tests.the('endpoint')), 101, '… nothing of it is stored');
select is(pg_temp.tell(tests.the('other')) ->> 'outcome', 'ok', 'record_crm_events: another endpoint → not limited');

select * from finish();
rollback;
