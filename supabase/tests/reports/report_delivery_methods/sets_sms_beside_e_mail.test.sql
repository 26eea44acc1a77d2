-- Of tests.create_reported_tenant, by SMS: 4 messages with 1 + 2 + 3 + 1 = 7 tries, 2 successes (2 / 7 = 0.2857), 2 failed;
-- 7 / 4 = 1.75 tries each; until sent (60 + 120) / 2 = 90 s; 2 cards arrived, 1 of them redeemed = 0.5.
-- By e-mail: 1 message, 1 try, 1 success, after 180 s, not redeemed.
-- Three more SMS on March 6: one that the provider took and then called undelivered (1 try, no success), one suppressed (no try),
-- one on its way (its try has not ended): 7 messages, 8 tries, 2 / 8 = 0.25, 8 / 7 = 1.14, sent after (60 + 120 + 30) / 3 = 70 s.
begin;
set local search_path = public, extensions, tests;
select plan(4);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));

select tests.sign_in(tests.the('admin'));
select results_eq($$
  select delivery_method, deliveries, delivery_attempts, successful, confirmed, failed, suppressed, undecided,
    delivery_success_rate, average_attempts, average_seconds_to_sent, delivered_cards, redeemed_cards, redemption_rate
  from public.report_delivery_methods(null, '2026-03-01', '2026-04-01') $$,
  $$ values
    ('email', 1::bigint, 1::bigint, 1::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 1.0000, 1.00, 180.0, 1::bigint, 0::bigint, 0.0000),
    ('sms', 4::bigint, 7::bigint, 2::bigint, 1::bigint, 2::bigint, 0::bigint, 0::bigint, 0.2857, 1.75, 90.0, 2::bigint, 1::bigint, 0.5000) $$,
  'report_delivery_methods: → attempts, successes, times and redemptions, of this tenant only');
select is_empty($$ select from public.report_delivery_methods(null, '2026-02-01', '2026-03-01') $$,
  'report_delivery_methods: a range without messages → no rows');
select throws_ok(format('select public.report_delivery_methods(%L)', tests.kept('b') ->> 'client'), 'RB404', null,
  'report_delivery_methods: another tenant''s client → RB-404');
select tests.sign_out();

select tests.keep('card', tests.give_card(tests.create_recipients(tests.the('campaign')), tests.the('pool'), '2026-03-06 12:00Z'));
select tests.add_delivery(tests.the('card'), 'sms', 'undelivered', '{sent}', 30);
select tests.add_delivery(tests.the('card'), 'sms', 'suppressed', '{}');
select tests.keep('sending', tests.add_delivery(tests.the('card'), 'sms', 'queued', '{}'));
insert into public.delivery_attempts (delivery_id, client_id, attempt_number) values (tests.the('sending'), tests.the('client'), 1);
select results_eq($$
  select deliveries, delivery_attempts, successful, failed, suppressed, undecided, delivery_success_rate, average_attempts,
    average_seconds_to_sent from public.report_delivery_methods(tests.the('client')) where delivery_method = 'sms' $$,
  $$ values (7::bigint, 8::bigint, 2::bigint, 3::bigint, 1::bigint, 1::bigint, 0.2500, 1.14, 70.0) $$,
  'report_delivery_methods: undelivered and unfinished attempts → no successes');

select * from finish();
rollback;
