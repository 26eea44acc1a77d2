begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(0));
select tests.add_cards(tests.the('pool'), 2, current_date + 1);
-- time passes: the lot is over, although its cards still say available
update private.card_lots set expires_at = now() - interval '1 second' where pool_id = tests.the('pool');
update public.gift_cards set expires_at = now() - interval '1 second' where pool_id = tests.the('pool');

select is((select available_cards from public.gift_card_pools where id = tests.the('pool')), 2, 'There are two cards');
select is(tests.provision(tests.the('recipient')) ->> 'code', 'GC-003', 'Cards that have expired are no stock');
select is((select count(*)::int from public.gift_cards where pool_id = tests.the('pool') and status = 'available'), 2,
  'Neither is touched');
select tests.add_cards(tests.the('pool'), 1, current_date);
select is(tests.provision(tests.the('recipient')) ->> 'outcome', 'ok',
  'A card of today is good until the end of the day');
select is((select c.expires_at from public.gift_cards c where c.recipient_id = tests.the('recipient')),
  (current_date + 1)::timestamp at time zone 'UTC', 'It was that card');

select * from finish();
rollback;
