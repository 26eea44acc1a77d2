begin;
set local search_path = public, extensions, tests;
select plan(6);

create function pg_temp.preference(preference text, at bigint, address text default 'ada@example.com') returns void language sql as $$
  select public.record_email_events(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'at', at, 'messageId', null,
    'attemptId', null, 'status', null, 'errorCode', null, 'preference', preference, 'address', address, 'reason', preference)))
$$;

select pg_temp.preference('opt_out', 100);
select pg_temp.preference('opt_in', 90);
select ok(private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a resubscribe older than the opt-out → the opt-out stays');
select pg_temp.preference('opt_in', 110);
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a resubscribe newer than the opt-out → lifted');
select pg_temp.preference('opt_out', 200);
select pg_temp.preference('opt_out', 150);
select pg_temp.preference('opt_in', 170);
select ok(private.is_opted_out('email', 'ada@example.com'), 'record_email_events: an older opt-out → the newer time stays');
select pg_temp.preference('opt_in', 0);
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a preference without a time → now');

select pg_temp.preference('opt_out', extract(epoch from now() + interval '1 year')::bigint, 'bob@example.com');
select is((select said_at from public.contact_opt_outs where address = 'bob@example.com'), now(), 'record_email_events: a preference of the future → now');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
