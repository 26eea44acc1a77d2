-- Messages: what the outbox sends for each topic. Core leases deliveries and does not know their subjects; the lease entry points are
-- here, after every domain, and add the message to each lease. topic gift_card is a card by the campaign's template;
-- topic notice names one of the default texts and carries its merge values.

-- The message of a card: the campaign's template, the merge values, and the card, still sealed.
create function private.present_card_message(delivery public.deliveries)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'template', case delivery.channel
      when 'sms' then jsonb_build_object('subject', null, 'body', campaign.sms_template)
      else jsonb_build_object('subject', campaign.email_subject, 'body', campaign.email_template) end,
    'merge', jsonb_build_object(
      'first_name', coalesce(r.first_name, ''), 'last_name', coalesce(r.last_name, ''), 'amount', pool.denomination,
      'currency', pool.currency, 'brand', b.name, 'redemption_url', coalesce(b.redemption_url, ''),
      -- the day as it was given at the upload: in the zone of the pool's owner
      'expiration_date', coalesce(to_char((card.expires_at - interval '1 second')
        at time zone coalesce(owner.time_zone, 'UTC'), 'FMMonth FMDD, YYYY'), '')),
    'sealed', private.sealed_card(card.id))
  from public.gift_cards card
  join public.card_pools pool on pool.id = card.pool_id
  join public.gift_card_brands b on b.id = pool.brand_id
  join public.campaign_recipients r on r.id = card.recipient_id
  join public.campaigns campaign on campaign.id = r.campaign_id
  left join public.clients owner on owner.id = pool.client_id
  where card.id = delivery.subject_id
$$;

-- What a delivery worker needs for one attempt: the address, and the message.
create function private.present_lease(attempt public.delivery_attempts)
returns jsonb language sql stable set search_path = '' as $$
  select jsonb_build_object(
    'deliveryId', d.id, 'attemptId', attempt.id, 'attemptStartedAt', attempt.created_at, 'leaseToken', d.lease_token,
    'channel', d.channel, 'deliverTo', d.deliver_to, 'clientName', client.name) || case d.topic
      when 'gift_card' then private.present_card_message(d)
      else jsonb_build_object('notice', d.notice, 'merge', d.merge) end
  from public.deliveries d
  join public.clients client on client.id = d.client_id
  where d.id = attempt.delivery_id
$$;

-- Cancels a leased delay notice whose reward is settled (fulfilled while the notice was being leased, or queued again): it must not
-- follow its card.
create function private.drop_late_notices(attempts public.delivery_attempts[])
returns public.delivery_attempts[] language plpgsql volatile set search_path = '' as $$
declare
  late uuid[] := array(
    select d.id from unnest(attempts) a
    join public.deliveries d on d.id = a.delivery_id and d.topic = 'notice' and d.notice = 'reward_delayed'
    join public.pending_rewards r on r.id = d.subject_id and r.status in ('fulfilled', 'cancelled'));
begin
  if cardinality(late) = 0 then
    return attempts;
  end if;
  update public.delivery_attempts a
  set status = 'not_sent', finished_at = clock_timestamp(), error_code = 'called_off'
  where a.delivery_id = any (late) and a.status = 'calling';
  update public.deliveries d
  set status = 'cancelled', cancelled_at = now(), lease_token = null, leased_until = null where d.id = any (late);
  return array(select a::public.delivery_attempts from unnest(attempts) a where a.delivery_id <> all (late));
end $$;

create function public.lease_deliveries(delivery_id uuid, batch_size int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  due uuid[] := private.due_deliveries(delivery_id, private.batch_size(batch_size));
  attempts public.delivery_attempts[];
begin
  perform private.withdraw_expired_cards(due);
  attempts := private.drop_late_notices(array(select l from private.lease_deliveries(due) l));
  update public.gift_cards c set exposed_at = now()
  from unnest(attempts) a join public.deliveries d on d.id = a.delivery_id
  where c.id = d.subject_id and d.topic = 'gift_card' and c.exposed_at is null;
  perform private.open_claim_links(attempts);
  return private.answered(jsonb_build_object('deliveries', (
    select coalesce(jsonb_agg(private.with_claim_link(private.present_lease(a))), '[]') from unnest(attempts) a)));
end $$;
comment on function public.lease_deliveries is
  'Takes due deliveries (or one) for sending: an attempt is committed before the provider is called. The lease lasts a minute. A '
  'message whose card has expired is cancelled (card_expired): another card is given in its place, or the reward becomes pending.';
grant execute on function public.lease_deliveries to service_role;

create function public.lease_unknown_deliveries(batch_size int, grace_seconds int)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  attempts public.delivery_attempts[];
begin
  perform private.lapse_leases();
  -- leased first, presented after: one statement would present the lease before last
  attempts := array(
    select l from private.lease_unknown_deliveries(private.batch_size(batch_size), greatest(grace_seconds, 1)) l);
  return private.answered(jsonb_build_object('deliveries', (
    select coalesce(jsonb_agg(private.with_claim_link(private.present_lease(a))), '[]') from unnest(attempts) a)));
end $$;
comment on function public.lease_unknown_deliveries is
  'Leases deliveries of unknown outcome, whose attempt is older than grace_seconds, for a look-up at their provider.';
grant execute on function public.lease_unknown_deliveries to service_role;
