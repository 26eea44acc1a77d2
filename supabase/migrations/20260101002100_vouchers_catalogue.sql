-- Vouchers: codes that customers redeem for messages, bizcoins, a package or a discount.
-- A code stands once for a client, in one form however it is typed. What each type needs is a named CHECK, and no voucher is
-- used more often than its limit (vouchers_usage_stays_within_limit). Codes are read by the admins of the client and by the
-- dealer whose voucher it is; a customer receives a code outside the database.

create table public.vouchers (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null references public.clients (id),
  code text not null,
  canonical_code text not null generated always as (private.canonical_code(code)) stored,
  type text not null,
  value numeric(18,2),
  description text,
  usage_limit int,
  usage_count int not null default 0,
  per_customer_limit int not null default 1,
  is_active boolean not null default true,
  is_public boolean not null default false,
  starts_at timestamptz not null default now(),
  expires_at timestamptz,
  package_id uuid,
  minimum_purchase numeric(18,2),
  entitlement_days int,
  owner_id uuid,
  owner_benefit numeric(18,2),
  dealer_id uuid,
  allowed_domains text[],
  allowed_customers text[],
  batch_id uuid,
  created_by uuid,
  created_at timestamptz not null default now(),
  constraint vouchers_are_of_one_client unique (client_id, id),
  constraint vouchers_package_is_of_the_client foreign key (client_id, package_id) references public.packages (client_id, id),
  constraint vouchers_codes_are_unique unique (canonical_code, client_id),
  constraint vouchers_code_is_long_enough check (length(canonical_code) between 3 and 64),
  -- codes of a batch are drawn, from a pattern with enough room
  constraint vouchers_codes_that_give_value_are_long check (
    type = 'percentage' or batch_id is not null or length(canonical_code) >= 8),
  constraint vouchers_type_is_valid check (type in ('message', 'credit', 'package', 'percentage')),
  constraint vouchers_value_fits_type check (
    case type
      when 'package' then value is null
      when 'percentage' then value is not null and value > 0 and value <= 100
      else value is not null and value > 0 and value < 'Infinity' and value = trunc(value)
    end),
  constraint vouchers_package_fits_type check (
    case type when 'package' then package_id is not null when 'percentage' then true else package_id is null end),
  constraint vouchers_percentages_become_entitlements check ((type = 'percentage') = (entitlement_days is not null)),
  constraint vouchers_minimum_purchase_is_of_percentages check (
    minimum_purchase is null or (type = 'percentage' and minimum_purchase > 0 and minimum_purchase < 'Infinity')),
  constraint vouchers_entitlement_days_are_few check (entitlement_days between 1 and 3650),
  constraint vouchers_limits_are_positive check (usage_limit > 0 and per_customer_limit > 0),
  constraint vouchers_usage_stays_within_limit check (usage_count >= 0 and usage_count <= usage_limit),
  constraint vouchers_end_after_they_start check (expires_at > starts_at),
  constraint vouchers_owners_have_a_benefit check ((owner_id is null) = (owner_benefit is null)),
  constraint vouchers_owner_benefit_is_whole check (
    owner_benefit > 0 and owner_benefit < 'Infinity' and owner_benefit = trunc(owner_benefit))
  -- room for the next count beside the row, so that no index is written for it
) with (fillfactor = 80);
comment on table public.vouchers is
  'A code and its benefit: value is messages, bizcoins or per cent by type. No usage_limit: unlimited; package_id: the package that it '
  'gives or discounts; owner_id: the customer who gets owner_benefit bizcoins for each redemption; dealer_id: only '
  'this dealer''s customers may redeem it; allowed_domains, allowed_customers: only these may; is_public: offered as an alternative.';

create table public.voucher_usage (
  id uuid primary key default gen_random_uuid(),
  client_id uuid not null,
  voucher_id uuid not null,
  user_id uuid not null,
  redemption_type text not null,
  benefit numeric(18,2) not null,
  discount_amount numeric(18,2),
  owner_benefit numeric(18,2),
  status text not null default 'redeemed',
  transfer_id uuid references public.ledger_transfers (id),
  owner_transfer_id uuid references public.ledger_transfers (id),
  customer_package_id uuid references public.customer_packages (id),
  identities text[] not null,
  notes text,
  request_id uuid,
  used_at timestamptz not null default now(),
  rolled_back_at timestamptz,
  rolled_back_benefit numeric(18,2),
  rolled_back_owner_benefit numeric(18,2),
  constraint voucher_usage_is_of_the_vouchers_client
    foreign key (client_id, voucher_id) references public.vouchers (client_id, id),
  constraint voucher_usage_redemption_type_is_valid check (
    redemption_type in ('message', 'credit', 'package', 'percentage')),
  constraint voucher_usage_status_is_valid check (status in ('redeemed', 'rolled_back')),
  constraint voucher_usage_rolled_back_at_matches_status check ((status = 'rolled_back') = (rolled_back_at is not null)),
  constraint voucher_usage_is_rolled_back_when_all_came_back check (
    case when coalesce(rolled_back_benefit, 0) = benefit
      and coalesce(rolled_back_owner_benefit, 0) = coalesce(owner_benefit, 0)
    -- a package that was rolled back without its used messages
    then status = 'rolled_back' or redemption_type = 'package'
    else status = 'redeemed' end),
  constraint voucher_usage_bizcoins_and_messages_have_a_transfer check (
    redemption_type not in ('message', 'credit') or transfer_id is not null),
  constraint voucher_usage_packages_are_given check (
    redemption_type not in ('message', 'package') or customer_package_id is not null),
  constraint voucher_usage_rolls_back_no_more_than_was_given check (
    rolled_back_benefit between 0 and benefit and rolled_back_owner_benefit between 0 and owner_benefit)
);
comment on table public.voucher_usage is
  'Redemptions: customer, voucher and benefit in messages, bizcoins, packages or per cent; discount_amount is what '
  'a percentage has saved at the purchase; identities are the fingerprints that the customer was known by. rolled_back_benefit: how '
  'much was revoked so far; the status is rolled_back, and the use returned, when everything was.';

create table private.voucher_identities (
  voucher_id uuid not null,
  identity text not null,
  redemptions int not null,
  constraint voucher_identities_are_unique primary key (voucher_id, identity),
  constraint voucher_identities_redemptions_are_counted check (redemptions >= 0)
);
comment on table private.voucher_identities is
  'How often a person has redeemed a voucher, for each way the person is known: as account, by e-mail, by phone.';

create index vouchers_client_id_idx on public.vouchers (client_id, created_at, id);
create index vouchers_canonical_code_idx on public.vouchers (client_id, canonical_code text_pattern_ops);
create index vouchers_expires_at_idx on public.vouchers (client_id, expires_at) where expires_at is not null;
create index vouchers_starts_at_idx on public.vouchers (client_id, starts_at);
create index vouchers_paused_idx on public.vouchers (client_id, created_at, id) where not is_active;
create index vouchers_package_id_idx on public.vouchers (client_id, package_id);
create index vouchers_batch_id_idx on public.vouchers (batch_id) where batch_id is not null;
create index vouchers_dealer_id_idx on public.vouchers (dealer_id) where dealer_id is not null;
create index vouchers_public_idx on public.vouchers (client_id) where is_public and is_active;
create index voucher_usage_voucher_id_idx on public.voucher_usage (client_id, voucher_id, used_at);
create index voucher_usage_user_id_idx on public.voucher_usage (user_id, used_at);
create index voucher_usage_transfer_id_idx on public.voucher_usage (transfer_id);
create index voucher_usage_owner_transfer_id_idx on public.voucher_usage (owner_transfer_id);
create index voucher_usage_customer_package_id_idx on public.voucher_usage (customer_package_id);

-- Discounts come before vouchers in the order of files, because a purchase reads them; until 1.0 a migration finds the tables empty.
alter table public.voucher_entitlements
  -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
  add constraint voucher_entitlements_are_of_the_vouchers_client
    foreign key (client_id, voucher_id) references public.vouchers (client_id, id),
  -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
  add constraint voucher_entitlements_usage_id_fkey foreign key (usage_id) references public.voucher_usage (id);

-- One mailbox has many spellings: case, a +tag, both forms of an international domain, and at Gmail dots and either domain make no
-- difference.
create function private.normalised_email(email text)
returns text language plpgsql immutable set search_path = '' as $$
declare
  mailbox text := split_part(split_part(lower(btrim(email)), '@', 1), '+', 1);
  domain text := private.ascii_domain(split_part(btrim(email), '@', 2));
begin
  if domain in ('gmail.com', 'googlemail.com') then
    return replace(mailbox, '.', '') || '@gmail.com';
  end if;
  -- the same mailbox under each name of its provider
  return mailbox || '@' || case when domain in ('protonmail.com', 'pm.me') then 'proton.me'
    when domain in ('me.com', 'mac.com') then 'icloud.com' else domain end;
end $$;

-- An account's id, an e-mail address or a phone number, in the one form in which they are compared.
create function private.identity_of(contact text)
returns text language plpgsql immutable set search_path = '' as $$
begin
  return case
    when contact ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then 'user:' || lower(contact)
    when position('@' in contact) > 0 then 'email:' || private.normalised_email(contact)
    when contact ~ '[0-9]' then 'phone:+' || regexp_replace(contact, '[^0-9]', '', 'g')
  end;
end $$;

-- The identities of a person, as sorted fingerprints: accounts of one person have one of them in common. A contact counts once it is
-- confirmed, because a profile may contain the phone of another person.
create function private.identities_of(user_id uuid)
returns text[] language plpgsql stable set search_path = '' as $$
begin
  return (
    select coalesce(array_agg(distinct private.fingerprint(i.identity) order by private.fingerprint(i.identity)), '{}')
    from auth.users u, unnest(array[
      private.identity_of(u.id::text),
      case when u.email_confirmed_at is not null then private.identity_of(nullif(u.email, '')) end,
      case when u.phone_confirmed_at is not null then private.identity_of(nullif(u.phone::text, '')) end]) as i (identity)
    where u.id = identities_of.user_id and i.identity is not null);
end $$;

-- The redemption of a percentage voucher shows what its discount has saved.
create function private.record_discount()
returns trigger language plpgsql volatile set search_path = '' as $$
begin
  update public.voucher_usage u set discount_amount = new.discount_amount where u.id = new.usage_id;
  return null;
end $$;

create trigger voucher_entitlements_tell_what_they_saved after update of discount_amount on public.voucher_entitlements
  for each row execute function private.record_discount();

-- For policies: security definer, because the caller may not read the memberships of others.
create function private.dealt_client_ids()
returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.client_id from public.memberships m
  where m.user_id = auth.uid() and m.role = 'dealer' and m.suspended_at is null
$$;

grant execute on function private.dealt_client_ids() to authenticated;

alter table public.vouchers enable row level security;
alter table public.voucher_usage enable row level security;

grant select on public.vouchers, public.voucher_usage to authenticated, service_role;

create policy "Admins read the vouchers of their clients, dealers their own" on public.vouchers
  for select to authenticated
  using (
    client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or (dealer_id = (select auth.uid()) and client_id = any (array(select private.dealt_client_ids()))));

create policy "Customers read their redemptions, admins and dealers theirs" on public.voucher_usage
  for select to authenticated
  using (
    user_id = (select auth.uid())
    or client_id = any (array(select private.administered_client_ids()))
    or client_id between (select private.platform_from()) and (select private.platform_to())
      and (select private.reader_scope()) = 'platform'
    or voucher_id = any (array(
      select v.id from public.vouchers v
      where v.dealer_id = (select auth.uid()) and v.client_id = any (array(select private.dealt_client_ids())))));

create view public.voucher_redemption_attempts with (security_invoker = on) as
  -- the case, because a condition on user_id may be tried before the one on the surface
  select a.client_id, a.id, a.surface, case when a.surface like '%-voucher' then a.subject::uuid end as user_id,
    a.code_fingerprint, a.outcome, a.code as error_code, a.request_id, a.created_at
  from public.redemption_attempts a
  where a.surface in ('redeem-voucher', 'validate-voucher');
comment on view public.voucher_redemption_attempts is
  'Attempts to redeem a voucher: actor, fingerprint of the code, and outcome (error_code when it was refused).';

grant select on public.voucher_redemption_attempts to authenticated, service_role;
