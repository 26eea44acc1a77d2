-- Purchases: a customer pays for a package with bizcoins, by card, or both. final_amount = price − discount − what
-- the bizcoins pay, calculated only here. Bizcoins are held before the card is charged, captured when the
-- payment has succeeded, and released when it is cancelled, has failed or timed out. A purchase is committed before
-- its payment is made, so that a crash at any point leaves a row that the job settles with the payment's own state.
-- Locks: the customer and package, the purchase, its entitlement, the accounts. private.purchases_off is empty.

create table private.payment_currencies (
  currency text primary key,
  minimum numeric(18,2) not null,
  constraint payment_currencies_minimum_is_positive check (minimum > 0 and minimum < 'Infinity')
);
comment on table private.payment_currencies is
  'The minimum charge of the card processor in a currency: the whole table in '
  'docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, read in November 2026. It counts for the currency in which an '
  'account is paid out: where Stripe converts, its own minimum may be higher, and it then refuses the payment (VC-029).';

insert into private.payment_currencies (currency, minimum) values
  ('USD', 0.50), ('AED', 2.00), ('AUD', 0.50), ('BGN', 1.00), ('BRL', 0.50), ('CAD', 0.50), ('CHF', 0.50), ('CZK', 15.00),
  ('DKK', 2.50), ('EUR', 0.50), ('GBP', 0.30), ('HKD', 4.00), ('HUF', 175.00), ('INR', 0.50), ('JPY', 50), ('MXN', 10.00),
  ('MYR', 2.00), ('NOK', 3.00), ('NZD', 0.50), ('PLN', 2.00), ('RON', 2.00), ('SEK', 3.00), ('SGD', 0.50), ('THB', 10.00);

create table public.package_purchases (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  user_id uuid not null,
  package_id uuid not null,
  status text not null default 'awaiting_payment',
  price numeric(18,2) not null,
  currency text not null,
  entitlement_id uuid,
  discount numeric(18,2) not null default 0,
  bizcoins bigint not null default 0,
  bizcoin_amount numeric(18,2) not null default 0,
  final_amount numeric(18,2) not null generated always as (price - discount - bizcoin_amount) stored,
  hold_id uuid references public.ledger_holds (id),
  is_live boolean not null default false,
  payment_intent_id text,
  payment_status text,
  payment_error text,
  refunded_payment numeric(18,2) not null default 0,
  refunded_bizcoins bigint not null default 0,
  run_payment numeric(18,2),
  run_bizcoins bigint,
  run_amount numeric(18,2),
  request_id uuid,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '1 hour',
  next_check_at timestamptz not null default now() + interval '2 minutes',
  cancel_requested_at timestamptz,
  completed_at timestamptz,
  cancelled_at timestamptz,
  failed_at timestamptz,
  expired_at timestamptz,
  refunded_at timestamptz,
  constraint package_purchases_are_of_the_client
    foreign key (client_id, package_id) references public.packages (client_id, id),
  constraint package_purchases_a_payment_pays_once unique (payment_intent_id),
  constraint package_purchases_status_is_valid check (
    status in ('awaiting_payment', 'completed', 'cancelled', 'failed', 'expired', 'refunded')),
  constraint package_purchases_completed_at_matches_status check (
    (status in ('completed', 'refunded')) = (completed_at is not null)),
  constraint package_purchases_cancelled_at_matches_status check ((status = 'cancelled') = (cancelled_at is not null)),
  constraint package_purchases_failed_at_matches_status check ((status = 'failed') = (failed_at is not null)),
  constraint package_purchases_expired_at_matches_status check ((status = 'expired') = (expired_at is not null)),
  constraint package_purchases_refunded_at_matches_status check ((status = 'refunded') = (refunded_at is not null)),
  constraint package_purchases_discount_is_within_price check (discount between 0 and price),
  constraint package_purchases_final_amount_is_not_negative check (final_amount >= 0),
  constraint package_purchases_bizcoins_pay_something check (
    bizcoins >= 0 and (bizcoins = 0) = (bizcoin_amount = 0)),
  constraint package_purchases_refunds_are_within_payment check (refunded_payment between 0 and final_amount),
  constraint package_purchases_refunds_are_within_bizcoins check (refunded_bizcoins between 0 and bizcoins),
  constraint package_purchases_runs_begin_with_what_is_left check (
    num_nulls(run_payment, run_bizcoins, run_amount) in (0, 3)
    and run_payment between final_amount - refunded_payment and final_amount
    and run_bizcoins between bizcoins - refunded_bizcoins and bizcoins and run_amount > 0 and run_amount < 'Infinity')
);
comment on table public.package_purchases is
  'A customer buys a package: open until its payment is settled. final_amount is what was asked for by card. run_payment, '
  'run_bizcoins: what was left when the present run of refunds by amount began, run_amount: their sum.';

create unique index package_purchases_one_is_open_idx on public.package_purchases (user_id, package_id)
  where status = 'awaiting_payment';
create index package_purchases_package_id_idx on public.package_purchases (client_id, package_id);
create index package_purchases_user_id_idx on public.package_purchases (user_id, created_at);
create index package_purchases_hold_id_idx on public.package_purchases (hold_id);
create index package_purchases_due_idx on public.package_purchases (next_check_at) where status = 'awaiting_payment';

-- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
alter table public.customer_packages add constraint customer_packages_come_from_their_purchase
  foreign key (purchase_id) references public.package_purchases (id);

create type private.purchase_quote as (
  price numeric, currency text, entitlement_id uuid, discount numeric, available bigint, bizcoin_value numeric,
  fewer bigint, enough bigint, most bigint, bizcoins bigint, bizcoin_amount numeric, final_amount numeric, minimum numeric);

-- However a package is written: what is asked for it can be charged, and one bizcoin pays something.
create function private.refuse_uncharged_package()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  perform private.assert_amount(new.price, new.currency, 'price');
  if not exists (select from private.payment_currencies c where c.currency = new.currency) then
    perform private.refuse_field('currency', format('cannot be charged: %s', new.currency));
  elsif private.round_money(new.bizcoin_value, new.currency) = 0 then
    perform private.refuse_field('bizcoin_value', format('is less than the smallest coin: %s %s', new.bizcoin_value, new.currency));
  end if;
  return new;
end $$;

create trigger packages_can_be_charged before insert or update of price, currency, bizcoin_value on public.packages
  for each row execute function private.refuse_uncharged_package();

create function private.bizcoins_available(client_id uuid, user_id uuid)
returns bigint language plpgsql stable set search_path = '' as $$
begin
  return coalesce((
    select b.available from public.wallet_balances b
    -- not by user_id, which the view computes and no index has
    where b.client_id = bizcoins_available.client_id and b.owner_type = 'user' and b.owner_id = bizcoins_available.user_id
      and b.asset = 'bizcoin'), 0)::bigint;
end $$;

-- What a purchase would cost. fewer: the most bizcoins that leave enough to be charged by card; enough: as many as leave
-- nothing (the last one may pay a part of itself); most: what this customer can use at most. replaced: an open purchase whose
-- bizcoins and discount count as available.
create function private.quote_purchase(
  package public.packages, user_id uuid, bizcoins bigint, use_discount boolean default true,
  replaced public.package_purchases default null)
returns private.purchase_quote language plpgsql stable set search_path = '' as $$
declare
  q private.purchase_quote;
  currency private.payment_currencies;
  entitlement public.voucher_entitlements;
  net numeric;
begin
  select c.* into currency from private.payment_currencies c where c.currency = package.currency;
  if use_discount then
    entitlement := private.entitlement_for(package.client_id, user_id, package.id, package.price, replaced.id);
  end if;
  q.price := package.price;
  q.currency := package.currency;
  q.discount := case when entitlement.id is null then 0
    else private.discount_of(entitlement, package.price, package.currency) end;
  -- a discount that takes nothing off (a free package, a part of a coin) is not used up
  q.entitlement_id := case when q.discount > 0 then entitlement.id end;
  q.available := private.bizcoins_available(package.client_id, user_id) + coalesce(replaced.bizcoins, 0);
  q.bizcoin_value := package.bizcoin_value;
  q.minimum := currency.minimum;
  q.bizcoins := coalesce(quote_purchase.bizcoins, 0);
  perform private.assert_number(q.bizcoins, 'bizcoins', 0, private.units_limit());
  net := q.price - q.discount;
  q.enough := ceil(net / q.bizcoin_value);
  q.fewer := case when net >= q.minimum then floor((net - q.minimum) / q.bizcoin_value) end;
  q.most := case when q.enough <= q.available then q.enough else coalesce(least(q.available, q.fewer), 0) end;
  q.bizcoin_amount := least(net, private.round_money(q.bizcoins * q.bizcoin_value, q.currency));
  q.final_amount := net - q.bizcoin_amount;
  return q;
end $$;

-- Returns a quote that can be paid, or refuses with amounts that would work.
create function private.assert_payable(q private.purchase_quote)
returns void language plpgsql stable set search_path = '' as $$
begin
  if q.bizcoins > q.available then
    perform private.refuse('WL-001', null,
      jsonb_build_object('balance', q.available, 'needed', q.bizcoins, 'mostBizcoins', q.most));
  elsif q.bizcoins > q.enough then
    perform private.refuse('VC-024', null,
      jsonb_build_object('bizcoins', q.bizcoins, 'mostBizcoins', q.most));
  elsif q.final_amount > 0 and q.final_amount < q.minimum then
    perform private.refuse('VC-023', null, jsonb_build_object(
      'finalAmount', q.final_amount, 'minimum', q.minimum, 'currency', q.currency, 'workingBizcoins', (
        select coalesce(jsonb_agg(distinct w.bizcoins), '[]') from unnest(array[q.fewer, q.enough]) w (bizcoins)
        where w.bizcoins <= q.available)) || case when q.discount > 0 and q.price - q.bizcoin_amount >= q.minimum
      then jsonb_build_object('amountWithoutDiscount', q.price - q.bizcoin_amount) else '{}' end);
  end if;
end $$;

create function private.present_quote(q private.purchase_quote)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('price', q.price, 'currency', q.currency, 'discount', q.discount,
    'bizcoinsAvailable', q.available, 'bizcoinValue', q.bizcoin_value, 'mostBizcoins', q.most, 'bizcoins', q.bizcoins,
    'bizcoinAmount', q.bizcoin_amount, 'finalAmount', q.final_amount, 'minimumPayment', q.minimum);
end $$;

-- The next step of a purchase (nextStep): every refusal that names a purchase has it, and no two refusals lead to each other.
create function private.next_step(purchase public.package_purchases)
returns text language plpgsql stable set search_path = '' as $$
begin
  return case
    when purchase.status in ('completed', 'refunded') then 'none'
    when purchase.status <> 'awaiting_payment' then 'begin'
    when purchase.cancel_requested_at is null and purchase.expires_at > now() then 'continue'
    else 'cancel' end;
end $$;

-- bizcoinsReturned is in every answer: what an ended purchase has released.
create function private.present_purchase(purchase public.package_purchases)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('purchaseId', purchase.id, 'packageId', purchase.package_id, 'status', purchase.status,
    'nextStep', private.next_step(purchase), 'price', purchase.price, 'currency', purchase.currency, 'discount', purchase.discount,
    'bizcoins', purchase.bizcoins, 'bizcoinAmount', purchase.bizcoin_amount, 'finalAmount', purchase.final_amount,
    'bizcoinsReturned', case when purchase.status in ('cancelled', 'failed', 'expired') then purchase.bizcoins
      else purchase.refunded_bizcoins end,
    'paymentError', purchase.payment_error, 'expiresAt', purchase.expires_at, 'customerPackage', (
      select private.present_customer_package(cp) from public.customer_packages cp where cp.purchase_id = purchase.id));
end $$;

-- What the payment processor is asked for; null when there is nothing to be paid by card.
create function private.payment_of(purchase public.package_purchases)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return case when purchase.final_amount > 0 then jsonb_build_object('purchaseId', purchase.id,
    'paymentIntentId', purchase.payment_intent_id, 'clientId', purchase.client_id,
    'amount', private.minor_units(purchase.final_amount, purchase.currency), 'currency', lower(purchase.currency)) end;
end $$;

-- facts are what this message says otherwise than the purchase.
create function private.notify_buyer(purchase public.package_purchases, notice text, facts jsonb default '{}')
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.notify_user(purchase.client_id, notice, purchase.id, purchase.user_id, jsonb_build_object(
    'package', p.name, 'amount', purchase.final_amount, 'currency', purchase.currency, 'bizcoins', purchase.bizcoins) || facts)
  from public.packages p where p.id = purchase.package_id;
end $$;

-- Sets the bizcoins of a purchase aside, for a day longer than it is open: until the payment is known for certain.
create function private.hold_bizcoins(purchase public.package_purchases)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
declare
  hold public.ledger_holds;
begin
  if purchase.bizcoins > 0 then
    hold := private.reserve_hold(
      private.ledger_account(purchase.client_id, 'user', purchase.user_id, 'bizcoin'), purchase.bizcoins,
      now() + interval '25 hours', 'purchase:' || purchase.id || ':' || coalesce(purchase.hold_id::text, 'first'), purchase.id);
    update public.package_purchases p set hold_id = hold.id where p.id = purchase.id returning p.* into purchase;
  end if;
  return purchase;
end $$;

-- Everything is paid: captures what is held and gives the package.
create function private.complete_purchase(purchase public.package_purchases)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
begin
  if purchase.entitlement_id is not null then
    perform private.use_entitlement(purchase.id, purchase.discount);
  end if;
  if purchase.hold_id is not null then
    perform private.capture_hold(purchase.hold_id, private.system_account(purchase.client_id, 'revenue', 'bizcoin'),
      null, 'package_purchase', 'Paid for a package');
  end if;
  perform private.activate_package(
    purchase.client_id, purchase.user_id, purchase.package_id, null, purchase.id);
  update public.package_purchases p
  set status = 'completed', completed_at = now(), cancelled_at = null, failed_at = null, expired_at = null, payment_error = null
  where p.id = purchase.id returning p.* into purchase;
  perform private.record_audit(purchase.client_id, purchase.user_id, 'package.purchased', 'package_purchase', purchase.id,
    jsonb_build_object('final_amount', purchase.final_amount, 'bizcoins', purchase.bizcoins), purchase.request_id);
  perform private.resolve_alert(a, purchase.id::text) from unnest(array['payment_failed', 'payment_refused', 'payment_unresolved']) a;
  perform private.notify_buyer(purchase, 'purchase_completed');
  return purchase;
end $$;

-- Ends a purchase without payment: returns its bizcoins and its discount, and notifies the customer unless another message does.
create function private.end_purchase(
  purchase public.package_purchases, status text, error text default null, is_told boolean default true)
returns public.package_purchases language plpgsql volatile set search_path = '' as $$
begin
  perform private.release_entitlement(purchase.id);
  if purchase.hold_id is not null then
    perform private.release_hold(purchase.hold_id);
  end if;
  update public.package_purchases p
  set status = end_purchase.status, payment_error = coalesce(error, p.payment_error),
    cancelled_at = case when end_purchase.status = 'cancelled' then now() end,
    failed_at = case when end_purchase.status = 'failed' then now() end,
    expired_at = case when end_purchase.status = 'expired' then now() end
  where p.id = purchase.id returning p.* into purchase;
  perform private.record_audit(purchase.client_id, purchase.user_id, 'package_purchase.' || purchase.status,
    'package_purchase', purchase.id, jsonb_build_object('bizcoins', purchase.bizcoins), purchase.request_id);
  perform private.resolve_alert(a, purchase.id::text) from unnest(array['payment_failed', 'payment_unresolved']) a;
  if is_told then
    perform private.notify_buyer(purchase, 'purchase_ended');
  end if;
  return purchase;
end $$;

-- Holds again what an ended purchase had released, for a late payment; false if it is no longer available.
create function private.revive_purchase(purchase public.package_purchases)
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  if purchase.entitlement_id is not null then
    perform private.reserve_entitlement(purchase.entitlement_id, purchase.id);
  end if;
  perform private.hold_bizcoins(purchase);
  return true;
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  return false;
end $$;

-- Must be empty: purchases that do not agree with their bizcoins, their package or their refunds.
create view private.purchases_off as
  select p.id, 'completed, and its bizcoins are not captured' as problem
  from public.package_purchases p left join public.ledger_holds h on h.id = p.hold_id
  where p.status in ('completed', 'refunded') and p.bizcoins > 0
    and (h.status, h.captured_amount) is distinct from ('captured', p.bizcoins::numeric)
  union all
  select p.id, 'over, and its bizcoins are not given back'
  from public.package_purchases p join public.ledger_holds h on h.id = p.hold_id
  where p.status in ('cancelled', 'failed', 'expired') and h.status in ('held', 'captured')
  union all
  select p.id, 'completed, and there is no package'
  from public.package_purchases p
  where p.status in ('completed', 'refunded') and not exists (
    select from public.customer_packages cp where cp.purchase_id = p.id)
  union all
  select p.id, 'not completed, and there is a package'
  from public.package_purchases p join public.customer_packages cp on cp.purchase_id = p.id
  where p.status not in ('completed', 'refunded')
  union all
  select p.id, 'its discount is not where it should be'
  from public.package_purchases p left join public.voucher_entitlements e on e.id = p.entitlement_id
  where p.entitlement_id is not null and case
    when p.status = 'awaiting_payment' then (e.status, e.purchase_id) is distinct from ('reserved', p.id)
    when p.status in ('completed', 'refunded') then (e.status, e.purchase_id) is distinct from ('used', p.id)
    else e.purchase_id is not distinct from p.id end
  union all
  select h.reference_id, 'two holds stand for one purchase'
  from public.ledger_holds h join public.package_purchases p on p.id = h.reference_id
  where h.status in ('held', 'captured')
  group by h.reference_id having count(*) > 1;

alter table public.package_purchases enable row level security;

grant select on public.package_purchases to authenticated, service_role;

create policy "Customers read their purchases, admins those of their clients" on public.package_purchases
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
