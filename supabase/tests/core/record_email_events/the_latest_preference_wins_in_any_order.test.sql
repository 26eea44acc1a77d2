begin;
set local search_path = public, extensions, tests;
select plan(6);

create function pg_temp.preference(preference text, at bigint, address text default 'ada@example.com') returns void language sql as $$
  select public.record_email_events(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'at', at, 'messageId', null,
    'attemptId', null, 'status', null, 'errorCode', null, 'preference', preference, 'address', address, 'reason', preference)))
$$;

select pg_temp.preference('opt_out', 100);
select pg_temp.preference('opt_in', 90);
select ok(private.is_opted_out('email', 'ada@example.com'), 'What was wished before the opt-out does not take it back');
select pg_temp.preference('opt_in', 110);
select ok(not private.is_opted_out('email', 'ada@example.com'), 'What was wished after it does');
select pg_temp.preference('opt_out', 200);
select pg_temp.preference('opt_out', 150);
select pg_temp.preference('opt_in', 170);
select ok(private.is_opted_out('email', 'ada@example.com'), 'An older opt-out does not make the last one older');
select pg_temp.preference('opt_in', 0);
select ok(not private.is_opted_out('email', 'ada@example.com'), 'A preference without its time is one of now');

select pg_temp.preference('opt_out', extract(epoch from now() + interval '1 year')::bigint, 'bob@example.com');
select is((select said_at from public.contact_opt_outs where address = 'bob@example.com'), now(), 'No preference is of the future');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
