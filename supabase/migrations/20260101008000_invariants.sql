-- Invariants: views that must be empty at all times. Tests, alerts and chaos runs read the same ones.

create view private.cards_without_explanation as
  select c.id, c.status, 'given, without grant or bill' as problem
  from public.gift_cards c
  left join public.billing_transactions b on b.gift_card_id = c.id and b.grant_id = c.grant_id
  where c.status in ('claimed', 'delivered', 'redeemed', 'stuck') and b.id is null
  union all
  select c.id, c.status, 'claimed, and nothing brings it'
  from public.gift_cards c
  where c.status = 'claimed' and not exists (
    select from public.deliveries d where d.topic = 'gift_card' and d.subject_id = c.id)
  union all
  select c.id, c.status, 'available, and tried to be delivered'
  from public.gift_cards c
  join public.deliveries d on d.topic = 'gift_card' and d.subject_id = c.id
  where c.status = 'available';

create view private.grants_without_card as
  select g.id from public.gift_card_grants g
  where not exists (select from public.gift_cards c where c.grant_id = g.id);

create view private.pool_counters_off as
  select p.id, p.total_cards, p.available_cards, p.claimed_cards, p.delivered_cards,
    n.total, n.available, n.claimed, n.delivered
  from public.gift_card_pools p,
    lateral (
      select count(*) as total, count(*) filter (where c.status = 'available') as available,
        count(*) filter (where c.status in ('claimed', 'stuck')) as claimed,
        count(*) filter (where c.status in ('delivered', 'redeemed')) as delivered
      from public.gift_cards c where c.pool_id = p.id) n
  where (p.total_cards, p.available_cards, p.claimed_cards, p.delivered_cards)
    is distinct from (n.total, n.available, n.claimed, n.delivered);

create view private.deliveries_of_two_cards as
  select c.grant_id from public.deliveries d
  join public.gift_cards c on c.id = d.subject_id
  where d.topic = 'gift_card'
  group by c.grant_id having count(distinct c.id) > 1;

create view private.invariant_violations as
  select 'cards_without_explanation' as invariant, v.id::text as row, v.problem from private.cards_without_explanation v
  union all
  select 'grants_without_card', v.id::text, '' from private.grants_without_card v
  union all
  select 'pool_counters_off', v.id::text, '' from private.pool_counters_off v
  union all
  select 'deliveries_of_two_cards', v.grant_id::text, '' from private.deliveries_of_two_cards v
  union all
  select 'audit_chain_breaks', v.event_id::text, '' from private.audit_chain_breaks v
  union all
  select 'ledger_imbalances', v.id, v.problem from private.ledger_imbalances v
  union all
  select 'packages_off', v.id::text, '' from private.packages_off v;
