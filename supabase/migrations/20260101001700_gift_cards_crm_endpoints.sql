-- Gift cards, CRM endpoints: the addresses of a client's CRM events, and the keys that verify their signatures.
-- Keys are in a private table that no client role reads; a generated key is shown once. During a rotation two keys are valid, never more.
-- HighLevel signs for all of its customers with one key, and a HubSpot app for all accounts that installed it: there the account that an
-- event names decides whose event it is.

create table public.crm_endpoints (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  name text not null,
  kind text not null default 'standard',
  campaign_id uuid,
  account_id text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  constraint crm_endpoints_campaign_is_the_clients
    foreign key (campaign_id, client_id) references public.campaigns (id, client_id),
  constraint crm_endpoints_belong_to_their_client unique (client_id, id),
  -- led by the name: a foreign-key check could take an index that begins with the client, and read all its endpoints
  constraint crm_endpoints_name_is_unique unique (name, client_id),
  constraint crm_endpoints_name_is_not_empty check (length(btrim(name)) between 1 and 100),
  constraint crm_endpoints_kind_is_valid check (kind in ('standard', 'hubspot', 'gohighlevel')),
  constraint crm_endpoints_of_highlevel_name_their_account check (kind <> 'gohighlevel' or account_id is not null)
);
comment on table public.crm_endpoints is
  'The endpoint of a client''s CRM events: crm-webhook/<id>. kind: how the CRM signs; with a campaign it serves that one only, '
  'with an account_id (HighLevel''s locationId, HubSpot''s portalId) it accepts events of that account only.';

create table private.crm_keys (
  id uuid primary key default gen_random_uuid(),
  endpoint_id uuid not null references public.crm_endpoints (id),
  key text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz
);
comment on table private.crm_keys is
  'The keys that verify an endpoint''s signatures: a Standard Webhooks secret, HubSpot''s client secret, or the public key '
  'of HighLevel.';

create index crm_endpoints_campaign_id_client_id_idx on public.crm_endpoints (campaign_id, client_id);
create index crm_keys_endpoint_id_idx on private.crm_keys (endpoint_id, created_at);

create function private.base64_length(text text)
returns int language plpgsql immutable set search_path = '' as $$
begin
  return case when length(text) % 4 = 0 and text ~ '^[A-Za-z0-9+/]+={0,2}$' then octet_length(decode(text, 'base64')) end;
end $$;

-- The canonical form of a key, or a refusal that names the expected form, never the key itself.
create function private.crm_key(kind text, key text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  -- a public key is often copied with its PEM lines
  bare text := regexp_replace(key, '-----[A-Z ]+-----|\s', '', 'g');
begin
  if kind = 'standard' and not coalesce(
    (bare ~ '^whsec_' and private.base64_length(substr(bare, 7)) between 24 and 64)
    or (bare ~ '^whpk_' and private.base64_length(substr(bare, 6)) = 32), false) then
    perform private.refuse_field('key', 'must be "whsec_" and the base64 of 24 to 64 bytes, '
      'or of an Ed25519 public key "whpk_" and the base64 of its 32 bytes');
  elsif kind = 'hubspot' and coalesce(length(bare), 0) not between 16 and 200 then
    perform private.refuse_field('key', 'must be the client secret of the HubSpot app');
  elsif kind = 'gohighlevel' and coalesce(private.base64_length(bare), 0) not in (32, 44) then
    perform private.refuse_field('key', 'must be the Ed25519 public key of HighLevel, in base64 or PEM');
  end if;
  return bare;
end $$;

-- Stores a key and returns it; a standard endpoint without one gets a generated key.
create function private.add_crm_key(endpoint public.crm_endpoints, key text)
returns text language plpgsql volatile set search_path = '' as $$
declare
  added text := case when key is null and endpoint.kind = 'standard'
    then 'whsec_' || encode(extensions.gen_random_bytes(32), 'base64') else private.crm_key(endpoint.kind, key) end;
begin
  insert into private.crm_keys (endpoint_id, key) values (endpoint.id, added);
  return added;
end $$;

create function private.present_crm_endpoint(endpoint public.crm_endpoints, made text)
returns jsonb language plpgsql immutable set search_path = '' as $$
begin
  return jsonb_build_object('id', endpoint.id, 'name', endpoint.name, 'kind', endpoint.kind,
    'campaignId', endpoint.campaign_id, 'accountId', endpoint.account_id, 'isActive', endpoint.is_active, 'path', 'crm-webhook/' || endpoint.id,
    'secret', made);
end $$;

create function private.create_crm_endpoint(
  client_id uuid, name text, kind text default 'standard', campaign_id uuid default null, key text default null,
  account_id text default null)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.crm_endpoints;
  added text;
begin
  perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  perform private.assert_text(name, 'name', 100), private.assert_choice(kind, 'kind', array['standard', 'hubspot', 'gohighlevel']);
  perform private.assert_campaign_of(client_id, campaign_id);
  if kind = 'gohighlevel' and account_id is null then
    perform private.refuse_field('account_id', 'must be the locationId: HighLevel signs for all of its customers with one key');
  elsif exists (select from public.crm_endpoints e where e.client_id = create_crm_endpoint.client_id and e.name = create_crm_endpoint.name) then
    perform private.refuse_field('name', 'is the name of another endpoint of the client');
  end if;
  insert into public.crm_endpoints as e (client_id, name, kind, campaign_id, account_id)
  values (client_id, name, kind, campaign_id, account_id)
  returning e.* into endpoint;
  added := private.add_crm_key(endpoint, key);
  perform private.record_audit(client_id, private.caller(), 'crm_endpoint.created', 'crm_endpoint', endpoint.id,
    jsonb_build_object('kind', kind));
  return private.present_crm_endpoint(endpoint, case when key is null then added end);
end $$;
select private.publish('private.create_crm_endpoint(uuid, text, text, uuid, text, text)', '{authenticated, service_role}',
  'Creates an endpoint for a CRM''s events. Without a key a standard endpoint gets a generated one, shown in this answer only. RB-400, '
  'RB-403, RB-404.');

-- The endpoint, locked, if the caller administers it.
create function private.administered_crm_endpoint(endpoint_id uuid)
returns public.crm_endpoints language plpgsql volatile set search_path = '' as $$
declare
  endpoint public.crm_endpoints;
begin
  select e.* into endpoint from public.crm_endpoints e where e.id = endpoint_id for update;
  perform private.assert_can_act(private.caller(), endpoint.client_id, private.admin_roles());
  return endpoint;
end $$;

create function private.update_crm_endpoint_key(endpoint_id uuid, key text default null, overlap_hours int default 24)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.crm_endpoints := private.administered_crm_endpoint(endpoint_id);
  added text;
begin
  perform private.assert_given(overlap_hours is not null, 'overlap_hours'), private.assert_number(overlap_hours, 'overlap_hours', 0, 168);
  -- a key that was to expire later expires now: at most two are valid
  update private.crm_keys k
  set expires_at = case when k.expires_at is null then now() + make_interval(hours => overlap_hours) else least(k.expires_at, now()) end
  where k.endpoint_id = endpoint.id;
  added := private.add_crm_key(endpoint, key);
  perform private.record_audit(endpoint.client_id, private.caller(), 'crm_endpoint.key_changed', 'crm_endpoint', endpoint.id,
    jsonb_build_object('overlap_hours', overlap_hours));
  return private.present_crm_endpoint(endpoint, case when key is null then added end);
end $$;
select private.publish('private.update_crm_endpoint_key(uuid, text, int)', '{authenticated, service_role}',
  'Sets a new key of an endpoint; the previous one stays valid for overlap_hours. Without a key a standard endpoint gets a generated one.');

create function private.update_crm_endpoint(endpoint_id uuid, is_active boolean)
returns jsonb language plpgsql volatile security definer set search_path = '' as $$
declare
  endpoint public.crm_endpoints := private.administered_crm_endpoint(endpoint_id);
begin
  perform private.assert_given(is_active is not null, 'is_active');
  update public.crm_endpoints e set is_active = update_crm_endpoint.is_active
  where e.id = endpoint.id returning e.* into endpoint;
  perform private.record_audit(endpoint.client_id, private.caller(), 'crm_endpoint.updated', 'crm_endpoint', endpoint.id,
    jsonb_build_object('is_active', endpoint.is_active));
  return private.present_crm_endpoint(endpoint, null);
end $$;
select private.publish('private.update_crm_endpoint(uuid, boolean)', '{authenticated, service_role}',
  'Disables an endpoint, which then accepts no event, or enables it again.');

create function public.get_crm_endpoint(endpoint_id uuid)
returns jsonb language plpgsql stable security definer set search_path = '' as $$
begin
  return private.answered((
    select jsonb_build_object('id', e.id, 'kind', e.kind, 'keys', (
      select coalesce(jsonb_agg(k.key order by k.created_at desc), '[]') from private.crm_keys k
      where k.endpoint_id = e.id and (k.expires_at is null or k.expires_at > now())))
    from public.crm_endpoints e
    join public.clients c on c.id = e.client_id
    where e.id = endpoint_id and e.is_active and c.is_active));
end $$;
comment on function public.get_crm_endpoint is
  'The kind and valid keys of an endpoint, to verify signatures; null if it does not exist or is disabled.';
grant execute on function public.get_crm_endpoint to service_role;

alter table public.crm_endpoints enable row level security;

grant select on public.crm_endpoints to authenticated, service_role;

create policy "Admins read the CRM endpoints of their clients" on public.crm_endpoints
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
