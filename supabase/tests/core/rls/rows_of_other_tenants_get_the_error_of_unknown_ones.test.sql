-- Guessed ids and codes reveal nothing: the whole answer is the same for another tenant's row and for an unknown id.
begin;
set local search_path = public, extensions, tests;
select plan(74);

select tests.keep(tests.create_busy_tenant());
select tests.keep('delivery', (select id from public.deliveries where client_id = tests.the('client') limit 1));
select tests.keep('card', (select subject_id from public.deliveries where id = tests.the('delivery')));
select tests.keep('session', (select id from public.call_sessions where client_id = tests.the('client') limit 1));
select tests.keep('owed', (select recipient_id from public.pending_rewards where client_id = tests.the('client')));
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 0));
-- the guesser, who has recipients and an admin's rights, elsewhere
select tests.keep('elsewhere', tests.create_promise(5));
select tests.keep('mine', tests.kept('elsewhere') -> 'recipient');
select tests.keep('admin', tests.create_user('client_admin', (tests.kept('elsewhere') ->> 'client')::uuid));

create function pg_temp.same(foreign_answer jsonb, unknown_answer jsonb,
  description text) returns setof text language sql as $$
  select is(foreign_answer, unknown_answer, description)
  union all select is(foreign_answer ->> 'outcome', 'refused', description || ', and it is refused')
$$;

select pg_temp.same(tests.upload_target(tests.the('pool'), tests.the('admin')),
  tests.upload_target(gen_random_uuid(), tests.the('admin')),
  'get_upload_target: another tenant''s pool → the error of an unknown one');
select pg_temp.same(tests.upload_target(tests.the('master'), tests.the('admin')),
  tests.upload_target(gen_random_uuid(), tests.the('admin')),
  'get_upload_target: a master pool → the error of an unknown one');
select pg_temp.same(tests.import(tests.the('pool'), '[]', tests.the('admin')),
  tests.import(gen_random_uuid(), '[]', tests.the('admin')),
  'import_gift_cards: another tenant''s pool → the error of an unknown one');
select pg_temp.same(tests.provision(tests.the('recipient'), tests.the('admin')),
  tests.provision(gen_random_uuid(), tests.the('admin')),
  'provision_gift_card: another tenant''s recipient → the error of an unknown one');
select pg_temp.same(tests.provision_for_caller(tests.the('admin'), tests.redemption_token(tests.the('owed'))),
  tests.provision_for_caller(tests.the('admin'), 'NOBODY-HAS-THIS'),
  'call centre: another tenant''s code → the error of an unknown one');
select pg_temp.same( tests.provision_for_caller(tests.the('admin'), recipient_id => tests.the('mine'),
  call_session_id => tests.the('session')),
  tests.provision_for_caller(tests.the('admin'), recipient_id => tests.the('mine'),
  call_session_id => gen_random_uuid()), 'call centre: another tenant''s call → the error of an unknown one');
select pg_temp.same(
  tests.redeem(tests.redemption_token(tests.the('owed')), (tests.kept('elsewhere') ->> 'campaign')::uuid),
  tests.redeem('NOBODY-HAS-THIS', (tests.kept('elsewhere') ->> 'campaign')::uuid),
  'redeem_gift_card: another campaign''s code → the error of an unknown one');
select pg_temp.same(
  tests.resend(tests.the('card'), 'sms', null, null, tests.request(tests.the('admin'))),
  tests.resend(gen_random_uuid(), 'sms', null, null, tests.request(tests.the('admin'))),
  'resend_gift_card: another tenant''s card → the error of an unknown one');

select pg_temp.same(
  tests.export_report('liability', tests.the('client'), null, null, tests.request(tests.the('admin'))),
  tests.export_report('liability', gen_random_uuid(), null, null, tests.request(tests.the('admin'))),
  'export_report: another tenant''s client → the error of an unknown one');
select pg_temp.same(tests.ask_for_consent(tests.the('recipient'), tests.the('admin')),
  tests.ask_for_consent(gen_random_uuid(), tests.the('admin')),
  'request_sms_opt_in: another tenant''s recipient → the error of an unknown one');
select pg_temp.same(
  tests.record_recipient_consent(tests.the('recipient'), 'sms', 'opted_out', 'agent', null, null, null, null,
    tests.request(tests.the('admin'))),
  tests.record_recipient_consent(gen_random_uuid(), 'sms', 'opted_out', 'agent', null, null, null, null, tests.request(tests.the('admin'))),
  'record_recipient_consent: another tenant''s recipient → the error of an unknown one');
select pg_temp.same(tests.ask_for_consent(tests.the('mine'), tests.the('admin'), session => tests.the('session')),
  tests.ask_for_consent(tests.the('mine'), tests.the('admin'), session => gen_random_uuid()),
  'request_sms_opt_in: another tenant''s call → the error of an unknown one');
select pg_temp.same(
  tests.reveal_to_staff(tests.the('card'), 'asked', tests.request(tests.the('admin'))),
  tests.reveal_to_staff(gen_random_uuid(), 'asked', tests.request(tests.the('admin'))),
  'reveal_gift_card_to_staff: another tenant''s card → the error of an unknown one');

select pg_temp.same(tests.billing_statement(tests.the('client'), null, '2026-03-01', tests.request(tests.the('admin'))),
  tests.billing_statement(gen_random_uuid(), null, '2026-03-01', tests.request(tests.the('admin'))),
  'get_billing_statement: another tenant''s client → the error of an unknown one');
select pg_temp.same(tests.billing_statement(null, tests.the('agency'), '2026-03-01', tests.request(tests.the('admin'))),
  tests.billing_statement(null, gen_random_uuid(), '2026-03-01', tests.request(tests.the('admin'))),
  'get_billing_statement: another tenant''s agency → the error of an unknown one');
select pg_temp.same(tests.sell(tests.the('master'), tests.the('client'), 1, actor => tests.the('admin')),
  tests.sell(gen_random_uuid(), tests.the('client'), 1, actor => tests.the('admin')),
  'sell_gift_cards: a master pool → the error of an unknown one');
select pg_temp.same(tests.return_cards((select id from public.admin_card_sales limit 1), 1, tests.the('admin')),
  tests.return_cards(gen_random_uuid(), 1, tests.the('admin')),
  'return_gift_cards: a sale → the error of an unknown one');
select is(tests.get_delivery(tests.the('delivery'), tests.request(tests.the('admin'))),
  tests.get_delivery(gen_random_uuid(), tests.request(tests.the('admin'))),
  'get_delivery: another tenant''s delivery → the error of an unknown one');

-- what an admin calls with supabase-js, signed in
select tests.keep('reply', tests.unclear_reply(tests.the('recipient')));
create function pg_temp.told(statement text) returns text language plpgsql as $$
declare
  answer text := 'done';
begin
  perform tests.sign_in(tests.the('admin'));
  begin
    execute statement;
  exception when others then
    answer := sqlstate || ' ' || sqlerrm;
  end;
  perform tests.sign_out();
  return answer;
end $$;
select is(pg_temp.told(format(s.statement, t.id)), 'RB404 Not found', s.statement || ': another tenant''s row → the error of an unknown one')
from (values
  ('select public.cancel_gift_card(%L, ''asked'')', 'card'), ('select public.mark_gift_card_redeemed(%L)', 'card'),
  ('select public.allow_gift_card_replacement(%L, ''asked'')', 'card'),
  ('select public.archive_gift_card_pool(%L)', 'pool'), ('select public.archive_gift_card_pool(%L)', 'master'),
  ('select public.update_expiration_policy(%L, ''Never'')', 'brand'),
  ('select public.record_consent(%L, ''sms'', ''agent'', ''yes'')', 'recipient'),
  ('select public.decide_reply(%L, ''dismissed'')', 'reply'),
  ('select public.record_opt_out(%L, ''sms'')', 'recipient')) s (statement, thing),
  lateral (values (tests.the(s.thing)), (gen_random_uuid())) t (id);

select tests.keep('customer', (select user_id from public.wallet_balances where client_id = tests.the('client') limit 1));
select is(tests.get_wallet(tests.the('admin'), tests.the('customer')),
  tests.get_wallet(tests.the('admin'), gen_random_uuid()),
  'get_wallet: another tenant''s customer → the error of an unknown one');

select pg_temp.same(
  tests.use_messages(tests.the('client'), tests.the('customer'), 1, tests.the('admin')),
  tests.use_messages(gen_random_uuid(), tests.the('customer'), 1, tests.the('admin')),
  'use_messages: another tenant''s customer → the error of an unknown one');

-- a customer elsewhere, and the vouchers of others
select tests.keep('stranger', tests.create_customer((tests.kept('elsewhere') ->> 'client')::uuid));
select tests.keep('voucher', (select id from public.vouchers where client_id = tests.the('client') limit 1));
select tests.keep('redemption', (select id from public.voucher_usage where client_id = tests.the('client') limit 1));
select pg_temp.same(tests.redeem_voucher(tests.the('stranger'), tests.the('voucher')),
  tests.redeem_voucher(tests.the('stranger'), code => 'NOBODY-HAS-THIS'),
  'redeem_voucher: another tenant''s voucher → the error of an unknown one');
select pg_temp.same(tests.validate_voucher(tests.the('stranger'), tests.the('voucher')),
  tests.validate_voucher(tests.the('stranger'), code => 'NOBODY-HAS-THIS'),
  'validate_voucher: another tenant''s voucher → the error of an unknown one');
select is(pg_temp.told(format(s.statement, t.id)), 'RB404 Not found', s.statement || ': another tenant''s row → the error of an unknown one')
from (values
  ('select public.update_voucher(%L, ''{}'')', 'voucher'), ('select public.expire_voucher(%L)', 'voucher'),
  ('select public.rollback_voucher_redemption(%L, ''asked'')', 'redemption')) s (statement, thing),
  lateral (values (tests.the(s.thing)), (gen_random_uuid())) t (id);

select tests.keep('package', (select id from public.packages where client_id = tests.the('client') limit 1));
select tests.keep('purchase', (select id from public.package_purchases where client_id = tests.the('client') limit 1));
select tests.keep('buyer', tests.create_user('customer', (tests.kept('elsewhere') ->> 'client')::uuid));
select pg_temp.same(tests.quote(tests.the('buyer'), tests.the('package'), 0),
  tests.quote(tests.the('buyer'), gen_random_uuid(), 0),
  'get_package_quote: another tenant''s package → the error of an unknown one');
select pg_temp.same(
  tests.buy(0, purchase_id => tests.the('purchase'), customer_id => tests.the('buyer'), package_id => null),
  tests.buy(0, purchase_id => gen_random_uuid(), customer_id => tests.the('buyer'), package_id => null),
  'start_package_purchase: another tenant''s purchase → the error of an unknown one');
select pg_temp.same(tests.cancel_purchase(tests.the('admin'), tests.the('purchase')),
  tests.cancel_purchase(tests.the('admin'), gen_random_uuid()),
  'cancel_package_purchase: another tenant''s purchase → the error of an unknown one');
select pg_temp.same(
  tests.refund(tests.the('admin'), tests.the('purchase'), null, null, 1, null),
  tests.refund(tests.the('admin'), gen_random_uuid(), null, null, 1, null),
  'refund_package_purchase: another tenant''s purchase → the error of an unknown one');

select * from finish();
rollback;
