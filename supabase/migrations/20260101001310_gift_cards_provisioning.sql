-- Gift cards, provisioning: from an earned condition to one card, in one transaction.
-- The grant → one query for all that is configured → a card from stock, else one that is bought → the bill → the delivery → the
-- audit event, the stored answer and the charge. A refusal undoes them all; it is caught once, and leaves its trace and the pending
-- reward.

-- The platform and the agency of the client, and a server.
create function private.keeps_client(asked private.card_request, client_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return asked.actor is null
    or private.acts_for(asked.actor, client_id, private.client_keeper_roles());
end $$;

-- The bill as its caller may read it: a visitor and an agent never, a client's admin not what its agency pays.
create function private.present_bill(
  asked private.card_request, facts private.provisioning_facts, card private.given_card, billing_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  keeps_client boolean;
begin
  if asked.surface <> 'api' then
    return null;
  end if;
  keeps_client := private.keeps_client(asked, facts.client_id);
  if not keeps_client and card.billing_entity <> 'client' then
    return null;
  end if;
  return jsonb_build_object('id', billing_id, 'currency', facts.currency,
    'price', case card.billing_entity when 'agency' then card.platform_price else card.client_price end)
    || case when keeps_client then jsonb_build_object('platformPrice', card.platform_price) else '{}' end;
end $$;

-- The answer, from what is known.
create function private.present_provisioning(
  asked private.card_request, facts private.provisioning_facts, card private.given_card, grant_id uuid, billing_id uuid,
  delivery_id uuid, condition_met_id uuid)
returns jsonb language plpgsql stable set search_path = '' as $$
begin
  return jsonb_build_object('source', card.source, 'campaignId', facts.campaign_id, 'grantId', grant_id,
    'giftCard', jsonb_build_object('id', card.id, 'brandId', facts.brand_id, 'brand', facts.brand_name,
      'denomination', facts.denomination, 'currency', facts.currency, 'expiresAt', card.expires_at,
      'redemptionUrl', facts.redemption_url, 'termsUrl', facts.terms_url, 'codeLast4', card.code_last4, 'status', card.status)
      || case when card.serial_number is null then '{}' else jsonb_build_object('serialNumber', card.serial_number) end,
    'billing', private.present_bill(asked, facts, card, billing_id),
    'delivery', case when delivery_id is not null then jsonb_build_object(
      'id', delivery_id, 'method', asked.delivery_method, 'status', 'queued') end)
    || case when condition_met_id is null then '{}' else jsonb_build_object('conditionMetId', condition_met_id) end;
end $$;

create function private.queue_delivery(asked private.card_request, facts private.provisioning_facts, card private.given_card)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return case when asked.deliver_to is not null then private.enqueue_delivery(
    facts.client_id, 'gift_card', card.id, facts.recipient_id, asked.delivery_method, asked.deliver_to) end;
end $$;

-- Notes that the agent's caller met the condition, also while the card is pending.
create function private.log_condition_met(asked private.card_request, facts private.provisioning_facts, card_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return private.note_condition_met(asked.call_session_id, facts.client_id, facts.campaign_id, facts.recipient_id,
    facts.condition_number, card_id, asked.actor);
end $$;

-- Ends the pending reward and appends the audit event; returns the answer.
create function private.conclude_provisioning(
  asked private.card_request, facts private.provisioning_facts, card private.given_card, grant_id uuid, billing_id uuid,
  delivery_id uuid, condition_met_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  answer constant jsonb := private.present_provisioning(
    asked, facts, card, grant_id, billing_id, delivery_id, condition_met_id);
  event_id bigint;
begin
  if (facts.reward).id is not null then
    perform private.end_reward(facts, card);
  end if;
  event_id := private.record_audit(facts.client_id, asked.actor, 'gift_card.provisioned', 'gift_card', card.id,
    jsonb_build_object('surface', asked.surface, 'grant_id', grant_id, 'delivery_id', delivery_id,
      'code_shown', asked.shows_code, 'verification_skipped', coalesce(asked.skip_verification, false)), asked.request_id);
  -- one in thirty folds for all: no claim waits for a shared counter, and none has much to add up
  if random() < 0.033 then
    perform private.fold_pool(card.pool_id);
  end if;
  return answer;
end $$;

-- The answer that is stored under the key; null while its card is being bought. One that shows a code again is audited as every
-- reveal is.
create function private.replay_provisioning(asked private.card_request, facts private.provisioning_facts, grant_id uuid)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  card_id constant uuid := facts.stored_answer #>> '{giftCard,id}';
begin
  if facts.stored_hash is distinct from asked.request_hash then
    perform private.refuse('RB-409', 'Idempotency-Key already used for another request');
  elsif facts.stored_answer is null then
    return null;
  end if;
  if grant_id is not null then
    perform private.drop_grant(grant_id);
  end if;
  if asked.shows_code then
    perform private.record_audit(facts.client_id, asked.actor, 'gift_card.answer_replayed', 'gift_card', card_id,
      jsonb_build_object('surface', asked.surface), asked.request_id);
  end if;
  return private.answered(facts.stored_answer, case when asked.shows_code then private.sealed_card(card_id) end, true);
end $$;

-- What the refusal of a request leaves: its trace, and the pending reward. Refusals of jobs are postponed by the job.
create function private.record_refusal(
  asked private.card_request, facts private.provisioning_facts, trace private.step_trace, refusal jsonb)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  reward public.pending_rewards;
  detail text;
  next_step int := private.record_trace(asked, facts, trace, refusal);
begin
  if facts.client_id is null or asked.reward_id is not null or private.waiting_status(refusal ->> 'code') is null then
    return refusal;
  end if;
  reward := private.keep_promise(asked, facts, refusal);
  if reward.id is not null and asked.surface = 'call_center' then
    perform private.log_condition_met(asked, facts, null);
  end if;
  return private.present_refusal(asked, facts, refusal, reward);
exception when others then
  if not private.is_refusal(sqlstate) then
    raise;
  end if;
  -- meanwhile the card was given, or the address was refused: the pending reward is left unchanged
  get stacked diagnostics detail = pg_exception_detail;
  next_step := private.record_trace(asked, facts, trace, refusal);
  return private.refused(sqlstate, sqlerrm, detail);
end $$;

-- What a step raised, as a refusal; null when it is a bug, or transient and the whole request is repeated. A bill that fails is one.
create function private.refusal_of_step(step text, state text, message text, detail text)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return case
    when private.is_refusal(state) then private.refused(state, message, detail)
    when step = 'Record billing' and state not in ('40001', '40P01') then private.refused('GC007', message, null) end;
end $$;

-- All the steps, or none of them: a bill that fails (GC-007) undoes its claim. A supplier purchase ends the transaction halfway: what is to be bought is committed first. While
-- other transactions hold the last cards, or the key, it runs again (RBACK).
create function private.provision(request private.card_request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  asked private.card_request := request;
  facts private.provisioning_facts;
  trace private.step_trace := private.next_step(null, 'Validate request');
  card private.given_card;
  grant_id uuid;
  billing_id uuid;
  delivery_id uuid;
  condition_met_id uuid;
  answer jsonb;
  detail text;
begin
  asked := private.find_recipient(asked);
  grant_id := private.take_grant(asked);
  facts := private.check_request(asked, private.read_facts(asked));
  if facts.is_key_used then
    answer := private.replay_provisioning(asked, facts, grant_id);
    if answer is not null then
      return answer;
    end if;
  end if;
  trace := private.next_step(trace, 'Check campaign configuration');
  facts := private.check_configuration(asked, facts);
  trace := private.next_step(trace, 'Check eligibility');
  asked := private.check_eligibility(asked, facts, grant_id);
  trace := private.next_step(trace, 'Claim from stock');
  card := private.claim_from_stock(asked, facts, grant_id);
  if card.id is null then
    trace := private.next_step(trace, 'Start purchase');
    answer := private.buy_card(asked, facts, grant_id, trace);
  else
    trace := private.next_step(trace, 'Record billing');
    billing_id := private.record_billing(asked, facts, grant_id, card);
    trace := private.next_step(trace, 'Queue delivery');
    delivery_id := private.queue_delivery(asked, facts, card);
    if asked.surface = 'call_center' then
      trace := private.next_step(trace, 'Log condition met');
      condition_met_id := private.log_condition_met(asked, facts, card.id);
    end if;
    trace := private.next_step(trace, 'Record');
    answer := private.answered(private.store_provisioning(asked, facts, private.conclude_provisioning(
      asked, facts, card, grant_id, billing_id, delivery_id, condition_met_id)), card.sealed);
    if facts.is_prepaid then
      trace := private.next_step(trace, 'Charge credit');
      perform private.charge_card(facts, grant_id, card);
    end if;
  end if;
  trace.first_step := private.record_trace(asked, facts, private.next_step(trace, null));
  return answer;
exception when sqlstate 'RBACK' then
  request.waits := true;
  return private.provision(request);
when others then
  get stacked diagnostics detail = pg_exception_detail;
  answer := private.refusal_of_step(trace.step, sqlstate, sqlerrm, detail);
  if answer is null then
    raise;
  end if;
  return private.record_refusal(asked, facts, trace, answer);
end $$;
