-- Opt-outs: the addresses that nothing is sent to, and the latest preference of each address by the time of its event: providers report
-- preferences late, repeatedly and in any order.
-- An address can have opt-outs of several kinds: each is lifted by its own kind only, and nothing is sent while one is left.

create table public.contact_opt_outs (
  id uuid primary key default gen_random_uuid(),
  channel text not null,
  address text not null,
  kind text not null default 'general',
  source text not null,
  wording text,
  provider_message_id text,
  recorded_by uuid,
  said_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  constraint contact_opt_outs_address_is_in_lower_case check (address = lower(address)),
  constraint contact_opt_outs_channel_is_valid check (channel in ('sms', 'email')),
  constraint contact_opt_outs_kind_is_valid check (
    kind in ('general', 'whatsapp', 'spamreport', 'unsubscribe', 'one_click') or kind ~ '^group_unsubscribe:\d{0,20}$'),
  constraint contact_opt_outs_are_unique unique (channel, address, kind)
);
comment on table public.contact_opt_outs is
  'Addresses that opted out; read in the transaction that leases a send. said_at: the time of the opt-out, which a provider may '
  'report later. kind: what lifts it. general (a text, a carrier''s block, relayed by staff): START by text, or '
  'staff; whatsapp: START by WhatsApp; group_unsubscribe:<id>: that group''s resubscribe; one_click: the same link; unsubscribe and '
  'spamreport: nothing that is reported to us.';

create table private.contact_preferences (
  channel text not null,
  address text not null,
  kind text not null,
  preference text not null,
  said_at timestamptz not null,
  constraint contact_preferences_one_for_an_address primary key (channel, address, kind),
  constraint contact_preferences_address_is_in_lower_case check (address = lower(address)),
  constraint contact_preferences_preference_is_valid check (preference in ('opt_in', 'opt_out'))
);
comment on table private.contact_preferences is
  'The latest preference of each address, by kind. It is kept when the opt-out is lifted, so that an older one that is reported later is ignored.';

create function private.is_opted_out(channel text, address text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.contact_opt_outs o where o.channel = is_opted_out.channel and o.address = lower(is_opted_out.address));
end $$;

-- Locks the preferences of an address until the end of the transaction, to serialize opt-outs and opt-ins of all kinds.
-- Every transaction locks 'general' first, to prevent deadlocks.
create function private.lock_preference(channel text, address text, kind text default 'general')
returns private.contact_preferences language plpgsql volatile set search_path = '' as $$
declare
  preference private.contact_preferences;
begin
  if kind <> 'general' then
    perform private.lock_preference(channel, address);
  end if;
  insert into private.contact_preferences as w (channel, address, kind, preference, said_at)
  values (lock_preference.channel, lower(lock_preference.address), lock_preference.kind, 'opt_in', '-infinity')
  on conflict on constraint contact_preferences_one_for_an_address do update set said_at = w.said_at
  returning w.* into preference;
  return preference;
end $$;

-- Records a preference and returns whether it is the latest one: the later event wins, and of two at the same time the opt-out.
create function private.record_preference(channel text, address text, preference text, said_at timestamptz, kind text default 'general')
returns boolean language plpgsql volatile set search_path = '' as $$
declare
  last_preference private.contact_preferences := private.lock_preference(channel, address, kind);
begin
  if said_at < last_preference.said_at or (said_at = last_preference.said_at and preference = 'opt_in') then
    return false;
  end if;
  update private.contact_preferences w set preference = record_preference.preference, said_at = record_preference.said_at
  where w.channel = last_preference.channel and w.address = last_preference.address and w.kind = last_preference.kind;
  return true;
end $$;

-- Records an opt-out; false if the address has one already, or if the owner has opted in since said_at. The
-- owner's own opt-out outweighs one recorded by staff: only the owner can lift it.
create function private.opt_out(
  channel text, address text, source text, wording text, provider_message_id text default null, recorded_by uuid default null,
  said_at timestamptz default clock_timestamp(), kind text default 'general')
returns boolean language plpgsql volatile set search_path = '' as $$
declare
  was_opted_out boolean;
begin
  if not private.record_preference(channel, address, 'opt_out', said_at, kind) and not exists (
    select from public.contact_opt_outs o
    where o.channel = opt_out.channel and o.address = lower(opt_out.address) and o.kind = opt_out.kind) then
    return false;
  end if;
  was_opted_out := private.is_opted_out(channel, address);
  insert into public.contact_opt_outs as o (channel, address, kind, source, wording, provider_message_id, recorded_by, said_at)
  values (channel, lower(address), kind, source, wording, provider_message_id, recorded_by, said_at)
  on conflict on constraint contact_opt_outs_are_unique do update set
    said_at = greatest(o.said_at, excluded.said_at),
    source = case when excluded.source in ('sms_reply', 'provider') then excluded.source else o.source end,
    recorded_by = case when excluded.source in ('sms_reply', 'provider') then null else o.recorded_by end;
  return not was_opted_out;
end $$;

-- Lifts an opt-out of one kind by an opt-in of said_at, unless the opt-out is later. True if messages to the address are allowed again.
create function private.lift_opt_out(
  channel text, address text, said_at timestamptz default clock_timestamp(), kind text default 'general')
returns boolean language plpgsql volatile set search_path = '' as $$
begin
  if not private.record_preference(channel, address, 'opt_in', said_at, kind) then
    return false;
  end if;
  delete from public.contact_opt_outs o
  where o.channel = lift_opt_out.channel and o.address = lower(lift_opt_out.address) and o.kind = lift_opt_out.kind
    and o.said_at <= lift_opt_out.said_at;
  return found and not private.is_opted_out(channel, address);
end $$;

alter table public.contact_opt_outs enable row level security;

grant select on public.contact_opt_outs to authenticated, service_role;

create policy "Platform admins read opt-outs" on public.contact_opt_outs
  for select to authenticated using ((select private.is_platform_admin()));
