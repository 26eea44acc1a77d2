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
select is(pg_temp.tell(variadic '{}'::jsonb[]), '0/0', 'An empty batch is a batch');
select is(pg_temp.tell(pg_temp.event('processed', 'e1'), pg_temp.event('processed', 'e1')), '1/2', 'An event counts once in a batch');
select is(pg_temp.tell(pg_temp.event('processed', 'e1'), pg_temp.event('deferred', 'e2')), '1/2', 'And once in all');
select is(pg_temp.status(), 'sent deferred', 'A message that must wait is still on its way');
select is(pg_temp.tell(pg_temp.event('delivered'), pg_temp.event('processed')), '2/2', 'What comes late');
select is(pg_temp.status(), 'delivered delivered', 'takes nothing back');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', 'The card is delivered');
select is(pg_temp.tell(pg_temp.event('bounce', code => '5.1.1')), '1/1', 'A bounce after the delivery');
select is(pg_temp.status(), 'delivered delivered', 'changes nothing');
select is(pg_temp.tell(pg_temp.event('delivered', message => 'nobody''s')), '1/1', 'A message that nobody knows is passed over');

-- complaints
select pg_temp.tell(pg_temp.event('spamreport', 'e9', preference => 'opt_out'));
select ok(private.is_opted_out('email', 'ada@example.com'), 'Who complains gets no e-mail any more');
select is(pg_temp.status(), 'delivered spamreport', 'It has arrived all the same');
select row_eq($$ select action, source, wording from public.consents where address = 'ada@example.com' $$,
  row('opted_out'::text, 'provider'::text, 'spamreport'::text), 'The opt-out is a fact');
select pg_temp.tell(pg_temp.event(null, preference => 'opt_in', at => 2));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'Who subscribes again gets e-mail again');
select pg_temp.tell(pg_temp.event('spamreport', 'e9', preference => 'opt_out'));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'record_email_events: an old complaint again → ignored');

select pg_temp.tell(pg_temp.event(null, message => 'A', preference => 'opt_in', at => 20),
  pg_temp.event(null, message => 'B', preference => 'opt_out', at => 10));
select ok(not private.is_opted_out('email', 'ada@example.com'), 'In a batch the last preference counts');

-- turned away for now
select tests.keep(tests.create_delivery('email', 'bob@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M2');
select pg_temp.tell(pg_temp.event('deferred', message => 'M2'));
select pg_temp.tell(pg_temp.event('blocked', message => 'M2', code => 'blocked'));
select is(pg_temp.status(), 'sent blocked blocked', 'A server that blocks has not refused for good');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'), 'delivery_failed',
  'record_email_events: bounced, no other channel → alert');
select pg_temp.tell(pg_temp.event('delivered', message => 'M2'));
select is((select count(*)::int from public.system_alerts where subject = tests.kept('card') #>> '{}' and resolved_at is null), 0,
  'Until it arrives');

-- refused for good
select tests.keep(tests.create_delivery('email', 'cid@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M3');
select pg_temp.tell(pg_temp.event('bounce', message => 'M3', code => '5.1.1'));
select is(pg_temp.status(), 'undelivered bounce 5.1.1', 'A bounce is an e-mail that did not arrive');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card') and channel = 'sms'), 1,
  'The card takes the other channel');
select tests.keep(tests.create_delivery('email', 'dan@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'M4');
select pg_temp.tell(pg_temp.event('dropped', message => 'M4', code => 'dropped'));
select is(pg_temp.status(), 'undelivered dropped dropped', 'So is one that SendGrid has dropped');

-- the event overtakes the report
select tests.keep(tests.create_delivery('email', 'eve@example.com'));
select tests.keep('lease', tests.lease(tests.the('delivery')));
select pg_temp.tell(pg_temp.event('delivered', message => 'M5', attempt => (tests.kept('lease') ->> 'attemptId')::uuid));
select is(pg_temp.status(), 'delivered delivered', 'record_email_events: an event before the report of its attempt → applied');

-- what is seen is forgotten when no signature can be that old
update private.seen_events set created_at = now() - interval '8 days' where event_id = 'e1';
select public.run_housekeeping();
select is((select count(*)::int from private.seen_events where event_id = 'e1'), 0, 'Old events are forgotten');
select isnt((select count(*)::int from private.seen_events), 0, 'Young ones are not');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
