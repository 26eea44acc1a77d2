-- Gift cards, admin entry points for pools, campaigns and conditions, called with supabase-js.
-- Each public wrapper runs as the caller and calls a private body that checks the membership itself, because client roles have no write
-- privilege on tables.

-- The stock owner of a new pool: the platform for pools that its admins create, the client for all others. Only the platform can choose.
create function private.owner_of_new_pool(client_id uuid, stock_owner text)
returns text language plpgsql stable set search_path = '' as $$
declare
  is_platform constant boolean := private.acts_for_platform(private.caller());
begin
  if stock_owner is not null then
    perform private.assert_choice(stock_owner, 'stock_owner', array['platform', 'client']);
  end if;
  if client_id is null and stock_owner = 'client' then
    perform private.refuse_field('stock_owner', 'must be platform for a master pool');
  elsif stock_owner = 'platform' and not is_platform then
    perform private.refuse('RB-403', 'Platform stock comes from the platform');
  end if;
  return coalesce(stock_owner, case when is_platform then 'platform' else 'client' end);
end $$;

-- The cost of a card of platform stock: the given one, else that of the denomination; never assumed to be 0.
create function private.cost_of_new_stock(brand_id uuid, denomination numeric, currency text, cost_per_card numeric)
returns numeric language plpgsql stable set search_path = '' as $$
declare
  cost numeric := coalesce(cost_per_card, (
    select d.cost from public.brand_denominations d
    where d.brand_id = cost_of_new_stock.brand_id and d.denomination = cost_of_new_stock.denomination
      and d.currency = cost_of_new_stock.currency));
begin
  if cost is null then
    perform private.refuse_field('cost_per_card', 'is required for platform stock, 0 included');
  end if;
  return cost;
end $$;

-- The brand exists, and the campaign is one of the client's.
create function private.assert_pool_parts(client_id uuid, brand_id uuid, campaign_id uuid)
returns void language plpgsql stable set search_path = '' as $$
begin
  if not exists (select from public.gift_card_brands b where b.id = assert_pool_parts.brand_id) then
    perform private.refuse_field('brand_id', 'names no brand');
  end if;
  perform private.assert_campaign_of(client_id, campaign_id);
end $$;

create function private.create_gift_card_pool(
  client_id uuid, brand_id uuid, pool_name text, denomination numeric, currency text default 'USD',
  campaign_id uuid default null, cost_per_card numeric default null, stock_owner text default null)
returns public.card_pools language plpgsql volatile security definer set search_path = '' as $$
declare
  pool public.card_pools;
  owner text;
begin
  if client_id is null then
    perform private.assert_platform_admin(private.caller());
  else
    perform private.assert_can_act(private.caller(), client_id, private.admin_roles());
  end if;
  perform private.assert_text(pool_name, 'pool_name'), private.assert_given(denomination is not null, 'denomination');
  perform private.assert_amount(denomination, currency, 'denomination', is_positive => true);
  perform private.assert_amount(cost_per_card, currency, 'cost_per_card');
  perform private.assert_pool_parts(client_id, brand_id, campaign_id);
  owner := private.owner_of_new_pool(client_id, stock_owner);
  insert into public.card_pools as p (
    client_id, brand_id, pool_name, denomination, currency, pool_type, campaign_id, stock_owner, cost_per_card,
    client_cost_per_card)
  values (client_id, brand_id, pool_name, denomination, currency,
    case when client_id is null then 'master' else 'client' end, campaign_id, owner,
    case owner when 'client' then 0 else private.cost_of_new_stock(brand_id, denomination, currency, cost_per_card) end,
    case owner when 'client' then cost_per_card end)
  returning p.* into pool;
  perform private.record_audit(client_id, private.caller(), 'card_pool.created', 'card_pool', pool.id,
    jsonb_build_object('stock_owner', owner));
  return pool;
end $$;
select private.publish('private.create_gift_card_pool(uuid, uuid, text, numeric, text, uuid, numeric, text)',
  '{authenticated, service_role}',
  'Creates an empty pool of one brand and value; without a client it is a master pool. Cards are added by upload-gift-cards. '
  'stock_owner: platform (the default of platform admins) or client (of all others: cards of its own, billed a fee at most). '
  'cost_per_card is the owner''s figure; platform stock takes the cost of the brand''s value without one. RB-400, RB-403, RB-404.');

-- Only the agency or the platform can bill the agency.
create function private.assert_can_bill(client_id uuid, billing_entity text)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_can_act(private.caller(), client_id,
    case billing_entity when 'agency' then private.client_keeper_roles() else private.admin_roles() end);
end $$;

create function private.create_campaign(
  client_id uuid, campaign_name text, billing_entity text default 'client', currency text default 'USD',
  sms_template text default null, email_subject text default null, email_template text default null)
returns public.campaigns language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns;
begin
  perform private.assert_can_bill(client_id, billing_entity);
  perform private.assert_text(campaign_name, 'campaign_name'), private.assert_currency(currency);
  if billing_entity is not null then
    perform private.assert_choice(billing_entity, 'billing_entity', array['client', 'agency']);
  end if;
  insert into public.campaigns as c (
    client_id, campaign_name, billing_entity, currency, sms_template, email_subject, email_template)
  values (client_id, campaign_name, billing_entity, currency, sms_template, email_subject, email_template)
  returning c.* into campaign;
  perform private.record_audit(client_id, private.caller(), 'campaign.created', 'campaign', campaign.id);
  return campaign;
end $$;
select private.publish('private.create_campaign(uuid, text, text, text, text, text, text)', '{authenticated, service_role}',
  'Creates a campaign; billing_entity is client, or agency, which only its agency or the platform can set. The templates take '
  '{{first_name}}, {{code}} and the other merge tags; RB-400 with fields for one that cannot be used (check_message_template). The answer '
  'says sms_encoding and sms_segments.');

create function private.update_campaign_billing(campaign_id uuid, billing_entity text)
returns public.campaigns language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
begin
  perform private.assert_choice(billing_entity, 'billing_entity', array['client', 'agency']);
  perform private.assert_can_bill(campaign.client_id, billing_entity);
  -- nor can a client end that its agency is billed
  perform private.assert_can_bill(campaign.client_id, campaign.billing_entity);
  update public.campaigns c set billing_entity = update_campaign_billing.billing_entity
  where c.id = campaign.id returning c.* into campaign;
  perform private.record_audit(campaign.client_id, private.caller(), 'campaign.billing_updated', 'campaign', campaign.id,
    jsonb_build_object('billing_entity', campaign.billing_entity));
  return campaign;
end $$;
select private.publish('private.update_campaign_billing(uuid, text)', '{authenticated, service_role}',
  'Sets the billing entity of a campaign for new cards: client, or agency, which only its agency or the platform can set.');

-- Refuses a card that the campaign's client may not give. A condition may be without a card until an admin chooses one.
create function private.assert_choosable(campaign public.campaigns, brand_id uuid, card_value numeric)
returns void language plpgsql stable set search_path = '' as $$
begin
  perform private.assert_amount(card_value, campaign.currency, 'card_value', is_positive => true);
  if brand_id is not null and not exists (select from public.gift_card_brands b where b.id = assert_choosable.brand_id) then
    perform private.refuse_field('brand_id', 'names no brand');
  end if;
  if brand_id is not null and card_value is not null then
    perform private.assert_offered(campaign.client_id, brand_id, card_value, campaign.currency);
  end if;
end $$;

-- The accepted values of the fields of a CRM event, each one value or a list: {"status": "won", "appointment.status": ["showed", "confirmed"]}.
-- A restriction is never dropped: what cannot be parsed is refused. Null for an empty object.
create function private.crm_event_match(given jsonb, crm_event_name text)
returns jsonb language plpgsql stable set search_path = '' as $$
declare
  entry record;
begin
  if given is null or given = '{}' then
    return null;
  elsif jsonb_typeof(given) <> 'object' or (select count(*) from jsonb_object_keys(given)) > 10 then
    perform private.refuse_field('crm_event_match', 'must be an object of at most 10 fields, such as {"status": ["won"]}');
  elsif crm_event_name is null then
    perform private.refuse_field('crm_event_match', 'needs the crm_event_name of the event whose fields it names');
  end if;
  for entry in select m.key, case jsonb_typeof(m.value) when 'array' then m.value else jsonb_build_array(m.value) end as choices from jsonb_each(given) m loop
    if entry.key !~ '^[^.[:cntrl:]]{1,100}(\.[^.[:cntrl:]]{1,100}){0,5}$' then
      perform private.refuse_field('crm_event_match', format('%s must be the name of a field, or names joined by dots', left(entry.key, 50)));
    elsif jsonb_array_length(entry.choices) not between 1 and 50 or exists (
      select from jsonb_array_elements(entry.choices) c
      where jsonb_typeof(c) not in ('string', 'number', 'boolean') or btrim(c #>> '{}') = '' or length(c #>> '{}') > 200) then
      perform private.refuse_field('crm_event_match', format('%s must be a text, number or boolean, or a list of 1 to 50 of them', entry.key));
    end if;
  end loop;
  return given;
end $$;

create function private.create_campaign_condition(
  campaign_id uuid, condition_number int, condition_name text, brand_id uuid, card_value numeric,
  crm_event_name text default null, is_self_service boolean default false, requires_opt_in boolean default false,
  crm_event_match jsonb default null)
returns public.campaign_conditions language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
  condition public.campaign_conditions;
begin
  perform private.assert_text(condition_name, 'condition_name'), private.assert_given(condition_number is not null, 'condition_number'),
    private.assert_number(condition_number, 'condition_number', 1, 1000);
  perform private.assert_choosable(campaign, brand_id, card_value);
  if exists (
    select from public.campaign_conditions cc
    where cc.campaign_id = campaign.id and cc.condition_number = create_campaign_condition.condition_number) then
    perform private.refuse_field('condition_number', format('%s is the number of another condition', condition_number));
  end if;
  insert into public.campaign_conditions as cc (
    client_id, campaign_id, condition_number, condition_name, brand_id, card_value, crm_event_name,
    is_self_service, requires_opt_in, crm_event_match)
  values (campaign.client_id, campaign.id, condition_number, condition_name, brand_id, card_value, crm_event_name,
    coalesce(is_self_service, false), coalesce(requires_opt_in, false),
    private.crm_event_match(crm_event_match, crm_event_name))
  returning cc.* into condition;
  perform private.record_audit(campaign.client_id, private.caller(), 'campaign_condition.created', 'campaign_condition', condition.id);
  return condition;
end $$;
select private.publish('private.create_campaign_condition(uuid, int, text, uuid, numeric, text, boolean, boolean, jsonb)',
  '{authenticated, service_role}',
  'Creates a condition of a campaign: the event and the card that it earns, which the client may give (else GC-002). '
  'crm_event_match: the accepted values of the fields of the event '
  'crm_event_name, each one value or a list of them ({"status": ["won"]}).');

create function private.update_campaign_condition(
  campaign_id uuid, condition_number int, condition_name text default null, brand_id uuid default null,
  card_value numeric default null, crm_event_name text default null, is_self_service boolean default null,
  requires_opt_in boolean default null, crm_event_match jsonb default null)
returns public.campaign_conditions language plpgsql volatile security definer set search_path = '' as $$
declare
  campaign public.campaigns := private.administered_campaign(campaign_id);
  condition public.campaign_conditions;
begin
  perform private.assert_amount(card_value, campaign.currency, 'card_value', is_positive => true);
  if brand_id is not null and not exists (select from public.gift_card_brands b where b.id = update_campaign_condition.brand_id) then
    perform private.refuse_field('brand_id', 'names no brand');
  elsif condition_name is not null then
    perform private.assert_text(condition_name, 'condition_name');
  end if;
  update public.campaign_conditions cc
  set condition_name = coalesce(update_campaign_condition.condition_name, cc.condition_name),
    brand_id = coalesce(update_campaign_condition.brand_id, cc.brand_id),
    card_value = coalesce(update_campaign_condition.card_value, cc.card_value),
    crm_event_name = coalesce(update_campaign_condition.crm_event_name, cc.crm_event_name),
    is_self_service = coalesce(update_campaign_condition.is_self_service, cc.is_self_service),
    requires_opt_in = coalesce(update_campaign_condition.requires_opt_in, cc.requires_opt_in),
    crm_event_match = case when update_campaign_condition.crm_event_match is null then cc.crm_event_match
      else private.crm_event_match(update_campaign_condition.crm_event_match,
        coalesce(update_campaign_condition.crm_event_name, cc.crm_event_name)) end
  where cc.campaign_id = campaign.id and cc.condition_number = update_campaign_condition.condition_number
  returning cc.* into condition;
  if condition.id is null then
    perform private.refuse('RB-404');
  end if;
  if update_campaign_condition.brand_id is not null or update_campaign_condition.card_value is not null then
    perform private.assert_choosable(campaign, condition.brand_id, condition.card_value);
  end if;
  perform private.record_audit(campaign.client_id, private.caller(), 'campaign_condition.updated', 'campaign_condition',
    condition.id, to_jsonb(condition));
  return condition;
end $$;
select private.publish('private.update_campaign_condition(uuid, int, text, uuid, numeric, text, boolean, boolean, jsonb)',
  '{authenticated, service_role}',
  'Changes a condition from now on; omitted parameters are left unchanged, and {} as crm_event_match removes it. '
  'GC-002 for a card that the client may not give.');
