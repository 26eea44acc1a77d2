-- Gift cards, purchasing: what happens between the empty stock and the card that a supplier has sold.
-- The provisioning stops at the purchase and is committed; the function calls the supplier and reports here; the card is then
-- received, billed and delivered in one transaction. Who has lost the caller (crash, timeout) is leased by the job, which asks
-- with the same client_request_id, and after a day has the sale reversed.

create function private.present_purchase(purchase public.gift_card_purchases)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return (
    select jsonb_build_object(
      'purchaseId', purchase.id, 'leaseToken', purchase.lease_token, 'supplier', s.name, 'adapter', s.adapter,
      'action', case purchase.status
        when 'ordered' then 'order_status' when 'reversing' then 'reverse'
        else case when purchase.is_async then 'order' else 'issue' end end,
      'clientRequestId', purchase.client_request_id, 'brandCode', purchase.brand_code, 'amount', purchase.denomination::text,
      'currency', purchase.currency, 'sector', purchase.sector, 'deliveryMethod', purchase.delivery_method,
      'giftCardId', purchase.gift_card_id, 'brandId', purchase.brand_id, 'codeCaseMatters', b.code_case_matters,
      'reference', purchase.supplier_reference)
    from public.gift_card_suppliers s, public.gift_card_brands b
    where s.id = purchase.supplier_id and b.id = purchase.brand_id);
end $$;

-- What the caller is told while nobody knows what comes of a purchase.
create function private.pending_purchase(purchase_id uuid)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return private.refused('GC005', 'The card is being bought; it is delivered as soon as it is there',
    jsonb_build_object('purchaseId', purchase_id, 'pending', true)::text);
end $$;

-- What an alert about repeated purchases is raised for.
create function private.repetition_of(recipient_id uuid, campaign_id uuid, supplier_id uuid)
returns text language sql immutable set search_path = '' as $$
  select concat_ws(':', repetition_of.recipient_id, repetition_of.campaign_id, repetition_of.supplier_id)
$$;

-- Suppliers whose cards for this reward were issued and reversed twice since the last alert about it was resolved: asking once more
-- would most likely do the same, and each round costs a sale.
create function private.repeating_suppliers(recipient_id uuid, campaign_id uuid, brand_id uuid)
returns uuid[] language sql stable set search_path = '' as $$
  select array(
    select b.supplier_id from public.gift_card_purchases b
    where b.recipient_id = repeating_suppliers.recipient_id and b.campaign_id = repeating_suppliers.campaign_id
      and b.brand_id = repeating_suppliers.brand_id and (b.status = 'reversed' or (b.status = 'declined' and b.supplier_code = 'not_keepable'))
      and b.created_at > coalesce((
        select max(a.resolved_at) from public.system_alerts a
        where a.alert_type = 'purchase_repeats'
          and a.subject = private.repetition_of(b.recipient_id, b.campaign_id, b.supplier_id)), '-infinity')
    group by b.supplier_id having count(*) >= 2)
$$;

-- Opens a purchase with the next supplier; GC-003 when no supplier sells the card now, GC-005 when they are paused.
create function private.start_purchase(p private.provisioning)
returns private.provisioning language plpgsql volatile set search_path = '' as $$
declare
  asked uuid[] := coalesce(p.suppliers_asked, '{}') || private.repeating_suppliers(p.recipient_id, p.campaign_id, p.brand_id);
  sold public.supplier_brands := private.supplier_to_ask(p.brand_id, coalesce(p.suppliers, '{}'), asked);
begin
  if sold.id is null then
    perform private.refuse('GC-003', 'No available gift cards in pool');
  end if;
  p.purchase_id := gen_random_uuid();
  p.suppliers_asked := p.suppliers_asked || sold.supplier_id;
  insert into public.gift_card_purchases (
    id, client_id, campaign_id, recipient_id, grant_id, supplier_id, brand_id, denomination, currency, client_request_id,
    brand_code, delivery_method, sector, is_async, attempts, lease_token, leased_until)
  values (p.purchase_id, p.client_id, p.campaign_id, p.recipient_id, p.grant_id, sold.supplier_id, p.brand_id, p.denomination,
    p.currency, p.purchase_id::text, sold.brand_code, sold.delivery_method, sold.sector, sold.is_async, 1, gen_random_uuid(),
    clock_timestamp() + interval '60 seconds');
  return p;
end $$;

-- Keeps what the provisioning knows for whoever learns the outcome; the code that was typed is not needed any more.
create function private.remember_purchase(p private.provisioning)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  purchase public.gift_card_purchases;
  kept private.provisioning := p;
begin
  if p.surface = 'call_center' then
    p := private.log_condition_met(p);
  end if;
  kept.redemption_code := null;
  kept.condition_met_id := p.condition_met_id;
  kept.steps_recorded := coalesce(p.steps_recorded, 0) + coalesce(jsonb_array_length(p.steps), 0);
  kept.steps := null;
  select b.* into purchase from public.gift_card_purchases b where b.id = p.purchase_id;
  insert into private.purchase_requests (purchase_id, provisioning, credit_hold_ids)
  values (p.purchase_id, to_jsonb(kept), private.reserve_credit(p.payers, p.prices, 'purchase:' || p.purchase_id, p.grant_id,
    now() + interval '3 days'));
  return private.present_purchase(purchase);
end $$;

create function private.remembered_provisioning(purchase public.gift_card_purchases)
returns private.provisioning language plpgsql stable set search_path = '' as $$
declare
  p private.provisioning;
begin
  select (jsonb_populate_record(null::private.provisioning, r.provisioning)).* into p
  from private.purchase_requests r where r.purchase_id = purchase.id;
  p.step_started_at := clock_timestamp();
  return p;
end $$;

create function private.bought_card_expiry(purchase public.gift_card_purchases, card jsonb)
returns timestamptz language plpgsql stable set search_path = '' as $$
begin
  return private.card_expiry(purchase.brand_id, private.parse_day(card ->> 'expiresOn', 'expiresOn'), now(), 'UTC');
end $$;

-- The card that was bought comes into the supplier's pool, and belongs to its grant from the first moment.
create function private.store_bought_card(p private.provisioning, purchase public.gift_card_purchases, card jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  valid_until timestamptz := private.bought_card_expiry(purchase, card);
  supplier public.gift_card_suppliers;
  pool uuid;
  lot uuid;
begin
  select s.* into supplier from public.gift_card_suppliers s where s.id = purchase.supplier_id;
  pool := private.supplier_pool(supplier, purchase.brand_id, purchase.denomination, purchase.currency);
  insert into private.card_lots (pool_id, expires_at) values (pool, valid_until)
  -- the lot is there already
  on conflict on constraint card_lots_are_unique do nothing;
  select l.id into lot from private.card_lots l
  where l.pool_id = pool and l.expires_at is not distinct from valid_until;
  insert into public.gift_cards (
    id, client_id, pool_id, lot_id, code_last4, serial_number, status, recipient_id, grant_id, delivery_method, expires_at, claimed_at,
    delivered_at, exposed_at)
  values (purchase.gift_card_id, p.client_id, pool, lot, card ->> 'last4', card ->> 'serialNumber',
    case when p.deliver_to is null then 'delivered' else 'claimed' end, p.recipient_id, purchase.grant_id,
    coalesce(p.delivery_method, case p.surface when 'form' then 'browser' else 'api' end), valid_until, now(),
    case when p.deliver_to is null then now() end, case when p.shows_code then now() end);
  insert into private.card_secrets (gift_card_id, code_fingerprint, code_sealed, pin_sealed, seal_key_id)
  values (purchase.gift_card_id, decode(card ->> 'fingerprint', 'hex'), decode(card ->> 'code', 'base64'),
    decode(card ->> 'pin', 'base64'), card ->> 'keyId');
end $$;

create function private.receive_card(p private.provisioning)
returns private.provisioning language plpgsql stable set search_path = '' as $$
begin
  select b.gift_card_id, c.pool_id, s.name, 'platform' into p.gift_card_id, p.pool_id, p.source, p.stock_owner
  from public.gift_card_purchases b
  join public.gift_cards c on c.id = b.gift_card_id
  join public.gift_card_suppliers s on s.id = b.supplier_id
  where b.id = p.purchase_id;
  return p;
end $$;

-- Bought: the card is received, billed and delivered, or nothing of it is; then the job asks the supplier again.
create function private.finish_purchase(purchase public.gift_card_purchases, card jsonb, cost numeric)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  p private.provisioning := private.remembered_provisioning(purchase);
  step text;
  answer jsonb;
begin
  -- nobody waits any more for what the job has found out
  if purchase.attempts > 1 then
    p := private.to_recipient(p);
    p.shows_code := p.shows_code and p.deliver_to is null;
  end if;
  -- a supplier that names no price, or one in another currency, is taken at what we reckon with
  p.cost := coalesce(finish_purchase.cost, (
    select d.cost from public.brand_denominations d
    where d.brand_id = purchase.brand_id and d.denomination = purchase.denomination and d.currency = purchase.currency),
    purchase.denomination);
  perform private.store_bought_card(p, purchase, card);
  foreach step in array private.provisioning_steps(p) loop
    p := private.pass_step(p, step);
  end loop;
  update public.gift_card_purchases b set status = 'issued', ended_at = now(), lease_token = null, leased_until = null
  where b.id = purchase.id;
  perform private.note_supplier_success(purchase.supplier_id);
  perform private.resolve_alert('purchase_unresolved', purchase.id::text);
  perform private.record_trace(p, null, null);
  answer := private.present_provisioning(p);
  perform private.store_answer(p.answer_scope, p.answer_key, answer);
  return private.answered(answer, private.sealed_for(p, answer));
end $$;

-- Certainly not bought: the next supplier is asked, else the reward is owed and the grant is free again.
create function private.abandon_purchase(purchase public.gift_card_purchases, status text, retry_within interval)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  p private.provisioning := private.remembered_provisioning(purchase);
  reward public.pending_rewards;
  refusal jsonb := private.refused('GC005', 'The card could not be bought; it is owed',
    jsonb_build_object('purchaseId', purchase.id, 'pending', true)::text);
begin
  update public.gift_card_purchases b
  set status = abandon_purchase.status, ended_at = now(), lease_token = null, leased_until = null where b.id = purchase.id;
  perform private.resolve_alert('purchase_unresolved', purchase.id::text);
  if purchase.supplier_id = any (private.repeating_suppliers(purchase.recipient_id, purchase.campaign_id, purchase.brand_id)) then
    perform private.raise_alert('purchase_repeats', 'critical', 'A supplier''s cards for one reward were taken back twice; it is not '
      'asked for this reward again until the alert is resolved', jsonb_build_object('purchase_id', purchase.id, 'supplier_id',
        purchase.supplier_id, 'recipient_id', purchase.recipient_id, 'code', purchase.supplier_code, 'message', purchase.supplier_message),
      private.repetition_of(purchase.recipient_id, purchase.campaign_id, purchase.supplier_id), purchase.client_id);
  end if;
  if purchase.reopened_at is not null then
    -- somebody else sells the card meanwhile, or it is owed
    return refusal;
  end if;
  perform private.release_credit(r.credit_hold_ids) from private.purchase_requests r where r.purchase_id = purchase.id;
  p.purchase_id := null;
  perform private.record_trace(p, 'Purchase', refusal, purchase.supplier_code);
  p.steps_recorded := p.steps_recorded + 1;
  begin
    p := private.start_purchase(p);
    return private.answered(jsonb_build_object('purchase', private.remember_purchase(p)));
  exception when sqlstate 'GC003' or sqlstate 'GC005' or sqlstate 'GC006' then
    -- no other supplier sells it now, or what was set aside is spent meanwhile
    null;
  end;
  perform private.cancel_grant(purchase.grant_id);
  reward := private.waiting_reward(p);
  if reward.id is null then
    reward := private.owe_reward(p, 'GC-005');
    p.reward_id := reward.id;
  end if;
  -- a reward that was pending before keeps its place and its time
  perform private.postpone_reward(p.reward_id, 'GC-005', retry_within);
  return private.present_refusal(p, refusal, reward);
end $$;

-- Nobody can tell yet: the same id is asked again later, and after a day the sale is reversed. What cannot be reversed in
-- time, and what came and is not what was asked for, needs a person.
create function private.postpone_purchase(purchase public.gift_card_purchases, status text)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  if purchase.created_at < now() - interval '44 hours'
    or purchase.supplier_code in ('another_value', 'another_brand', 'unreadable', 'no_card', 'known_code', 'expires_too_soon') then
    perform private.raise_alert('purchase_unresolved', 'critical', 'Nobody can tell what became of a card that was to be bought',
      jsonb_build_object('purchase_id', purchase.id, 'client_request_id', purchase.client_request_id,
        'code', purchase.supplier_code, 'message', purchase.supplier_message), purchase.id::text);
  end if;
  update public.gift_card_purchases b
  set status = case when b.created_at < now() - interval '1 day' then 'reversing' else postpone_purchase.status end,
    supplier_code = purchase.supplier_code, supplier_message = purchase.supplier_message,
    next_attempt_at = now() + case when postpone_purchase.status = 'ordered' then interval '3 seconds'
      -- not at once: the first question may still be on its way
      when postpone_purchase.status = 'reversing' and b.status <> 'reversing' then interval '1 minute'
      else least(private.backoff(b.attempts), interval '10 minutes') end,
    lease_token = null, leased_until = null
  where b.id = purchase.id;
  return private.pending_purchase(purchase.id);
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

-- Who comes too late and brings a card, or the chance of one, for a purchase that was given up meanwhile: it is taken back.
create function private.reopen_purchase(purchase_id uuid, outcome text, supplier_reference text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  purchase public.gift_card_purchases;
begin
  update public.gift_card_purchases b
  set status = 'reversing', reopened_at = now(), ended_at = null, next_attempt_at = now(),
    supplier_reference = coalesce(reopen_purchase.supplier_reference, b.supplier_reference)
  where b.id = reopen_purchase.purchase_id and b.status in ('declined', 'reversed')
    and reopen_purchase.outcome in ('issued', 'ordered', 'unknown')
  returning b.* into purchase;
  if purchase.id is not null then
    perform private.raise_alert('purchase_unresolved', 'critical', 'A card came when nobody waited for it, and is taken back',
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
begin
  if private.given_until(purchase.brand_id, private.bought_card_expiry(purchase, card)) <= now() then
    purchase.supplier_code := 'expires_too_soon';
    return private.postpone_purchase(purchase, 'reversing');
  end if;
  return private.finish_purchase(purchase, card, cost);
exception when unique_violation then
  get stacked diagnostics violated = constraint_name;
  if violated <> 'card_secrets_a_code_stands_once' then
    raise;
  end if;
  perform private.report_known_codes(purchase.id::text, jsonb_build_object('purchase_id', purchase.id, 'cards', 1, 'supplier', (
    select s.name from public.gift_card_suppliers s where s.id = purchase.supplier_id)));
  purchase.supplier_code := 'known_code';
  return private.postpone_purchase(purchase, 'reversing');
end $$;

create function public.complete_purchase(
  purchase_id uuid, lease_token uuid, outcome text, card jsonb default null, supplier_code text default null,
  supplier_reference text default null, cost numeric default null, message text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  purchase public.gift_card_purchases;
  detail text;
begin
  update public.gift_card_purchases b
  set supplier_code = complete_purchase.supplier_code, supplier_message = left(message, 500),
    supplier_reference = coalesce(complete_purchase.supplier_reference, b.supplier_reference)
  where b.id = complete_purchase.purchase_id and b.lease_token = complete_purchase.lease_token and b.ended_at is null
  returning b.* into purchase;
  if purchase.id is null then
    -- the lease lapsed, and somebody else has gone on with the purchase
    perform private.reopen_purchase(complete_purchase.purchase_id, outcome, complete_purchase.supplier_reference);
    return private.answered(jsonb_build_object('accepted', false));
  end if;
  perform private.note_supplier_answer(purchase, outcome);
  case outcome
    when 'issued' then
      return private.keep_bought_card(purchase, card, cost);
    when 'declined', 'short' then
      -- refused is only this repeat of the question: the first one may have been heard
      if purchase.attempts > 1 and purchase.status <> 'ordered' then
        return private.postpone_purchase(purchase, 'reversing');
      end if;
      -- a final word is good for hours; our money with a supplier may be back in minutes
      return private.abandon_purchase(purchase, 'declined', case outcome when 'declined' then interval '6 hours'
        else interval '10 minutes' end);
    when 'reversed', 'not_found' then
      if outcome = 'not_found' and purchase.supplier_reference is not null then
        -- the supplier has told us of this very sale before
        return private.postpone_purchase(purchase, purchase.status);
      end if;
      return private.abandon_purchase(purchase, 'reversed', interval '10 minutes');
    when 'ordered' then
      return private.postpone_purchase(purchase, 'ordered');
    when 'unknown' then
      return private.postpone_purchase(purchase, case when purchase.status in ('ordered', 'reversing') then purchase.status
        else 'unknown' end);
  end case;
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  -- nothing is recorded: the lease runs on, and the supplier is asked again with the same id
  get stacked diagnostics detail = pg_exception_detail;
  return private.refused(sqlstate, sqlerrm, detail);
end $$;
comment on function public.complete_purchase is
  'Reports what a supplier said: issued (card: {code, pin, fingerprint, last4, keyId, expiresOn}, sealed; cost in the '
  'purchase''s currency), ordered, declined, short, unknown, reversed or not_found. Answers like the provisioning that went '
  'to buy; GC-005 with pending while the card is awaited; accepted is false when the lease has passed to somebody else.';

create function public.lease_purchases(batch_size int, suppliers text[])
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due uuid[];
begin
  select array_agg(d.id) into due from (
    select b.id from public.gift_card_purchases b
    join public.gift_card_suppliers s on s.id = b.supplier_id and s.name = any (suppliers)
    where b.ended_at is null and b.next_attempt_at <= now() and coalesce(b.leased_until, '-infinity') < clock_timestamp()
    order by b.next_attempt_at limit least(batch_size, 100)
    -- what another worker holds is being asked for already
    for update of b skip locked) d;
  update public.gift_card_purchases b
  set lease_token = gen_random_uuid(), leased_until = clock_timestamp() + interval '60 seconds', attempts = b.attempts + 1,
    status = case when b.created_at < now() - interval '1 day' then 'reversing'
      -- the report of the call was lost
      when b.status = 'calling' then 'unknown' else b.status end
  where b.id = any (due);
  return private.answered(jsonb_build_object('purchases', (
    select coalesce(jsonb_agg(private.present_purchase(b)), '[]') from public.gift_card_purchases b where b.id = any (due))));
end $$;
comment on function public.lease_purchases is
  'Takes the purchases whose outcome is not known, to be asked for at their supplier with the same id, or to be reversed.';

grant execute on function public.complete_purchase, public.lease_purchases to service_role;
