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
  'RB-400: a pool with cards is not archived');
select tests.sign_out();
select tests.provision(tests.the('recipient'));
select throws_ok('select pg_temp.archive()', 'RB400', 'The pool still has cards to give',
  'RB-400: nor one with a single card that no fold has counted');
select tests.sign_out();
select tests.keep('card', tests.provision_for_caller(tests.the('agent'),
  recipient_id => tests.create_recipients(tests.the('campaign'))) #> '{result,giftCard,id}');
select tests.settle(tests.the('pool'));
select is((select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}' and resolved_at is null),
  3, 'An exhausted pool has its alerts');
select ok(pg_temp.is_in_sight(), 'And is in sight');
select row_eq('select is_active, archived_at from pg_temp.archive()', row(false, now()), 'It is archived');
select ok(not pg_temp.is_in_sight(), 'Out of sight');
select is((select archived_at from public.gift_card_pools where id = tests.the('pool')), now(), 'But not gone');
select is((select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}' and resolved_at is null),
  0, 'archive_gift_card_pool: → no alert to restock is open');
select is((select count(*)::int from public.audit_events where subject_id = tests.the('pool')
  and action = 'card_pool.archived' and actor_id = tests.the('admin')), 1, 'The audit says who did it');
select is((pg_temp.archive()).archived_at, now(), 'Again: it is');
select throws_matching('update public.card_pools set is_active = true where id = tests.the(''pool'')',
  'card_pools_archived_are_not_active', 'An archived pool is not active');

-- cards that come into it bring it back
select tests.add_cards(tests.the('pool'), 1);
select tests.settle(tests.the('pool'));
select ok(pg_temp.is_in_sight(), 'Restocking brings it back');
select is((select is_active from public.card_pools where id = tests.the('pool')), true, 'It is active');
select is((select count(*)::int from public.audit_events where subject_id = tests.the('pool')
  and action = 'card_pool.reopened'), 1, 'The audit says so');
select is(tests.provision(tests.create_recipients(tests.the('campaign'))) ->> 'outcome', 'ok', 'Its card is given');

-- also a card that was taken back
select tests.settle(tests.the('pool'));
select is((pg_temp.archive()).is_active, false, 'Archived again');
select tests.sign_in(tests.the('admin'));
select is((public.cancel_gift_card(tests.the('card'), 'wrong person')).status, 'available', 'A card comes back');
select tests.sign_out();
select tests.settle(tests.the('pool'));
select ok(pg_temp.is_in_sight(), 'And the pool with it');
select is_empty('select * from private.invariant_violations', 'No invariant is violated');

select * from finish();
rollback;
