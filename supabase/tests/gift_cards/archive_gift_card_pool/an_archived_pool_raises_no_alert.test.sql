-- The last cards of a pool are claimed, it is archived before the next fold, and the fold runs: no alert asks to restock it.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(1));
select tests.settle(tests.the('pool'));
select tests.keep('card', tests.provision(tests.the('recipient')) #> '{result,giftCard,id}');
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
create function pg_temp.open_alerts() returns int language sql as $$
  select count(*)::int from public.system_alerts where subject = tests.kept('pool') #>> '{}' and resolved_at is null
$$;

select tests.sign_in(tests.the('admin'));
select row_eq($$ select is_active, archived_at, cost_per_card from public.archive_gift_card_pool(tests.the('pool')) $$,
  row(false, now(), null::numeric(18,2)), 'archive_gift_card_pool: by a client → archived, without the cost in the answer');
select tests.sign_out();
select tests.settle(tests.the('pool'));
select is((select available_cards from public.card_pools where id = tests.the('pool')), 0, 'archive_gift_card_pool: the fold has counted the cards');
select is(pg_temp.open_alerts(), 0, 'fold_pool: an archived pool → no alert');

-- cards that come back are watched again
select tests.add_cards(tests.the('pool'), 20);
select tests.settle(tests.the('pool'));
update public.gift_cards set status = 'expired', expired_at = now()
  where id in (select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available' limit 18);
select tests.settle(tests.the('pool'));
select is(pg_temp.open_alerts(), 2, 'archive_gift_card_pool: a restocked pool → watched again');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
