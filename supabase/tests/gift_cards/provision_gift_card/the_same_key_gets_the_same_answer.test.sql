begin;
set local search_path = public, extensions, tests;
select plan(13);

select tests.keep(tests.create_promise(3));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('first', tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash'));
select tests.keep('again', tests.provision(tests.the('recipient'), idempotency_key => 'key', request_hash => 'hash'));

select is(tests.kept('again') -> 'result', tests.kept('first') -> 'result',
  'provision_gift_card: the same key and request → the same answer');
select is(tests.kept('again') -> 'sealed', tests.kept('first') -> 'sealed', '… with the same card');
select is(tests.kept('again') ->> 'replayed', 'true', '… marked as replayed');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status = 'available'), 2,
  '… one card is claimed');
select is((select count(*)::int from public.deliveries where client_id = tests.the('client')), 1,
  '… one message is queued');
select is((select count(*)::int from public.billing_transactions where client_id = tests.the('client')), 1,
  '… one bill is written');

select is(tests.provision(tests.the('recipient'), tests.the('admin'), idempotency_key => 'key',
  request_hash => 'hash') ->> 'code', 'GC-010', 'answer_key: another caller with the same key → a new request');
select is(tests.provision(tests.the('recipient'), idempotency_key => null) ->> 'code', 'GC-010',
  'provision_gift_card: no key → not replayed');

-- a refusal is not kept: the same request may succeed later
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaigns set status = 'paused' where id = tests.the('campaign');
select is(tests.provision(tests.the('second'), idempotency_key => 'later', request_hash => 'hash') ->> 'code', 'RB-400',
  'provision_gift_card: a refused request …');
update public.campaigns set status = 'active' where id = tests.the('campaign');
select is(tests.provision(tests.the('second'), idempotency_key => 'later', request_hash => 'hash') ->> 'replayed',
  'false', '… succeeds with the same key when the cause is removed');

-- a call that the network delivered twice
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
select tests.keep('request', gen_random_uuid());
create function pg_temp.call() returns jsonb language sql as $$
  select public.provision_gift_card(null, tests.the('third'), null, null, 1, null, null,
    row(tests.the('request'), null, null, null, 'hash')::public.request)
$$;
select tests.keep('once', pg_temp.call());
select tests.keep('twice', pg_temp.call());
select is(tests.kept('twice') -> 'result', tests.kept('once') -> 'result',
  'provision_gift_card: no key, the same request again → the same answer');
select is((select count(*)::int from public.gift_cards where recipient_id = tests.the('third')), 1,
  '… and no second card');
select is_empty($$
  select from private.idempotency_keys k where k.answer::text ~ encode((
    select code_sealed from private.card_secrets s join public.gift_cards c on c.id = s.gift_card_id
    where c.recipient_id = tests.the('recipient')), 'hex') or k.answer ? 'sealed' $$,
      'provision_gift_card: a stored answer has no code');

select * from finish();
rollback;
