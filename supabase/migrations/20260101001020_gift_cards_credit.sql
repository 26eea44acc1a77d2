-- Gift cards, prepaid credit: the platform allocates credit to agencies, agencies to their clients, and whoever is prepaid pays
-- each card from it, exactly and never below zero.
-- Credit is an asset of the ledger for each currency. What the platform issued to an agency is its issuance, what cards and
-- sales brought its revenue, in the books of whoever paid. Terms are looked up when a card is charged: whoever is not prepaid
-- is billed only. The charge of a claim is its last step, because all claims of a payer wait for its account.

-- The credit account of a client or an agency, opened when it is asked for first.
create function private.credit_account(owner_type text, owner_id uuid, currency text)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return private.ledger_account(
    case owner_type when 'client' then owner_id end, owner_type, owner_id, 'credit:' || currency);
end $$;

-- The account that pays for the cards of a client, or null when the one who is billed is not prepaid.
create function private.paying_account(client_id uuid, billing_entity text, currency text)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  payer uuid;
begin
  if billing_entity = 'agency' then
    select a.id into payer from public.clients c join public.agencies a on a.id = c.agency_id
    where c.id = paying_account.client_id and a.prepaid_since <= now();
  else
    select c.id into payer from public.clients c where c.id = paying_account.client_id and c.prepaid_since <= now();
  end if;
  return case when payer is not null then private.credit_account(billing_entity, payer, currency) end;
end $$;

-- Where the money goes: the revenue in the books of whoever pays.
create function private.revenue_of(account_id uuid)
returns uuid language plpgsql volatile set search_path = '' as $$
begin
  return (
    select private.system_account(a.client_id, 'revenue', a.asset) from public.ledger_accounts a
    where a.id = revenue_of.account_id);
end $$;

-- Moves credit from a customer's account; too little of it is refused in the words of the house.
create function private.post_credit(
  transfer_type text, source uuid, target uuid, amount numeric, idempotency_key text, description text default null,
  reference_id uuid default null)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  -- what passes between an agency and its client stands in the client's books
  client_id uuid := (
    select a.client_id from public.ledger_accounts a where a.id in (source, target) and a.client_id is not null limit 1);
begin
  return private.post_transfer(client_id, transfer_type, source, target, amount, idempotency_key, description, reference_id);
exception when sqlstate 'WL001' then
  perform private.refuse('GC-006', 'Insufficient credits');
end $$;

-- Pays for a card at once; nothing happens when the payer is not prepaid, or the card is free.
create function private.charge_credit(
  client_id uuid, billing_entity text, currency text, amount numeric, idempotency_key text, reference_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
declare
  account_id uuid := case when amount > 0 then private.paying_account(client_id, billing_entity, currency) end;
begin
  if account_id is not null then
    perform private.post_credit('card_charge', account_id, private.revenue_of(account_id), amount, idempotency_key,
      'A gift card', reference_id);
  end if;
end $$;

-- Sets credit aside for a card that is bought; null when there is nothing to set aside.
create function private.reserve_credit(
  client_id uuid, billing_entity text, currency text, amount numeric, idempotency_key text, reference_id uuid,
  expires_at timestamptz)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  account_id uuid := case when amount > 0 then private.paying_account(client_id, billing_entity, currency) end;
  hold public.ledger_holds;
begin
  if account_id is not null then
    hold := private.reserve_hold(account_id, amount, expires_at, idempotency_key, reference_id);
  end if;
  return hold.id;
exception when sqlstate 'WL001' then
  perform private.refuse('GC-006', 'Insufficient credits');
end $$;

-- Pays with what was set aside; without a hold there is nothing to pay. Once is enough.
create function private.capture_credit(hold_id uuid, description text)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.capture_hold(h.id, private.revenue_of(h.account_id), h.amount, 'card_charge', description)
  from public.ledger_holds h where h.id = capture_credit.hold_id;
end $$;

create function private.release_credit(hold_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  perform private.release_hold(h.id) from public.ledger_holds h where h.id = release_credit.hold_id;
end $$;

-- Gives back what was charged for something, if anything was: a card that is cancelled before it left.
create function private.reverse_charge(reference_id uuid, idempotency_key text, description text)
returns public.ledger_transfers language plpgsql volatile set search_path = '' as $$
declare
  done public.ledger_transfers;
begin
  select r.* into done
  from public.ledger_transfers t,
    private.reverse_transfer(t.id, null, reverse_charge.idempotency_key, reverse_charge.description) r
  where t.reference_id = reverse_charge.reference_id and t.transfer_type = 'card_charge';
  return done;
end $$;

-- The desk of credit: who is prepaid, and who has how much. Credit goes down one level at a time, and what is free goes up again.

create function private.update_billing_terms(agency_id uuid, client_id uuid, is_prepaid boolean)
returns timestamptz language plpgsql volatile security definer set search_path = '' as $$
declare
  since timestamptz;
begin
  if (agency_id is null) = (client_id is null) or is_prepaid is null then
    perform private.refuse('RB-400', 'Name an agency or a client, and whether it is prepaid');
  elsif agency_id is not null then
    perform private.assert_platform_admin(private.caller());
    update public.agencies a set prepaid_since = case when is_prepaid then coalesce(a.prepaid_since, now()) end
    where a.id = update_billing_terms.agency_id returning a.prepaid_since into since;
    if not found then
      perform private.refuse('RB-404', 'Not found');
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

create function public.update_billing_terms(
  agency_id uuid default null, client_id uuid default null, is_prepaid boolean default null)
returns timestamptz language sql volatile security invoker set search_path = '' as $$
  select private.update_billing_terms(agency_id, client_id, is_prepaid)
$$;
comment on function public.update_billing_terms is
  'Says whether an agency (for the platform) or a client (for its agency) pays its cards from credit; answers since when.';

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
    perform private.refuse('RB-400', 'Name an agency or a client');
  elsif amount is null then
    perform private.refuse_field('amount', 'is required');
  end if;
  -- credit is bought in bulk: a thousand of these fit on an account
  perform private.assert_amount(amount, currency, 'amount', is_positive => true, maximum => 1e12);
  if agency_id is not null then
    perform private.assert_platform_admin(private.caller());
    if not exists (select from public.agencies a where a.id = agency_id) then
      perform private.refuse('RB-404', 'Not found');
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
    amount, concat_ws(':', 'credit', owner_id, private.answer_key(idempotency_key, gen_random_uuid()::text)), description);
  perform private.record_audit(client_id, private.caller(), case when is_given then 'credit.allocated' else 'credit.returned' end,
    case when agency_id is not null then 'agency' else 'client' end, owner_id,
    jsonb_build_object('amount', amount, 'currency', currency, 'transfer_id', moved.id));
  return moved;
end $$;

create function private.allocate_credit(
  amount numeric, agency_id uuid, client_id uuid, currency text, idempotency_key text, description text)
returns public.ledger_transfers language sql volatile security definer set search_path = '' as $$
  select private.move_credit(agency_id, client_id, amount, currency, true, idempotency_key, description)
$$;

create function public.allocate_credit(
  amount numeric, agency_id uuid default null, client_id uuid default null, currency text default 'USD',
  idempotency_key text default null, description text default null)
returns public.ledger_transfers language sql volatile security invoker set search_path = '' as $$
  select private.allocate_credit(amount, agency_id, client_id, currency, idempotency_key, description)
$$;
comment on function public.allocate_credit is
  'Gives credit: the platform to an agency, an agency to its client out of its own. The same key gives once. Short: GC006.';

create function private.return_credit(
  amount numeric, agency_id uuid, client_id uuid, currency text, idempotency_key text, description text)
returns public.ledger_transfers language sql volatile security definer set search_path = '' as $$
  select private.move_credit(agency_id, client_id, amount, currency, false, idempotency_key, description)
$$;

create function public.return_credit(
  amount numeric, agency_id uuid default null, client_id uuid default null, currency text default 'USD',
  idempotency_key text default null, description text default null)
returns public.ledger_transfers language sql volatile security invoker set search_path = '' as $$
  select private.return_credit(amount, agency_id, client_id, currency, idempotency_key, description)
$$;
comment on function public.return_credit is
  'Takes unspent credit back, from a client to its agency or from an agency to the platform. The same key takes once.';

grant execute on function
  public.update_billing_terms, private.update_billing_terms, public.allocate_credit, private.allocate_credit,
  public.return_credit, private.return_credit
  to authenticated;
