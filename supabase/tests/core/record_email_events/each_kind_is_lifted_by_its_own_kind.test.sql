begin;
set local search_path = public, extensions, tests;
select plan(8);

create function pg_temp.tell(preference text, kind text, at bigint, address text default 'ada@example.com') returns text language sql as $$
  select public.record_email_events(jsonb_build_array(jsonb_build_object('id', gen_random_uuid(), 'at', at, 'messageId', null,
    'attemptId', null, 'status', null, 'errorCode', null, 'preference', preference, 'preferenceKind', kind, 'address', address, 'reason', preference)));
  select string_agg(kind, ' ' order by kind) from public.contact_opt_outs o where o.address = tell.address
$$;

select pg_temp.tell('opt_out', 'spamreport', 100);
select is(pg_temp.tell('opt_in', 'group_unsubscribe:7', 110), 'spamreport',
  'record_email_events: group_resubscribe → a spam report stays');
select is(pg_temp.tell('opt_out', 'unsubscribe', 120), 'spamreport unsubscribe', 'record_email_events: unsubscribe → kept beside it');
select is(pg_temp.tell('opt_in', 'group_unsubscribe:7', 130), 'spamreport unsubscribe',
  'record_email_events: group_resubscribe → a global unsubscribe stays');
select pg_temp.tell('opt_out', 'group_unsubscribe:7', 140, 'bob@example.com');
select is(pg_temp.tell('opt_in', 'group_unsubscribe:8', 150, 'bob@example.com'), 'group_unsubscribe:7',
  'record_email_events: group_resubscribe of another group → the group stays');
select is(pg_temp.tell('opt_in', 'group_unsubscribe:7', 150, 'bob@example.com'), null,
  'record_email_events: group_resubscribe of the same group → lifted');
select pg_temp.tell('opt_out', 'group_unsubscribe:7', 145, 'bob@example.com');
select ok(not private.is_opted_out('email', 'bob@example.com'),
  'record_email_events: an older group_unsubscribe reported later → the resubscribe stands');
select throws_ok($$ select pg_temp.tell('opt_out', 'a kind of tomorrow', 150, 'cid@example.com') $$, '23514', null,
  'record_email_events: an unknown kind → refused');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
