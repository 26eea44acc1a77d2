-- redeem_gift_card: while a code brings nothing, a right one and a wrong one read the same; when it brings something, it is taken.
begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(3));
select tests.keep('other', (tests.create_promise(1) ->> 'campaign')::uuid);
create function pg_temp.both(campaign uuid default null, condition_number int default null) returns jsonb language sql as $$
  select jsonb_build_array(
    tests.redeem(tests.redemption_token(tests.the('recipient')), campaign, condition_number, ip => '192.0.2.1'),
    tests.redeem('WRONG-CODE-2345', campaign, condition_number, ip => '192.0.2.2'))
$$;
-- The code of both answers if they are equal, else both.
create function pg_temp.told(answers jsonb) returns text language sql as $$
  select case when answers -> 0 = answers -> 1 then answers -> 0 ->> 'code' else answers::text end
$$;
create function pg_temp.forget() returns void language sql as $$ delete from private.attempt_buckets $$;

create function pg_temp.told_while(change text, campaign uuid default null, condition_number int default null)
returns text language plpgsql as $$
declare
  told text;
begin
  execute change;
  told := pg_temp.told(pg_temp.both(campaign, condition_number));
  update public.campaigns set status = 'active' where id = tests.the('campaign');
  update public.campaign_conditions set is_self_service = true where campaign_id = tests.the('campaign');
  perform pg_temp.forget();
  return told;
end $$;

select is(pg_temp.told_while(format('update public.campaigns set status = %L where id = %L', s.status, tests.the('campaign'))), 'GC-011',
  'redeem_gift_card: campaign ' || s.status || ', not named → GC-011 for right and wrong codes')
from unnest(array['paused', 'ended']) s (status);
select is(pg_temp.told_while(format('update public.campaigns set status = %L where id = %L', s.status, tests.the('campaign')), tests.the('campaign')), 'RB-400',
  'redeem_gift_card: campaign ' || s.status || ', named → RB-400 for right and wrong codes')
from unnest(array['paused', 'ended']) s (status);
select is(pg_temp.told_while('select', null, 7), 'GC-011', 'redeem_gift_card: a condition that is not there, campaign not named → GC-011 for both');
select is(pg_temp.told_while('select', tests.the('campaign'), 7), 'GC-001',
  'redeem_gift_card: a condition that is not there, campaign named → GC-001 for both');
select is(pg_temp.told_while($$ update public.campaign_conditions set is_self_service = false where campaign_id = tests.the('campaign') $$), 'GC-011',
  'redeem_gift_card: no self-service condition, campaign not named → GC-011 for both');
select is(pg_temp.told_while($$ update public.campaign_conditions set is_self_service = false where campaign_id = tests.the('campaign') $$, tests.the('campaign')), 'GC-001',
  'redeem_gift_card: no self-service condition, campaign named → GC-001 for both');
select is(pg_temp.told_while('select', tests.the('other')), 'GC-011', 'redeem_gift_card: another campaign named → GC-011 for both');
select is(pg_temp.told_while('select', gen_random_uuid()), 'GC-011', 'redeem_gift_card: an unknown campaign named → GC-011 for both');
select is((select count(*)::int from public.gift_card_grants where recipient_id = tests.the('recipient')), 0, '… and the code is not used');

-- a right code that read like a wrong one counted like one
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select tests.redeem(tests.redemption_token(tests.the('recipient')), ip => '192.0.2.3');
select is((select sum(taken)::int from private.attempt_buckets where kind = 'ip'), 1, 'redeem_gift_card: GC-011 → a failure, whatever the reason');
select pg_temp.forget();
select pg_temp.both(tests.the('campaign'));
select is((select coalesce(sum(taken), 0)::int from private.attempt_buckets where kind = 'ip'), 0,
  'redeem_gift_card: RB-400 for all codes → no failure is counted');
update public.campaigns set status = 'active' where id = tests.the('campaign');
select is((select client_id from public.redemption_attempts where created_at = now() and subject = private.fingerprint('192.0.2.3')), tests.the('client'),
  'redemption_attempts: a right code that reads like an unknown one → its client');

-- where something is wrong on our side, a right code is taken: it is pending, and no guesser can come back for it
update public.campaigns set billing_entity = null where id = tests.the('campaign');
select is(tests.redeem(tests.redemption_token(tests.the('recipient')), delivery_method => 'sms', deliver_to => '+12025550141') ->> 'code', 'GC-003',
  'redeem_gift_card: no billing entity, a right code → GC-003');
select is((select status from public.pending_rewards where recipient_id = tests.the('recipient')), 'awaiting_configuration', '… and it is pending');
select is(tests.redeem('WRONG-CODE-6789') ->> 'code', 'GC-011', 'redeem_gift_card: no billing entity, a wrong code → GC-011');
select is(tests.redeem(null, ip => '192.0.2.9') ->> 'code', 'GC-011', 'redeem_gift_card: no code → GC-011');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
