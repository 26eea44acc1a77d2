begin;
set local search_path = public, extensions, tests;
select plan(20);

select tests.keep(tests.create_delivery());
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
update public.campaign_recipients set phone = '+12025550111' where id = tests.the('recipient');

create function pg_temp.resend(channel text default 'sms', deliver_to text default null, key text default null,
  hash text default null,
  actor uuid default tests.the('agent'), card uuid default tests.the('card')) returns jsonb language sql as $$
  select tests.resend(card, channel, deliver_to, 'asked by phone', tests.request(actor, key, hash))
$$;

select tests.keep('answer', pg_temp.resend(key => 'key', hash => 'hash'));
select tests.keep('again', tests.kept('answer') #> '{result,delivery,id}');
select is(tests.kept('answer') -> 'result', jsonb_build_object('giftCardId', tests.the('card'), 'delivery',
  jsonb_build_object('id', tests.the('again'), 'method', 'sms', 'status', 'queued')), 'resend_gift_card: another message is queued');
select is(tests.kept('answer') -> 'sealed', 'null', 'resend_gift_card: the agent sees no code');
select row_eq('select deliver_to, recipient_id, status, subject_id from public.deliveries
  where id = tests.the(''again'')', row('+12025550111'::text, tests.the('recipient'), 'queued'::text,
  tests.the('card')), '… to the phone of the recipient');
select row_eq($$ select actor_id, action, reason, metadata ->> 'other_address' from public.audit_events
    where subject_id = tests.the('card') and action = 'gift_card.resent' $$,
  row(tests.the('agent'), 'gift_card.resent'::text, 'asked by phone'::text, 'false'::text),
    '… audited with actor and reason');
select is(pg_temp.resend(key => 'key', hash => 'hash') -> 'result', tests.kept('answer') -> 'result',
  'resend_gift_card: the same key → the same answer');
select is((select count(*)::int from public.deliveries where subject_id = tests.the('card')), 2, '… and no second message');
select is(pg_temp.resend(key => 'key', hash => 'other') ->> 'code', 'RB-409',
  'resend_gift_card: the same key with another request → RB-409');

select tests.keep('request', gen_random_uuid());
select is(tests.resend(tests.the('card'), 'sms', null, null, tests.request(tests.the('agent'), hash => 'hash', id => tests.the('request'))), tests.resend(tests.the('card'), 'sms', null, null,
  tests.request(tests.the('agent'), hash => 'hash', id => tests.the('request'))) || '{"replayed": false}',
    'resend_gift_card: a request that arrives twice → one message');

select is(pg_temp.resend(deliver_to => '+12025550166') ->> 'outcome', 'ok', 'resend_gift_card: another address → ok');
select is((select metadata ->> 'other_address' from public.audit_events where action = 'gift_card.resent'
  and subject_id = tests.the('card') order by id desc limit 1), 'true', '… audited without the address');
select is(pg_temp.resend('email') #>> '{result,delivery,method}', 'email', 'resend_gift_card: another method → ok');
select is(pg_temp.resend(deliver_to => 'nowhere') ->> 'code', 'GC-012', 'resend_gift_card: an invalid address → GC-012');
update public.campaign_recipients set phone = null where id = tests.the('recipient');
select is(pg_temp.resend() #> '{details,fields}', '[{"field": "phone", "problem": "is missing"}]',
  'resend_gift_card: no address → names phone');

-- the card's state
select tests.report(tests.lease((select id from public.deliveries
  where subject_id = tests.the('card') and status = 'queued')), 'sent', 'SM1');
select is(pg_temp.resend(deliver_to => '+12025550166') ->> 'outcome', 'ok', 'resend_gift_card: a delivered card → sent again');
select is((select status from public.gift_cards where id = tests.the('card')), 'delivered', '… it stays delivered');
update public.gift_cards set status = 'redeemed', redeemed_at = now() where id = tests.the('card');
select is(pg_temp.resend(deliver_to => '+12025550166') ->> 'code', 'RB-400', 'resend_gift_card: a redeemed card → RB-400');
select tests.add_cards(tests.the('pool'), 1);
select tests.keep('free',
  (select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available'));
select is(pg_temp.resend(card => tests.the('free')) ->> 'code', 'RB-400', 'resend_gift_card: a card in stock → RB-400');
select is((select exposed_at from public.gift_cards where id = tests.the('free')), null, 'resend_gift_card: refused → the card stays undisclosed');
select is(pg_temp.resend(card => gen_random_uuid()) ->> 'code', 'RB-404', 'resend_gift_card: an unknown card → RB-404');
select is(pg_temp.resend(actor => tests.create_user('customer', tests.the('client'))) ->> 'code', 'RB-404',
  'resend_gift_card: a customer → RB-404');

select * from finish();
rollback;
