-- Gift cards: the recipients of a campaign, their redemption codes, and the grants.
-- The codes stand in a table of their own: agents and admins share one database role, so only a row policy can keep agents from
-- reading them. `public.recipients` joins both for its reader. Functions read the tables, not the view.

-- The canonical form of a name: spellings that differ in case, accents, blanks or invisible characters are equal.
create function private.name_key(first_name text, last_name text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  name text := concat_ws(' ', first_name, last_name);
begin
  -- plain names, the most frequent ones, need no folding
  if name ~ '[^ -~]' then
    name := regexp_replace(normalize(name, nfkd), '[\u0300-\u036f' || private.code_invisibles() || ']', '', 'g');
    name := regexp_replace(name, '[' || private.code_spaces() || ']', ' ', 'g');
  end if;
  if position('  ' in name) > 0 then
    name := regexp_replace(name, ' +', ' ', 'g');
  end if;
  return lower(btrim(name));
end $$;

create table public.campaign_recipients (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  first_name text,
  last_name text,
  email text,
  phone text,
  code_last4 text,
  external_crm_id text,
  state text,
  country text,
  sms_opted_in_at timestamptz,
  created_at timestamptz not null default now(),
  constraint recipients_campaign_is_the_clients
    foreign key (campaign_id, client_id) references public.campaigns (id, client_id),
  -- led by the parent: the plan of a foreign-key check is made once, and an index on the parent alone may seem as good then
  constraint recipients_belong_to_their_campaign unique (campaign_id, client_id, id),
  constraint recipients_code_last4_is_four_characters check (length(code_last4) = 4),
  constraint recipients_email_is_an_address check (email ~ '^[^@\s]+@[^@\s]+$'),
  constraint recipients_phone_is_e164 check (phone ~ '^\+[1-9][0-9]{6,14}$')
);
comment on table public.campaign_recipients is
  'Recipients who may earn cards in a campaign; read the view `recipients`, which adds codes for admins and servers. code_last4: the end '
  'of the redemption code, for staff to tell codes apart; null where the rest of the code would be short enough to guess.';

create table public.recipient_codes (
  recipient_id uuid not null,
  client_id uuid not null,
  campaign_id uuid not null,
  redemption_token text not null default private.generate_code(),
  redemption_code text not null generated always as (private.canonical_code(redemption_token)) stored,
  created_at timestamptz not null default clock_timestamp(),
  -- one code for each recipient, because the foreign key leaves one campaign and client for an id
  constraint recipient_codes_are_of_one_recipient primary key (recipient_id, campaign_id, client_id),
  constraint recipient_codes_recipient_is_the_campaigns
    foreign key (recipient_id, campaign_id, client_id) references public.campaign_recipients (id, campaign_id, client_id),
  constraint recipients_redemption_code_is_unique unique (redemption_code),
  constraint recipients_redemption_code_is_readable check (length(redemption_code) >= 5)
);
comment on table public.recipient_codes is
  'The redemption code of each recipient, readable by admins and servers only. redemption_token is printed and typed in any case and '
  'spacing; redemption_code is its canonical form.';

create view public.recipients with (security_invoker = true) as
  select r.id, r.client_id, r.campaign_id, r.first_name, r.last_name, r.email, r.phone, c.redemption_token, c.redemption_code,
    r.code_last4, r.external_crm_id, r.state, r.country, r.sms_opted_in_at, r.created_at
  from public.campaign_recipients r
  left join public.recipient_codes c on c.recipient_id = r.id;
comment on view public.recipients is
  'Recipients with their redemption codes; for an agent redemption_token and redemption_code are null, and code_last4 remains.';

create table public.gift_card_grants (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  campaign_id uuid not null,
  recipient_id uuid not null,
  condition_number int not null,
  surface text not null,
  granted_by uuid,
  created_at timestamptz not null default now(),
  cancelled_at timestamptz,
  constraint gift_card_grants_recipient_is_the_campaigns
    foreign key (recipient_id, campaign_id, client_id) references public.campaign_recipients (id, campaign_id, client_id)
);
comment on table public.gift_card_grants is
  'The promise: one card for a recipient, campaign and condition, until the grant is cancelled. The card references its grant.';

create index recipients_client_id_idx on public.campaign_recipients (client_id, id);
-- Looked up by contact alone (callers, replies), and with campaign and name by imports. The campaign stands here as text, because an
-- import plans its look-up while the campaign is small, and an index on the uuid would be as cheap then: ten thousand rows later it is not.
create index recipients_phone_idx
  on public.campaign_recipients (phone, (campaign_id::text), private.name_key(first_name, last_name));
create index recipients_email_idx
  on public.campaign_recipients (lower(email), (campaign_id::text), private.name_key(first_name, last_name));
-- led by the client: a CRM event looks for its contact in all campaigns of the client, and other clients have contacts with the same id
-- Partial, so that a foreign-key check, which knows client and campaign as well, cannot take it and read the whole campaign for each row.
create unique index recipients_external_crm_id_idx
  on public.campaign_recipients (client_id, external_crm_id, campaign_id) where external_crm_id is not null;
create index recipient_codes_redemption_token_idx on public.recipient_codes (redemption_token);
create index recipient_codes_client_id_idx on public.recipient_codes (client_id, created_at);
create index gift_card_grants_recipient_id_campaign_id_client_id_idx
  on public.gift_card_grants (recipient_id, campaign_id, client_id);
create unique index gift_card_grants_are_given_once
  on public.gift_card_grants (recipient_id, campaign_id, condition_number) where cancelled_at is null;
create index gift_card_grants_client_id_idx on public.gift_card_grants (client_id, created_at);

-- Whether the phone may receive SMS for the recipient. The phone's last consent decides; without one, the opt-in stored with the recipient
-- counts (an import), unless it came from another phone.
create function private.has_agreed(recipient public.campaign_recipients, phone text)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return coalesce((private.last_consent(recipient.client_id, 'sms', phone)).action = 'opted_in',
    recipient.phone = has_agreed.phone and recipient.sms_opted_in_at is not null and not exists (
      select from public.consents c where c.recipient_id = recipient.id and c.action = 'opted_in'), false);
end $$;

alter table public.campaign_recipients enable row level security;
alter table public.recipient_codes enable row level security;
alter table public.gift_card_grants enable row level security;

grant select on public.campaign_recipients, public.recipient_codes, public.recipients, public.gift_card_grants
  to authenticated, service_role;

create policy "Staff read the recipients of their clients" on public.campaign_recipients
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Admins read the redemption codes of their clients" on public.recipient_codes
  for select to authenticated using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');

create policy "Staff read the grants of their clients" on public.gift_card_grants
  for select to authenticated using (
    client_id = any (array(select private.staffed_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform');
