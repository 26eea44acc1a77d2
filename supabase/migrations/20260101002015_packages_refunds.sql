-- Refunds: what was paid goes back to where it came from, in parts if need be: the card's part through the processor, the
-- bizcoins by reversing their capture. A refund is committed before the processor is asked, with its id as the
-- processor's idempotency key, and the job asks again until there is an answer. No more goes back than was paid.

create table public.package_refunds (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  purchase_id uuid not null references public.package_purchases (id),
  payment_amount numeric(18,2) not null default 0,
  bizcoins bigint not null default 0,
  currency text not null,
  status text not null default 'pending',
  reason text,
  actor_id uuid,
  transfer_id uuid references public.ledger_transfers (id),
  provider_refund_id text,
  error text,
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  failed_at timestamptz,
  constraint package_refunds_a_provider_refunds_once unique (provider_refund_id),
  constraint package_refunds_status_is_valid check (status in ('pending', 'completed', 'failed')),
  constraint package_refunds_completed_at_matches_status check ((status = 'completed') = (completed_at is not null)),
  constraint package_refunds_failed_at_matches_status check ((status = 'failed') = (failed_at is not null)),
  constraint package_refunds_give_something_back check (
    payment_amount >= 0 and bizcoins >= 0 and payment_amount + bizcoins > 0)
);
comment on table public.package_refunds is
  'A refund: payment_amount to the card, bizcoins to the wallet. Pending until the processor confirms it.';

create index package_refunds_client_id_idx on public.package_refunds (client_id, created_at);
create index package_refunds_purchase_id_idx on public.package_refunds (purchase_id);
create index package_refunds_transfer_id_idx on public.package_refunds (transfer_id);
create index package_refunds_due_idx on public.package_refunds (next_attempt_at) where status = 'pending';

-- How refunds by amount are split: cumulatively. A run begins with what is left of both sides; after amounts of R in all, each
-- side has refunded its share of R, rounded once (bizcoins are whole), so that ten small refunds return what one large one does
-- (docs/decisions/0029). A refund that names its parts, or one that the processor refuses, ends the run: the next amount begins a new one.

create type private.refund_part as (payment_amount numeric, bizcoins bigint, run_amount numeric);

create function private.lock_purchase(purchase_id uuid)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases;
begin
  select p.* into purchase from public.package_purchases p where p.id = lock_purchase.purchase_id for no key update;
  if purchase.id is null then
    perform private.refuse('RB-404');
  end if;
  return purchase;
end $$;

create function private.alert_payment(
  purchase public.package_purchases, alert_type text, severity text, message text, facts jsonb)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.raise_alert(alert_type, severity, message,
    jsonb_build_object('purchase_id', purchase.id, 'payment_intent_id', purchase.payment_intent_id) || facts,
    purchase.id::text, purchase.client_id);
end $$;

-- What bizcoins of a purchase are worth: what they paid, in proportion.
create function private.worth_of_bizcoins(purchase public.package_purchases, bizcoins bigint)
returns numeric language plpgsql immutable set search_path = '' as $$
begin
  return case when bizcoins = 0 then 0
    else private.round_money(purchase.bizcoin_amount * bizcoins / purchase.bizcoins, purchase.currency) end;
end $$;

-- A discount is reversed in the proportion in which the purchase is refunded, cumulatively: the redemption records the remaining discount.
create function private.reverse_discount(purchase public.package_purchases)
returns void language plpgsql volatile set search_path = '' as $$
declare
  paid numeric := purchase.final_amount + purchase.bizcoin_amount;
  returned numeric := purchase.refunded_payment + private.worth_of_bizcoins(purchase, purchase.refunded_bizcoins);
begin
  if purchase.entitlement_id is not null and paid > 0 then
    perform private.correct_discount(purchase.id,
      purchase.discount - private.round_money(purchase.discount * returned / paid, purchase.currency));
  end if;
end $$;

-- The parts of a refund by amount, of a purchase whose run has begun.
create function private.next_part(purchase public.package_purchases, amount numeric)
returns private.refund_part language plpgsql stable set search_path = '' as $$
declare
  payment_left numeric := purchase.final_amount - purchase.refunded_payment;
  bizcoins_left bigint := purchase.bizcoins - purchase.refunded_bizcoins;
  total numeric := purchase.run_payment + private.worth_of_bizcoins(purchase, purchase.run_bizcoins);
  part private.refund_part;
begin
  part.run_amount := purchase.run_amount + amount;
  if part.run_amount >= total then
    part.payment_amount := payment_left;
    part.bizcoins := bizcoins_left;
  else
    part.payment_amount := private.round_money(purchase.run_payment * part.run_amount / total, purchase.currency)
      - (purchase.run_payment - payment_left);
    part.bizcoins := round(purchase.run_bizcoins * part.run_amount / total) - (purchase.run_bizcoins - bizcoins_left);
  end if;
  return part;
end $$;

-- The parts of a refund: as named, a share for an amount, or all that remains.
create function private.split_refund(
  purchase public.package_purchases, amount numeric, payment_amount numeric, bizcoins bigint)
returns private.refund_part language plpgsql stable set search_path = '' as $$
declare
  payment_left numeric := purchase.final_amount - purchase.refunded_payment;
  bizcoins_left bigint := purchase.bizcoins - purchase.refunded_bizcoins;
  amount_left numeric;
  part private.refund_part;
begin
  perform private.assert_amount(payment_amount, purchase.currency, 'paymentAmount');
  perform private.assert_amount(amount, purchase.currency, 'amount', is_positive => true);
  perform private.assert_number(bizcoins, 'bizcoins', 0, private.units_limit());
  if purchase.run_payment is null then
    purchase.run_payment := payment_left;
    purchase.run_bizcoins := bizcoins_left;
    purchase.run_amount := 0;
  end if;
  if amount is not null and num_nonnulls(payment_amount, bizcoins) > 0 then
    perform private.refuse_field('amount', 'cannot stand beside paymentAmount or bizcoins');
  end if;
  amount_left := purchase.run_payment + private.worth_of_bizcoins(purchase, purchase.run_bizcoins) - purchase.run_amount;
  if payment_amount is not null or bizcoins is not null then
    part := row(coalesce(payment_amount, 0), coalesce(bizcoins, 0), null);
  else
    part := private.next_part(purchase, coalesce(amount, amount_left));
  end if;
  if part.payment_amount > payment_left or part.bizcoins > bizcoins_left or amount > amount_left
    or payment_left + bizcoins_left = 0 then
    perform private.refuse('VC-027', null,
      jsonb_build_object('remainingPayment', payment_left, 'remainingBizcoins', bizcoins_left));
  elsif part.payment_amount + part.bizcoins = 0 then
    perform private.refuse_field('amount', 'is less than can be given back: name a larger one, or "paymentAmount" or "bizcoins"');
  end if;
  return part;
end $$;

create function private.present_refund(refund public.package_refunds)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('refundId', refund.id, 'purchaseId', refund.purchase_id, 'status', refund.status,
    'paymentAmount', refund.payment_amount, 'bizcoins', refund.bizcoins, 'currency', refund.currency,
    'error', refund.error, 'createdAt', refund.created_at);
end $$;

-- What the processor is asked for; null when nothing goes back to a card, or it has gone already.
create function private.refund_order(refund public.package_refunds)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object('refundId', refund.id, 'purchaseId', p.id, 'paymentIntentId', p.payment_intent_id,
      'amount', private.minor_units(refund.payment_amount, refund.currency), 'attempts', refund.attempts)
    from public.package_purchases p where p.id = refund.purchase_id and refund.status = 'pending');
end $$;

create function private.refund_answer(refund public.package_refunds)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('refund', private.present_refund(refund), 'order', private.refund_order(refund),
    'purchase', (
      select private.present_purchase(p) from public.package_purchases p where p.id = refund.purchase_id));
end $$;

-- A purchase of which nothing is left, and nothing is under way, is refunded.
create function private.close_refunded(purchase_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.package_purchases p set status = 'refunded', refunded_at = now()
  where p.id = close_refunded.purchase_id and p.status = 'completed'
    and p.refunded_payment = p.final_amount and p.refunded_bizcoins = p.bizcoins
    and not exists (
      select from public.package_refunds r where r.purchase_id = p.id and r.status = 'pending');
end $$;

create function private.refund_purchase(
  purchase public.package_purchases, actor uuid, part private.refund_part, reason text, request_id uuid)
returns public.package_refunds language plpgsql volatile set search_path = '' as $$
declare
  refund public.package_refunds;
begin
  insert into public.package_refunds as r (client_id, purchase_id, payment_amount, bizcoins, currency, reason, actor_id,
    status, completed_at, next_attempt_at)
  values (purchase.client_id, purchase.id, part.payment_amount, part.bizcoins, purchase.currency, reason, actor,
    case when part.payment_amount > 0 then 'pending' else 'completed' end, case when part.payment_amount = 0 then now() end,
    -- the edge function that requested it calls the processor first
    now() + interval '1 minute')
  returning r.* into refund;
  update public.package_purchases p set
    run_payment = case when part.run_amount is not null then coalesce(p.run_payment, p.final_amount - p.refunded_payment) end,
    run_bizcoins = case when part.run_amount is not null then coalesce(p.run_bizcoins, p.bizcoins - p.refunded_bizcoins) end,
    run_amount = part.run_amount,
    refunded_payment = p.refunded_payment + part.payment_amount, refunded_bizcoins = p.refunded_bizcoins + part.bizcoins
  where p.id = purchase.id returning p.* into purchase;
  perform private.reverse_discount(purchase);
  if part.bizcoins > 0 then
    update public.package_refunds r set transfer_id = (private.reverse_transfer(
        h.transfer_id, part.bizcoins, 'refund:' || refund.id, 'Package refunded')).id
    from public.ledger_holds h where r.id = refund.id and h.id = purchase.hold_id returning r.* into refund;
  end if;
  if purchase.refunded_payment = purchase.final_amount and purchase.refunded_bizcoins = purchase.bizcoins then
    perform private.cancel_package(cp.id, 'Refunded') from public.customer_packages cp where cp.purchase_id = purchase.id;
  end if;
  perform private.close_refunded(purchase.id);
  perform private.record_audit(purchase.client_id, actor, 'package_purchase.refunded', 'package_purchase', purchase.id,
    jsonb_build_object('refund_id', refund.id, 'payment_amount', part.payment_amount, 'bizcoins', part.bizcoins), request_id, reason);
  perform private.notify_buyer(
    purchase, 'purchase_refunded', jsonb_build_object('amount', part.payment_amount, 'bizcoins', part.bizcoins));
  return refund;
end $$;

-- What the processor says of a refund: succeeded, failed (for good; it may say so late), unknown (looked up again later).
create function private.settle_refund(
  refund public.package_refunds, outcome text, provider_refund_id text, error text)
returns public.package_refunds language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases := private.lock_purchase(refund.purchase_id);
begin
  select r.* into refund from public.package_refunds r where r.id = refund.id;
  if refund.status = 'failed' or (refund.status = 'completed' and outcome <> 'failed') then
    return refund;
  end if;
  update public.package_refunds r set error = settle_refund.error,
    provider_refund_id = coalesce(settle_refund.provider_refund_id, r.provider_refund_id),
    status = case outcome when 'succeeded' then 'completed' when 'failed' then 'failed' else r.status end,
    completed_at = case when outcome = 'succeeded' then now() end, failed_at = case when outcome = 'failed' then now() end,
    next_attempt_at = now() + least(private.backoff(r.attempts + 4), interval '1 hour')
  where r.id = refund.id returning r.* into refund;
  if outcome = 'failed' then
    -- what came in for a purchase that was never completed counts for none of its price
    update public.package_purchases p
    set refunded_payment = p.refunded_payment - refund.payment_amount, status = 'completed', refunded_at = null,
      run_payment = null, run_bizcoins = null, run_amount = null
    where p.id = purchase.id and p.completed_at is not null;
    perform private.reverse_discount(p) from public.package_purchases p where p.id = purchase.id;
    perform private.alert_payment(purchase, 'refund_failed', 'critical',
      'The processor did not refund a payment: pay it back by other means', private.present_refund(refund));
  elsif outcome = 'succeeded' then
    perform private.close_refunded(purchase.id);
  elsif refund.attempts >= 5 then
    perform private.alert_payment(purchase, 'refund_unresolved', 'warning',
      'The outcome of a refund is unknown at the processor; it is looked up again', private.present_refund(refund));
  end if;
  if outcome <> 'unknown' then
    perform private.resolve_alert('refund_unresolved', purchase.id::text);
  end if;
  return refund;
end $$;

create function public.refund_package_purchase(
  purchase_id uuid, amount numeric, payment_amount numeric, bizcoins int, reason text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.package_purchases;
  refund public.package_refunds;
  part private.refund_part;
  scope text;
  replayed jsonb;
begin
  purchase := private.lock_purchase(purchase_id);
  perform private.assert_can_act(request.actor, purchase.client_id, private.admin_roles());
  scope := private.answer_scope('refund_package_purchase', purchase.client_id, request.actor);
  replayed := private.replay(request, scope);
  if replayed is not null then
    select r.* into refund from public.package_refunds r where r.id = (replayed #>> '{result,refundId}')::uuid;
    return private.answered(private.refund_answer(refund), null, true);
  end if;
  if purchase.completed_at is null then
    perform private.refuse('VC-026', 'Nothing was paid for the purchase', private.present_purchase(purchase));
  end if;
  part := private.split_refund(purchase, amount, payment_amount, bizcoins::bigint);
  refund := private.refund_purchase(purchase, request.actor, part, reason, request.id);
  -- stored without its state, which a repeated request reads again
  perform private.answer(request, scope, jsonb_build_object('refundId', refund.id));
  return private.answered(private.refund_answer(refund));
end $$;
comment on function public.refund_package_purchase is
  'Gives back a part of what was paid or all of it, as it was paid; an admin of the client, audited. VC-027 when less remains.';
grant execute on function public.refund_package_purchase to service_role;

create function public.lease_package_refunds(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due public.package_refunds[];
begin
  with leased as (
    select r.id from public.package_refunds r
    where r.status = 'pending' and r.next_attempt_at <= now()
    order by r.next_attempt_at limit private.batch_size(batch_size)
    -- another round of the job has it
    for no key update skip locked),
  taken as (
    update public.package_refunds r set attempts = r.attempts + 1, next_attempt_at = now() + interval '1 minute'
    from leased where r.id = leased.id returning r.*)
  select array_agg(t) into due from (select * from taken) t;
  return private.answered(jsonb_build_object('refunds', (
    select coalesce(jsonb_agg(private.refund_order(d)), '[]') from unnest(due) d)));
end $$;
comment on function public.lease_package_refunds is 'Takes refunds of which the processor has not said yes yet.';
grant execute on function public.lease_package_refunds to service_role;

create function public.complete_package_refund(
  refund_id uuid, outcome text, provider_refund_id text, error text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  refund public.package_refunds;
begin
  select r.* into refund from public.package_refunds r where r.id = complete_package_refund.refund_id;
  -- settled first, presented after: one statement would present what was before
  refund := private.settle_refund(refund, outcome, provider_refund_id, error);
  return private.answered(private.refund_answer(refund));
end $$;
comment on function public.complete_package_refund is
  'Reports what the processor says of a refund: succeeded, failed or unknown.';
grant execute on function public.complete_package_refund to service_role;

alter table public.package_refunds enable row level security;

grant select on public.package_refunds to authenticated, service_role;

create policy "Customers read their refunds, admins those of their clients" on public.package_refunds
  for select to authenticated
  using (
    purchase_id = any (array(select p.id from public.package_purchases p where p.user_id = (select auth.uid())))
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

-- Must be empty: purchases whose refunded sums differ from their refunds or the ledger.
create view private.refunds_off as
  select p.id, 'not all that is refunded is on record' as problem
  from public.package_purchases p, lateral (
    select coalesce(sum(r.payment_amount) filter (where r.status <> 'failed'), 0) as payment, coalesce(sum(r.bizcoins), 0) as bizcoins
    from public.package_refunds r where r.purchase_id = p.id) r
  where case when p.completed_at is null then p.refunded_payment <> 0 or p.refunded_bizcoins <> 0 or r.bizcoins <> 0
    else (p.refunded_payment, p.refunded_bizcoins) <> (r.payment, r.bizcoins) end
  union all
  select p.id, 'the wallet got back another number of bizcoins'
  from public.package_purchases p
  join public.ledger_holds h on h.id = p.hold_id and h.transfer_id is not null
  where p.refunded_bizcoins <> (
    select coalesce(sum(e.amount), 0) from public.ledger_transfers t
    join public.ledger_entries e on e.transfer_id = t.id and e.amount > 0
    where t.reverses = h.transfer_id);
