begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_promise(10));
select count(tests.provision(r)) from tests.create_recipients(tests.the('campaign'), 4) r;
-- as if the claims had been committed long ago, and not been folded yet
update private.card_movements set xact = '1';
update public.card_pools set folded_before = '0', total_cards = 0, available_cards = 0, claimed_cards = 0;
update private.card_lots set available_cards = 0;
insert into private.card_movements (pool_id, lot_id, total, available, claimed, delivered, xact) select c.pool_id,
  c.lot_id, count(*), count(*) filter (where c.status = 'available'),
  count(*) filter (where c.status in ('claimed', 'stuck')),
  count(*) filter (where c.status in ('delivered', 'redeemed')), '1' from public.gift_cards c
  where c.pool_id <> tests.the('pool') group by 1, 2;
select tests.keep('quiet', tests.create_pool(tests.the('client'), tests.the('brand'), 0));
update public.card_pools set folded_before = '7' where id = tests.the('quiet');
insert into private.idempotency_keys (scope, key, request_hash, created_at)
values ('test', 'old', 'hash', now() - interval '31 days'), ('test', 'young', 'hash', now() - interval '29 days');
insert into private.attempt_buckets (surface, kind, key, window_starts_at, taken)
values ('test', 'ip', 'old', now() - interval '2 days', 1), ('test', 'ip', 'young', now(), 1);
select tests.keep('unlinked', (select count(*) from public.audit_events e where not exists (
  select from private.audit_links l where l.event_id = e.id)));

select tests.keep('answer', public.run_housekeeping());
select cmp_ok((tests.kept('answer') #>> '{result,folded}')::int, '>=', 1, 'run_housekeeping: the answer says how many pools were folded');
select is(tests.kept('answer') #>> '{result,linked}', tests.kept('unlinked') #>> '{}', '… how many events were linked');
select cmp_ok((tests.kept('answer') #>> '{result,purged}')::int, '>=', 2, '… and how many rows were purged');
select row_eq('select total_cards, available_cards, claimed_cards, delivered_cards from public.card_pools
  where id = tests.the(''pool'')', row(10, 6, 4, 0), 'run_housekeeping: the counters of the pool are folded, exactly');
select is((select sum(available_cards)::int from private.card_lots where pool_id = tests.the('pool')), 6,
  '… those of its lots, too');
select row_eq('select total_cards, available_cards, claimed_cards, delivered_cards from public.gift_card_pools
  where id = tests.the(''pool'')', row(10, 6, 4, 0), '… readers see the same figures');
select is_empty('select from private.card_movements where pool_id = tests.the(''pool'')', '… the movements are deleted');
select is((select folded_before from public.card_pools where id = tests.the('quiet')), '7'::xid8,
  'run_housekeeping: a pool without movements → not written');
select set_eq('select key from private.idempotency_keys where scope = ''test''', '{young}'::text[],
  'run_housekeeping: answers older than 30 days → deleted');
select set_eq('select key from private.attempt_buckets where surface = ''test''', '{young}'::text[],
  'run_housekeeping: lapsed attempt windows → deleted');
select is_empty('select from public.audit_events e where not exists (select from private.audit_links l
  where l.event_id = e.id)', 'run_housekeeping: every event is linked to its chain');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select tests.keep('again', public.run_housekeeping());
select is(tests.kept('again') #> '{result}', '{"folded": 0, "linked": 0, "purged": 0}',
  'run_housekeeping: a second run → nothing to do');
select count(tests.provision(r)) from tests.create_recipients(tests.the('campaign'), 1) r;
select is(public.run_housekeeping() #>> '{result,linked}', '1', 'run_housekeeping: events since then → linked');
select row_eq('select total_cards, available_cards, claimed_cards from public.gift_card_pools
  where id = tests.the(''pool'')', row(10, 5, 5),
  'run_housekeeping: movements of the running transaction → not folded, and counted all the same');
select is((select available_cards from public.card_pools where id = tests.the('pool')), 6,
  '… because it might still roll back');

-- the oldest transaction, here this one, holds the fold up
select is_empty('select from public.system_alerts where alert_type = ''counters_not_folded''', 'watch_fold: movements wait for less than 5 minutes → no alert');
update private.fold_progress set since = now() - interval '6 minutes', horizon = pg_snapshot_xmin(pg_current_snapshot());
select public.run_housekeeping();
select isnt_empty('select from public.system_alerts where alert_type = ''counters_not_folded'' and resolved_at is null',
  'watch_fold: one transaction holds the fold up for more than 5 minutes → counters_not_folded');
update private.fold_progress set horizon = '3';
select public.run_housekeeping();
select is_empty('select from public.system_alerts where alert_type = ''counters_not_folded'' and resolved_at is null',
  'watch_fold: that transaction has ended → resolved');

select * from finish();
rollback;
