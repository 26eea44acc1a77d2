-- Every public table and view × every role, with rows of two tenants and of the platform. Rows are of a class: m mine
-- (my membership, my call), o of my tenant, f of a foreign tenant, s shared or the platform's. A relation that is not
-- declared fails.
begin;
set local search_path = public, extensions, tests;
select plan( (select 1 + 14 * count(*)::int from pg_class where relnamespace = 'public'::regnamespace
  and relkind in ('r', 'p', 'v', 'm', 'f')));

create temp table expected (relation text, agent text, client_admin text, agency_admin text, platform_admin text);
insert into expected values
  ('agencies',                     'o',  'o',  'o',  'fos'),
  ('clients',                      'o',  'o',  'o',  'fos'),
  ('memberships',                  'm',  'mo', 'mo', 'fmos'),
  ('audit_events',                 '',   'o',  'o',  'fos'),
  ('system_alerts',                '',   'o',  'o',  'fos'),
  ('redemption_attempts',          '',   'o',  'o',  'fos'),
  ('contact_opt_outs',             '',   '',   '',   's'),
  ('consents',                     'o',  'o',  'o',  'fos'),
  ('inbound_messages',             'o',  'o',  'o',  'fos'),
  ('replies_to_review',            'o',  'o',  'o',  'fos'),
  ('deliveries',                   'o',  'o',  'o',  'fos'),
  ('delivery_attempts',            'o',  'o',  'o',  'fos'),
  ('sms_delivery_log',             'o',  'o',  'o',  'fos'),
  ('email_delivery_log',           'o',  'o',  'o',  'fos'),
  ('webhook_endpoints',            '',   'o',  'o',  'fos'),
  ('webhook_messages',             '',   'o',  'o',  'fos'),
  ('webhook_attempts',             '',   'o',  'o',  'fos'),
  ('imports',                      '',   'o',  'o',  'fos'),
  ('import_rows',                  '',   'o',  'o',  'fos'),
  ('gift_card_brands',             's',  's',  's',  's'),
  ('brand_denominations',          's',  's',  's',  's'),
  ('gift_card_suppliers',          '',   '',   '',   's'),
  ('supplier_brands',              '',   '',   '',   's'),
  ('gift_card_purchases',          'o',  'o',  'o',  'fos'),
  ('client_brands',                'o',  'o',  'o',  'fos'),
  ('client_denominations',         'o',  'o',  'o',  'fos'),
  ('billing_lines',                '',   'o',  'o',  'fos'),
  -- a client reads its own statements, not what its agency owes for it
  ('billing_statements',           '',   '(o)', 'o', 'fos'),
  ('service_fees',                 '',   'o',  'o',  'fos'),
  ('admin_card_sales',             '',   'o',  'o',  'fos'),
  ('admin_card_returns',           '',   'o',  'o',  'fos'),
  ('agency_brands',                '',   '',   'o',  'fos'),
  ('agency_denominations',         '',   '',   'o',  'fos'),
  ('campaigns',                    'o',  'o',  'o',  'fos'),
  ('campaign_conditions',          'o',  'o',  'o',  'fos'),
  ('campaign_recipients',          'o',  'o',  'o',  'fos'),
  ('recipient_codes',              '',   'o',  'o',  'fos'),
  ('recipients',                   'o',  'o',  'o',  'fos'),
  ('gift_card_grants',             'o',  'o',  'o',  'fos'),
  ('card_pools',                   'o',  'o',  'o',  'fos'),
  ('gift_card_pools',              'o',  'o',  'o',  'fos'),
  ('active_gift_card_pools',       'o',  'o',  'o',  'fos'),
  ('gift_cards',                   'o',  'o',  'o',  'fos'),
  ('gift_card_inventory',          'o',  'o',  'o',  'fos'),
  ('call_sessions',                'mo', 'mo', 'o',  'fos'),
  ('call_conditions_met',          'o',  'o',  'o',  'fos'),
  ('billing_transactions',         '',   '',   '',   'fos'),
  ('pending_rewards',              'o',  'o',  'o',  'fos'),
  ('gift_card_provisioning_trace', '',   'o',  'o',  'fos'),
  ('provisioning_traces',          '',   'o',  'o',  'fos'),
  ('claim_links',                  'o',  'o',  'o',  'fos'),
  ('crm_endpoints',                '',   'o',  'o',  'fos'),
  ('crm_events',                   '',   'o',  'o',  'fos'),
  ('ledger_accounts',              '',   'o',  'o',  'fos'),
  ('ledger_transfers',             '',   'o',  'o',  'fos'),
  ('ledger_entries',               '',   'o',  'o',  'fos'),
  ('ledger_lots',                  '',   'o',  'o',  'fos'),
  ('ledger_holds',                 '',   'o',  'o',  'fos'),
  ('wallet_balances',              '',   'o',  'o',  'fos'),
  ('bizpoints_transactions',       '',   'o',  'o',  'fos'),
  ('packages',                     'o',  'o',  'o',  'fos'),
  ('customer_packages',            '',   'o',  'o',  'fos'),
  ('package_purchases',            '',   'o',  'o',  'fos'),
  ('package_refunds',              '',   'o',  'o',  'fos'),
  ('vouchers',                     '',   'o',  'o',  'fos'),
  ('voucher_overview',             '',   'o',  'o',  'fos'),
  ('voucher_usage',                '',   'o',  'o',  'fos'),
  ('voucher_entitlements',         '',   'o',  'o',  'fos'),
  ('voucher_redemption_attempts',  '',   'o',  'o',  'fos');

create temp table tenants as select 'a' as tenant, tests.create_busy_tenant() as facts union all select 'b',
  tests.create_busy_tenant();
select tests.create_pool(null, (facts ->> 'brand')::uuid, 2) from tenants where tenant = 'a';
insert into public.contact_opt_outs (channel, address, source) values ('sms', '+12025550199', 'test');
select tests.write_sms('+12025550198', 'STOP', 'opt_out');
select tests.write_sms('+12025550197', 'I need to cancel my appointment', 'unclear');
select tests.write_sms(r.phone, 'I need to cancel my appointment', 'unclear')
from tenants t join public.campaign_recipients r on r.id = (t.facts ->> 'recipient')::uuid;
insert into public.system_alerts (alert_type, severity, message) values ('platform', 'info', 'of the platform');

create temp table personas as
  select t.tenant, r.role as persona, case r.role when 'call_agent' then (t.facts ->> 'agent')::uuid
    else tests.create_user(r.role, (t.facts ->> 'client')::uuid) end as user_id
  from tenants t, unnest(array['customer', 'call_agent', 'client_admin', 'agency_admin']) r (role)
  union all select 'a', 'platform_admin', tests.create_user('platform_admin')
  union all select 'a', 'no_member', tests.create_user()
  union all select 'a', 'suspended', tests.create_user('call_agent', (facts ->> 'client')::uuid) from tenants
    where tenant = 'a';
insert into public.memberships (user_id, role, agency_id, client_id)
select p.user_id, m.role, m.agency_id, m.client_id from personas p, (
  select 'platform_admin' as role, null::uuid as agency_id, null::uuid as client_id
  union all select 'agency_admin', (facts ->> 'agency')::uuid, null from tenants where tenant = 'a'
  union all select 'client_admin', null, (facts ->> 'client')::uuid from tenants where tenant = 'a') m
where p.persona = 'suspended';
-- a call of each role that may take one, one of them from an unknown phone
select tests.start_call_session(p.user_id, r.phone)
from personas p join tenants t using (tenant) join public.campaign_recipients r on r.id = (t.facts ->> 'recipient')::uuid
where p.persona in ('call_agent', 'client_admin', 'suspended');
select tests.start_call_session(user_id, '+12025550000') from personas
  where persona = 'call_agent';
update public.memberships set suspended_at = now()
  where user_id = (select user_id from personas where persona = 'suspended');

create temp table existing (relation text, id text, tenant text, owner uuid);
do $$
declare
  relation text;
begin
  for relation in select c.relname from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') loop
    execute format($q$
      insert into existing select %1$L, coalesce(j ->> 'id', j ->> 'recipient_id', j ->> 'import_id'), t.tenant, coalesce(j ->> 'user_id', j ->> 'agent_user_id')::uuid
      from (select to_jsonb(x) as j from public.%1$I x) x
      left join tenants t on j ->> 'client_id' = t.facts ->> 'client'
        or (%1$L in ('clients', 'agencies') and j ->> 'id' in (t.facts ->> 'client', t.facts ->> 'agency'))
        or (%1$L ~ '^agency_' and j ->> 'agency_id' = t.facts ->> 'agency') $q$,
          relation);
  end loop;
end $$;

create function pg_temp.class_of(r existing, p personas) returns text language sql immutable as $$
  select case when r.owner = p.user_id then 'm' when r.tenant = p.tenant then 'o'
    when r.tenant is not null then 'f' else 's' end
$$;

-- Which classes the role sees completely; a class that it sees in part stands in brackets.
create function pg_temp.seen(relation text, role text, p personas) returns text language plpgsql as $$
declare
  ids text[];
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', p.user_id, 'role', role)::text, true);
  perform set_config('role', role, true);
  begin
    execute format('select array(select %I::text from public.%I)',
      case relation when 'recipient_codes' then 'recipient_id' when 'import_rows' then 'import_id' else 'id' end, relation) into ids;
  exception when insufficient_privilege then
    ids := null;
  end;
  perform tests.sign_out();
  return case when ids is null then 'denied' else (
    select coalesce(string_agg(case when c.all_seen then c.class else '(' || c.class || ')' end, '' order by c.class),
      '')
    from (select pg_temp.class_of(r, p) as class, bool_and(r.id = any (ids)) as all_seen
      from existing r where r.relation = seen.relation group by 1 having bool_or(r.id = any (ids))) c) end;
end $$;

create function pg_temp.classes(relation text, p personas) returns text language sql as $$
  select string_agg(distinct pg_temp.class_of(r, p), '') from existing r where r.relation = classes.relation
$$;

select set_eq($$
  select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm',
    'f') $$,
  'select relation from expected', 'rls: the readers of every table and view are declared here');

select matches(pg_temp.classes(e.relation, p), case when e.platform_admin ~ 'o' then 'f.*o' else 's' end,
  e.relation || ': there is something to be seen, of both tenants or of the platform')
from expected e, personas p where p.persona = 'no_member';

-- 's' is expected where there are such rows: demo data may or may not be loaded
select is(pg_temp.seen(e.relation, 'authenticated', p),
  case when pg_temp.classes(e.relation, p) ~ 's' then x.classes else replace(x.classes, 's', '') end,
  format('%s: what the %s of tenant %s sees', e.relation, p.persona, p.tenant))
from expected e, personas p, lateral (select case p.persona
  when 'call_agent' then e.agent when 'client_admin' then e.client_admin when 'agency_admin' then e.agency_admin
  when 'platform_admin' then e.platform_admin when 'no_member' then ''
  else case e.relation when 'memberships' then 'm'
    when 'packages' then case p.persona when 'customer' then 'o' else '' end else '' end end) x (classes);

select is(pg_temp.seen(e.relation, 'anon', null), 'denied', e.relation || ': not signed in → denied')
  from expected e;
select is(pg_temp.seen(e.relation, 'service_role', p), pg_temp.classes(e.relation, p),
  e.relation || ': the server sees all') from expected e, personas p where p.persona = 'no_member';

select * from finish();
rollback;
