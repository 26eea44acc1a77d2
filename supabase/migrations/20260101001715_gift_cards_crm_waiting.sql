-- CRM events that wait: the status of an event follows its pending reward, until a card is given, cancelled or returned to stock.

-- Settles the events whose reward was pending, with the card when there is one.
create function private.settle_waiting_events(recipient_id uuid, campaign_id uuid, condition_number int)
returns void language plpgsql volatile set search_path = '' as $$
declare
  card_id uuid := (
    select c.id from public.gift_card_grants g join public.gift_cards c on c.grant_id = g.id
    where g.recipient_id = settle_waiting_events.recipient_id and g.campaign_id = settle_waiting_events.campaign_id
      and g.condition_number = settle_waiting_events.condition_number and g.cancelled_at is null);
begin
  update public.crm_events e
  set status = case when card_id is null then 'refused' else 'provisioned' end, gift_card_id = card_id,
    code = case when card_id is null then e.code end,
    message = case when card_id is null then 'The reward was cancelled' end
  where e.status = 'owed' and e.recipient_id = settle_waiting_events.recipient_id and e.campaign_id = settle_waiting_events.campaign_id
    and e.condition_number = settle_waiting_events.condition_number;
end $$;

create function private.settle_events_on_reward()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.settle_waiting_events(new.recipient_id, new.campaign_id, new.condition_number);
  return null;
end $$;

create trigger pending_rewards_end_the_waiting_of_crm_events after update of status on public.pending_rewards
  for each row when (new.status in ('fulfilled', 'cancelled') and old.status is distinct from new.status)
  execute function private.settle_events_on_reward();

create function private.settle_events_on_purchase()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  perform private.settle_waiting_events(g.recipient_id, g.campaign_id, g.condition_number)
  from public.gift_card_grants g where g.id = new.grant_id;
  return null;
end $$;

create trigger gift_card_purchases_end_the_waiting_of_crm_events after update of status on public.gift_card_purchases
  for each row when (new.status = 'issued' and old.status <> 'issued')
  execute function private.settle_events_on_purchase();

-- When a card returns to stock, its event has no card and can be replayed; if the reward is pending again, so is the
-- event.
create function private.reopen_events_on_return()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
declare
  is_owed constant boolean := tg_table_name = 'pending_rewards';
begin
  update public.crm_events e
  set status = case when is_owed then 'owed' else 'refused' end,
    code = case when is_owed then to_jsonb(new) ->> 'code' else 'RB-400' end,
    message = case when is_owed then 'The reward is pending' else 'The card was revoked' end, gift_card_id = null
  where e.recipient_id = new.recipient_id and e.campaign_id = new.campaign_id and e.condition_number = new.condition_number
    and case when is_owed then e.status = 'refused' and e.gift_card_id is null else e.status = 'provisioned' end;
  return null;
end $$;

create trigger gift_card_grants_reopen_crm_events after update of cancelled_at on public.gift_card_grants
  for each row when (old.cancelled_at is null and new.cancelled_at is not null)
  execute function private.reopen_events_on_return();

create trigger pending_rewards_reopen_crm_events after insert on public.pending_rewards
  for each row execute function private.reopen_events_on_return();
