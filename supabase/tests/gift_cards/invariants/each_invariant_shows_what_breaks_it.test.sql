-- The invariants are empty after a busy day, and each shows a row when it is broken on purpose: a view that is always
-- empty would prove nothing.
begin;
set local search_path = public, extensions, tests;
select plan(19);

select tests.keep(tests.create_busy_tenant());
select tests.keep('other', tests.create_busy_tenant() -> 'client');
select tests.keep(tests.create_delivery());
select tests.report(tests.lease(tests.the('delivery')), 'sent', 'SM1');
select tests.keep('undelivered', tests.create_delivery());
select tests.report(tests.lease((tests.kept('undelivered') ->> 'delivery')::uuid), 'permanent', null, '21211');
update public.gift_cards set status = 'redeemed', redeemed_at = now() where id = tests.the('card');
select tests.keep('waiting', tests.create_delivery() -> 'card');
select tests.add_cards(tests.the('pool'), 3);
select private.link_audit_chain();
select is_empty('select * from private.invariant_violations', 'invariants: a full flow → none violated');

create function pg_temp.violations_after(change text) returns text language sql as $$
  select tests.found_after(change, $query$
    select string_agg(distinct v.invariant || case when v.problem <> '' then ': ' || v.problem else '' end, '; ')
    from private.invariant_violations v $query$)
$$;
alter table public.billing_transactions disable trigger billing_transactions_are_immutable;
alter table public.audit_events disable trigger audit_events_are_append_only;
alter table public.gift_cards drop constraint gift_cards_one_card_for_a_grant;
alter table public.gift_cards drop constraint gift_cards_given_have_a_grant;
create function pg_temp.free_card() returns uuid language sql as $$
  select id from public.gift_cards where pool_id = tests.the('pool') and status = 'available' order by id limit 1
$$;
select tests.keep('claimed', (tests.kept('undelivered') ->> 'card')::uuid);

select is(pg_temp.violations_after(format('delete from public.billing_transactions where gift_card_id = %L',
  tests.the('card'))), 'cards_without_explanation: given, without grant or bill', 'invariants: a card without its bill → shown');
select is(pg_temp.violations_after(format('update public.gift_cards set grant_id = null where id = %L',
  tests.the('card'))), 'bills_without_card; cards_without_explanation: given, without grant or bill; grants_without_card',
  'invariants: a card without its grant, and a grant without its card → shown');
select is(pg_temp.violations_after(format('update public.gift_cards set status = ''stuck'', stuck_at = now()
  where id = %L', pg_temp.free_card())), 'cards_without_explanation: given, without grant or bill',
  'invariants: a card out of stock without reason → shown');
select is(pg_temp.violations_after(format('delete
  from public.delivery_attempts; update public.deliveries set topic = ''other'' where subject_id = %L',
  tests.the('claimed'))), 'cards_without_explanation: claimed, and nothing brings it',
  'invariants: a claimed card without a delivery → shown');
select is(pg_temp.violations_after(format('update public.deliveries set status = ''cancelled'', cancelled_at = now()
  where subject_id = %L and status = ''queued''; update public.gift_cards set exposed_at = null where id = %1$L',
  tests.the('waiting'))), 'cards_without_explanation: claimed, and nothing brings it',
  'invariants: a claimed card whose message was cancelled → shown');
select is(pg_temp.violations_after(format('update public.gift_cards set expires_at = claimed_at - interval ''1 day''
  where id = %L', tests.the('card'))), 'cards_without_explanation: given after it had expired',
  'invariants: a card claimed after its expiry → shown');
select is(pg_temp.violations_after(format('update public.gift_cards set status = ''stuck'', stuck_at = now()
  where id = %L; delete from public.system_alerts where subject = %1$L', tests.the('waiting'))),
  'cards_without_explanation: stuck without an alert', 'invariants: a stuck card without an alert → shown');
select is(pg_temp.violations_after(format('update public.gift_card_grants set cancelled_at = now()
  where id = (select grant_id from public.gift_cards where id = %L)', tests.the('card'))),
  'cards_of_cancelled_grants: redeemed', 'invariants: a revoked grant whose recipient has its card → shown');
select is(pg_temp.violations_after(format('insert into public.pending_rewards (client_id, campaign_id, recipient_id, condition_number,
    surface, brand_id, denomination, currency, code)
  select g.client_id, g.campaign_id, g.recipient_id, g.condition_number, ''api'', %L, 25, ''USD'', ''GC-003''
  from public.gift_card_grants g join public.gift_cards c on c.grant_id = g.id where c.id = %L', tests.the('brand'), tests.the('card'))),
  'rewards_pending_and_given: awaiting_inventory', 'invariants: a pending reward whose card was provisioned → shown');
select is(pg_temp.violations_after(format('select private.reverse_billing(
  (select grant_id from public.gift_cards where id = %L), null)', tests.the('card'))),
  'cards_without_explanation: given, without grant or bill', 'invariants: a card whose bill was reversed → shown');
select is(pg_temp.violations_after(format('update public.deliveries set subject_id = %L where id = %L',
  pg_temp.free_card(), tests.the('delivery'))), 'cards_without_explanation: available, and tried to be delivered',
  'invariants: a message with an available card → shown');
select is(pg_temp.violations_after(format('insert into public.gift_card_grants (
      client_id, campaign_id, recipient_id, condition_number, surface)
    select client_id, campaign_id, id, 9, ''api'' from public.campaign_recipients
      where id = %L', tests.the('recipient'))), 'grants_without_card', 'invariants: a fulfilled grant without a card → shown');
select is(pg_temp.violations_after(format('alter table public.card_pools disable trigger card_pools_counters_follow_the_cards;
    update public.card_pools set available_cards = available_cards + 1
  where id = %L', tests.the('pool'))), 'pool_counters_off', 'invariants: a counter that is off by one → shown');
select is(pg_temp.violations_after(format('delete from private.card_movements where pool_id = %L', tests.the('pool'))),
  'pool_counters_off', 'invariants: a lost movement → shown');
select is(pg_temp.violations_after(format('alter table public.gift_cards disable trigger gift_cards_move_on_update;
    update public.gift_cards set status = ''cancelled'',
      cancelled_at = now() where id = %L', pg_temp.free_card())), 'pool_counters_off',
  'invariants: a card that moves without a movement → shown');
select matches(pg_temp.violations_after(format('update public.gift_cards set grant_id = (select grant_id
  from public.gift_cards where id = %1$L)
    where id = %2$L; update public.deliveries set subject_id = %2$L
      where id = (select id from public.deliveries where subject_id = %1$L order by id limit 1)',
    tests.the('claimed'), pg_temp.free_card())), 'deliveries_of_two_cards', 'invariants: two cards for one grant → shown');
select is(pg_temp.violations_after('update public.audit_events set reason = ''another'' where id = (select max(event_id)
  from private.audit_links)'), 'audit_chain_breaks', 'invariants: a changed audit event → shown');
select is_empty('select * from private.invariant_violations', 'invariants: all undone → none violated');

select * from finish();
rollback;
