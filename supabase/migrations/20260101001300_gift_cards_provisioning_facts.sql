-- Gift cards, what a provisioning reads: what is asked for, and one query for all that is configured. Both are read only by the
-- steps that follow. Statements are the price of a claim, so the grant is taken first and everything is read after it, once: what
-- the query sees cannot be changed meanwhile by another request for the same reward.

-- The request and its actor. answer_key: see private.answer_key. shows_code: the answer has the card. reward_id: the pending
-- reward that is to be fulfilled. never_waits: the caller holds locks already. waits: it runs again, and waits for cards that others
-- hold.
create type private.card_request as (
  request_id uuid,
  actor uuid,
  answer_key text,
  request_hash text,
  surface text,
  shows_code boolean,
  campaign_id uuid,
  recipient_id uuid,
  redemption_code text,
  condition_number int,
  call_session_id uuid,
  reward_id uuid,
  brand_id uuid,
  denomination numeric,
  delivery_method text,
  deliver_to text,
  skip_verification boolean,
  never_waits boolean,
  waits boolean,
  suppliers text[],
  suppliers_asked uuid[]
);

-- What is configured and known. brand_id, denomination and currency are those that the pending reward promises, else those of the
-- condition. is_key_used, stored_hash and stored_answer: of the request with the same key. lots: private.claimable_lots in the order
-- in which they are tried.
create type private.provisioning_facts as (
  client_id uuid,
  agency_id uuid,
  campaign_id uuid,
  recipient_id uuid,
  condition_number int,
  is_allowed boolean,
  phone text,
  email text,
  sms_opted_in_at timestamptz,
  campaign_status text,
  is_active boolean,
  requires_confirmation_code boolean,
  requires_opt_in boolean,
  billing_entity text,
  is_prepaid boolean,
  reward public.pending_rewards,
  brand_id uuid,
  denomination numeric(18,2),
  currency text,
  brand_name text,
  redemption_url text,
  terms_url text,
  is_offered boolean,
  platform_price numeric(18,2),
  client_price numeric(18,2),
  answer_scope text,
  is_key_used boolean,
  stored_hash text,
  stored_answer jsonb,
  lots private.claimable_lots[]
);

-- Roles that may provision for a client: admins by id, staff for a caller.
create function private.provisioning_roles(asked private.card_request)
returns text[] language plpgsql immutable set search_path = '' as $$
begin
  return case when asked.surface = 'api' or asked.skip_verification then private.admin_roles() else private.staff_roles() end;
end $$;

-- Whether the request is one of a server, a form or a job, which are not checked here, or its actor may act for the client.
create function private.is_entitled(asked private.card_request, client_id uuid)
returns boolean language plpgsql stable set search_path = '' as $$
begin
  return asked.actor is null or asked.reward_id is not null
    or private.acts_for(asked.actor, client_id, private.provisioning_roles(asked));
end $$;

-- The grant is the lock: a second request for it waits here for the first one. Null when there is one already, and for a request
-- that names no recipient of its caller's.
create function private.take_grant(asked private.card_request)
returns uuid language plpgsql volatile set search_path = '' as $$
declare
  grant_id uuid;
begin
  insert into public.gift_card_grants as g (client_id, campaign_id, recipient_id, condition_number, surface, granted_by)
  select r.client_id, r.campaign_id, r.id, asked.condition_number, asked.surface, asked.actor
  from public.campaign_recipients r
  where r.id = asked.recipient_id and r.campaign_id = coalesce(asked.campaign_id, r.campaign_id)
    and asked.condition_number is not null and (asked.actor is null or private.is_entitled(asked, r.client_id))
  on conflict (recipient_id, campaign_id, condition_number) where cancelled_at is null do nothing
  returning g.id into grant_id;
  return grant_id;
end $$;

-- Frees a grant that was taken as a lock only.
create function private.drop_grant(grant_id uuid)
returns void language plpgsql volatile set search_path = '' as $$
begin
  delete from public.gift_card_grants g where g.id = grant_id;
end $$;

-- Everything that the steps of a provisioning ask, in one query. On a form the scope of a key is the recipient, because the code
-- is the only credential; elsewhere it is tenant and caller.
-- Planned once for a session: fourteen joins take longer to plan than to run, and a new session would plan its first five calls.
create function private.read_facts(asked private.card_request)
returns private.provisioning_facts language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  facts private.provisioning_facts;
begin
  select r.client_id, cl.agency_id, r.campaign_id, r.id, asked.condition_number,
    asked.actor is null or private.is_entitled(asked, r.client_id), r.phone, r.email, r.sms_opted_in_at,
    c.status, cl.is_active and a.is_active, cl.requires_confirmation_code, coalesce(cc.requires_opt_in, false),
    c.billing_entity, coalesce(a.prepaid_since <= now(), false) or (c.billing_entity = 'client' and coalesce(cl.prepaid_since <= now(), false)),
    p, promise.brand_id, promise.denomination, promise.currency, t.brand_name, t.redemption_url, t.terms_url,
    coalesce(t.is_approved and t.is_chosen, false), t.platform_price,
    case when c.billing_entity = 'agency' then 0 else t.client_price end,
    scope.name, k.key is not null, k.request_hash, k.answer, array(
      select l from private.claimable_lots l
      where l.campaign_id = c.id and l.brand_id = promise.brand_id and l.denomination = promise.denomination
        and l.currency = promise.currency
      order by l.rank, l.expires_at nulls last, l.created_at, l.lot_id)
  into facts
  from public.campaign_recipients r
  join public.campaigns c on c.id = r.campaign_id
  join public.clients cl on cl.id = r.client_id
  join public.agencies a on a.id = cl.agency_id
  left join public.campaign_conditions cc on cc.campaign_id = r.campaign_id and cc.condition_number = asked.condition_number
  left join public.pending_rewards p on p.recipient_id = r.id and p.campaign_id = r.campaign_id
    and p.condition_number = asked.condition_number and p.status like 'awaiting%'
  cross join lateral (
    select coalesce(p.brand_id, cc.brand_id) as brand_id, coalesce(p.denomination, cc.card_value) as denomination,
      case when p.brand_id is null then c.currency else p.currency end as currency) promise
  cross join lateral private.answer_scope('provisioning-' || asked.surface,
    case asked.surface when 'form' then r.id else r.client_id end, asked.actor) scope (name)
  left join private.idempotency_keys k on k.scope = scope.name and k.key = asked.answer_key
    and k.created_at >= now() - coalesce((
      select w.replayed_for from private.replay_windows w where w.use_case = 'provisioning-' || asked.surface), 'infinity')
  left join private.card_terms t on t.client_id = r.client_id and t.brand_id = promise.brand_id
    and t.denomination = promise.denomination and t.currency = promise.currency
  where r.id = asked.recipient_id and r.campaign_id = coalesce(asked.campaign_id, r.campaign_id);
  return facts;
end $$;
