-- Deliveries: the outbox. A message is a row before it is sent, and each attempt is a row before the provider is called.
-- queued → sending → sent → delivered | undelivered; an attempt may end retriable (queued again), permanent (failed) or ambiguous
-- (unknown). SMS and e-mail providers have no idempotency key, so unknown is not failed: the delivery is looked up at the provider,
-- or waits for its callback or an operator, and is never sent again blindly. No secret is stored here: the text of a card
-- is rendered when it is sent; a notice is one of the default texts with its merge values.

create table public.deliveries (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  topic text not null,
  subject_id uuid not null,
  recipient_id uuid,
  channel text not null,
  deliver_to text not null,
  notice text,
  merge jsonb not null default '{}',
  status text not null default 'queued',
  attempts int not null default 0,
  attempts_max int not null default 3,
  next_attempt_at timestamptz not null default now(),
  leased_until timestamptz,
  lease_token uuid,
  provider text,
  provider_message_id text,
  provider_status text,
  failure_kind text,
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  sent_at timestamptz,
  delivered_at timestamptz,
  failed_at timestamptz,
  cancelled_at timestamptz,
  constraint deliveries_channel_is_valid check (channel in ('sms', 'email')),
  constraint deliveries_notices_name_their_text check ((topic = 'notice') = (notice is not null)),
  constraint deliveries_address_fits_channel check (
    case channel when 'sms' then deliver_to ~ '^\+[1-9][0-9]{6,14}$' else deliver_to ~ '^[^@\s]+@[^@\s]+$' end),
  constraint deliveries_status_is_valid check (
    status in ('queued', 'sending', 'sent', 'delivered', 'undelivered', 'unknown', 'failed', 'suppressed', 'cancelled')),
  constraint deliveries_attempts_stay_within_max check (attempts between 0 and attempts_max),
  constraint deliveries_lease_matches_status check (
    (status = 'sending') <= (lease_token is not null and leased_until is not null)),
  constraint deliveries_sent_at_matches_status check (
    (status in ('sent', 'delivered', 'undelivered')) = (sent_at is not null)),
  constraint deliveries_delivered_at_matches_status check ((status = 'delivered') = (delivered_at is not null)),
  constraint deliveries_failed_at_matches_status check (
    (status in ('failed', 'undelivered', 'suppressed')) = (failed_at is not null)),
  constraint deliveries_cancelled_at_matches_status check ((status = 'cancelled') = (cancelled_at is not null)),
  constraint deliveries_failure_kind_is_valid check (failure_kind in ('retriable', 'permanent', 'ambiguous')),
  constraint deliveries_provider_message_is_unique unique (provider, provider_message_id)
);
comment on table public.deliveries is
  'One message to one address. topic and subject_id: its subject (gift_card and its id) or its text (notice: the '
  'name of a default text, and the values of its merge tags).';

create table public.delivery_attempts (
  id uuid primary key default gen_random_uuid(),
  delivery_id uuid not null references public.deliveries (id),
  client_id uuid not null,
  attempt_number int not null,
  status text not null default 'calling',
  provider_message_id text,
  error_code text,
  error_message text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint delivery_attempts_are_numbered unique (delivery_id, attempt_number),
  constraint delivery_attempts_status_is_valid check (
    status in ('calling', 'sent', 'retriable', 'permanent', 'ambiguous', 'not_sent')),
  constraint delivery_attempts_finished_at_matches_status check ((status = 'calling') = (finished_at is null))
);
comment on table public.delivery_attempts is
  'Every call of a provider: committed as calling before the call, finished after it; ambiguous when its outcome is unknown.';

create index deliveries_due_idx on public.deliveries (next_attempt_at) where status = 'queued';
create index deliveries_leased_idx on public.deliveries (leased_until) where status = 'sending';
create index deliveries_unknown_idx on public.deliveries (next_attempt_at) where status = 'unknown';
create index deliveries_client_id_idx on public.deliveries (client_id, created_at);
create index deliveries_deliver_to_idx on public.deliveries (deliver_to, created_at);
create index deliveries_subject_id_idx on public.deliveries (subject_id);
create index delivery_attempts_client_id_idx on public.delivery_attempts (client_id, created_at);

create function private.fits_channel(channel text, address text)
returns boolean language plpgsql immutable set search_path = '' as $$
begin
  return case channel when 'sms' then address ~ '^\+[1-9][0-9]{6,14}$' when 'email' then address ~ '^[^@\s]+@[^@\s]+$' end;
end $$;

-- A masked address for callers other than its owner: enough for the owner to recognize it.
create function private.masked_address(address text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case when address like '%@%' then left(address, 1) || '•••@' || split_part(address, '@', 2)
    else left(address, 2) || '•••••' || right(address, 4) end;
end $$;

create function private.assert_address(channel text, address text)
returns void language plpgsql immutable set search_path = '' as $$
begin
  if private.fits_channel(channel, address) is not true then
    perform private.refuse('GC-012', 'There is no address to deliver to', jsonb_build_object('fields', jsonb_build_array(
      jsonb_build_object('field', case channel when 'sms' then 'phone' else 'email' end,
        'problem', case when address is null then 'is missing' else 'is not an address' end))));
  end if;
end $$;

create function private.enqueue_delivery(
  client_id uuid, topic text, subject_id uuid, recipient_id uuid, channel text, deliver_to text)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  delivery_id uuid;
begin
  insert into public.deliveries as d (client_id, topic, subject_id, recipient_id, channel, deliver_to)
  values (client_id, topic, subject_id, recipient_id, channel, deliver_to)
  returning d.id into delivery_id;
  return delivery_id;
end $$;

-- Queues a message without a card: notice names a default text, merge holds the values of its tags and no secret.
create function private.enqueue_notice(
  client_id uuid, notice text, subject_id uuid, recipient_id uuid, channel text, deliver_to text, merge jsonb)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  delivery_id uuid;
begin
  insert into public.deliveries as d (
    client_id, topic, notice, subject_id, recipient_id, channel, deliver_to, merge)
  values (client_id, 'notice', notice, subject_id, recipient_id, channel, deliver_to, merge)
  returning d.id into delivery_id;
  return delivery_id;
end $$;

-- Sends a user a notice by e-mail, to a confirmed address only: an unconfirmed one may belong to another person.
create function private.notify_user(
  client_id uuid, notice text, subject_id uuid, user_id uuid, merge jsonb)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  address text := (
    select lower(u.email) from auth.users u where u.id = notify_user.user_id and u.email_confirmed_at is not null);
begin
  return case when private.fits_channel('email', address)
    then private.enqueue_notice(client_id, notice, subject_id, null, 'email', address, merge) end;
end $$;

-- Delay before attempt n + 1: 2, 4, 8 … seconds, with jitter, so that retries do not come all at once.
create function private.backoff(attempts int)
returns interval language sql volatile set search_path = '' as $$
  select make_interval(secs => power(2, attempts) * (0.75 + random() / 2))
$$;

-- Applies the clients' SMS policies to messages that are about to be leased: a country that is not allowed is a permanent failure,
-- messages above the daily cap wait for the next day.
create function private.hold_back_sms(due uuid[])
returns void language plpgsql volatile set search_path = '' as $$
declare
  batch record;
  granted int;
begin
  update public.deliveries d
  set status = 'suppressed', failed_at = now(), failure_kind = 'permanent', error_code = 'sms_country_not_allowed'
  where d.id = any (due) and d.status = 'queued' and d.channel = 'sms' and not private.is_sms_allowed(d.client_id, d.deliver_to);
  for batch in
    select d.client_id, c.time_zone, array_agg(d.id order by d.next_attempt_at, d.id) as ids
    from public.deliveries d join public.clients c on c.id = d.client_id
    where d.id = any (due) and d.status = 'queued' and d.channel = 'sms'
    group by d.client_id, c.time_zone order by d.client_id
  loop
    granted := private.take_sms(batch.client_id, cardinality(batch.ids));
    update public.deliveries d
    set next_attempt_at = private.end_of_day((now() at time zone batch.time_zone)::date, batch.time_zone),
      error_code = 'sms_cap_reached'
    where d.id = any (batch.ids[granted + 1:]);
  end loop;
end $$;

-- Locks the deliveries that are due (or one, if it is), so that the caller can check their subjects before it leases them.
create function private.due_deliveries(delivery_id uuid, batch_size int)
returns uuid[] language plpgsql volatile set search_path = '' as $$
begin
  return array(
    select q.id from public.deliveries q
    where q.status = 'queued' and q.next_attempt_at <= now()
      and (due_deliveries.delivery_id is null or q.id = due_deliveries.delivery_id)
    order by q.next_attempt_at limit batch_size
    -- a locked delivery is being sent by another worker
    for update skip locked);
end $$;

-- Leases due deliveries: opted-out addresses are suppressed here, the rest get an attempt row and a lease.
create function private.lease_deliveries(due uuid[])
returns setof public.delivery_attempts language plpgsql volatile set search_path = '' as $$
begin
  update public.deliveries d
  set status = 'suppressed', failed_at = now(), failure_kind = 'permanent', error_code = 'opted_out'
  -- a delivery cancelled since due_deliveries found it stays cancelled
  where d.id = any (due) and d.status = 'queued' and private.is_opted_out(d.channel, d.deliver_to);
  perform private.hold_back_sms(due);
  update public.deliveries d
  set status = 'sending', attempts = d.attempts + 1, lease_token = gen_random_uuid(),
    leased_until = clock_timestamp() + interval '60 seconds'
  where d.id = any (due) and d.status = 'queued' and d.next_attempt_at <= now();
  return query
    insert into public.delivery_attempts (delivery_id, client_id, attempt_number)
    select d.id, d.client_id, d.attempts from public.deliveries d where d.id = any (due) and d.status = 'sending'
    returning *;
end $$;

-- Ends lapsed leases: a worker that died between its call and its report leaves an attempt with an unknown outcome.
create function private.lapse_leases()
returns int language sql volatile set search_path = '' as $$
  with lapsed as (
    update public.deliveries d
    set status = 'unknown', failure_kind = 'ambiguous', error_code = 'lease_lapsed', next_attempt_at = now()
    where d.status = 'sending' and d.leased_until < clock_timestamp()
    returning d.id, d.attempts
  ), ended as (
    update public.delivery_attempts a
    set status = 'ambiguous', finished_at = now(), error_code = 'lease_lapsed'
    from lapsed l where a.delivery_id = l.id and a.attempt_number = l.attempts and a.status = 'calling'
  )
  select count(*)::int from lapsed
$$;

-- Leases deliveries of unknown outcome for a look-up at the provider; a new lease token fences off the previous worker.
create function private.lease_unknown_deliveries(batch_size int, grace_seconds int)
returns setof public.delivery_attempts language plpgsql volatile set search_path = '' as $$
declare
  due uuid[];
begin
  select array_agg(d.id) into due from (
    select q.id from public.deliveries q
    join public.delivery_attempts a on a.delivery_id = q.id and a.attempt_number = q.attempts
    where q.status = 'unknown' and q.next_attempt_at <= now()
      and a.created_at < now() - make_interval(secs => grace_seconds)
    order by q.next_attempt_at limit batch_size
    for update of q skip locked) d;
  update public.deliveries d
  set lease_token = gen_random_uuid(), next_attempt_at = clock_timestamp() + interval '60 seconds'
  where d.id = any (due);
  return query
    select a.* from public.delivery_attempts a
    join public.deliveries d on d.id = a.delivery_id and d.attempts = a.attempt_number
    where d.id = any (due);
end $$;

-- Higher ranks win; a final status is never replaced. Statuses are those of Twilio and SendGrid.
create function private.delivery_rank(status text)
returns int language sql immutable set search_path = '' as $$
  select case
    when status in ('queued', 'accepted', 'scheduled', 'processed') then 1
    when status in ('sending', 'deferred') then 2
    when status in ('sent', 'blocked') then 3
    -- some of its parts or recipients: Twilio reports the final status of the rest later
    when status = 'partially_delivered' then 4
    when status in ('delivered', 'undelivered', 'failed', 'canceled', 'bounce', 'dropped') then 5
    when status in ('read', 'spamreport') then 6
    else 0
  end
$$;

alter table public.deliveries enable row level security;
alter table public.delivery_attempts enable row level security;

grant select on public.deliveries, public.delivery_attempts to authenticated, service_role;

create policy "Staff read the deliveries of their clients" on public.deliveries
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Staff read the delivery attempts of their clients" on public.delivery_attempts
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
