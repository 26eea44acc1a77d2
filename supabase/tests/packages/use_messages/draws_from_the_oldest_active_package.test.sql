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

select is(pg_temp.used(), '0/50 0/10 0/10', 'Packages bring their messages');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 4) ->> 'outcome', 'ok', 'Messages are used');
select is(pg_temp.used(), '0/50 4/10 0/10', 'They come from the oldest package that is active');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 8) #>> '{result,used}', '8',
  'What is left of one package and some of the next is enough');
select is(pg_temp.used(), '0/50 10/10 2/10', 'The oldest is used up first');

select is(tests.use_messages(tests.the('client'), tests.the('ada'), 9) - 'message',
  '{"outcome": "refused", "code": "VC-020", "details": {"left": 8.00, "needed": 9}}',
  'More than all packages have is refused, with what is left');
select is(pg_temp.used(), '0/50 10/10 2/10', 'Then nothing is used at all');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 8) #>> '{result,packages,0,messagesUsed}', '10',
  'The last message can be used; the answer shows the package');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1) ->> 'code', 'VC-020', 'After it there is none');

select tests.activate(tests.the('client'), tests.the('ada'), 10, '1 day');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 3, idempotency_key => 'k') ->> 'replayed', 'false',
  'A key is used');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 3, idempotency_key => 'k') ->> 'replayed', 'true',
  'A repeated request is answered as before');
select is(pg_temp.used(), '0/50 10/10 10/10 3/10', 'And uses nothing more');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 4, idempotency_key => 'k') ->> 'code', 'RB-409',
  'The same key with another request is refused');

select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.the('ada')) ->> 'outcome', 'ok',
  'A customer uses his own messages');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.create_user('customer', tests.the('client'))) ->> 'code',
  'RB-404', 'Another customer does not');
update public.memberships set suspended_at = now() where user_id = tests.the('ada');
select is(tests.use_messages(tests.the('client'), tests.the('ada'), 1, tests.the('ada')) ->> 'code', 'RB-404',
  'A suspended customer does not either');
select is(tests.use_messages(tests.the('client'), gen_random_uuid(), 1) - 'message',
  '{"outcome": "refused", "code": "VC-020", "details": {"left": 0, "needed": 1}}', 'Whoever has no package has no messages');

select is_empty('select * from private.packages_off', 'What packages say agrees with the ledger');
select is_empty('select * from private.ledger_imbalances', 'And it all adds up');

select * from finish();
rollback;
