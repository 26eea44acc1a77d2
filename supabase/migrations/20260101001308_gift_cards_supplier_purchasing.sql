-- Gift cards, supplier purchasing: what a provisioning does when the stock is empty.
-- It stops at the supplier purchase and is committed; the edge function calls the supplier and reports with
-- complete_supplier_purchase. When its caller is lost (crash, timeout), the job leases the purchase and asks with the same
-- client_request_id, and after a day has the sale reversed.

-- Opens a purchase with the next supplier; GC-003 when no supplier sells the card now, GC-005 when they are paused.
create function private.start_supplier_purchase(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid)
returns public.gift_card_purchases language plpgsql volatile set search_path = '' as $$
declare
  sold public.supplier_brands := private.supplier_to_ask(facts.brand_id, coalesce(asked.suppliers, '{}'),
    coalesce(asked.suppliers_asked, '{}') || private.repeating_suppliers(facts.recipient_id, facts.campaign_id, facts.brand_id));
  purchase_id constant uuid := gen_random_uuid();
  purchase public.gift_card_purchases;
begin
  if sold.id is null then
    perform private.refuse('GC-003', 'No available gift cards in pool');
  end if;
  insert into public.gift_card_purchases as b (
    id, client_id, campaign_id, recipient_id, grant_id, supplier_id, brand_id, denomination, currency, client_request_id,
    brand_code, delivery_method, sector, is_async, attempts, lease_token, leased_until)
  values (purchase_id, facts.client_id, facts.campaign_id, facts.recipient_id, grant_id, sold.supplier_id, facts.brand_id,
    facts.denomination, facts.currency, purchase_id::text, sold.brand_code, sold.delivery_method, sold.sector, sold.is_async, 1,
    gen_random_uuid(), clock_timestamp() + interval '60 seconds')
  returning b.* into purchase;
  return purchase;
end $$;

-- Keeps what the provisioning knows for the worker that learns the outcome, and sets its price aside.
create function private.remember_supplier_purchase(
  purchase public.gift_card_purchases, asked private.card_request, facts private.provisioning_facts,
  trace private.step_trace)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  payers private.payers;
begin
  asked.redemption_code := null;
  asked.suppliers_asked := asked.suppliers_asked || purchase.supplier_id;
  facts.phone := null;
  facts.email := null;
  facts.stored_answer := null;
  facts.lots := null;
  if facts.is_prepaid then
    payers := private.payers_of(facts.client_id, facts.billing_entity, facts.currency);
  end if;
  insert into private.supplier_purchase_requests (purchase_id, asked, facts, next_step, condition_met_id, credit_hold_ids)
  values (purchase.id, to_jsonb(asked), to_jsonb(facts),
    coalesce(trace.first_step, 1) + cardinality(trace.steps) + 1,
    case when asked.surface = 'call_center' then private.note_condition_met(asked.call_session_id, facts.client_id,
      facts.campaign_id, facts.recipient_id, facts.condition_number, null, asked.actor) end,
    private.reserve_credit(payers, row(facts.platform_price, facts.client_price), 'purchase:' || purchase.id, purchase.grant_id,
      now() + interval '3 days'));
  return private.present_supplier_purchase(purchase);
end $$;

-- Stores the answer under its key and returns it. An answer that another request has stored meanwhile under the same key wins
-- (RBACK): this one is undone and finds it.
create function private.store_provisioning(asked private.card_request, facts private.provisioning_facts, answer jsonb)
returns jsonb language plpgsql volatile set search_path = '' as $$
begin
  if not private.keep_answer(facts.answer_scope, asked.answer_key, asked.request_hash, answer) then
    raise exception 'the key was used meanwhile' using errcode = 'RBACK';
  end if;
  return answer;
end $$;

-- What the edge function is to buy.
create function private.buy_card(
  asked private.card_request, facts private.provisioning_facts, grant_id uuid, trace private.step_trace)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  purchase jsonb := private.remember_supplier_purchase(
    private.start_supplier_purchase(asked, facts, grant_id), asked, facts, trace);
  -- the key is taken: another request with it is refused, and the same one finds the purchase under way
  no_answer jsonb := private.store_provisioning(asked, facts, null);
begin
  return private.answered(jsonb_build_object('purchase', purchase));
end $$;
