-- Gift cards, prepaid credit: the platform allocates credit to agencies, agencies to their clients, and each level that is
-- prepaid pays its own price of a card from it, exactly and never below zero: an agency what it owes the platform, a client what
-- it owes its agency.
-- Credit is an asset of the ledger for each currency. Credit given to agencies comes from the platform's issuance account, agencies
-- pay into its revenue account, and a client pays into a revenue account of its own, which its agency collects. Terms are looked up
-- when a card is claimed: a level that is not prepaid is only billed. The charge is the last step of a claim, because all claims of a
-- payer wait for its account; two accounts are locked in id order.

-- Returns the credit account of a client or an agency, and opens it on first use.
create function private.credit_account(owner_type text, owner_id uuid, currency text)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return private.ledger_account(
    case owner_type when 'client' then owner_id end, owner_type, owner_id, 'credit:' || currency);
end $$;

-- The accounts from which a card is paid; null at a level that is not prepaid, or not billed.
create type private.payers as (agency_account uuid, client_account uuid);

create function private.payers_of(client_id uuid, billing_entity text, currency text)
returns private.payers language plpgsql volatile set search_path = '' as $$
declare
  agency uuid;
  client uuid;
begin
  select case when a.prepaid_since <= now() then a.id end,
    case when payers_of.billing_entity = 'client' and c.prepaid_since <= now() then c.id end
  into agency, client
  from public.clients c join public.agencies a on a.id = c.agency_id where c.id = payers_of.client_id;
  return row(case when agency is not null then private.credit_account('agency', agency, currency) end,
    case when client is not null then private.credit_account('client', client, currency) end)::private.payers;
end $$;

-- Moves credit from a customer's account; refuses with GC-006 when it does not suffice.
create function private.post_credit(
  transfer_type text, source uuid, target uuid, amount numeric, idempotency_key text, description text default null,
  reference_id uuid default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  -- a transfer between an agency and its client is recorded under the client
  client_id uuid := (
    select a.client_id from public.ledger_accounts a where a.id in (source, target) and a.client_id is not null limit 1);
begin
  return private.post_transfer(
    client_id, transfer_type, source, target, amount, idempotency_key, description, reference_id, shortage => 'GC-006');
end $$;

-- Charges each level its own price, both or none: the agency's goes to the platform's revenue, the client's to the revenue account of
-- the client, which its agency collects. A level without account, or for which the card is free, is not charged.
create function private.charge_credit(
  client_id uuid, payers private.payers, prices private.card_prices, currency text, idempotency_key text, reference_id uuid,
  transfer_type text default 'card_charge', description text default 'A gift card')
returns void language plpgsql volatile set search_path = '' as $$
declare
  payments private.posting[];
  posted public.ledger_transfers[];
begin
  if payers.agency_account is not null and prices.platform_price > 0 then
    payments := payments || row(null, transfer_type, idempotency_key, description, reference_id, null, private.entries_between(
      payers.agency_account, private.system_account(null, 'revenue', 'credit:' || currency), prices.platform_price)
    )::private.posting;
  end if;
  if payers.client_account is not null and prices.client_price > 0 then
    payments := payments || row(client_id, transfer_type, idempotency_key, description, reference_id, null, private.entries_between(
      payers.client_account, private.system_account(client_id, 'revenue', 'credit:' || currency), prices.client_price)
    )::private.posting;
  end if;
  if payments is not null then
    posted := private.post_transfers(payments, shortage => 'GC-006');
  end if;
end $$;

-- Holds the price of each level for a card that is bought from a supplier. Returns the holds; none when nothing is to be paid.
create function private.reserve_credit(
  payers private.payers, prices private.card_prices, idempotency_key text, reference_id uuid, expires_at timestamptz)
returns uuid[] language plpgsql volatile set search_path = '' as $$
declare
  requests private.hold_request[];
begin
  if payers.agency_account is not null and prices.platform_price > 0 then
    requests := requests || row(
      payers.agency_account, prices.platform_price, expires_at, idempotency_key, reference_id)::private.hold_request;
  end if;
  if payers.client_account is not null and prices.client_price > 0 then
    requests := requests || row(
      payers.client_account, prices.client_price, expires_at, idempotency_key, reference_id)::private.hold_request;
  end if;
  return array(select h.id from unnest(private.reserve_holds(requests, shortage => 'GC-006')) h);
end $$;

-- Captures the holds of a purchase, once; without holds nothing is charged.
create function private.capture_credit(hold_ids uuid[], description text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.capture_holds(array(
    select row(h.id, private.system_account(a.client_id, 'revenue', a.asset), h.amount, 'card_charge', description
      )::private.hold_capture
    from public.ledger_holds h join public.ledger_accounts a on a.id = h.account_id where h.id = any (hold_ids)));
end $$;

create function private.release_credit(hold_ids uuid[])
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.release_holds(hold_ids);
end $$;

-- Reverses the charges of each level for a reference: a card that is cancelled before it was disclosed, cards of a sale. amounts: how
-- much of each level, all that remains when null. Returns how many charges were reversed.
create function private.reverse_charge(
  reference_id uuid, idempotency_key text, description text, transfer_type text default 'card_charge',
  amounts private.card_prices default null)
returns int language plpgsql volatile set search_path = '' as $$
declare
  charge record;
  reversed int := 0;
begin
  perform private.lock_accounts(array(
    select e.account_id from public.ledger_transfers t join public.ledger_entries e on e.transfer_id = t.id
    where t.reference_id = reverse_charge.reference_id and t.transfer_type = reverse_charge.transfer_type));
  for charge in
    select t.id, case when t.client_id is null then amounts.platform_price else amounts.client_price end as amount
    from public.ledger_transfers t
    where t.reference_id = reverse_charge.reference_id and t.transfer_type = reverse_charge.transfer_type order by t.id
  loop
    perform private.reverse_transfer(charge.id, charge.amount, idempotency_key, description);
    reversed := reversed + 1;
  end loop;
  return reversed;
end $$;

-- Admin entry points: prepaid terms, and credit, which moves down one level at a time and back up while it is free.

create function private.update_billing_terms(
  agency_id uuid default null, client_id uuid default null, is_prepaid boolean default null)
returns timestamptz language plpgsql volatile security definer set search_path = '' as $$
declare
  since timestamptz;
begin
  perform private.assert_given(is_prepaid is not null, 'is_prepaid');
  if (agency_id is null) = (client_id is null) then
    perform private.refuse_field('client_id', 'or agency_id is required, and not both');
  elsif agency_id is not null then
    perform private.assert_platform_admin(private.caller());
    update public.agencies a set prepaid_since = case when is_prepaid then coalesce(a.prepaid_since, now()) end
    where a.id = update_billing_terms.agency_id returning a.prepaid_since into since;
    if not found then
      perform private.refuse('RB-404');
    end if;
  else
    perform private.assert_can_act(private.caller(), client_id, private.client_keeper_roles());
    update public.clients c set prepaid_since = case when is_prepaid then coalesce(c.prepaid_since, now()) end
    where c.id = update_billing_terms.client_id returning c.prepaid_since into since;
  end if;
  perform private.record_audit(client_id, private.caller(), 'billing_terms.updated',
    case when agency_id is not null then 'agency' else 'client' end, coalesce(agency_id, client_id),
    jsonb_build_object('is_prepaid', is_prepaid));
  return since;
end $$;
select private.publish('private.update_billing_terms(uuid, uuid, boolean)', '{authenticated, service_role}',
  'Sets whether an agency (for the platform) or a client (for its agency) is prepaid; answers since when.');

-- The agency of a client, which keeps it until the credit has moved: a share lock excludes the move to another agency.
create function private.agency_to_give(client_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return (select c.agency_id from public.clients c where c.id = agency_to_give.client_id for share);
end $$;

-- Moves credit between a level and the one above it: down when is_given, else up.
create function private.move_credit(
  agency_id uuid, client_id uuid, amount numeric, currency text, is_given boolean, idempotency_key text, description text)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  owner_id uuid := coalesce(agency_id, client_id);
  upper_account uuid;
  own_account uuid;
  moved public.ledger_transfers;
begin
  if (agency_id is null) = (client_id is null) then
    perform private.refuse_field('client_id', 'or agency_id is required, and not both');
  elsif amount is null then
    perform private.refuse_field('amount', 'is required');
  end if;
  -- credit is bought in bulk: a thousand of these fit on an account
  perform private.assert_amount(amount, currency, 'amount', is_positive => true, maximum => 1e12);
  if agency_id is not null then
    perform private.assert_platform_admin(private.caller());
    if not exists (select from public.agencies a where a.id = agency_id) then
      perform private.refuse('RB-404');
    end if;
    upper_account := private.system_account(null, 'issuance', 'credit:' || currency);
    own_account := private.credit_account('agency', owner_id, currency);
  else
    perform private.assert_can_act(private.caller(), client_id, private.client_keeper_roles());
    upper_account := private.credit_account(
      'agency', private.agency_to_give(owner_id), currency);
    own_account := private.credit_account('client', owner_id, currency);
  end if;
  moved := private.post_credit(case when is_given then 'allocation' else 'allocation_return' end,
    case when is_given then upper_account else own_account end, case when is_given then own_account else upper_account end,
    amount, concat_ws(':', 'credit', owner_id, private.request_key(row(gen_random_uuid(), null, null, idempotency_key, null))), description);
  -- a repeated request moves nothing, so it is not audited again
  if not exists (
    select from public.audit_events a where a.subject_id = owner_id and a.metadata ->> 'transfer_id' = moved.id::text) then
    perform private.record_audit(client_id, private.caller(),
      case when is_given then 'credit.allocated' else 'credit.returned' end,
      case when agency_id is not null then 'agency' else 'client' end, owner_id,
      jsonb_build_object('amount', amount, 'currency', currency, 'transfer_id', moved.id));
  end if;
  return moved;
end $$;

create function private.allocate_credit(
  amount numeric, agency_id uuid default null, client_id uuid default null, currency text default 'USD',
  idempotency_key text default null, description text default null)
returns public.ledger_transfers language sql volatile security definer set search_path = '' as $$
  select private.move_credit(agency_id, client_id, amount, currency, true, idempotency_key, description)
$$;
select private.publish('private.allocate_credit(numeric, uuid, uuid, text, text, text)', '{authenticated, service_role}',
  'Allocates credit: the platform to an agency, an agency to its client from its own balance. Idempotent by key. GC-006 when the balance '
  'is too low.');

create function private.return_credit(
  amount numeric, agency_id uuid default null, client_id uuid default null, currency text default 'USD',
  idempotency_key text default null, description text default null)
returns public.ledger_transfers language sql volatile security definer set search_path = '' as $$
  select private.move_credit(agency_id, client_id, amount, currency, false, idempotency_key, description)
$$;
select private.publish('private.return_credit(numeric, uuid, uuid, text, text, text)', '{authenticated, service_role}',
  'Returns unspent credit, from a client to its agency or from an agency to the platform. Idempotent by key.');

-- Moves the payments of a prepaid client to its agency. Apart from the claims, which would all wait for the agency's account. The
-- revenue account may be negative for a while, when cards are returned after their payment was collected.
create function private.collect_credit(
  client_id uuid, amount numeric default null, currency text default 'USD', idempotency_key text default null)
returns public.ledger_transfers language plpgsql volatile security definer set search_path = '' as $$
declare
  key text := concat_ws(':', 'collect', client_id, private.request_key(row(gen_random_uuid(), null, null, idempotency_key, null)));
  revenue uuid;
  agency_account uuid;
  paid numeric;
  moved public.ledger_transfers;
begin
  perform private.assert_can_act(private.caller(), client_id, private.client_keeper_roles());
  perform private.assert_amount(amount, currency, 'amount', is_positive => true, maximum => 1e12);
  agency_account := private.credit_account('agency', private.agency_to_give(client_id), currency);
  revenue := private.system_account(client_id, 'revenue', 'credit:' || currency);
  -- two concurrent calls would both count the same payments
  perform private.lock_accounts(array[agency_account]);
  select t.* into moved from public.ledger_transfers t
  where t.idempotency_key = key and t.client_id = collect_credit.client_id;
  if moved.id is not null and amount <> (
    select e.amount from public.ledger_entries e where e.transfer_id = moved.id and e.amount > 0) then
    perform private.refuse('RB-409');
  elsif moved.id is not null then
    return moved;
  end if;
  paid := private.balance_at(revenue, 'infinity');
  if paid <= 0 or amount > paid then
    perform private.refuse('GC-006', 'The client has not paid as much', jsonb_build_object('available', greatest(paid, 0)));
  end if;
  moved := private.post_credit('collection', revenue, agency_account, coalesce(amount, paid), key);
  perform private.record_audit(client_id, private.caller(), 'credit.collected', 'client', client_id,
    jsonb_build_object('amount', coalesce(amount, paid), 'currency', currency, 'transfer_id', moved.id));
  return moved;
end $$;
select private.publish('private.collect_credit(uuid, numeric, text, text)', '{authenticated, service_role}',
  'Moves what a prepaid client paid for cards to its agency''s credit: all of it, or an amount. Idempotent by '
  'key. RB-400, RB-403, RB-404, RB-409, and GC-006 when the client has not paid as much.');
