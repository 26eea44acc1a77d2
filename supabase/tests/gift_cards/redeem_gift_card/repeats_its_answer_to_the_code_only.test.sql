-- redeem_gift_card: the key of a form opens nothing without the code, and nothing for long with it.
begin;
set local search_path = public, extensions, tests;
select plan(14);

select tests.keep(tests.create_promise(5));
select tests.keep('other', tests.create_promise(5));
select tests.keep('code', to_jsonb(tests.redemption_token(tests.the('recipient'))));
create function pg_temp.redeem(code text, key text, hash text default 'hash') returns jsonb language sql as $$
  select tests.redeem(code, idempotency_key => key, request_hash => hash)
$$;

select tests.keep('first', pg_temp.redeem(tests.kept('code') #>> '{}', 'key'));
select is(tests.kept('first') ->> 'outcome', 'ok', 'redeem_gift_card: a right code → the card');
select is(pg_temp.redeem(tests.kept('code') #>> '{}', 'key') - 'replayed', tests.kept('first') - 'replayed',
  'redeem_gift_card: same key, same code → the same answer');
select is((select count(*)::int from public.audit_events where action = 'gift_card.answer_replayed'
  and client_id = tests.the('client') and subject_id = (tests.kept('first') #>> '{result,giftCard,id}')::uuid), 1,
  'redeem_gift_card: the repeated answer → an audit event');
select is(pg_temp.redeem('WRONG-CODE-1234', 'key') ->> 'code', 'GC-011', 'redeem_gift_card: same key, wrong code → GC-011, as without the key');
select is(pg_temp.redeem(tests.redemption_token((tests.kept('other') ->> 'recipient')::uuid), 'key', 'other') #>> '{result,giftCard,id}'
  <> tests.kept('first') #>> '{result,giftCard,id}', true, 'redeem_gift_card: same key, another tenant''s code → its own card');
select is(pg_temp.redeem(tests.kept('code') #>> '{}', 'key', 'other body') ->> 'code', 'RB-409',
  'redeem_gift_card: same key and code, another body → RB-409');

-- every id that an answer or a table shows, of a request without a key
select tests.keep('keyless', tests.create_recipients(tests.the('campaign')));
select tests.redeem(tests.redemption_token(tests.the('keyless')), request_hash => 'hash');
select is(pg_temp.redeem(tests.redemption_token(tests.the('keyless')), k.key) ->> 'code', 'GC-010',
  'redeem_gift_card: key is the ' || k.name || ' → GC-010')
from (
  select 'request id' as name, e.request_id::text as key from public.audit_events e
  join public.gift_cards c on c.id = e.subject_id and c.recipient_id = tests.the('keyless')
  union all select 'grant id', g.id::text from public.gift_card_grants g where g.recipient_id = tests.the('keyless')
  union all select 'card id', c.id::text from public.gift_cards c where c.recipient_id = tests.the('keyless')) k;

update private.idempotency_keys set created_at = created_at - interval '16 minutes';
delete from private.attempt_buckets;
select is(pg_temp.redeem(tests.kept('code') #>> '{}', 'key') ->> 'code', 'GC-010',
  'redeem_gift_card: same key and code after a quarter of an hour → GC-010');

-- a recipient whose code was replaced after the answer
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
select tests.keep('second_code', to_jsonb(tests.redemption_token(tests.the('second'))));
select is(pg_temp.redeem(tests.kept('second_code') #>> '{}', 'k2') ->> 'outcome', 'ok', 'redeem_gift_card: a second recipient → a card');
update public.recipient_codes set redemption_token = 'ROTA-2345-VWXY' where recipient_id = tests.the('second');
select is(pg_temp.redeem(tests.kept('second_code') #>> '{}', 'k2') ->> 'code', 'GC-011',
  'redeem_gift_card: same key, a code that was replaced → GC-011');

-- servers of two tenants may choose the same key
select is(tests.provision(tests.create_recipients(tests.the('campaign')), idempotency_key => 'order-1', request_hash => 'a')
  ->> 'outcome', 'ok', 'provision_gift_card: a server''s key → a card');
select is(tests.provision(tests.create_recipients((tests.kept('other') ->> 'campaign')::uuid), idempotency_key => 'order-1',
  request_hash => 'b') ->> 'outcome', 'ok', 'provision_gift_card: the same key of another tenant''s server → its own request');

select * from finish();
rollback;
