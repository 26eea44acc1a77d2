begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_delivery());
update public.campaign_recipients set email = null where id = tests.the('recipient');

select is(tests.report(tests.lease(tests.the('delivery')), 'retriable', null, '20429',
  'Too many requests') #>> '{result,status}', 'queued', 'deliveries: a transient failure → queued again');
select row_eq($$ select status, failure_kind, error_code, error_message, lease_token, failed_at,
    next_attempt_at between now() + interval '1.5 s' and now() + interval '2.5 s' from public.deliveries
      where id = tests.the('delivery') $$,
  row('queued'::text, 'retriable'::text, '20429'::text, 'Too many requests'::text, null::uuid, null::timestamptz, true),
  '… about two seconds later, with jitter');
select is(public.lease_deliveries(tests.the('delivery'), 1) #> '{result,deliveries}', '[]', '… not before');
select is(tests.report(tests.lease(tests.the('delivery')), 'retriable') #>> '{result,status}', 'queued',
  'deliveries: a second transient failure → queued again');
select ok((select next_attempt_at between now() + interval '3 s' and now() + interval '5 s' from public.deliveries
  where id = tests.the('delivery')), '… about four seconds later');
select is(tests.report(tests.lease(tests.the('delivery')), 'retriable', null, '20429') #>> '{result,status}', 'failed',
  'deliveries: the third failure → failed');
select row_eq('select attempts, failed_at from public.deliveries where id = tests.the(''delivery'')', row(3, now()),
  'complete_delivery_attempt: the third retriable failure → failed');
select is(tests.lease(tests.the('delivery')), null, '… it is not retried a fourth time');
select row_eq('select status, delivered_at, exposed_at, stuck_at from public.gift_cards where id = tests.the(''card'')',
  row('stuck'::text, null::timestamptz, now(), now()), 'deliveries: no channel is left → the card is stuck, since it may have been disclosed');
select row_eq($$ select alert_type, severity, metadata ->> 'gift_card_id', client_id from public.system_alerts
  where subject = tests.the('card')::text $$,
  row('delivery_failed'::text, 'warning'::text, tests.the('card')::text, tests.the('client')), 'complete_delivery_attempt: failed on the last channel → alert');
select results_eq($$ select attempt_number, status, error_code from public.sms_delivery_log
  where delivery_id = tests.the('delivery') order by 1 $$,
  $$ values (1, 'failed', '20429'), (2, 'failed', null), (3, 'failed', '20429') $$, 'sms_delivery_log: → one row for each attempt');

-- permanent: the other channel
select tests.keep(tests.create_delivery());
select is(tests.report(tests.lease(tests.the('delivery')), 'permanent', null, '21211',
  'Invalid number') #>> '{result,status}', 'failed', 'deliveries: a permanent failure → not retried');
select row_eq($$ select d.channel, d.deliver_to = r.email, d.status from public.deliveries d join public.campaign_recipients r
  on r.id = d.recipient_id
    where d.subject_id = tests.the('card') and d.id <> tests.the('delivery') $$,
  row('email'::text, true, 'queued'::text), '… the recipient''s other channel is tried');
select is_empty('select from public.system_alerts where subject = tests.kept(''card'') #>> ''{}''',
  'complete_delivery_attempt: failed by SMS, e-mail is left → no alert');
select tests.keep('mail',
  (select id from public.deliveries where subject_id = tests.the('card') and channel = 'email'));
select is(tests.report(tests.lease(tests.the('mail')), 'permanent', null, '550') #>> '{result,status}', 'failed',
  'deliveries: the other channel fails, too …');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 2,
  '… there is no third one');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'
  and resolved_at is null), 'delivery_failed', 'complete_delivery_attempt: failed by e-mail, too → alert');
select is((tests.resend(tests.the('card'), 'sms', '+12025550166', 'a new phone')) ->> 'outcome', 'ok', 'resend_gift_card: another phone → queued');
select is(tests.report(tests.lease((select id from public.deliveries where deliver_to = '+12025550166')), 'sent',
  'SM9') #>> '{result,status}', 'sent', 'deliveries: the message is sent');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', 'deliveries: the card is delivered');
select is_empty('select from public.system_alerts where subject = tests.kept(''card'') #>> ''{}''
  and resolved_at is null', '… and the alert is resolved');

select * from finish();
rollback;
