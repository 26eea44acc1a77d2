begin;
set local search_path = public, extensions, tests;
select plan(11);

create function pg_temp.tell(preference text, at bigint, address text, id text default gen_random_uuid()::text)
returns void language sql as $$
  select public.record_email_events(jsonb_build_array(jsonb_build_object('id', id, 'at', at, 'messageId', null,
    'attemptId', null, 'status', null, 'errorCode', null, 'preference', preference, 'address', address, 'reason', preference)))
$$;
create function pg_temp.facts(address text) returns bigint language sql as $$
  select count(*) from public.consents c where c.address = facts.address
$$;

select pg_temp.tell('opt_out', 100, 'ada@example.com', 'first');
select pg_temp.tell('opt_in', 110, 'ada@example.com', 'second');
select tests.keep('facts', pg_temp.facts('ada@example.com'));
select pg_temp.tell('opt_out', 100, 'ada@example.com', 'the first event under another id');
select ok(not private.is_opted_out('email', 'ada@example.com'),
  'record_email_events: an unsubscribe repeated under a new event id → the later resubscribe stands');
select pg_temp.tell('opt_out', 105, 'Ada@Example.com');
select ok(not private.is_opted_out('email', 'ada@example.com'),
  'record_email_events: an older unsubscribe that is reported later → the resubscribe stands');
select is(pg_temp.facts('ada@example.com'), (tests.kept('facts') #>> '{}')::bigint,
  'record_email_events: a preference that changes nothing → no fact is appended');
select pg_temp.tell('opt_out', 110, 'ada@example.com');
select ok(private.is_opted_out('email', 'ada@example.com'), 'record_email_events: both at the same moment → opted out');
select pg_temp.tell('opt_in', 110, 'ada@example.com');
select ok(private.is_opted_out('email', 'ada@example.com'), 'record_email_events: in whichever order the two are reported');
select pg_temp.tell('opt_in', 111, 'ada@example.com');
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a later resubscribe → may be written to');

select pg_temp.tell('opt_in', 110, 'bob@example.com');
select pg_temp.tell('opt_out', 100, 'bob@example.com');
select ok(not private.is_opted_out('email', 'bob@example.com'),
  'record_email_events: the resubscribe is reported before its unsubscribe → may be written to');

-- out at 100, in at 110, out at 120, in at 130: in each of their 24 orders the last one counts
create temp table orders as
  with recursive o as (
    select '{}'::int[] as steps
    union all
    select o.steps || s from o, generate_series(1, 4) s where s <> all (o.steps))
  select row_number() over (order by steps) as n, steps from o where cardinality(steps) = 4;
do $$
declare
  o record;
  step int;
begin
  for o in select * from orders order by n loop
    foreach step in array o.steps loop
      perform pg_temp.tell(case when step % 2 = 1 then 'opt_out' else 'opt_in' end, 90 + 10 * step, o.n || '@orders.example');
    end loop;
  end loop;
end $$;
select is((select count(*)::int from orders), 24, 'record_email_events: four events have 24 orders');
select is_empty($$ select n, steps from orders where private.is_opted_out('email', n || '@orders.example') $$,
  'record_email_events: four preferences in any order → the last one counts');

-- Twilio: the block was in force when the message was sent; the recipient has texted START since
select tests.keep(tests.create_delivery('sms', '+12025550188'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM-late');
update public.delivery_attempts set created_at = now() - interval '1 hour' where delivery_id = tests.the('delivery');
select tests.write_sms('+12025550188', 'START', 'opt_in');
select public.record_delivery_status('twilio', 'SM-late', null, 'failed', '21610');
select ok(not private.is_opted_out('sms', '+12025550188'),
  'record_delivery_status: 21610 of a message that was sent before START → START stands');

select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
