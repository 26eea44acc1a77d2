-- Purchases and payments, the entry points for edge functions and the job. Each is one transaction; the processor is called
-- between two of them, never inside.

create function public.get_package_quote(
  package_id uuid, bizcoins int, use_discount boolean, request public.request)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
declare
  package public.packages;
  q private.purchase_quote;
begin
  select p.* into package from public.packages p where p.id = get_package_quote.package_id;
  if package.id is null or not private.is_customer(request.actor, package.client_id) then
    perform private.refuse('RB-404');
  elsif not package.is_active then
    perform private.refuse('VC-022');
  end if;
  q := private.quote_purchase(package, request.actor, bizcoins, use_discount);
  perform private.assert_payable(q);
  return private.answered(jsonb_build_object('packageId', package.id, 'name', package.name) || private.present_quote(q));
end $$;
comment on function public.get_package_quote is
  'What a package would cost a customer: price, discount, bizcoins available and usable, and what remains. Changes nothing.';
grant execute on function public.get_package_quote to service_role;

create function public.start_package_purchase(
  package_id uuid, bizcoins int, purchase_id uuid, is_live boolean, use_discount boolean, expected_final_amount numeric,
  request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  scope constant text := private.answer_scope('purchase_package', null, request.actor);
  package public.packages;
  purchase public.package_purchases;
  replayed jsonb;
begin
  if purchase_id is not null then
    return private.continue_purchase(request.actor, purchase_id, expected_final_amount);
  end if;
  select p.* into package from public.packages p where p.id = start_package_purchase.package_id;
  if package.id is null or not private.is_customer(request.actor, package.client_id) then
    perform private.refuse('RB-404');
  end if;
  -- two clicks of one customer on one package wait for each other only
  perform pg_advisory_xact_lock(hashtextextended(concat_ws(':', 'purchase', request.actor, package.id), 0));
  replayed := private.replay(request, scope);
  if replayed is not null then
    return private.continue_purchase(request.actor, (replayed #>> '{result,purchaseId}')::uuid, null);
  end if;
  if request.idempotency_key is null then
    purchase := private.find_double_click(request.actor, package.id, bizcoins);
  end if;
  if purchase.id is null then
    purchase := private.open_purchase(
      package, request.actor, bizcoins, use_discount, is_live, request.id, expected_final_amount);
  end if;
  -- stored without its state, which a repeated request reads again
  perform private.answer(request, scope, jsonb_build_object('purchaseId', purchase.id));
  return private.answered(private.purchase_answer(purchase));
end $$;
comment on function public.start_package_purchase is
  'Begins a purchase or continues one: holds the bizcoins, and says what to charge. expected_final_amount: what the caller was '
  'shown; anything else is refused with the new quote (VC-031). Refuses with WL-001, VC-022 to VC-026, VC-031.';
grant execute on function public.start_package_purchase to service_role;

create function public.cancel_package_purchase(purchase_id uuid, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.package_purchases;
begin
  purchase := private.lock_purchase(purchase_id);
  perform private.assert_can_act_for_customer(request.actor, purchase.client_id, purchase.user_id, private.admin_roles());
  if purchase.status = 'awaiting_payment' then
    -- nothing is released before the processor has confirmed that nothing will be paid
    update public.package_purchases p set cancel_requested_at = coalesce(p.cancel_requested_at, now()),
      next_check_at = now() + interval '15 seconds'
    where p.id = purchase.id returning p.* into purchase;
    perform private.record_audit(purchase.client_id, request.actor, 'package_purchase.cancel_requested', 'package_purchase',
      purchase.id, '{}', request.id);
  elsif purchase.status <> 'cancelled' then
    perform private.refuse('VC-026', null, private.present_purchase(purchase));
  end if;
  return private.answered(private.purchase_answer(purchase));
end $$;
comment on function public.cancel_package_purchase is
  'Requests the end of a purchase, and returns the payment to cancel first; for the customer or an admin. RB-403, RB-404, VC-026.';
grant execute on function public.cancel_package_purchase to service_role;

create function public.record_payment(purchase_id uuid, payment jsonb)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  -- settled first, presented after: one statement would present what was before
  purchase public.package_purchases := private.settle_payment(purchase_id, payment);
begin
  return private.answered(private.purchase_answer(purchase));
end $$;
comment on function public.record_payment is 'Settles a purchase with what the processor has answered about its payment.';
grant execute on function public.record_payment to service_role;

create function public.fail_package_purchase(purchase_id uuid, payment_intent_id text, message text)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.package_purchases := private.lock_purchase(purchase_id);
  is_to_end constant boolean := purchase.expires_at <= now() or purchase.cancel_requested_at is not null;
begin
  -- a payment that has begun, and that the processor does not know, is waited for until the purchase is to end
  if purchase.status = 'awaiting_payment' and (purchase.payment_intent_id is null or is_to_end)
    and purchase.payment_intent_id is not distinct from fail_package_purchase.payment_intent_id then
    purchase := private.end_purchase(purchase, 'failed', message);
    perform private.alert_payment(purchase, 'payment_refused', 'warning',
      'The processor refused a payment for a package', jsonb_build_object('error', message));
  end if;
  return private.answered(private.purchase_answer(purchase));
end $$;
comment on function public.fail_package_purchase is
  'Ends a purchase whose payment the processor has refused, unless another payment has begun; its bizcoins are free again.';
grant execute on function public.fail_package_purchase to service_role;

create function public.record_payment_event(
  event_id text, event_type text, purchase_id uuid, payment_intent_id text, facts jsonb)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.package_purchases;
begin
  perform private.assert_given(event_id is not null, 'event_id');
  insert into private.seen_events (provider, event_id) values ('stripe', event_id)
  on conflict on constraint seen_events_are_unique do nothing;
  if not found then
    return private.answered(jsonb_build_object('applied', false, 'duplicate', true));
  end if;
  select p.* into purchase from public.package_purchases p
  where p.id = record_payment_event.purchase_id or p.payment_intent_id = record_payment_event.payment_intent_id
    -- a refund of a charge alone names no payment
    or p.id = (select r.purchase_id from public.package_refunds r where r.provider_refund_id = facts ->> 'refundId')
  -- the one that carries the payment before the one that the event names
  order by p.payment_intent_id is not distinct from record_payment_event.payment_intent_id desc limit 1;
  if purchase.id is null then
    if record_payment_event.purchase_id is not null then
      perform private.raise_alert('payment_of_nobody', 'critical', 'A payment names a purchase that is not there',
        jsonb_build_object('payment_intent_id', payment_intent_id, 'event', event_type), coalesce(payment_intent_id, event_id));
    elsif event_type = 'charge.dispute.created' and payment_intent_id is null then
      perform private.raise_alert('payment_disputed', 'critical',
        'A customer disputes a charge that names no payment: look it up at the processor', facts, facts ->> 'disputeId');
    end if;
    return private.answered(jsonb_build_object('applied', false));
  end if;
  perform private.apply_payment_event(purchase.id, event_type, facts);
  return private.answered(jsonb_build_object('applied', true));
end $$;
comment on function public.record_payment_event is
  'Applies a webhook of the processor once; repeated, late and foreign ones are taken and change nothing.';
grant execute on function public.record_payment_event to service_role;

create function public.lease_package_purchases(batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due public.package_purchases[];
begin
  with leased as (
    select p.id from public.package_purchases p
    where p.status = 'awaiting_payment' and p.next_check_at <= now()
    order by p.next_check_at limit private.batch_size(batch_size)
    -- a locked one is being settled
    for no key update skip locked),
  checked as (
    update public.package_purchases p
    -- as long again as it has been open, but not past its end
    set next_check_at = greatest(now() + interval '1 minute', least(p.expires_at, now() + (now() - p.created_at)))
    from leased where p.id = leased.id returning p.*)
  select array_agg(c) into due from (select * from checked) c;
  -- a bank may take its days, but it says so
  perform private.alert_payment(d, 'payment_unresolved', 'warning',
    'The outcome of a payment is unknown at the processor; it is looked up again', jsonb_build_object('payment_status', d.payment_status))
  from unnest(due) d where d.expires_at < now() - interval '15 minutes' and d.payment_status is distinct from 'processing';
  return private.answered(jsonb_build_object('purchases', (
    select coalesce(jsonb_agg(private.payment_of(d) || jsonb_build_object(
      'isToEnd', d.expires_at <= now() or d.cancel_requested_at is not null)), '[]') from unnest(due) d)));
end $$;
comment on function public.lease_package_purchases is
  'Takes open purchases whose payment is to be asked for at the processor; isToEnd: unless it is paid, it is to be cancelled.';
grant execute on function public.lease_package_purchases to service_role;
