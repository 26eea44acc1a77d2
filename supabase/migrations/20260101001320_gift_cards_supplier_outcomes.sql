-- Gift cards, supplier outcomes: what becomes of a supplier purchase when the supplier's answer is known, or is not.
-- A card is received, billed and delivered in one transaction. A purchase that lost its worker (crash, timeout) is leased by the job,
-- which asks with the same client_request_id, and after a day has the sale reversed.

create function private.bought_card_expiry(purchase public.gift_card_purchases, card jsonb)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return private.card_expiry(purchase.brand_id, private.parse_day(card ->> 'expiresOn', 'expiresOn'), now(), 'UTC');
end $$;

-- The card that was bought comes into the supplier's pool, and belongs to its grant from the first moment.
create function private.store_bought_card(
  asked private.card_request, facts private.provisioning_facts, purchase public.gift_card_purchases, bought jsonb)
returns private.given_card language plpgsql volatile set search_path = '' as $$
declare
  valid_until timestamptz := private.bought_card_expiry(purchase, bought);
  supplier public.gift_card_suppliers;
  lot uuid;
  card private.given_card;
begin
  select s.* into supplier from public.gift_card_suppliers s where s.id = purchase.supplier_id;
  card.pool_id := private.supplier_pool(supplier, purchase.brand_id, purchase.denomination, purchase.currency);
  insert into private.card_lots (pool_id, expires_at) values (card.pool_id, valid_until)
  -- the lot is there already
  on conflict on constraint card_lots_are_unique do nothing;
  select l.id into lot from private.card_lots l
  where l.pool_id = card.pool_id and l.expires_at is not distinct from valid_until;
  insert into public.gift_cards as c (
    id, client_id, pool_id, lot_id, code_last4, serial_number, status, recipient_id, grant_id, delivery_method, expires_at, claimed_at,
    delivered_at, exposed_at)
  values (purchase.gift_card_id, facts.client_id, card.pool_id, lot, bought ->> 'last4', bought ->> 'serialNumber',
    case when asked.deliver_to is null then 'delivered' else 'claimed' end, facts.recipient_id, purchase.grant_id,
    coalesce(asked.delivery_method, case asked.surface when 'form' then 'browser' else 'api' end), valid_until, now(),
    case when asked.deliver_to is null then now() end, case when asked.shows_code then now() end)
  returning c.id, c.code_last4, c.serial_number, c.expires_at, c.status, supplier.name, 'platform'
  into card.id, card.code_last4, card.serial_number, card.expires_at, card.status, card.source, card.stock_owner;
  insert into private.card_secrets (gift_card_id, code_fingerprint, code_sealed, pin_sealed, seal_key_id)
  values (card.id, decode(bought ->> 'fingerprint', 'hex'), decode(bought ->> 'code', 'base64'), decode(bought ->> 'pin', 'base64'),
    bought ->> 'keyId');
  card.sealed := case when asked.shows_code then private.sealed_card(card.id) end;
  return card;
end $$;

-- What it cost. A supplier that names no price, or one in another currency, is taken at what the brand's value costs.
create function private.price_bought_card(
  card private.given_card, facts private.provisioning_facts, purchase public.gift_card_purchases, cost numeric)
returns private.given_card language plpgsql stable set search_path = '' as $$
begin
  card.cost := coalesce(price_bought_card.cost, (
    select d.cost from public.brand_denominations d
    where d.brand_id = purchase.brand_id and d.denomination = purchase.denomination and d.currency = purchase.currency),
    purchase.denomination);
  card.billing_entity := facts.billing_entity;
  card.platform_price := facts.platform_price;
  card.client_price := facts.client_price;
  return card;
end $$;

-- The request of a purchase that ends now. When its caller does not wait any more, the card goes to the recipient.
create function private.request_of_supplier_purchase(
  request private.supplier_purchase_requests, purchase public.gift_card_purchases)
returns private.card_request language plpgsql stable set search_path = '' as $$
declare
  asked private.card_request := jsonb_populate_record(null::private.card_request, request.asked);
  recipient public.campaign_recipients;
begin
  if purchase.attempts > 1 then
    select r.* into recipient from public.campaign_recipients r where r.id = purchase.recipient_id;
    asked := private.to_recipient(asked, recipient.phone, recipient.email);
    asked.shows_code := asked.shows_code and asked.deliver_to is null;
  end if;
  return asked;
end $$;

-- Bought: the card is received, billed and delivered, or nothing of it is; then the job asks the supplier again.
create function private.finish_supplier_purchase(purchase public.gift_card_purchases, bought jsonb, cost numeric)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  request private.supplier_purchase_requests;
  asked private.card_request;
  facts private.provisioning_facts;
  trace private.step_trace;
  card private.given_card;
  billing_id uuid;
  delivery_id uuid;
  answer jsonb;
begin
  select r.* into request from private.supplier_purchase_requests r where r.purchase_id = purchase.id;
  asked := private.request_of_supplier_purchase(request, purchase);
  facts := jsonb_populate_record(null::private.provisioning_facts, request.facts);
  trace.first_step := request.next_step;
  trace := private.next_step(trace, 'Receive card');
  card := private.price_bought_card(private.store_bought_card(asked, facts, purchase, bought), facts, purchase, cost);
  trace := private.next_step(trace, 'Record billing');
  billing_id := private.record_billing(asked, facts, purchase.grant_id, card);
  trace := private.next_step(trace, 'Queue delivery');
  delivery_id := private.queue_delivery(asked, facts, card);
  if asked.surface = 'call_center' then
    trace := private.next_step(trace, 'Log condition met');
    request.condition_met_id := private.log_condition_met(asked, facts, card.id);
  end if;
  trace := private.next_step(trace, 'Record');
  perform private.end_reward(facts, card);
  answer := private.conclude_provisioning(
    asked, facts, card, purchase.grant_id, billing_id, delivery_id, request.condition_met_id);
  -- a form's key may stand for another request by now
  perform private.keep_answer(facts.answer_scope, asked.answer_key, asked.request_hash, answer);
  if facts.is_prepaid then
    trace := private.next_step(trace, 'Charge credit');
    perform private.capture_credit(request.credit_hold_ids, 'A gift card');
  end if;
  update public.gift_card_purchases b set status = 'issued', ended_at = now(), lease_token = null, leased_until = null
  where b.id = purchase.id;
  perform private.note_supplier_success(purchase.supplier_id);
  perform private.resolve_alert('purchase_unresolved', purchase.id::text);
  perform private.record_trace(asked, facts, private.next_step(trace, null));
  return private.answered(answer, card.sealed);
end $$;

-- Raises an alert when a supplier's cards for one reward were reversed twice: the supplier is not called for this reward until the
-- alert is resolved.
create function private.watch_repetition(purchase public.gift_card_purchases)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if purchase.supplier_id = any (private.repeating_suppliers(purchase.recipient_id, purchase.campaign_id, purchase.brand_id)) then
    perform private.raise_alert('purchase_repeats', 'critical', 'A supplier''s cards for one reward were reversed twice; it is not '
      'called for this reward until the alert is resolved', jsonb_build_object('purchase_id', purchase.id, 'supplier_id',
        purchase.supplier_id, 'recipient_id', purchase.recipient_id, 'code', purchase.supplier_code, 'message', purchase.supplier_message),
      private.repetition_of(purchase.recipient_id, purchase.campaign_id, purchase.supplier_id), purchase.client_id);
  end if;
end $$;

-- Another purchase with the next supplier, or null when no other supplier sells the card now, or what was set aside is spent.
create function private.buy_from_next_supplier(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid, trace private.step_trace)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  return private.buy_card(asked, facts, grant_id, trace);
exception when sqlstate 'GC003' or sqlstate 'GC005' or sqlstate 'GC006' then
  return null;
end $$;

-- Certainly not bought: the next supplier is asked, else the reward is pending and the grant is free again.
create function private.abandon_supplier_purchase(purchase public.gift_card_purchases, status text, retry_within interval)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  request private.supplier_purchase_requests;
  asked private.card_request;
  facts private.provisioning_facts;
  trace private.step_trace;
  reward public.pending_rewards;
  answer jsonb;
  refusal jsonb := private.refused('GC005', 'The card could not be bought; it is owed',
    jsonb_build_object('purchaseId', purchase.id, 'pending', true)::text);
begin
  update public.gift_card_purchases b
  set status = abandon_supplier_purchase.status, ended_at = now(), lease_token = null, leased_until = null where b.id = purchase.id;
  perform private.resolve_alert('purchase_unresolved', purchase.id::text);
  perform private.watch_repetition(purchase);
  if purchase.reopened_at is not null then
    -- another supplier sells the card meanwhile, or the reward is pending
    return refusal;
  end if;
  select r.* into request from private.supplier_purchase_requests r where r.purchase_id = purchase.id;
  asked := jsonb_populate_record(null::private.card_request, request.asked);
  facts := jsonb_populate_record(null::private.provisioning_facts, request.facts);
  perform private.release_credit(request.credit_hold_ids);
  trace.first_step := request.next_step;
  trace := private.next_step(trace, 'Purchase');
  trace.first_step := private.record_trace(asked, facts, trace, refusal, purchase.supplier_code);
  trace.steps := '{}';
  answer := private.buy_from_next_supplier(asked, facts, purchase.grant_id, trace);
  if answer is not null then
    return answer;
  end if;
  perform private.cancel_grant(purchase.grant_id);
  reward := private.waiting_reward(facts.recipient_id, facts.campaign_id, facts.condition_number);
  if reward.id is null then
    reward := private.owe_reward(asked, facts, 'GC-005');
    asked.reward_id := reward.id;
  end if;
  -- a reward that was pending before keeps its place and its time
  perform private.postpone_reward(asked.reward_id, 'GC-005', retry_within);
  return private.present_refusal(asked, facts, refusal, reward);
end $$;

-- Unknown outcome: the same id is looked up again later, and after a day the sale is reversed. A sale that cannot be reversed in
-- time, and a card of another brand or value, raise an alert.
create function private.postpone_supplier_purchase(purchase public.gift_card_purchases, status text)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  if purchase.created_at < now() - interval '44 hours'
    or purchase.supplier_code in ('another_value', 'another_brand', 'unreadable', 'no_card', 'known_code', 'expires_too_soon') then
    perform private.raise_alert('purchase_unresolved', 'critical', 'The outcome of a supplier purchase is unknown',
      jsonb_build_object('purchase_id', purchase.id, 'client_request_id', purchase.client_request_id,
        'code', purchase.supplier_code, 'message', purchase.supplier_message), purchase.id::text);
  end if;
  update public.gift_card_purchases b
  set status = case when b.created_at < now() - interval '1 day' then 'reversing' else postpone_supplier_purchase.status end,
    supplier_code = purchase.supplier_code, supplier_message = purchase.supplier_message,
    next_attempt_at = now() + case when postpone_supplier_purchase.status = 'ordered' then interval '3 seconds'
      -- not at once: the first question may still be on its way
      when postpone_supplier_purchase.status = 'reversing' and b.status <> 'reversing' then interval '1 minute'
      else least(private.backoff(b.attempts), interval '10 minutes') end,
    lease_token = null, leased_until = null
  where b.id = purchase.id;
  return private.pending_supplier_purchase(purchase.id);
end $$;

-- What a supplier's answer says of our money with it, and of its health.
create function private.note_supplier_answer(purchase public.gift_card_purchases, outcome text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if outcome = 'short' then
    perform private.raise_alert('supplier_float_short', 'critical', 'A supplier has not enough of our money, or of the card',
      jsonb_build_object('supplier', s.name, 'code', purchase.supplier_code), concat_ws(':', s.name, purchase.brand_id))
    from public.gift_card_suppliers s where s.id = purchase.supplier_id;
  end if;
  -- one purchase that stays unknown says nothing of the others
  if outcome in ('short', 'unknown') and purchase.attempts = 1 then
    perform private.note_supplier_failure(purchase.supplier_id);
  end if;
end $$;

-- A late report has a card, or may have one, for a purchase that was abandoned meanwhile: the sale is reversed.
create function private.reopen_supplier_purchase(purchase_id uuid, outcome text, supplier_reference text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  purchase public.gift_card_purchases;
begin
  update public.gift_card_purchases b
  set status = 'reversing', reopened_at = now(), ended_at = null, next_attempt_at = now(),
    supplier_reference = coalesce(reopen_supplier_purchase.supplier_reference, b.supplier_reference)
  where b.id = reopen_supplier_purchase.purchase_id and b.status in ('declined', 'reversed')
    and reopen_supplier_purchase.outcome in ('issued', 'ordered', 'unknown')
  returning b.* into purchase;
  if purchase.id is not null then
    perform private.raise_alert('purchase_unresolved', 'critical', 'A supplier sold a card after its purchase was abandoned; the sale is reversed',
      jsonb_build_object('purchase_id', purchase.id, 'client_request_id', purchase.client_request_id, 'outcome', outcome),
      purchase.id::text);
  end if;
end $$;

-- Keeps the card that was bought, unless it is too near to its expiry, or its code is here already: there the constraint decides,
-- also against an upload that is under way. Else the sale is reversed, and an alert raised.
create function private.keep_bought_card(purchase public.gift_card_purchases, card jsonb, cost numeric)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  violated text;
  relation text;
begin
  if private.given_until(purchase.brand_id, private.bought_card_expiry(purchase, card)) <= now() then
    purchase.supplier_code := 'expires_too_soon';
    return private.postpone_supplier_purchase(purchase, 'reversing');
  end if;
  return private.finish_supplier_purchase(purchase, card, cost);
exception when integrity_constraint_violation then
  get stacked diagnostics violated = constraint_name, relation = table_name;
  if relation = 'billing_transactions' then
    perform private.refuse('GC-007', sqlerrm);
  elsif violated is distinct from 'card_secrets_a_code_stands_once' then
    raise;
  end if;
  perform private.report_known_codes(purchase.id::text, jsonb_build_object('purchase_id', purchase.id, 'cards', 1, 'supplier', (
    select s.name from public.gift_card_suppliers s where s.id = purchase.supplier_id)));
  purchase.supplier_code := 'known_code';
  return private.postpone_supplier_purchase(purchase, 'reversing');
end $$;

create function public.complete_supplier_purchase(
  purchase_id uuid, lease_token uuid, outcome text, card jsonb default null, supplier_code text default null,
  supplier_reference text default null, cost numeric default null, message text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.gift_card_purchases;
begin
  update public.gift_card_purchases b
  set supplier_code = complete_supplier_purchase.supplier_code, supplier_message = left(message, 500),
    supplier_reference = coalesce(complete_supplier_purchase.supplier_reference, b.supplier_reference)
  where b.id = complete_supplier_purchase.purchase_id and b.lease_token = complete_supplier_purchase.lease_token and b.ended_at is null
  returning b.* into purchase;
  if purchase.id is null then
    -- the lease lapsed, and another worker has continued the purchase
    perform private.reopen_supplier_purchase(complete_supplier_purchase.purchase_id, outcome, complete_supplier_purchase.supplier_reference);
    return private.answered(jsonb_build_object('accepted', false));
  end if;
  perform private.note_supplier_answer(purchase, outcome);
  case outcome
    when 'issued' then
      return private.keep_bought_card(purchase, card, cost);
    when 'declined', 'short' then
      -- only this repeated request is refused: the first one may have been executed
      if purchase.attempts > 1 and purchase.status <> 'ordered' then
        return private.postpone_supplier_purchase(purchase, 'reversing');
      end if;
      -- a final refusal holds for hours; our float at a supplier may be refilled in minutes
      return private.abandon_supplier_purchase(purchase, 'declined', case outcome when 'declined' then interval '6 hours'
        else interval '10 minutes' end);
    when 'reversed', 'not_found' then
      if outcome = 'not_found' and purchase.supplier_reference is not null then
        -- the supplier has reported this sale before
        return private.postpone_supplier_purchase(purchase, purchase.status);
      end if;
      return private.abandon_supplier_purchase(purchase, 'reversed', interval '10 minutes');
    when 'ordered' then
      return private.postpone_supplier_purchase(purchase, 'ordered');
    when 'unknown' then
      return private.postpone_supplier_purchase(purchase, case when purchase.status in ('ordered', 'reversing') then purchase.status
        else 'unknown' end);
  end case;
end $$;
comment on function public.complete_supplier_purchase is
  'Reports what a supplier said: issued (card: {code, pin, fingerprint, last4, keyId, expiresOn}, sealed; cost in the '
  'purchase''s currency), ordered, declined, short, unknown, reversed or not_found. Answers like the provisioning that went '
  'to buy; GC-005 with pending while the card is awaited; accepted is false when another worker has the lease.';
grant execute on function public.complete_supplier_purchase to service_role;

create function public.lease_supplier_purchases(batch_size int, suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due uuid[];
begin
  select array_agg(d.id) into due from (
    select b.id from public.gift_card_purchases b
    join public.gift_card_suppliers s on s.id = b.supplier_id and s.name = any (suppliers)
    where b.ended_at is null and b.next_attempt_at <= now() and coalesce(b.leased_until, '-infinity') < clock_timestamp()
    order by b.next_attempt_at limit private.batch_size(batch_size)
    -- what another worker holds is being asked for already
    for update of b skip locked) d;
  update public.gift_card_purchases b
  set lease_token = gen_random_uuid(), leased_until = clock_timestamp() + interval '60 seconds', attempts = b.attempts + 1,
    status = case when b.created_at < now() - interval '1 day' then 'reversing'
      -- the report of the call was lost
      when b.status = 'calling' then 'unknown' else b.status end
  where b.id = any (due);
  return private.answered(jsonb_build_object('purchases', (
    select coalesce(jsonb_agg(private.present_supplier_purchase(b)), '[]') from public.gift_card_purchases b where b.id = any (due))));
end $$;
comment on function public.lease_supplier_purchases is
  'Takes the purchases whose outcome is not known, to be asked for at their supplier with the same id, or to be reversed.';
grant execute on function public.lease_supplier_purchases to service_role;
