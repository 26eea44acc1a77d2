begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep('client', tests.create_client());
select tests.keep('ada', tests.create_user('customer', tests.the('client')));
select tests.keep('lapsed', tests.activate(tests.the('client'), tests.the('ada'), 50, '31 days'));
-- begun first, and ending last: it is the beginning that counts
select tests.keep('old', tests.activate(tests.the('client'), tests.the('ada'), 10, '20 days', 90));
select tests.keep('new', tests.activate(tests.the('client'), tests.the('ada'), 10, '5 days'));

create function pg_temp.used() returns text language sql as $$
  select string_agg(cp.messages_used || '/' || cp.messages_limit, ' ' order by cp.starts_at)
  from public.customer_packages cp where cp.user_id = tests.the('ada')
$$;

select is(pg_temp.used(), '0/50 0/10 0/10', 'use_messages: packages have their messages');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 4) ->> 'outcome', 'ok', 'use_messages: messages are used');
select is(pg_temp.used(), '0/50 4/10 0/10', '… from the oldest active package');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 8) #>> '{result,used}', '8',
  'use_messages: the rest of one package and some of the next → ok');
select is(pg_temp.used(), '0/50 10/10 2/10', '… the oldest is used up first');

select is(tests.use_messages(tests.the('client'), tests.the('ada'), 9) - 'message',
  '{"outcome": "refused", "code": "VC-020", "details": {"left": 8.00, "needed": 9}}',
  'use_messages: more than all packages have → VC-020, with what is left');
select is(pg_temp.used(), '0/50 10/10 2/10', '… and none is used');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 8) #>> '{result,packages,0,messagesUsed}', '10',
  'use_messages: the last message → ok, with the package');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1) ->> 'code', 'VC-020', '… then none is left');

select tests.activate(tests.the('client'), tests.the('ada'), 10, '1 day');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 3, idempotency_key => 'k') ->> 'replayed', 'false',
  'use_messages: a key is used');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 3, idempotency_key => 'k') ->> 'replayed', 'true',
  'use_messages: the same key → the stored answer');
select is(pg_temp.used(), '0/50 10/10 10/10 3/10', '… and no message is used');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 4, idempotency_key => 'k') ->> 'code', 'RB-409',
  'use_messages: the same key with another request → RB-409');

select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.the('ada')) ->> 'outcome', 'ok',
  'use_messages: a customer → their own messages');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.create_user('customer', tests.the('client'))) ->> 'code',
  'RB-404', 'use_messages: another customer → RB-404');
update public.memberships set suspended_at = now() where user_id = tests.the('ada');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.the('ada')) ->> 'code', 'RB-404',
  'use_messages: a suspended customer → RB-404');
select is(tests.use_messages(tests.the('client'), gen_random_uuid(), 1) - 'message',
  '{"outcome": "refused", "code": "VC-020", "details": {"left": 0, "needed": 1}}', 'use_messages: no package → VC-020');

select is_empty('select * from private.packages_off', 'invariants: packages agree with the ledger');
select is_empty('select * from private.ledger_imbalances', 'invariants: the ledger balances');

select * from finish();
rollback;
