begin;
set local search_path = public, extensions, tests;
select plan(26);

create function pg_temp.tell(variadic events jsonb[]) returns text language sql as $$
  select concat_ws('/', r ->> 'new', r ->> 'events')
  from (select public.record_email_events(to_jsonb(events)) -> 'result' as r) x
$$;

create function pg_temp.event(status text, id text default gen_random_uuid()::text, message text default 'M1', code text default null,
  preference text default null, address text default 'ada@example.com', attempt uuid default null, at int default 1) returns jsonb language sql as $$
  select jsonb_build_object('id', id, 'at', at, 'messageId', message, 'attemptId', attempt, 'status', status, 'errorCode', code,
    'preference', preference, 'address', address, 'reason', status)
$$;

create function pg_temp.status() returns text language sql as $$
  select concat_ws(' ', status, provider_status, error_code) from public.deliveries where id = tests.the('delivery')
$$;

select tests.keep(tests.create_delivery('email', 'ada@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M1');
select is(pg_temp.tell(variadic '{}'::jsonb[]), '0/0', 'record_email_events: an empty batch → ok');
select is(pg_temp.tell(pg_temp.event('processed', 'e1'), pg_temp.event('processed', 'e1')), '1/2',
  'record_email_events: an event twice in a batch → counts once');
select is(pg_temp.tell(pg_temp.event('processed', 'e1'), pg_temp.event('deferred', 'e2')), '1/2', '… and once in all batches');
select is(pg_temp.status(), 'sent deferred', 'record_email_events: deferred → still in transit');
select is(pg_temp.tell(pg_temp.event('delivered'), pg_temp.event('processed')), '2/2', 'record_email_events: a late event …');
select is(pg_temp.status(), 'delivered delivered', '… reverts nothing');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', 'record_email_events: delivered → the card is delivered');
select is(pg_temp.tell(pg_temp.event('bounce', code => '5.1.1')), '1/1', 'record_email_events: a bounce after delivered …');
select is(pg_temp.status(), 'delivered delivered', '… changes nothing');
select is(pg_temp.tell(pg_temp.event('delivered', message => 'nobody''s')), '1/1', 'record_email_events: an unknown message → skipped');

-- complaints
select pg_temp.tell(pg_temp.event('spamreport', 'e9', preference => 'opt_out'));
select ok(private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a spam report → opt-out of e-mail');
select is(pg_temp.status(), 'delivered spamreport', '… the message stays delivered');
select row_eq($$ select action, source, wording from public.consents where address = 'ada@example.com' $$,
  row('opted_out'::text, 'provider'::text, 'spamreport'::text), '… the opt-out is recorded');
select pg_temp.tell(pg_temp.event(null, preference => 'opt_in', at => 2));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: a resubscribe → e-mail is sent again');
select pg_temp.tell(pg_temp.event('spamreport', 'e9', preference => 'opt_out'));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: an old complaint again → ignored');

select pg_temp.tell(pg_temp.event(null, message => 'A', preference => 'opt_in', at => 20),
  pg_temp.event(null, message => 'B', preference => 'opt_out', at => 10));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: several preferences in a batch → the last one counts');

-- turned away for now
select tests.keep(tests.create_delivery('email', 'bob@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M2');
select pg_temp.tell(pg_temp.event('deferred', message => 'M2'));
select pg_temp.tell(pg_temp.event('blocked', message => 'M2', code => 'blocked'));
select is(pg_temp.status(), 'sent blocked blocked', 'record_email_events: blocked by the server → transient');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'), 'delivery_failed',
  'record_email_events: bounced, no other channel → alert');
select pg_temp.tell(pg_temp.event('delivered', message => 'M2'));
select is((select count(*)::int from public.system_alerts where subject = tests.kept('card') #>> '{}' and resolved_at is null), 0,
  '… until it is delivered');

-- refused for good
select tests.keep(tests.create_delivery('email', 'cid@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M3');
select pg_temp.tell(pg_temp.event('bounce', message => 'M3', code => '5.1.1'));
select is(pg_temp.status(), 'undelivered bounce 5.1.1', 'record_email_events: a bounce → undelivered');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'sms'), 1,
  '… the card takes the other channel');
select tests.keep(tests.create_delivery('email', 'dan@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M4');
select pg_temp.tell(pg_temp.event('dropped', message => 'M4', code => 'dropped'));
select is(pg_temp.status(), 'undelivered dropped dropped', 'record_email_events: dropped by SendGrid → undelivered');

-- the event overtakes the report
select tests.keep(tests.create_delivery('email', 'eve@example.com'));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select pg_temp.tell(pg_temp.event('delivered', message => 'M5', attempt => (tests.kept('lease') ->> 'attemptId')::uuid));
select is(pg_temp.status(), 'delivered delivered', 'record_email_events: an event before the report of its attempt → applied');

-- what is seen is forgotten when no signature can be that old
update private.seen_events set created_at = now() - interval '8 days' where event_id = 'e1';
select public.run_housekeeping();
select is((select count(*)::int from private.seen_events where event_id = 'e1'), 0, 'record_email_events: purge: old events → deleted');
select isnt((select count(*)::int from private.seen_events), 0, 'record_email_events: purge: recent events → kept');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
