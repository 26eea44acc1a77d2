-- Consent: which addresses may be written to, and the proof. Consents are append-only: when, from where, with which words.
-- An opt-in is to one client; an opt-out is from all of them (contact_opt_outs, read when a send is leased), because recipients who
-- write STOP to the number that all clients share do not know of clients.
-- Every inbound message is kept; an event that a provider sends twice counts once (seen_events).

create table public.consents (
  id bigint generated always as identity primary key,
  client_id uuid,
  recipient_id uuid,
  channel text not null,
  address text not null,
  action text not null,
  source text not null,
  wording text,
  wording_version text,
  ip inet,
  provider_message_id text,
  recorded_by uuid,
  created_at timestamptz not null default now(),
  constraint consents_channel_is_valid check (channel in ('sms', 'email')),
  constraint consents_address_is_in_lower_case check (address = lower(address)),
  constraint consents_action_is_valid check (action in ('requested', 'opted_in', 'opted_out')),
  constraint consents_asked_and_given_have_words check (action = 'opted_out' or wording is not null)
);
comment on table public.consents is
  'Proof of consent, append-only: requested, opted_in or opted_out, when, from where (sms_reply, one_click, web_form, agent, import, provider) '
  'and with which words: those shown to the recipient, with their version, or those of the recipient.';

create table public.inbound_messages (
  id uuid primary key default gen_random_uuid(),
  client_id uuid,
  recipient_id uuid,
  provider_message_id text not null,
  phone text not null,
  sent_to text,
  sent_by text not null default 'sms',
  body text not null,
  media_count int not null default 0,
  meaning text not null,
  answer text,
  review text,
  reviewed_by uuid,
  reviewed_at timestamptz,
  review_note text,
  created_at timestamptz not null default now(),
  constraint inbound_messages_come_once unique (provider_message_id),
  constraint inbound_messages_meaning_is_valid check (meaning in ('opt_in', 'opt_out', 'unclear', 'help', 'other')),
  constraint inbound_messages_sent_by_is_valid check (sent_by in ('sms', 'rcs', 'whatsapp')),
  constraint inbound_messages_unclear_ones_are_reviewed check ((meaning = 'unclear') = (review is not null)),
  constraint inbound_messages_review_is_valid check (review in ('open', 'opted_out', 'dismissed')),
  constraint inbound_messages_reviewed_at_matches_review check ((review in ('opted_out', 'dismissed')) = (reviewed_at is not null)),
  constraint inbound_messages_answer_is_valid check (answer in ('opt_in', 'opt_out', 'help'))
);
comment on table public.inbound_messages is
  'Every SMS from a recipient, its meaning (other: for staff to read; unclear: perhaps an opt-out, '
  'which staff decide, see review) and the answer sent; it belongs to '
  'the client that wrote to the phone last.';

create table private.seen_events (
  provider text not null,
  event_id text not null,
  created_at timestamptz not null default now(),
  constraint seen_events_are_unique primary key (provider, event_id)
);
comment on table private.seen_events is 'Provider events that were applied, to ignore repeats; kept for longer than a signature is accepted.';

create index consents_address_idx on public.consents (address, channel, id);
create index consents_client_id_idx on public.consents (client_id, id);
create index consents_recipient_id_idx on public.consents (recipient_id) where recipient_id is not null;
create index inbound_messages_client_id_idx on public.inbound_messages (client_id, created_at);
create index inbound_messages_phone_idx on public.inbound_messages (phone);
create index inbound_messages_to_review_idx on public.inbound_messages (client_id, created_at) where review = 'open';
create index seen_events_created_at_idx on private.seen_events (created_at);

create trigger consents_are_append_only
  before update or delete or truncate on public.consents
  for each statement execute function private.refuse_change();

-- The last consent of an address for a client: opted_in or opted_out. A request does not count.
create function private.last_consent(client_id uuid, channel text, address text)
returns public.consents language plpgsql stable set search_path = '' as $$
declare
  consent public.consents;
begin
  select c.* into consent from public.consents c
  where c.address = lower(last_consent.address) and c.channel = last_consent.channel
    and c.client_id = last_consent.client_id and c.action <> 'requested'
  order by c.id desc limit 1;
  return consent;
end $$;

-- The last request to an address that is unanswered and recent enough to be answered.
create function private.open_request(channel text, address text)
returns public.consents language plpgsql stable set search_path = '' as $$
declare
  request public.consents;
begin
  select c.* into request from public.consents c
  where c.address = lower(open_request.address) and c.channel = open_request.channel and c.action = 'requested'
    and c.created_at > now() - interval '30 days'
    and not exists (
      select from public.consents later
      where later.address = c.address and later.channel = c.channel and later.client_id = c.client_id
        and later.action <> 'requested' and later.id > c.id)
  order by c.id desc limit 1;
  return request;
end $$;

-- Restores the consents that the last opt-out had ended, and no others.
create function private.restore_consents(channel text, address text, source text, wording text, provider_message_id text)
returns void language sql volatile set search_path = '' as $$
  insert into public.consents (client_id, channel, address, action, source, wording, provider_message_id)
  select h.client_id, restore_consents.channel, lower(restore_consents.address), 'opted_in', source, wording, provider_message_id
  from (
    select c.client_id, c.id, c.action, lag(c.action) over words as word_before, last_value(c.id) over words as last_id
    from public.consents c
    where c.address = lower(restore_consents.address) and c.channel = restore_consents.channel
      and c.client_id is not null and c.action <> 'requested'
    window words as (partition by c.client_id order by c.id rows between unbounded preceding and unbounded following)) h
  where h.id = h.last_id and h.action = 'opted_out' and h.word_before = 'opted_in'
$$;

-- Events of e-mails, as the edge function has parsed them: {id, at, messageId, attemptId, status, errorCode, preference, preferenceKind, address, reason}.

create function private.apply_email_status(event jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  delivery := private.apply_provider_status('sendgrid', event ->> 'messageId', (event ->> 'attemptId')::uuid,
    event ->> 'status', event ->> 'errorCode');
  if delivery.provider_status = 'blocked' then
    perform private.raise_alert('delivery_failed', 'warning',
      'A mail server has turned an e-mail away for now; SendGrid does not try again by itself',
      jsonb_build_object('delivery_id', delivery.id, 'channel', 'email', 'error_code', 'blocked'),
      delivery.subject_id::text, delivery.client_id);
  end if;
end $$;

create function private.apply_email_preference(event jsonb)
returns void language plpgsql volatile set search_path = '' as $$
declare
  -- batches come in any order, and may repeat an event under another id: the time of the event decides, see record_preference. One
  -- without a time counts as of now
  said_at timestamptz := least(to_timestamp(nullif((event ->> 'at')::bigint, 0)), now());
  kind text := coalesce(event ->> 'preferenceKind', 'general');
begin
  if event ->> 'preference' = 'opt_out' then
    perform private.opt_out(
      'email', event ->> 'address', 'provider', event ->> 'reason', event ->> 'messageId', said_at => said_at, kind => kind);
  elsif private.lift_opt_out('email', event ->> 'address', said_at, kind) then
    perform private.restore_consents('email', event ->> 'address', 'provider', event ->> 'reason', event ->> 'messageId');
  end if;
end $$;

create function public.record_email_events(events jsonb)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  fresh text[];
  event jsonb;
begin
  if jsonb_typeof(events) is distinct from 'array' or jsonb_path_exists(events, '$[*] ? (!(@.id.type() == "string"))') then
    perform private.refuse_field('events', 'must be a list of objects, each with an id');
  end if;
  with seen as (
    insert into private.seen_events (provider, event_id)
    select distinct 'sendgrid', e ->> 'id' from jsonb_array_elements(events) e
    -- in one order for every batch, to prevent deadlocks
    order by 2
    on conflict on constraint seen_events_are_unique do nothing
    returning event_id)
  select coalesce(array_agg(s.event_id), '{}') into fresh from seen s;
  for event in
    select e from jsonb_array_elements(events) e
    where e ->> 'id' = any (fresh) and e ->> 'status' is not null order by e ->> 'messageId'
  loop
    perform private.apply_email_status(event);
  end loop;
  -- in one order for every batch, to prevent deadlocks
  perform private.lock_preference('email', w.address)
  from (
    select distinct lower(e ->> 'address') as address from jsonb_array_elements(events) e
    where e ->> 'id' = any (fresh) and e ->> 'preference' is not null order by 1) w;
  for event in
    select e from jsonb_array_elements(events) with ordinality x (e, n)
    where e ->> 'id' = any (fresh) and e ->> 'preference' is not null order by (e ->> 'at')::bigint, n
  loop
    perform private.apply_email_preference(event);
  end loop;
  return private.answered(jsonb_build_object('events', jsonb_array_length(events), 'new', cardinality(fresh)));
end $$;
comment on function public.record_email_events is
  'Applies a batch of SendGrid''s events: each once, statuses by rank, complaints and unsubscriptions as opt-outs.';
grant execute on function public.record_email_events to service_role;

-- The unsubscribe link in the headers of an e-mail; possession of the e-mail is the authorization.
create function public.unsubscribe_email(delivery_id uuid, action text, request public.request)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  delivery public.deliveries;
begin
  select d.* into delivery from public.deliveries d where d.id = delivery_id and d.channel = 'email';
  if delivery.id is null then
    perform private.refuse('RB-404');
  end if;
  if action = 'unsubscribe' then
    perform private.opt_out('email', delivery.deliver_to, 'one_click', 'List-Unsubscribe=One-Click', delivery.provider_message_id,
      kind => 'one_click');
  elsif private.lift_opt_out('email', delivery.deliver_to, kind => 'one_click') then
    perform private.restore_consents('email', delivery.deliver_to, 'one_click', 'action=resubscribe', delivery.provider_message_id);
  end if;
  perform private.record_audit(delivery.client_id, null, 'email.' || action, 'delivery', delivery.id, request_id => request.id);
  return private.answered(jsonb_build_object('status', action || 'd'));
end $$;
comment on function public.unsubscribe_email is
  'Opts the address of an e-mail out of all clients'' e-mail at once, by the link that it carries (action unsubscribe), or lifts that opt-out '
  '(resubscribe) and no other kind.';
grant execute on function public.unsubscribe_email to service_role;

alter table public.consents enable row level security;
alter table public.inbound_messages enable row level security;

grant select on public.consents, public.inbound_messages to authenticated, service_role;

create policy "Staff read the consents of their clients" on public.consents
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));

create policy "Staff read what recipients wrote to their clients" on public.inbound_messages
  for select to authenticated
  using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
