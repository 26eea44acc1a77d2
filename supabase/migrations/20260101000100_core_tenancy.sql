-- Tenancy: agencies serve clients, and people belong to them through memberships.
-- A role is looked up at the time of use, never taken from a token that may be an hour old.
-- platform_admin sees everything, agency_admin the clients of the agency, the other roles one client.

create table public.agencies (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  slug text not null,
  is_active boolean not null default true,
  prepaid_since timestamptz,
  created_at timestamptz not null default now(),
  constraint agencies_slug_is_unique unique (slug),
  constraint agencies_slug_is_url_safe check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);
comment on table public.agencies is 'An agency runs campaigns for its clients; the platform itself may be one. prepaid_since: since then its bills are paid '
  'from its credit.';

create table public.clients (
  id uuid primary key default gen_random_uuid(),
  agency_id uuid not null references public.agencies (id),
  name text not null,
  slug text not null,
  time_zone text not null default 'UTC',
  country text not null default 'US',
  sms_countries text[] not null default '{}',
  sms_daily_max int not null default 10000,
  requires_confirmation_code boolean not null default false,
  is_active boolean not null default true,
  prepaid_since timestamptz,
  created_at timestamptz not null default now(),
  constraint clients_slug_is_unique unique (slug),
  constraint clients_slug_is_url_safe check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint clients_time_zone_is_known check (now() at time zone time_zone is not null),
  constraint clients_country_is_iso check (country ~ '^[A-Z]{2}$'),
  constraint clients_sms_daily_max_is_not_negative check (sms_daily_max >= 0)
);
comment on table public.clients is
  'A client hands out rewards; dates it gives are read in its time zone. prepaid_since: since then its bills are paid from its '
  'credit. country (ISO 3166, two letters) and sms_countries: where its SMS may go; sms_daily_max: how many a day. '
  'requires_confirmation_code: call agents need the caller''s code.';

create table public.memberships (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  role text not null,
  agency_id uuid references public.agencies (id),
  client_id uuid references public.clients (id),
  dealer_id uuid references auth.users (id) on delete set null,
  suspended_at timestamptz,
  created_at timestamptz not null default now(),
  constraint memberships_role_is_valid check (
    role in ('platform_admin', 'agency_admin', 'client_admin', 'call_agent', 'dealer', 'customer')),
  constraint memberships_scope_matches_role check (
    case role
      when 'platform_admin' then agency_id is null and client_id is null
      when 'agency_admin' then agency_id is not null and client_id is null
      else agency_id is null and client_id is not null
    end),
  constraint memberships_customers_alone_have_a_dealer check (dealer_id is null or role = 'customer'),
  constraint memberships_are_unique unique nulls not distinct (user_id, role, agency_id, client_id)
);
comment on table public.memberships is
  'Which user acts in which role, for the platform, one agency or one client. dealer_id: whose customer a customer is.';

create index clients_agency_id_idx on public.clients (agency_id);
create index memberships_agency_id_idx on public.memberships (agency_id);
create index memberships_client_id_idx on public.memberships (client_id);
create index memberships_dealer_id_idx on public.memberships (dealer_id);

-- The clients that a user may act for in one of the given roles.
create function private.client_ids_of(actor uuid, roles text[])
returns setof uuid language plpgsql stable set search_path = '' as $$
begin
  -- three look-ups by index: a join on any of the three would read all clients for every caller
  return query
    with held as (
      select m.role, m.agency_id, m.client_id from public.memberships m
      where m.user_id = actor and m.role = any (roles) and m.suspended_at is null)
    select c.id from public.clients c where exists (select from held h where h.role = 'platform_admin')
    union
    select c.id from held h join public.clients c on c.agency_id = h.agency_id
    union
    select h.client_id from held h where h.client_id is not null;
end $$;

-- The same question about one client, whose answer costs the same however many clients there are.
create function private.acts_for(actor uuid, client_id uuid, roles text[])
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return exists (
    select from public.memberships m
    where m.user_id = actor and m.role = any (roles) and m.suspended_at is null and exists (
      select from public.clients c
      where c.id = acts_for.client_id
        and (m.role = 'platform_admin' or c.agency_id = m.agency_id or c.id = m.client_id)));
end $$;

-- Where a client is; what belongs to no client is in UTC.
create function private.time_zone_of(client_id uuid)
returns text language plpgsql stable set search_path = '' as $$
begin
  return coalesce((select c.time_zone from public.clients c where c.id = time_zone_of.client_id), 'UTC');
end $$;

create function private.staff_roles()
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  return array['platform_admin', 'agency_admin', 'client_admin', 'call_agent'];
end $$;

create function private.admin_roles()
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  return array['platform_admin', 'agency_admin', 'client_admin'];
end $$;

-- The clients of a user's own memberships, for policies. A platform admin has none here: an array of all clients would be compared
-- one by one for each row, so policies let the platform read by a range of ids (private.platform_from, private.platform_to).
create function private.client_ids_below_platform(roles text[])
returns setof uuid language sql stable security definer rows 10 set search_path = '' as $$
  select private.client_ids_of(auth.uid(), array_remove(roles, 'platform_admin'))
$$;

-- For policies: security definer, because the caller may not read the memberships of others.
create function private.staffed_client_ids()
returns setof uuid language sql stable security definer rows 10 set search_path = '' as $$
  select private.client_ids_below_platform(private.staff_roles())
$$;
grant execute on function private.staffed_client_ids() to authenticated;

create function private.administered_client_ids()
returns setof uuid language sql stable security definer rows 10 set search_path = '' as $$
  select private.client_ids_below_platform(private.admin_roles())
$$;
grant execute on function private.administered_client_ids() to authenticated;

-- The agencies that a user administers: its own, or all of them for the platform.
create function private.agency_ids_of(actor uuid)
returns setof uuid language plpgsql stable set search_path = '' as $$
begin
  return query
    select a.id from public.memberships m
    join public.agencies a on m.role = 'platform_admin' or a.id = m.agency_id
    where m.user_id = actor and m.role in ('platform_admin', 'agency_admin') and m.suspended_at is null;
end $$;

create function private.administered_agency_ids()
returns setof uuid language sql stable security definer set search_path = '' as $$
  select private.agency_ids_of(auth.uid())
$$;
grant execute on function private.administered_agency_ids() to authenticated;

create function private.is_platform_admin(actor uuid)
returns boolean language sql stable security definer set search_path = '' as $$
  select exists (
    select from public.memberships m
    where m.user_id = actor and m.role = 'platform_admin' and m.suspended_at is null)
$$;

create function private.is_platform_admin()
returns boolean language sql stable security definer set search_path = '' as $$
  select private.is_platform_admin(auth.uid())
$$;
grant execute on function private.is_platform_admin() to authenticated;

-- The range of client ids that the reader sees as the platform: all of them, or none. A policy asks for the range, which an index
-- answers, and once more for the scope: the planner takes that for rare, and so plans for tenants, who read few rows of many.
create function private.platform_from()
returns uuid language sql stable security definer set search_path = '' as $$
  select '00000000-0000-0000-0000-000000000000'::uuid where private.is_platform_admin()
$$;
grant execute on function private.platform_from() to authenticated;

create function private.platform_to()
returns uuid language sql stable security definer set search_path = '' as $$
  select 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid where private.is_platform_admin()
$$;
grant execute on function private.platform_to() to authenticated;

create function private.reader_scope()
returns text language sql stable security definer set search_path = '' as $$
  select case when private.is_platform_admin() then 'platform' else 'tenant' end
$$;
grant execute on function private.reader_scope() to authenticated;

-- How a call reached the database: user (a token's role), server (the secret key) or studio (the SQL editor, which runs as the
-- database's owner without a role of the API, or another direct connection). The API sets role and claims for each request; the
-- session's own user says nothing, and the current user of a security definer is its owner.
create function private.call_origin()
returns text language plpgsql stable set search_path = '' as $$
declare
  role constant text := current_setting('role', true);
begin
  return case
    when role = 'service_role' then 'server'
    when role in ('none', 'postgres') and coalesce(current_setting('request.jwt.claims', true), '') = '' then 'studio'
    else 'user' end;
end $$;

-- The actor of an admin entry point: the signed-in user, or null for a server and the SQL editor, which may do what a platform
-- admin may. A token without a user is refused, because no actor has all rights.
create function private.caller()
returns uuid language plpgsql stable set search_path = '' as $$
begin
  if private.call_origin() <> 'user' then
    return null;
  elsif auth.uid() is null then
    perform private.refuse('RB-401');
  end if;
  return auth.uid();
exception when invalid_text_representation then
  -- the subject of the token is no user
  perform private.refuse('RB-401');
end $$;

-- Has the actor all rights of the platform? No actor is a server or the SQL editor, as private.caller or an edge function found.
create function private.acts_for_platform(actor uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return actor is null or private.is_platform_admin(actor);
end $$;

-- Passes, or refuses: a client of others is answered as one that does not exist is. No actor is a server or the SQL editor.
create function private.assert_can_act(actor uuid, client_id uuid, roles text[])
returns void language plpgsql stable set search_path = '' as $$
begin
  if actor is null and exists (select from public.clients c where c.id = assert_can_act.client_id) then
    return;
  end if;
  if private.acts_for(actor, client_id, roles) then
    return;
  end if;
  if private.acts_for(actor, client_id, private.staff_roles()) then
    perform private.refuse('RB-403');
  end if;
  perform private.refuse('RB-404');
end $$;

-- The same for an agency's own business.
create function private.assert_can_act_for_agency(actor uuid, agency_id uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not exists (
    select from public.agencies a
    where a.id = assert_can_act_for_agency.agency_id and (actor is null or a.id in (select private.agency_ids_of(actor)))) then
    perform private.refuse('RB-404');
  end if;
end $$;

-- The same for what belongs to the platform: master pools, brands.
create function private.assert_platform_admin(actor uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not private.acts_for_platform(actor) then
    perform private.refuse('RB-404');
  end if;
end $$;

alter table public.agencies enable row level security;
alter table public.clients enable row level security;
alter table public.memberships enable row level security;

grant select on public.agencies, public.clients, public.memberships to authenticated, service_role;

create policy "People read the agencies they work for" on public.agencies
  for select to authenticated
  using (
    id = any (array(select c.agency_id from public.clients c))
    or (select private.is_platform_admin())
    or id = any (array(
      select m.agency_id from public.memberships m where m.user_id = (select auth.uid()) and m.suspended_at is null)));

create policy "Staff read their clients" on public.clients
  for select to authenticated
  using (
    id = any (array(select private.staffed_client_ids()))
    or id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "People read their memberships, admins those of their clients" on public.memberships
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (client_id is null and (select private.is_platform_admin())));
