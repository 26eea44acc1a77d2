-- Invariants: views that must be empty at all times. Tests, alerts and chaos runs read the same ones.

create view private.cards_without_explanation as
  select c.id, c.status, 'given, without grant or bill' as problem
  from public.gift_cards c
  left join public.billing_transactions b on b.gift_card_id = c.id and b.grant_id = c.grant_id
    and not exists (select from public.billing_transactions r where r.grant_id = b.grant_id and r.reverses_id is not null)
  where c.status in ('claimed', 'delivered', 'redeemed', 'stuck') and b.id is null
  union all
  select c.id, c.status, 'claimed, and nothing brings it'
  from public.gift_cards c
  where c.status = 'claimed' and not exists (
    select from private.messages_of(c) d where d.status in ('queued', 'sending', 'unknown'))
  union all
  select c.id, c.status, 'delivered, and each of its messages has failed'
  from public.gift_cards c
  where c.status = 'delivered' and c.delivery_method in ('sms', 'email')
    and exists (select from private.messages_of(c) d where d.status in ('failed', 'undelivered', 'suppressed'))
    and not exists (
      select from private.messages_of(c) d left join public.claim_links l on l.delivery_id = d.id
      where d.status not in ('failed', 'undelivered', 'suppressed') or l.revealed_at is not null)
  union all
  -- a message that an opt-out suppressed was never sent to a provider
  select c.id, c.status, 'available, and tried to be delivered'
  from public.gift_cards c
  join public.deliveries d on d.topic = 'gift_card' and d.subject_id = c.id and d.status <> 'cancelled'
  where c.status = 'available' and (d.status <> 'suppressed' or d.attempts > 0)
  union all
  select c.id, c.status, 'given after it had expired'
  from public.gift_cards c
  where c.grant_id is not null and c.claimed_at > c.expires_at
  union all
  select c.id, c.status, 'stuck without an alert'
  from public.gift_cards c
  where c.status = 'stuck' and not exists (
    select from public.system_alerts a
    where a.alert_type in ('stuck_gift_card', 'delivery_failed') and a.subject = c.id::text
      and (a.resolved_at is null or a.resolved_at >= c.stuck_at));

create view private.grants_without_card as
  select g.id from public.gift_card_grants g
  where g.cancelled_at is null and not exists (select from public.gift_cards c where c.grant_id = g.id)
    and not exists (select from public.gift_card_purchases p where p.grant_id = g.id and p.ended_at is null
      and p.reopened_at is null);

-- A cancelled grant whose card can still be used would allow two cards for one promise.
create view private.cards_of_cancelled_grants as
  select c.id, c.status from public.gift_cards c
  join public.gift_card_grants g on g.id = c.grant_id
  where g.cancelled_at is not null and c.status not in ('cancelled', 'expired');

-- A reward whose card was granted is not pending.
create view private.rewards_pending_and_given as
  select r.id, r.status from public.pending_rewards r
  join public.gift_card_grants g on g.recipient_id = r.recipient_id and g.campaign_id = r.campaign_id
    and g.condition_number = r.condition_number and g.cancelled_at is null
  join public.gift_cards c on c.grant_id = g.id
  where r.status like 'awaiting%';

-- The bill of a returned card is reversed: each bill without a reversal has its card.
create view private.bills_without_card as
  select b.id from public.billing_transactions b
  where b.reverses_id is null
    and not exists (select from public.billing_transactions r where r.grant_id = b.grant_id and r.reverses_id = b.id)
    and not exists (select from public.gift_cards c where c.id = b.gift_card_id and c.grant_id = b.grant_id);

create view private.pool_counters_off as
  select p.id, to_jsonb(p) as pool, to_jsonb(n) as cards
  from public.gift_card_pools p,
    lateral (
      select count(*) as total, count(*) filter (where c.counted_as = 'available' and l.given_until > now()) as available,
        count(*) filter (where c.counted_as = 'available' and l.given_until <= now()) as expiring,
        count(*) filter (where c.counted_as = 'claimed') as claimed, count(*) filter (where c.status = 'stuck') as stuck,
        count(*) filter (where c.counted_as = 'delivered') as delivered, count(*) filter (where c.status = 'redeemed') as redeemed,
        count(*) filter (where c.counted_as = 'expired') as expired, count(*) filter (where c.counted_as = 'cancelled') as cancelled,
        round(count(*) filter (where c.was_received)::numeric / nullif(count(*), 0), 4) as utilization
      from public.gift_cards c join private.card_lots l on l.id = c.lot_id
      where c.pool_id = p.id) n
  where (p.total_cards, p.available_cards, p.expiring_cards, p.claimed_cards, p.stuck_cards, p.delivered_cards, p.redeemed_cards,
      p.expired_cards, p.cancelled_cards, p.utilization_rate)
    is distinct from (n.total, n.available, n.expiring, n.claimed, n.stuck, n.delivered, n.redeemed, n.expired, n.cancelled,
      n.utilization);

create view private.deliveries_of_two_cards as
  select c.grant_id from public.deliveries d
  join public.gift_cards c on c.id = d.subject_id
  where d.topic = 'gift_card' and d.status <> 'cancelled' and c.grant_id is not null
  group by c.grant_id having count(distinct c.id) > 1;

-- the minute allows for an opt-out that was committed during the lease
create view private.attempts_after_opt_out as
  select a.id from public.delivery_attempts a
  join public.deliveries d on d.id = a.delivery_id
  join public.contact_opt_outs o on o.channel = d.channel and o.address = lower(d.deliver_to)
  where a.created_at > o.created_at + interval '1 minute';

create view private.opt_outs_without_proof as
  select o.id from public.contact_opt_outs o
  where not exists (
    select from public.consents c
    where c.channel = o.channel and c.address = o.address and c.action = 'opted_out' and c.created_at >= o.created_at);

create view private.invariant_violations as
  select 'cards_without_explanation' as invariant, v.id::text as row, v.problem from private.cards_without_explanation v
  union all
  select 'grants_without_card', v.id::text, '' from private.grants_without_card v
  union all
  select 'cards_of_cancelled_grants', v.id::text, v.status from private.cards_of_cancelled_grants v
  union all
  select 'rewards_pending_and_given', v.id::text, v.status from private.rewards_pending_and_given v
  union all
  select 'bills_without_card', v.id::text, '' from private.bills_without_card v
  union all
  select 'supplier_purchases_without_end', v.id::text, v.problem from private.supplier_purchases_without_end v
  union all
  select 'pool_counters_off', v.id::text, '' from private.pool_counters_off v
  union all
  select 'deliveries_of_two_cards', v.grant_id::text, '' from private.deliveries_of_two_cards v
  union all
  select 'reveals_without_audit', v.id::text, '' from private.reveals_without_audit v
  union all
  select 'webhook_violations', v.id::text, v.problem from private.webhook_violations v
  union all
  select 'audit_chain_breaks', v.event_id::text, '' from private.audit_chain_breaks v
  union all
  select 'attempts_after_opt_out', v.id::text, '' from private.attempts_after_opt_out v
  union all
  select 'opt_outs_without_proof', v.id::text, '' from private.opt_outs_without_proof v
  union all
  select 'bills_off_the_ledger', v.id::text, v.problem from private.bills_off_the_ledger v
  union all
  select 'sales_off', v.id::text, v.problem from private.sales_off v
  union all
  select 'ledger_imbalances', v.id, v.problem from private.ledger_imbalances v
  union all
  select 'packages_off', v.id::text, '' from private.packages_off v
  union all
  select 'voucher_violations', v.id::text, v.problem from private.voucher_violations v
  union all
  select 'purchases_off', v.id::text, v.problem from private.purchases_off v
  union all
  select 'refunds_off', v.id::text, v.problem from private.refunds_off v;
