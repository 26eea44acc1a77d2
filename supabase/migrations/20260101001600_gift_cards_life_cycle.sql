-- Gift cards, the life cycle: redeemed, cancelled, returned to stock; and the archive of pools.
-- A card whose code was not disclosed can return to stock: its grant is cancelled, its bill reversed, its messages are cancelled. A card
-- whose code may have been disclosed never returns to stock.
-- Lock order: the messages of a card first, then the card, as delivery workers do.

-- Locks a card with all of its messages. If a message was queued while the function waited for the card, it releases all locks and starts
-- again.
create function private.lock_card(gift_card_id uuid)
returns public.gift_cards language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
  locked uuid[];
begin
  loop
    begin
      locked := array(
        select d.id from public.deliveries d
        where d.topic = 'gift_card' and d.subject_id = lock_card.gift_card_id order by d.id for update);
      select c.* into card from public.gift_cards c where c.id = lock_card.gift_card_id for update;
      if exists (
        select from public.deliveries d
        where d.topic = 'gift_card' and d.subject_id = lock_card.gift_card_id and d.id <> all (locked)) then
        raise exception 'a message came in between' using errcode = 'RBACK';
      end if;
      return card;
    exception when sqlstate 'RBACK' then
      null;
    end;
  end loop;
end $$;

-- The request that last provisioned a card, from its audit event.
create function private.request_of_card(card_id uuid)
returns uuid language sql stable set search_path = '' as $$
  select coalesce((
    select e.request_id from public.audit_events e
    where e.subject_id = card_id and e.action = 'gift_card.provisioned' order by e.id desc limit 1), gen_random_uuid())
$$;

-- Reverses the bill of a grant by an opposite line; bills are immutable.
create function private.reverse_billing(grant_id uuid, request_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  insert into public.billing_transactions (
    client_id, agency_id, campaign_id, recipient_id, grant_id, gift_card_id, reverses_id, source, stock_owner, currency,
    denomination, cost_basis, platform_price, client_price, sale_id, billed_entity_type, billed_entity_id, request_id)
  select b.client_id, b.agency_id, b.campaign_id, b.recipient_id, b.grant_id, b.gift_card_id, b.id, b.source, b.stock_owner,
    b.currency, b.denomination, -b.cost_basis, -b.platform_price, -b.client_price, b.sale_id, b.billed_entity_type,
    b.billed_entity_id, reverse_billing.request_id
  from public.billing_transactions b
  where b.grant_id = reverse_billing.grant_id and b.reverses_id is null;
end $$;

-- A card that returns after its lot has expired, or without the expiry date of its brand's policy, is left to expire_gift_cards.
create function private.note_returned_card(card public.gift_cards)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if card.expires_at is null then
    perform private.note_undated_brand(b.id)
    from public.card_pools p join public.gift_card_brands b on b.id = p.brand_id and b.valid_days is not null
    where p.id = card.pool_id;
  else
    -- also where it is false: the lock holds up the job that would set it
    update private.card_lots l set is_expired = false where l.id = card.lot_id and l.expires_at <= now();
  end if;
end $$;

-- Returns an undisclosed card to its pool. The caller holds its locks.
create function private.return_to_stock(card public.gift_cards, request_id uuid)
returns public.gift_card_grants language plpgsql volatile set search_path = '' as $$
declare
  cancelled public.gift_card_grants;
begin
  perform private.cancel_queued_messages(array[card.id]);
  cancelled := private.cancel_grant(card.grant_id);
  perform private.reverse_billing(card.grant_id, request_id);
  perform private.reverse_charge(card.grant_id, 'returned:' || card.grant_id, 'A gift card that came back');
  update public.gift_cards c
  set status = 'available', client_id = pool.client_id, recipient_id = null, grant_id = null, delivery_method = null,
    claimed_at = null, stuck_at = null
  from public.card_pools pool
  where c.id = card.id and pool.id = c.pool_id;
  perform private.note_returned_card(card);
  perform private.resolve_alert('delivery_failed', card.id::text);
  return cancelled;
end $$;

-- Whether the code was never disclosed, neither by an answer nor by a message.
create function private.is_undisclosed(card public.gift_cards)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return card.exposed_at is null and not exists (
    select from public.deliveries d join public.delivery_attempts a on a.delivery_id = d.id
    where d.topic = 'gift_card' and d.subject_id = card.id);
end $$;

-- A stuck card has an open alert: its message has failed (delivery_failed, raised before), or its outcome is unknown. Every transition out
-- of stuck resolves both.
create function private.alert_stuck_card()
returns trigger language plpgsql volatile security definer set search_path = '' as $$
begin
  if new.status <> 'stuck' then
    perform private.resolve_alert('stuck_gift_card', new.id::text);
    perform private.resolve_alert('delivery_failed', new.id::text);
  elsif not exists (
    select from public.system_alerts a
    where a.alert_type = 'delivery_failed' and a.subject = new.id::text and a.resolved_at is null) then
    perform private.raise_alert('stuck_gift_card', 'warning',
      'A gift card was claimed and is not delivered; its code may have been disclosed: resend it or cancel it',
      jsonb_build_object('gift_card_id', new.id, 'pool_id', new.pool_id, 'claimed_at', new.claimed_at), new.id::text,
      new.client_id);
  end if;
  return null;
end $$;

create trigger gift_cards_stuck_raise_alert after update of status on public.gift_cards
  for each row when ((old.status = 'stuck') <> (new.status = 'stuck'))
  execute function private.alert_stuck_card();

-- A card of the caller's clients, if the caller has one of the roles; else refused as a card that does not exist.
create function private.card_to_change(gift_card_id uuid, roles text[])
returns public.gift_cards language plpgsql stable set search_path = '' as $$
declare
  card public.gift_cards;
begin
  select c.* into card from public.gift_cards c where c.id = card_to_change.gift_card_id;
  perform private.assert_can_act(private.caller(), card.client_id, roles);
  return card;
end $$;

create function private.cancel_gift_card(gift_card_id uuid, reason text, allow_replacement boolean default false)
returns public.gift_cards language plpgsql volatile security definer set search_path = '' as $$
declare
  card public.gift_cards := private.card_to_change(gift_card_id, private.admin_roles());
  given_to uuid;
  goes_back boolean;
begin
  perform private.assert_text(reason, 'reason', 1000);
  card := private.lock_card(card.id);
  if card.status not in ('claimed', 'delivered', 'stuck') then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': there is nothing to cancel');
  end if;
  given_to := card.client_id;
  goes_back := private.is_undisclosed(card);
  if goes_back then
    perform private.return_to_stock(card, null);
  else
    perform private.cancel_queued_messages(array[card.id]);
    update public.gift_cards c set status = 'cancelled', cancelled_at = now() where c.id = card.id;
    perform private.resolve_alert('delivery_failed', card.id::text);
    if allow_replacement then
      perform private.cancel_grant(card.grant_id);
    end if;
  end if;
  perform private.record_audit(given_to, private.caller(),
    case when goes_back then 'gift_card.returned' else 'gift_card.cancelled' end, 'gift_card', card.id,
    jsonb_build_object('grant_id', card.grant_id, 'was', card.status, 'replacement_allowed', goes_back or allow_replacement),
    null, reason);
  select c.* into card from public.gift_cards c where c.id = card.id;
  return card;
end $$;
select private.publish('private.cancel_gift_card(uuid, text, boolean)', '{authenticated, service_role}',
  'Revokes a granted card: returned to its pool with its bill reversed if the code was not disclosed, else cancelled for '
  'good and billed. allow_replacement lets the recipient be given another card. RB-400, RB-403, RB-404.');

create function private.allow_gift_card_replacement(gift_card_id uuid, reason text)
returns public.gift_cards language plpgsql volatile security definer set search_path = '' as $$
declare
  card public.gift_cards := private.card_to_change(gift_card_id, private.admin_roles());
begin
  perform private.assert_text(reason, 'reason', 1000);
  card := private.lock_card(card.id);
  if card.status not in ('cancelled', 'expired') or card.grant_id is null then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': there is nothing to replace');
  end if;
  if exists (select from public.gift_card_grants g where g.id = card.grant_id and g.cancelled_at is null) then
    perform private.cancel_grant(card.grant_id);
    perform private.resolve_alert('gift_card_expired_unsent', card.id::text);
    perform private.record_audit(card.client_id, private.caller(), 'gift_card.replacement_allowed', 'gift_card', card.id,
      jsonb_build_object('grant_id', card.grant_id, 'was', card.status), null, reason);
  end if;
  return card;
end $$;
select private.publish('private.allow_gift_card_replacement(uuid, text)', '{authenticated, service_role}',
  'Lets the recipient of a cancelled or expired card be given another one for the same condition; audited with the reason. '
  'Idempotent; the first card stays unchanged, and billed. RB-400, RB-403, RB-404.');

-- Marks a card as redeemed. An undisclosed card cannot have been used.
create function private.redeem_card(card_id uuid, actor uuid, reason text, request_id uuid, confirmed_by text default 'recipient')
returns public.gift_cards language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
begin
  select c.* into card from public.gift_cards c where c.id = card_id for update;
  if card.status = 'redeemed' then
    return card;
  end if;
  if not (card.status = 'delivered' or (card.status in ('claimed', 'stuck') and card.exposed_at is not null)) then
    perform private.refuse('RB-400', 'The card is ' || card.status || ': it cannot have been used');
  end if;
  update public.gift_cards c
  set status = 'redeemed', redeemed_at = now(), delivered_at = coalesce(c.delivered_at, now())
  where c.id = card.id returning c.* into card;
  perform private.resolve_alert('delivery_failed', card.id::text);
  perform private.record_audit(card.client_id, actor, 'gift_card.redeemed', 'gift_card', card.id,
    jsonb_build_object('confirmed_by', confirmed_by), request_id, reason);
  return card;
end $$;

create function private.mark_gift_card_redeemed(gift_card_id uuid, reason text default null)
returns public.gift_cards language plpgsql volatile security definer set search_path = '' as $$
declare
  card public.gift_cards := private.card_to_change(gift_card_id, private.staff_roles());
begin
  return private.redeem_card(card.id, private.caller(), reason, null, 'staff');
end $$;
select private.publish('private.mark_gift_card_redeemed(uuid, text)', '{authenticated, service_role}',
  'Records that a recipient has used a card; a card that is redeemed already stays unchanged. RB-400, RB-403, RB-404.');

-- The card whose use is confirmed with a redemption code: that of the condition, else the only one not yet redeemed, else the one redeemed
-- last.
create function private.card_of_code(redemption_code text, condition_number int)
returns uuid language plpgsql stable set search_path = '' as $$
declare
  cards uuid[];
  open_cards uuid[];
begin
  select array_agg(c.id order by c.redeemed_at desc nulls last, c.id),
    coalesce(array_agg(c.id) filter (where c.status <> 'redeemed'), '{}')
  into cards, open_cards
  from public.recipient_codes r
  join public.gift_card_grants g on g.recipient_id = r.recipient_id and g.cancelled_at is null
  join public.gift_cards c on c.grant_id = g.id
  where r.redemption_code = private.canonical_code(card_of_code.redemption_code)
    and g.condition_number = coalesce(card_of_code.condition_number, g.condition_number)
    and (c.status in ('delivered', 'redeemed') or (c.status in ('claimed', 'stuck') and c.exposed_at is not null));
  if cards is null then
    perform private.refuse('GC-011');
  elsif cardinality(open_cards) > 1 then
    perform private.refuse('GC-012', 'More than one card was given for this code', jsonb_build_object('fields',
      jsonb_build_array(jsonb_build_object('field', 'conditionNumber', 'problem', 'is needed: there is more than one card'))));
  end if;
  return coalesce(open_cards[1], cards[1]);
end $$;

create function private.confirm_redemption(redemption_code text, condition_number int, request public.request)
returns jsonb language plpgsql volatile set search_path = '' as $$
declare
  card public.gift_cards;
  card_id constant uuid := private.card_of_code(redemption_code, condition_number);
  -- the code is the only credential, so its recipient is the scope
  scope constant text := private.answer_scope('confirm_redemption', (
    select c.recipient_id from public.gift_cards c where c.id = card_id), null);
  answer constant jsonb := private.replay(request, scope);
begin
  if answer is not null then
    return answer;
  end if;
  card := private.redeem_card(card_id, null, null, request.id);
  return private.answer(request, scope,
    jsonb_build_object('giftCard', private.present_card(card.id), 'redeemedAt', card.redeemed_at));
end $$;

create function public.confirm_redemption(redemption_code text, condition_number int, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  surface constant text := 'confirm-redemption';
  keys constant jsonb := private.attempt_keys(request, redemption_code);
  wait_seconds constant int := private.open_attempt(surface, keys);
  is_guess boolean;
  answer jsonb;
  detail text;
begin
  if wait_seconds is not null then
    answer := private.limited(wait_seconds);
  else
    -- a refusal is caught to keep its attempt
    begin
      answer := private.confirm_redemption(redemption_code, condition_number, request);
    exception when others then
      if not private.is_refusal(sqlstate) then
        raise;
      end if;
      get stacked diagnostics detail = pg_exception_detail;
      answer := private.refused(sqlstate, sqlerrm, detail);
    end;
    is_guess := answer ->> 'code' is not distinct from 'GC-011';
  end if;
  return coalesce(private.close_attempt(surface, keys, request, keys ->> 'ip', redemption_code,
    private.client_of_code(redemption_code), case answer ->> 'outcome' when 'refused' then answer end, is_guess), answer);
end $$;
comment on function public.confirm_redemption is
  'A recipient, identified by the redemption code, confirms that the card was used. GC-011 for an unknown code and for one without a '
  'card; GC-012 when the condition number is needed; RB-429 after too many attempts. Refusals are returned, and kept as attempts.';
grant execute on function public.confirm_redemption to service_role;

-- The exact counter decides, in the statement that archives.
create function private.archive_gift_card_pool(pool_id uuid)
returns public.card_pools language plpgsql volatile security definer set search_path = '' as $$
declare
  pool public.card_pools := private.pool_to_fill(private.caller(), pool_id);
begin
  update public.card_pools p set archived_at = coalesce(p.archived_at, now()), is_active = false
  where p.id = pool.id and private.givable_cards(p) = 0
  returning p.* into pool;
  if not found then
    perform private.refuse('RB-400', 'The pool still has cards to give');
  end if;
  perform private.resolve_alert(a.alert_type, pool.id::text)
  from unnest(array['low_gift_card_inventory', 'critical_gift_card_inventory', 'pool_exhausted']) as a (alert_type);
  perform private.record_audit(pool.client_id, private.caller(), 'card_pool.archived', 'card_pool', pool.id);
  if not private.acts_for_platform(private.caller()) then
    pool.cost_per_card := null;
  end if;
  return pool;
end $$;
select private.publish('private.archive_gift_card_pool(uuid)', '{authenticated, service_role}',
  'Removes an exhausted pool from active_gift_card_pools; new cards in it restore it. RB-400 while it has cards.');

insert into private.replay_windows (use_case, replayed_for) values ('confirm_redemption', '15 minutes');

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks, slows, slowed_max) values
  ('confirm-redemption', 'ip', 20, 600, true, false, 3),
  ('confirm-redemption', 'site', 200, 600, true, false, 20),
  ('confirm-redemption', 'code', 5, 600, true, false, null),
  ('confirm-redemption', 'prefix', 100, 600, false, false, null),
  ('confirm-redemption', 'surface', 2000, 600, false, true, null);
