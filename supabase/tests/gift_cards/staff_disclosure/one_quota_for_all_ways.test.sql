begin;
set local search_path = public, extensions, tests;
select plan(27);

select tests.keep(tests.create_promise(60));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('recipients', (select jsonb_agg(r) from tests.create_recipients(tests.the('campaign'), 50) r));

create function pg_temp.nth(n int) returns uuid language sql as $$ select (tests.kept('recipients') ->> n)::uuid $$;
create function pg_temp.left_in_quota(actor uuid default tests.the('agent')) returns int language sql as $$
  select l.attempts_max - coalesce((
    select sum(b.taken) from private.attempt_buckets b where b.surface = l.surface and b.key = actor::text), 0)::int
  from private.attempt_limits l where l.surface = 'staff-disclosure'
$$;
create function pg_temp.give(n int, deliver_to text default '+12025550100', reason text default 'asked by phone',
  code text default null, session uuid default null) returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.provision_for_caller(
    tests.the('agent'), code, pg_temp.nth(n), session, deliver_to => give.deliver_to, reason => give.reason) a
$$;
create function pg_temp.resend(deliver_to text, reason text, actor uuid default tests.the('agent')) returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.resend((
    select id from public.gift_cards where recipient_id = pg_temp.nth(0)), 'sms', deliver_to, reason, tests.request(actor)) a
$$;

-- provisioning
select is(pg_temp.give(0, reason => null), 'GC-012', 'provision_gift_card_for_call_center: another address without a reason → GC-012');
select is(pg_temp.left_in_quota(), 20, 'provision_gift_card_for_call_center: refused → takes nothing from the quota');
select is(pg_temp.give(0, deliver_to => null, reason => null), 'ok', 'provision_gift_card_for_call_center: own address → needs no reason');
select is(pg_temp.give(1), 'ok', 'provision_gift_card_for_call_center: another address with a reason → ok');
select is(pg_temp.left_in_quota(), 19, 'provision_gift_card_for_call_center: another address → one disclosure');
select is(pg_temp.give(1), 'GC-010', 'provision_gift_card_for_call_center: given already → GC-010');
select is(pg_temp.left_in_quota(), 19, 'provision_gift_card_for_call_center: refused after the quota was taken → it is returned');
select isnt_empty($$ select from public.audit_events where subject_id = pg_temp.nth(1) and action = 'gift_card.sent_elsewhere'
  and reason = 'asked by phone' and actor_id = tests.the('agent') $$,
  'provision_gift_card_for_call_center: another address → audit row with the reason');

-- a verified caller is exempt
select is(pg_temp.give(2, code => tests.redemption_token(pg_temp.nth(2)), reason => null), 'ok',
  'provision_gift_card_for_call_center: caller gave the confirmation code → exempt');
select is(pg_temp.give(3, reason => null, session => (
  select (tests.start_call_session(tests.the('agent'), r.phone) #>> '{result,callSessionId}')::uuid
  from public.campaign_recipients r where r.id = pg_temp.nth(3))), 'ok',
  'provision_gift_card_for_call_center: caller ID is the recipient''s → exempt');
update public.campaign_recipients set phone = null where id = pg_temp.nth(4);
select is(pg_temp.give(4, '+12025550144', reason => null), 'ok', 'provision_gift_card_for_call_center: recipient without a phone → exempt');
select is((select phone from public.campaign_recipients where id = pg_temp.nth(4)), '+12025550144',
  'provision_gift_card_for_call_center: recipient without a phone → the number is stored');
select is(pg_temp.left_in_quota(), 19, 'provision_gift_card_for_call_center: exempt → nothing taken');

-- a repeated request
create function pg_temp.repeat(deliver_to text default '+12025550100') returns text language sql as $$
  select coalesce(a ->> 'code', a ->> 'outcome') from tests.provision_for_caller(tests.the('agent'), recipient_id => pg_temp.nth(48),
    deliver_to => repeat.deliver_to, idempotency_key => 'key', request_hash => repeat.deliver_to) a
$$;
select is(pg_temp.repeat(), 'ok', 'provision_gift_card_for_call_center: the first call with its key → a card');
select is(pg_temp.repeat(), 'ok', 'provision_gift_card_for_call_center: repeated with its key → the same answer');
select is(pg_temp.left_in_quota(), 18, '… and one disclosure, not two');
select is(pg_temp.repeat('+12025550101'), 'RB-409', 'provision_gift_card_for_call_center: the key with another request → RB-409');
update private.attempt_buckets set taken = 1 where surface = 'staff-disclosure';

-- resend
select is(pg_temp.resend('+12025550100', null), 'GC-012', 'resend_gift_card: another address without a reason → GC-012');
select is(pg_temp.resend(null, null), 'ok', 'resend_gift_card: own address → needs no reason');
select is(pg_temp.resend('+12025550100', 'new phone'), 'ok', 'resend_gift_card: another address with a reason → ok');
select is(pg_temp.resend('+12025550100', null, null), 'ok', 'resend_gift_card: server → no quota, no reason');
select is(pg_temp.left_in_quota(), 18, 'resend_gift_card: another address → one disclosure');

-- the end of the quota, for every way
select is((select count(*)::int from generate_series(5, 45) n where pg_temp.give(n) = 'ok'), 18,
  'provision_gift_card_for_call_center: forty other addresses → no more than the quota');
select is(pg_temp.resend('+12025550100', 'new phone'), 'RB-429', 'resend_gift_card: quota used up by provisioning → RB-429');
select is(tests.reveal_to_staff((select id from public.gift_cards where recipient_id = pg_temp.nth(0)), 'asked by phone',
  tests.request(tests.the('agent'))) ->> 'code', 'RB-429', 'reveal_gift_card_to_staff: quota used up by provisioning → RB-429');
select isnt_empty($$ select from public.system_alerts where alert_type = 'cards_to_one_address'
  and client_id = tests.the('client') and resolved_at is null $$, 'staff_disclosure: cards of several recipients to one address → an alert');

select is((select client_id from public.system_alerts where subject like 'staff-disclosure:%' || (tests.the('agent')::text)), tests.the('client'),
  'staff_disclosure: the quota is used up → an alert for the admins of the client');

select * from finish();
rollback;
