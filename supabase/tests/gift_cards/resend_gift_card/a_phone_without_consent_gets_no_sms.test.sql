begin;
set local search_path = public, extensions, tests;
select plan(8);

-- a card whose condition asks for consent, given by an admin without it
create function pg_temp.give(delivery_method text, deliver_to text default null) returns void language sql as $$
  update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
  update public.campaign_recipients set phone = '+12025550181', email = 'ada@example.com', sms_opted_in_at = null
  where id = tests.the('recipient');
  select tests.keep(jsonb_build_object('card', a #> '{result,giftCard,id}', 'delivery', a #> '{result,delivery,id}'))
  from tests.provision_for_caller(tests.create_user('client_admin', tests.the('client')), recipient_id => tests.the('recipient'),
    delivery_method => give.delivery_method, deliver_to => give.deliver_to, skip_verification => true) a
$$;

create function pg_temp.resend(channel text, deliver_to text default null) returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.resend(tests.the('card'), channel, deliver_to, 'again') a
$$;

create function pg_temp.ways() returns text language sql as $$
  select string_agg(d.channel || ' ' || d.status, ', ' order by d.created_at, d.channel) from public.deliveries d
  where d.subject_id = tests.the('card')
$$;

select tests.keep(tests.create_promise());
select pg_temp.give('email');
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, 'http_400');
select is(pg_temp.ways(), 'email failed', 'apply_delivery_outcome: a failed e-mail, a phone without consent → no SMS');
select is((select alert_type from public.system_alerts where subject = tests.kept('card') #>> '{}'), 'delivery_failed',
  'lease_deliveries: no channel with consent left → alert');
select is(pg_temp.resend('sms'), 'GC-009', 'resend_gift_card: by SMS, a phone without consent → GC-009');
select is(pg_temp.resend('email'), 'ok', 'resend_gift_card: by e-mail, no consent to SMS → ok');

select tests.ask_for_consent(tests.the('recipient'));
select tests.write_sms('+12025550181', 'YES', 'opt_in');
select is(pg_temp.resend('sms'), 'ok', 'resend_gift_card: after YES, by SMS → ok');
select is(pg_temp.resend('sms', '+12025550182'), 'GC-009', 'resend_gift_card: by SMS to another phone without consent → GC-009');

select tests.keep(tests.create_promise());
select pg_temp.give('email');
update public.campaign_recipients set sms_opted_in_at = now() where id = tests.the('recipient');
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, 'http_400');
select is(pg_temp.ways(), 'email failed, sms queued', 'resend_gift_card: by SMS, a phone with consent → ok');

select tests.keep(tests.create_delivery('email', 'ada@example.com'));
select tests.report(tests.lease(tests.the('delivery')), 'permanent', null, 'http_400');
select is(pg_temp.ways(), 'email failed, sms queued', 'resend_gift_card: a condition that requires no consent → ok');

select * from finish();
rollback;
