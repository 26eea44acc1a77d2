-- Refunds: what was paid goes back to where it came from, in parts if need be: the card's part through the processor, the
-- bizcoins by reversing their capture. A refund is committed before the processor is asked, with its id as the
-- processor's idempotency key, and the job asks again until there is an answer. No more goes back than was paid.

-- How an amount goes back: in the proportion in which it was paid, in whole bizcoins; nothing named means all that remains.
create function private.split_refund(
  purchase public.package_purchases, amount numeric, inout payment_amount numeric, inout bizcoins bigint)
language plpgsql stable set search_path = '' as $$
declare
  payment_left numeric := purchase.final_amount - purchase.refunded_payment;
  bizcoins_left bigint := purchase.bizcoins - purchase.refunded_bizcoins;
  worth numeric := case when purchase.bizcoins > 0 then purchase.bizcoin_amount / purchase.bizcoins end;
  decimals int := (
    select c.decimals from private.payment_currencies c where c.currency = purchase.currency);
begin
  if payment_amount is not null or bizcoins is not null then
    payment_amount := coalesce(payment_amount, 0);
    bizcoins := coalesce(bizcoins, 0);
  elsif amount is null or amount = round(payment_left + coalesce(bizcoins_left * worth, 0), 2) then
    payment_amount := payment_left;
    bizcoins := bizcoins_left;
  else
    bizcoins := coalesce(round(amount / worth * purchase.bizcoin_amount / (purchase.final_amount + purchase.bizcoin_amount)), 0);
    -- what one side cannot bear, the other does
    bizcoins := greatest(least(bizcoins, bizcoins_left), coalesce(ceil((amount - payment_left) / worth), 0), 0);
    payment_amount := greatest(round(amount - coalesce(bizcoins * worth, 0), decimals), 0);
  end if;
  perform private.assert_price(payment_amount, purchase.currency);
  if payment_amount > payment_left or bizcoins > bizcoins_left or payment_amount + bizcoins = 0 then
    perform private.refuse('VC-027', 'More than remains of the purchase',
      jsonb_build_object('remainingPayment', payment_left, 'remainingBizcoins', bizcoins_left));
  end if;
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
  purchase public.package_purchases, actor uuid, payment_amount numeric, bizcoins bigint, reason text, request_id uuid)
returns public.package_refunds language plpgsql volatile set search_path = '' as $$
declare
  refund public.package_refunds;
begin
  insert into public.package_refunds as r (client_id, purchase_id, payment_amount, bizcoins, currency, reason, actor_id,
    status, completed_at, next_attempt_at)
  values (purchase.client_id, purchase.id, payment_amount, bizcoins, purchase.currency, reason, actor,
    case when payment_amount > 0 then 'pending' else 'completed' end, case when payment_amount = 0 then now() end,
    -- whoever has asked for it calls the processor himself
    now() + interval '1 minute')
  returning r.* into refund;
  update public.package_purchases p set refunded_payment = p.refunded_payment + payment_amount,
    refunded_bizcoins = p.refunded_bizcoins + refund_purchase.bizcoins
  where p.id = purchase.id returning p.* into purchase;
  if bizcoins > 0 then
    update public.package_refunds r set transfer_id = (private.reverse_transfer(
        h.transfer_id, refund_purchase.bizcoins, 'refund:' || refund.id, 'Package refunded')).id
    from public.ledger_holds h where r.id = refund.id and h.id = purchase.hold_id returning r.* into refund;
  end if;
  if purchase.refunded_payment = purchase.final_amount and purchase.refunded_bizcoins = purchase.bizcoins then
    perform private.cancel_package(cp.id, 'Refunded') from public.customer_packages cp where cp.purchase_id = purchase.id;
  end if;
  perform private.close_refunded(purchase.id);
  perform private.record_audit(purchase.client_id, actor, 'package_purchase.refunded', 'package_purchase', purchase.id,
    jsonb_build_object('refund_id', refund.id, 'payment_amount', payment_amount, 'bizcoins', bizcoins), request_id, reason);
  perform private.notify_buyer(
    purchase, 'purchase_refunded', jsonb_build_object('amount', payment_amount, 'bizcoins', refund_purchase.bizcoins));
  return refund;
end $$;

-- What the processor says of a refund: succeeded, failed (for good; it may say so late), unknown (asked again later).
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
    set refunded_payment = p.refunded_payment - refund.payment_amount, status = 'completed', refunded_at = null
    where p.id = purchase.id and p.completed_at is not null;
    perform private.alert_payment(purchase, 'refund_failed', 'critical',
      'The processor did not refund a payment: somebody must pay it back', private.present_refund(refund));
  elsif outcome = 'succeeded' then
    perform private.close_refunded(purchase.id);
  elsif refund.attempts >= 5 then
    perform private.alert_payment(purchase, 'refund_unresolved', 'warning',
      'The processor does not say whether a refund was made; it is asked again', private.present_refund(refund));
  end if;
  if outcome <> 'unknown' then
    perform private.resolve_alert('refund_unresolved', purchase.id::text);
  end if;
  return refund;
end $$;

create function public.refund_package_purchase(
  actor uuid, purchase_id uuid, amount numeric, payment_amount numeric, bizcoins int, reason text,
  request_id uuid, idempotency_key text, request_hash text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope text;
  key text := private.answer_key(idempotency_key, request_id::text);
  purchase public.package_purchases;
  refund public.package_refunds;
  part record;
  answer jsonb;
  detail text;
begin
  purchase := private.lock_purchase(purchase_id);
  perform private.assert_can_act(actor, purchase.client_id, private.admin_roles());
  scope := private.answer_scope('refund_package_purchase', purchase.client_id, actor);
  answer := private.stored_answer(scope, key, request_hash);
  if answer is not null then
    select r.* into refund from public.package_refunds r where r.id = (answer ->> 'refundId')::uuid;
    return private.answered(private.refund_answer(refund), null, true);
  end if;
  if purchase.completed_at is null then
    perform private.refuse('VC-026', 'The purchase is over', private.present_purchase(purchase));
  end if;
  select s.* into part from private.split_refund(purchase, amount, payment_amount, bizcoins::bigint) s;
  refund := private.refund_purchase(purchase, actor, part.payment_amount, part.bizcoins, reason, request_id);
  perform private.store_answer(scope, key, jsonb_build_object('refundId', refund.id));
  return private.answered(private.refund_answer(refund));
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  get stacked diagnostics detail = pg_exception_detail;
  return private.refused(sqlstate, sqlerrm, detail);
end $$;
comment on function public.refund_package_purchase is
  'Gives back a part of what was paid or all of it, as it was paid; an admin of the client, audited. VC-027 when less remains.';

create function public.lease_package_refunds(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due public.package_refunds[];
begin
  with leased as (
    select r.id from public.package_refunds r
    where r.status = 'pending' and r.next_attempt_at <= now()
    order by r.next_attempt_at limit least(batch_size, 100)
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

grant execute on function
  public.refund_package_purchase, public.lease_package_refunds, public.complete_package_refund to service_role;

alter table public.package_refunds enable row level security;

grant select on public.package_refunds to authenticated, service_role;

create policy "Whoever reads a purchase reads its refunds" on public.package_refunds
  for select to authenticated
  using (
    purchase_id in (select p.id from public.package_purchases p where p.user_id = (select auth.uid()))
    or client_id in (select private.administered_client_ids()));

-- Must be empty: purchases that say another sum came back than their refunds and the ledger do.
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
