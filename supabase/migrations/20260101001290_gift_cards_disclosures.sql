-- Gift cards, disclosure by staff: what lets an agent learn a code or send it to a phone of their own.
-- Revealing a card, sending it to an address that is not the recipient's, and provisioning to such an address share one daily
-- quota and need a reason. Verified callers (caller ID or confirmation code) are exempt, and so is the first contact of a
-- recipient, which is stored. Cards of several recipients that go to one address raise an alert.

create table private.disclosure_rules (
  is_the_only_row boolean primary key default true,
  recipients_per_address int not null default 3,
  window_days int not null default 7,
  constraint disclosure_rules_are_one_row check (is_the_only_row),
  constraint disclosure_rules_are_positive check (recipients_per_address > 1 and window_days > 0)
);
comment on table private.disclosure_rules is
  'The number of recipients whose cards may go to one address within a number of days before an alert is raised.';
insert into private.disclosure_rules default values;

insert into private.attempt_limits (surface, kind, attempts_max, window_seconds, blocks) values
  ('staff-disclosure', 'actor', 20, 86400, true);

-- The recipient's own address on a channel, in the form in which addresses are compared.
create function private.own_address(recipient public.campaign_recipients, channel text)
returns text language sql immutable set search_path = '' as $$
  select case channel when 'sms' then recipient.phone when 'email' then lower(recipient.email) end
$$;

create function private.is_reason(reason text)
returns boolean language sql immutable set search_path = '' as $$
  select length(btrim(coalesce(reason, ''))) >= 3
$$;

create function private.assert_reason(reason text)
returns void language plpgsql immutable set search_path = '' as $$
begin
  if not private.is_reason(reason) then
    perform private.refuse('GC-012', 'A reason is needed', jsonb_build_object('fields', jsonb_build_array(
      jsonb_build_object('field', 'reason', 'problem', 'is required'))));
  end if;
end $$;

-- Counts one disclosure against the daily quota of a member of staff; returns the seconds to wait when it is spent. Servers have no quota.
-- The last allowed one raises the alert, because the refusal of the next one may roll back what it records.
create function private.take_disclosure(actor uuid)
returns int language plpgsql volatile set search_path = '' as $$
declare
  keys jsonb := jsonb_build_object('actor', actor);
  wait_seconds int;
begin
  if actor is null then
    return null;
  end if;
  wait_seconds := private.open_attempt('staff-disclosure', keys);
  if wait_seconds is null and exists (
    select from private.attempt_limits l where l.surface = 'staff-disclosure' and l.kind = 'actor'
      and private.failures_of(l.surface, l.kind, actor::text, l.window_seconds) >= l.attempts_max) then
    -- an alert of the client, which is responsible for its agents
    perform private.report_burst('staff-disclosure', 'actor', keys || coalesce((
      select jsonb_build_object('client', min(c::text)) from private.client_ids_of(actor, private.staff_roles()) c
      having count(*) = 1), '{}'));
  end if;
  return wait_seconds;
end $$;

create function private.return_disclosure(actor uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.settle_attempt('staff-disclosure', jsonb_build_object('actor', actor), false);
end $$;

-- Counts the recipients whose cards went to an address lately, or will; more than a household's raise one alert for the address.
create function private.watch_address(client_id uuid, recipient_id uuid, address text)
returns void language plpgsql volatile set search_path = '' as $$
declare
  rules private.disclosure_rules;
  recipients int;
begin
  select r.* into rules from private.disclosure_rules r;
  -- serializes concurrent requests for one address, so that each counts those before it
  perform pg_advisory_xact_lock(hashtextextended('cards to ' || client_id || ':' || address, 0));
  select count(distinct d.recipient_id) into recipients from (
    (select q.recipient_id from public.deliveries q
    where q.deliver_to = address and q.client_id = watch_address.client_id and q.topic = 'gift_card'
      and q.created_at > now() - make_interval(days => rules.window_days)
    order by q.created_at desc limit 100)
    union all
    (select r.recipient_id from public.pending_rewards r
    where r.deliver_to = address and r.client_id = watch_address.client_id and r.status like 'awaiting%' limit 100)) d
  where d.recipient_id <> watch_address.recipient_id;
  if recipients + 1 >= rules.recipients_per_address then
    perform private.raise_alert('cards_to_one_address', 'critical', 'Cards of several recipients go to one address',
      jsonb_build_object('recipients', recipients + 1, 'address_ends_with', right(address, 4)),
      client_id || ':' || private.fingerprint(address), client_id);
  end if;
end $$;

-- Checks an address that is not the recipient's: its country must be allowed, and the alert counts it. If the recipient has no contact on
-- the channel, an address given by staff is stored as the recipient's own.
create function private.use_other_address(recipient public.campaign_recipients, channel text, address text, is_staff boolean)
returns void language plpgsql volatile set search_path = '' as $$
begin
  if channel = 'sms' then
    perform private.assert_sms_allowed(recipient.client_id, address);
  end if;
  perform private.watch_address(recipient.client_id, recipient.id, address);
  if is_staff then
    perform private.store_missing_contact(recipient.id, channel, address);
  end if;
end $$;

create function private.store_missing_contact(recipient_id uuid, channel text, address text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  update public.campaign_recipients r
  set phone = case when channel = 'sms' then coalesce(r.phone, address) else r.phone end,
    email = case when channel = 'email' then coalesce(r.email, address) else r.email end
  where r.id = store_missing_contact.recipient_id and private.own_address(r, channel) is null;
end $$;

create function private.update_confirmation_policy(client_id uuid, requires_confirmation_code boolean)
returns public.clients language plpgsql volatile security definer set search_path = '' as $$
declare
  client public.clients;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  perform private.assert_given(requires_confirmation_code is not null, 'requires_confirmation_code');
  update public.clients c set requires_confirmation_code = update_confirmation_policy.requires_confirmation_code
  where c.id = client_id returning c.* into client;
  perform private.record_audit(client.id, private.caller(), 'confirmation_policy.updated', 'client', client.id,
    jsonb_build_object('requires_confirmation_code', requires_confirmation_code));
  return client;
end $$;
select private.publish('private.update_confirmation_policy(uuid, boolean)', '{authenticated, service_role}',
  'Sets whether call agents need the confirmation code of the caller to provision (GC-009 without it).');
