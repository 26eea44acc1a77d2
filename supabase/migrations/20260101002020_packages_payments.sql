-- Payments: how a purchase begins, is settled by the state of its payment, and is cancelled. Edge functions call the processor between
-- two entry points. The state of a payment comes as the answer to a call, as a webhook (repeated, late, out of order) or when the job
-- asks: all three end in private.settle_payment, under the lock of the purchase. A payment that comes too late is honored or refunded.

-- Passes if the final amount is the expected one or none was expected; else refuses with the final amount.
create function private.assert_expected(final_amount numeric, expected numeric, facts jsonb)
returns void language plpgsql stable set search_path = '' as $$
begin
  if final_amount <> expected then
    perform private.refuse('VC-031', null,
      facts || jsonb_build_object('expectedFinalAmount', expected));
  end if;
end $$;

-- Passes an open purchase that is what a customer asks for now, or refuses with it and, as quote, with what a new one would cost.
create function private.assert_same_purchase(
  purchase public.package_purchases, package public.packages, bizcoins bigint, use_discount boolean, expected numeric)
returns void language plpgsql stable set search_path = '' as $$
declare
  q private.purchase_quote := private.quote_purchase(package, purchase.user_id, bizcoins, use_discount, purchase);
  is_offered boolean := package.is_active and q.bizcoins <= least(q.available, q.enough)
    and (q.final_amount = 0 or q.final_amount >= q.minimum);
begin
  if private.next_step(purchase) <> 'continue' or purchase.bizcoins <> assert_same_purchase.bizcoins
    or (purchase.entitlement_id is not null and not use_discount) or purchase.final_amount <> expected
    or (is_offered and q.final_amount < purchase.final_amount) then
    perform private.refuse('VC-025', null, private.present_purchase(purchase)
      || case when is_offered then jsonb_build_object('quote', private.present_quote(q)) else '{}' end);
  end if;
end $$;

-- A customer's purchase of a package: the one that is open, or a new one with its bizcoins held.
create function private.open_purchase(
  package public.packages, actor uuid, bizcoins bigint, use_discount boolean, is_live boolean, request_id uuid,
  expected_final_amount numeric)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases;
  q private.purchase_quote;
begin
  select p.* into purchase from public.package_purchases p
  where p.user_id = actor and p.package_id = package.id and p.status = 'awaiting_payment' for no key update;
  if purchase.id is not null then
    perform private.assert_same_purchase(purchase, package, bizcoins, use_discount, expected_final_amount);
    return purchase;
  end if;
  if not package.is_active then
    perform private.refuse('VC-022');
  end if;
  q := private.quote_purchase(package, actor, bizcoins, use_discount);
  perform private.assert_expected(q.final_amount, expected_final_amount, private.present_quote(q));
  perform private.assert_payable(q);
  if q.final_amount > 0 and is_live is null then
    perform private.refuse('RB-503', 'No payment can be taken: STRIPE_SECRET_KEY is not set');
  end if;
  insert into public.package_purchases as p (
    client_id, user_id, package_id, price, currency, entitlement_id, discount, bizcoins, bizcoin_amount, is_live, request_id)
  values (package.client_id, actor, package.id, q.price, q.currency, q.entitlement_id, q.discount, q.bizcoins,
    q.bizcoin_amount, coalesce(is_live, false), request_id)
  returning p.* into purchase;
  if q.entitlement_id is not null then
    perform private.reserve_entitlement(q.entitlement_id, purchase.id);
  end if;
  purchase := private.hold_bizcoins(purchase);
  return case when purchase.final_amount = 0 then private.complete_purchase(purchase) else purchase end;
end $$;

-- A second click comes when the first has already paid with bizcoins alone: within a minute it is the same purchase.
create function private.find_double_click(actor uuid, package_id uuid, bizcoins bigint)
returns public.package_purchases language plpgsql stable set search_path = '' as $$
declare
  purchase public.package_purchases;
begin
  select p.* into purchase from public.package_purchases p
  where p.user_id = actor and p.package_id = find_double_click.package_id and p.status = 'completed'
    and p.bizcoins = find_double_click.bizcoins and p.final_amount = 0 and p.completed_at > now() - interval '1 minute'
  order by p.completed_at desc limit 1;
  return purchase;
end $$;

create function private.is_payment_off(purchase public.package_purchases, payment jsonb)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return (payment ->> 'amount')::bigint is distinct from private.minor_units(purchase.final_amount, purchase.currency)
    or (payment ->> 'status' = 'succeeded' and (payment ->> 'amountReceived')::bigint
      is distinct from private.minor_units(purchase.final_amount, purchase.currency))
    or upper(payment ->> 'currency') is distinct from purchase.currency
    or (payment ->> 'isLive')::boolean is distinct from purchase.is_live
    or payment ->> 'id' is distinct from coalesce(purchase.payment_intent_id, payment ->> 'id');
end $$;

-- Queues the refund of what was paid for a purchase that is not completed, once, however often its payment is reported.
create function private.send_back(purchase public.package_purchases, amount numeric, currency text, reason text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if amount is null or amount <= 0 or exists (
    select from public.package_refunds r where r.purchase_id = purchase.id and r.status <> 'failed') then
    return;
  end if;
  insert into public.package_refunds (client_id, purchase_id, payment_amount, currency, reason)
  values (purchase.client_id, purchase.id, amount, currency, reason);
  perform private.notify_buyer(purchase, 'payment_refunded', jsonb_build_object('amount', amount, 'currency', currency));
end $$;

-- Activates nothing, raises an alert, and refunds what was paid. The purchase ends with its payment, so that the customer can begin
-- another one.
create function private.refuse_payment(purchase public.package_purchases, payment jsonb)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  currency text := upper(payment ->> 'currency');
begin
  perform private.alert_payment(purchase, 'payment_mismatch', 'critical',
    'A payment is not the one that was asked for: nothing was activated', jsonb_build_object('payment', payment));
  -- another payment that names this purchase says nothing about its own
  if purchase.completed_at is not null or payment ->> 'status' not in ('succeeded', 'canceled')
    or payment ->> 'id' is distinct from coalesce(purchase.payment_intent_id, payment ->> 'id') then
    return purchase;
  end if;
  update public.package_purchases p set payment_intent_id = payment ->> 'id' where p.id = purchase.id;
  if purchase.status = 'awaiting_payment' then
    purchase := private.end_purchase(purchase, 'failed', 'payment_mismatch', payment ->> 'status' = 'canceled');
  end if;
  if payment ->> 'status' = 'succeeded' then
    perform private.send_back(purchase, private.major_units((payment ->> 'amountReceived')::bigint, currency), currency,
      'The payment was not the one that was asked for');
  end if;
  return purchase;
end $$;

-- The money is there. A purchase that is over is taken up again, or its money sent back.
create function private.honour_payment(purchase public.package_purchases)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  is_held boolean := purchase.hold_id is null or exists (
    select from public.ledger_holds h where h.id = purchase.hold_id and h.status = 'held');
begin
  if purchase.completed_at is not null or exists (
    select from public.package_refunds r where r.purchase_id = purchase.id and r.status <> 'failed') then
    return purchase;
  elsif (purchase.status = 'awaiting_payment' and is_held) or private.revive_purchase(purchase) then
    return private.complete_purchase(private.lock_purchase(purchase.id));
  end if;
  if purchase.status = 'awaiting_payment' then
    purchase := private.end_purchase(purchase, 'expired', is_told => false);
  end if;
  perform private.send_back(purchase, purchase.final_amount, purchase.currency, 'The payment came when the purchase was over');
  perform private.alert_payment(purchase, 'payment_too_late', 'warning',
    'A payment came when its purchase was over and its bizcoins were spent: the money goes back', '{}');
  return purchase;
end $$;

-- A payment that is being processed can succeed and cannot be cancelled: the purchase returns to its state before the cancel.
create function private.lift_refused_cancel(purchase public.package_purchases)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
begin
  update public.package_purchases p set cancel_requested_at = null where p.id = purchase.id returning p.* into purchase;
  perform private.record_audit(purchase.client_id, null, 'package_purchase.cancel_refused', 'package_purchase', purchase.id,
    '{}', purchase.request_id);
  return purchase;
end $$;

-- What the processor says of a payment: {id, status, amount, amountReceived, currency, isLive, error?}.
create function private.settle_payment(purchase_id uuid, payment jsonb)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases := private.lock_purchase(purchase_id);
begin
  if private.is_payment_off(purchase, payment) then
    return private.refuse_payment(purchase, payment);
  end if;
  update public.package_purchases p
  set payment_intent_id = payment ->> 'id',
    payment_status = case when p.status = 'awaiting_payment' then payment ->> 'status' else p.payment_status end,
    payment_error = case when p.status = 'awaiting_payment' then coalesce(payment ->> 'error', p.payment_error)
      else p.payment_error end
  where p.id = purchase.id returning p.* into purchase;
  if payment ->> 'status' = 'succeeded' then
    return private.honour_payment(purchase);
  elsif payment ->> 'status' = 'canceled' and purchase.status = 'awaiting_payment' then
    return private.end_purchase(purchase,
      case when purchase.cancel_requested_at is null and purchase.expires_at <= now() then 'expired' else 'cancelled' end);
  elsif payment ->> 'status' = 'processing' and purchase.cancel_requested_at is not null
    and purchase.status = 'awaiting_payment' then
    return private.lift_refused_cancel(purchase);
  end if;
  return purchase;
end $$;

-- The answer to a customer: the purchase, and the request to the processor.
create function private.purchase_answer(purchase public.package_purchases)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('purchase', private.present_purchase(purchase),
    'payment', case when purchase.status = 'awaiting_payment' then private.payment_of(purchase) end);
end $$;

create function private.continue_purchase(actor uuid, purchase_id uuid, expected_final_amount numeric)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases := private.lock_purchase(purchase_id);
begin
  if purchase.user_id is distinct from actor or not private.is_customer(actor, purchase.client_id) then
    perform private.refuse('RB-404');
  elsif purchase.status <> 'completed' and private.next_step(purchase) <> 'continue' then
    perform private.refuse('VC-026', null, private.present_purchase(purchase));
  end if;
  perform private.assert_expected(purchase.final_amount, expected_final_amount, private.present_purchase(purchase));
  return private.answered(private.purchase_answer(purchase), null, true);
end $$;

create function private.apply_payment_event(purchase_id uuid, event_type text, facts jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  purchase public.package_purchases;
begin
  if event_type like 'payment\_intent.%' then
    purchase := private.settle_payment(purchase_id, facts);
    if event_type = 'payment_intent.payment_failed' and purchase.status = 'awaiting_payment' then
      perform private.notify_buyer(purchase, 'payment_failed');
      perform private.alert_payment(purchase, 'payment_failed', 'info', 'A payment for a package failed; the customer may try again',
        jsonb_build_object('error', facts -> 'error'));
    end if;
    return;
  end if;
  purchase := private.lock_purchase(purchase_id);
  if event_type in ('refund.failed', 'refund.updated', 'charge.refund.updated') then
    -- by our own id, too: the event may come before the answer with the processor's
    perform private.settle_refund(r, 'failed', facts ->> 'refundId', facts ->> 'error') from public.package_refunds r
    where r.purchase_id = purchase.id and (
      r.provider_refund_id = facts ->> 'refundId' or r.id::text = facts ->> 'ownRefundId');
  elsif event_type = 'charge.dispute.created' then
    perform private.alert_payment(purchase, 'payment_disputed', 'critical',
      'A customer disputes the payment of a package with their bank', facts);
  elsif event_type = 'charge.refunded'
    and (facts ->> 'amountRefunded')::bigint > (
      select coalesce(sum(private.minor_units(r.payment_amount, r.currency)), 0) from public.package_refunds r
      where r.purchase_id = purchase.id and r.status <> 'failed') then
    perform private.alert_payment(purchase, 'payment_refunded_elsewhere', 'warning',
      'More of a payment was refunded at the processor than here', facts);
  end if;
end $$;
