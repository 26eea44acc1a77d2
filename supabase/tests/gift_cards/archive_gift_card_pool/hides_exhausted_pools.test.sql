begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(2));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
create function pg_temp.archive() returns public.card_pools language plpgsql as $$
declare
  pool public.card_pools;
begin
  perform tests.sign_in(tests.the('admin'));
  pool := public.archive_gift_card_pool(tests.the('pool'));
  perform tests.sign_out();
  return pool;
end $$;
create function pg_temp.is_in_sight() returns boolean language sql as $$
  select exists (select from public.active_gift_card_pools where id = tests.the('pool'))
$$;

select throws_ok('select pg_temp.archive()', 'RB400', 'The pool still has cards to give',
  'archive_gift_card_pool: a pool with cards → RB-400');
select tests.sign_out();
select tests.provision(tests.the('recipient'));
select throws_ok('select pg_temp.archive()', 'RB400', 'The pool still has cards to give',
  'archive_gift_card_pool: a pool with a single card that is not folded yet → RB-400');
select tests.sign_out();
select tests.keep('card', tests.provision_for_caller(tests.the('agent'),
  recipient_id => tests.create_recipients(tests.the('campaign'))) #> '{result,giftCard,id}');
select tests.settle(tests.the('pool'));
select is((select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}' and resolved_at is null),
  3, 'archive_gift_card_pool: an exhausted pool has its alerts');
select ok(pg_temp.is_in_sight(), '… and is listed');
select row_eq('select is_active, archived_at from pg_temp.archive()', row(false, now()), 'archive_gift_card_pool: an exhausted pool → archived');
select ok(not pg_temp.is_in_sight(), '… not listed');
select is((select archived_at from public.gift_card_pools where id = tests.the('pool')), now(), '… but kept');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}' and resolved_at is null),
  0, 'archive_gift_card_pool: → no alert to restock is open');
select is((select count(*)::int from public.audit_events where subject_id = tests.the('pool')
  and action = 'card_pool.archived' and actor_id = tests.the('admin')), 1, '… audited with the actor');
select is((pg_temp.archive()).archived_at, now(), 'archive_gift_card_pool: twice → archived');
select throws_matching('update public.card_pools set is_active = true where id = tests.the(''pool'')',
  'card_pools_archived_are_not_active', '… not active');

-- cards that come into it bring it back
select tests.add_cards(tests.the('pool'), 1);
select tests.settle(tests.the('pool'));
select ok(pg_temp.is_in_sight(), 'import_gift_cards: an archived pool → active again');
select is((select is_active from public.card_pools where id = tests.the('pool')), true, '… it is active');
select is((select count(*)::int from public.audit_events where subject_id = tests.the('pool')
  and action = 'card_pool.reopened'), 1, '… the audit log says so');
select is(tests.provision(tests.create_recipients(tests.the('campaign'))) ->> 'outcome', 'ok', '… its card is provisioned');

-- also a card that is returned to stock
select tests.settle(tests.the('pool'));
select is((pg_temp.archive()).is_active, false, 'archive_gift_card_pool: archived again');
select tests.sign_in(tests.the('admin'));
select is((public.cancel_gift_card(tests.the('card'), 'wrong person')).status, 'available', 'cancel_gift_card: a card of an archived pool → returned to stock');
select tests.sign_out();
select tests.settle(tests.the('pool'));
select ok(pg_temp.is_in_sight(), '… and the pool is active again');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
