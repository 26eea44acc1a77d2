-- Every entry point with a limit: beyond it → RB-429, and the alert is still there after the refusal.
begin;
set local search_path = public, extensions, tests;

create temp table entry_points (name text, surface text);
insert into entry_points values
  ('redeem_gift_card', 'redeem-gift-card'), ('confirm_redemption', 'confirm-redemption'), ('reveal_gift_card', 'reveal-gift-card'),
  ('provision_gift_card_for_call_center', 'provision-gift-card-for-call-center'),
  ('provision_gift_card_for_call_center to another address', 'staff-disclosure'), ('resend_gift_card', 'staff-disclosure'),
  ('reveal_gift_card_to_staff', 'staff-disclosure'), ('update_pending_reward', 'staff-disclosure'),
  ('request_sms_opt_in', 'send-sms-opt-in'),
  ('start_call_session', 'start-call-session'),
  ('redeem_voucher', 'redeem-voucher'), ('validate_voucher', 'redeem-voucher'), ('record_crm_events', 'crm-webhook');
select plan(6 + 2 * (select count(*)::int from entry_points));

select tests.keep(tests.create_promise(5));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('customer', tests.create_customer(tests.the('client')));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('given', tests.create_recipients(tests.the('campaign')));
select tests.keep('card', tests.provision(tests.the('given')) #>> '{result,giftCard,id}');

select set_eq('select surface from private.attempt_limits where blocks', 'select surface from entry_points',
  'attempt_limits: every surface that blocks is tried here');

select tests.keep('pending', (tests.provision((select tests.create_recipients(
  tests.create_campaign(tests.the('client'), tests.create_brand())))) #>> '{details,pendingReward,id}')::uuid);
create function pg_temp.readdress() returns jsonb language plpgsql as $$
begin
  perform tests.sign_in(tests.the('agent'));
  perform public.update_pending_reward(tests.the('pending'), 'sms', '+1202555018' || floor(random() * 10), 'asked for it');
  perform tests.sign_out();
  return '{}';
exception when others then
  return jsonb_build_object('code', overlay(sqlstate placing 'RB-' from 1 for 2));
end $$;

create function pg_temp.ask(name text, key text default null) returns jsonb language plpgsql as $$
begin
  return case name
    when 'redeem_gift_card' then tests.redeem('NOBODYHASTHIS')
    when 'confirm_redemption' then public.confirm_redemption('NOBODYHASTHIS', null, tests.request(ip => '203.0.113.7'))
    when 'reveal_gift_card' then public.reveal_gift_card(gen_random_uuid(), 'device', tests.request(ip => '203.0.113.7'))
    when 'provision_gift_card_for_call_center' then tests.provision_for_caller(tests.the('agent'), 'NOBODYHASTHIS')
    when 'provision_gift_card_for_call_center to another address' then public.provision_gift_card_for_call_center(call_session_id => null,
      confirmation_code => null, recipient_id => tests.the('recipient'), condition_number => 1, delivery_method => 'sms',
      deliver_to => '+12025550177', skip_verification => false,
      request => tests.request(tests.the('agent')),
      reason => 'asked for it')
    when 'resend_gift_card' then tests.resend(tests.the('card'), 'sms', '+12025550178', 'asked for it',
      tests.request(tests.the('agent'), key, 'hash'))
    when 'reveal_gift_card_to_staff' then tests.reveal_to_staff(tests.the('card'), 'asked for it', tests.request(tests.the('agent')))
    when 'update_pending_reward' then pg_temp.readdress()
    when 'request_sms_opt_in' then tests.ask_for_consent(tests.the('recipient'), tests.the('agent'), '+12025550179', key => key, hash => 'hash')
    when 'start_call_session' then tests.start_call_session(tests.the('agent'), '+12025550100', null, 'NOBODYHASTHIS')
    when 'redeem_voucher' then tests.redeem_voucher(tests.the('customer'), code => 'NOBODYHASTHIS')
    when 'validate_voucher' then tests.validate_voucher(tests.the('customer'), code => 'NOBODYHASTHIS')
    when 'record_crm_events' then public.record_crm_events(tests.the('endpoint'), '[]', tests.request()) end;
end $$;

-- one attempt is allowed, and it was used a moment ago
update private.attempt_limits set attempts_max = 1, slowed_max = case when slowed_max is not null then 1 end where blocks;
create function pg_temp.use_up(name text) returns jsonb language plpgsql as $$
declare
  answer jsonb;
begin
  delete from private.attempt_buckets;
  delete from public.system_alerts where alert_type = 'redemption_burst';
  perform pg_temp.ask(name);
  answer := pg_temp.ask(name);
  return jsonb_build_object('code', answer ->> 'code', 'alerts', (
    select jsonb_agg(distinct s.metadata ->> 'surface') from public.system_alerts s where s.alert_type = 'redemption_burst'));
end $$;

select tests.keep('answers', (select jsonb_object_agg(e.name, pg_temp.use_up(e.name)) from entry_points e));
select is(tests.kept('answers') -> e.name ->> 'code', 'RB-429', e.name || ': one attempt too many → RB-429') from entry_points e;
select is(tests.kept('answers') -> e.name ->> 'alerts', jsonb_build_array(e.surface)::text, e.name || ': after the refusal → its alert is open')
from entry_points e;

-- a refusal that is returned leaves the key free, and the other limits as they were
select tests.keep('refused', pg_temp.use_up('request_sms_opt_in'));
select is(pg_temp.ask('request_sms_opt_in', 'key') ->> 'code', 'RB-429', 'request_sms_opt_in: limited with a key → RB-429');
select is_empty('select from private.idempotency_keys where key = ''caller:key''', 'request_sms_opt_in: limited → the key is free');
select is((select jsonb_object_agg(kind, taken) from private.attempt_buckets where surface = 'send-sms-opt-in'),
  '{"phone": 1, "recipient": 1, "client": 1}', 'take_attempt: refused by one limit → the others are not used up');
select tests.keep('refused', pg_temp.use_up('resend_gift_card'));
select is(pg_temp.ask('resend_gift_card', 'key') ->> 'code', 'RB-429', 'resend_gift_card: limited with a key → RB-429');
select is_empty('select from private.idempotency_keys where key = ''caller:key''', 'resend_gift_card: limited → the key is free');

select * from finish();
rollback;
