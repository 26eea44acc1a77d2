-- Conventions, read from the catalog: they hold for whatever a migration adds.
begin;
set local search_path = extensions, tests, pg_catalog;
select plan(31);

create temp view relations as
  select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, c.relrowsecurity as has_rls, c.reloptions
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname in ('public', 'private') and c.relkind in ('r', 'p', 'v', 'm', 'f');

create temp view functions as
  select p.oid, n.nspname as schema, p.oid::regprocedure::text as name,
    n.nspname || '.' || p.proname as short_name, p.prosrc, p.proconfig, p.proacl, p.proowner
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where n.nspname in ('public', 'private');

create temp view columns as
  select r.schema, r.name as relation, r.kind, a.attname as name, a.attnotnull as is_required, r.oid, a.attnum, a.attacl
  from relations r join pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped;

select isnt_empty('select from functions where schema = ''public''', 'conventions: the catalog has functions to check');
select isnt_empty('select from relations where schema = ''private''', 'conventions: the catalog has tables to check');

select is_empty($$ select name from relations where schema = 'public' and kind in ('r', 'p') and not has_rls $$,
  'conventions: every public table has row-level security');

select is_empty($$
  select r.name from relations r where r.schema = 'public' and r.kind in ('r', 'p')
  and not exists (select from pg_policy p where p.polrelid = r.oid) $$,
  'conventions: every public table has a policy for reading');

-- a list of ids in an array is compared by index; IN (SELECT …) becomes a hashed filter over a sequential scan
select is_empty($$
  select tablename || ': ' || policyname from pg_policies where qual ~ ' IN \( SELECT' $$,
  'conventions: every policy compares with = any (array(select …)), which an index can answer');

-- an array of all clients would be compared one by one for each row
select is_empty($$
  select tablename || ': ' || policyname from pg_policies
  where qual ~ '= ANY \(ARRAY\( SELECT private\.(staffed|administered)_client_ids' and qual !~ 'platform_from.*platform_to.*reader_scope' $$,
  'Every policy of tenants'' rows lets the platform read by a range of client ids');

select is_empty($$
  select p.tablename || ': ' || p.policyname from pg_policies p
  where p.qual ~ ' OR .*is_platform_admin' and p.qual !~ 'client_id IS NULL\) AND .*is_platform_admin' and p.tablename not in ('agencies', 'gift_card_brands', 'brand_denominations') $$,
  'conventions: policies ask for the platform admin only about rows without a client; the list of clients covers all others');

select is_empty($$
  select name from relations where schema = 'public' and kind = 'v'
  and not coalesce(reloptions @> '{security_invoker=on}' or reloptions @> '{security_invoker=true}', false) $$,
  'conventions: every public view is a security invoker');

-- 28: insert, update and delete (pg_relation_is_updatable)
select is_empty($$
  select name from relations where schema = 'public' and kind = 'v' and pg_relation_is_updatable(oid, true) & 28 <> 28 $$,
  'conventions: a write to a public view is refused for the missing privilege; an updatable one has a trigger instead');

select is_empty($$
  select schema || '.' || name from relations
  where (schema = 'public' or kind in ('r', 'p')) and obj_description(oid, 'pg_class') is null $$,
  'conventions: every table, and every public view, has a comment');

-- The Data API cuts a set at 1,000 rows without a word. A read that is cut can be continued, a write cannot.
select is_empty($$
  select p.oid::regprocedure::text from pg_proc p
  where p.pronamespace = 'public'::regnamespace and p.proretset and p.provolatile = 'v' $$,
  'conventions: a public function that writes answers one value, never a set');

select bag_eq($$
  select p.proname::text from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proretset $$,
  $$ values
  -- a page of its own, of at most 1,000 rows
  ('list_vouchers'), ('list_imports'), ('list_import_rows'),
  -- in a total order, so that .range() reads on
  ('list_denominations'), ('list_card_sales'), ('list_agency_offers'), ('list_card_offers'),
  -- whole in the files of export-report
  ('report_pool_performance'), ('report_brand_performance'), ('report_delivery_methods'), ('report_geography'),
  ('report_campaign_comparison'), ('report_liability'), ('report_profit_by_client'), ('report_profit_by_agency'),
  ('report_platform_analytics'), ('report_agency_profit') $$,
  'conventions: a public function that returns a set is a paginated read');

select is_empty($$ select name from functions where schema = 'public' and obj_description(oid, 'pg_proc') is null $$,
  'conventions: every public function has a comment');

select is_empty($$
  select name from functions where not coalesce(proconfig @> array['search_path=""'], false) $$,
  'conventions: every function has an empty search_path');

select bag_eq($$
  select f.short_name, coalesce(g.rolname, 'public') from functions f,
    aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) x
  left join pg_roles g on g.oid = x.grantee
  where f.proowner <> x.grantee $$,
  $$ values
  -- what the edge functions call with the secret key
  ('public.get_upload_target', 'service_role'), ('public.import_gift_cards', 'service_role'),
  ('public.preview_gift_cards', 'service_role'), ('public.import_recipient_file', 'service_role'),
  ('public.export_import_rows', 'service_role'),
  ('public.provision_gift_card', 'service_role'), ('public.provision_gift_card_for_call_center', 'service_role'),
  ('public.redeem_gift_card', 'service_role'),
  ('public.complete_supplier_purchase', 'service_role'), ('public.lease_supplier_purchases', 'service_role'),
  ('public.fulfil_pending_reward', 'service_role'), ('public.watch_pending_rewards', 'service_role'),
  ('public.start_call_session', 'service_role'),
  ('public.resend_gift_card', 'service_role'), ('public.get_delivery', 'service_role'),
  ('public.lease_deliveries', 'service_role'), ('public.complete_delivery_attempt', 'service_role'),
  ('public.lease_unknown_deliveries', 'service_role'), ('public.resolve_unknown_delivery', 'service_role'),
  ('public.record_delivery_status', 'service_role'), ('public.run_housekeeping', 'service_role'),
  ('public.get_wallet', 'service_role'),
  ('public.request_sms_opt_in', 'service_role'), ('public.receive_sms', 'service_role'),
  ('public.record_recipient_consent', 'service_role'),
  ('public.record_email_events', 'service_role'), ('public.unsubscribe_email', 'service_role'),
  ('public.sell_gift_cards', 'service_role'), ('public.return_gift_cards', 'service_role'),
  ('public.get_billing_statement', 'service_role'),
  ('public.release_holds', 'service_role'), ('public.record_job_round', 'service_role'),
  ('public.expire_lots', 'service_role'),
  ('public.expire_packages', 'service_role'),
  ('public.expire_gift_cards', 'service_role'), ('public.release_stuck_cards', 'service_role'),
  ('public.confirm_redemption', 'service_role'),
  ('public.use_messages', 'service_role'), ('public.get_package_quote', 'service_role'),
  ('public.start_package_purchase', 'service_role'), ('public.cancel_package_purchase', 'service_role'),
  ('public.record_payment', 'service_role'), ('public.fail_package_purchase', 'service_role'),
  ('public.record_payment_event', 'service_role'), ('public.lease_package_purchases', 'service_role'),
  ('public.refund_package_purchase', 'service_role'), ('public.lease_package_refunds', 'service_role'),
  ('public.complete_package_refund', 'service_role'),
  ('public.redeem_voucher', 'service_role'), ('public.validate_voucher', 'service_role'),
  ('public.expire_entitlements', 'service_role'),
  ('public.get_crm_endpoint', 'service_role'), ('public.record_crm_events', 'service_role'),
  ('public.process_crm_event', 'service_role'), ('public.lease_crm_events', 'service_role'),
  ('public.fail_crm_event', 'service_role'),
  ('public.export_report', 'service_role'),
  ('public.reveal_gift_card', 'service_role'), ('public.reveal_gift_card_to_staff', 'service_role'),
  ('public.lease_webhooks', 'service_role'), ('public.complete_webhook_attempt', 'service_role'),
  -- admin entry points whose rights are those of their reader, and what they ask
  ('public.list_vouchers', 'authenticated'), ('public.list_vouchers', 'service_role'),
  ('public.report_agency_profit', 'authenticated'), ('public.report_agency_profit', 'service_role'),
  ('public.report_brand_performance', 'authenticated'), ('public.report_brand_performance', 'service_role'),
  ('public.report_campaign_comparison', 'authenticated'), ('public.report_campaign_comparison', 'service_role'),
  ('public.report_delivery_methods', 'authenticated'), ('public.report_delivery_methods', 'service_role'),
  ('public.report_geography', 'authenticated'), ('public.report_geography', 'service_role'),
  ('public.report_liability', 'authenticated'), ('public.report_liability', 'service_role'),
  ('public.report_platform_analytics', 'authenticated'), ('public.report_platform_analytics', 'service_role'),
  ('public.report_pool_performance', 'authenticated'), ('public.report_pool_performance', 'service_role'),
  ('public.report_profit_by_agency', 'authenticated'), ('public.report_profit_by_agency', 'service_role'),
  ('public.report_profit_by_client', 'authenticated'), ('public.report_profit_by_client', 'service_role'),
  ('private.report', 'authenticated'), ('private.report', 'service_role'),
  ('private.assert_voucher_state', 'authenticated'), ('private.assert_voucher_state', 'service_role'),
  ('private.code_prefix', 'authenticated'), ('private.code_prefix', 'service_role'),
  -- what policies and views ask in the name of their reader
  ('private.read_billing_lines', 'authenticated'), ('private.read_billing_lines', 'service_role'),
  ('private.read_billing_statements', 'authenticated'), ('private.read_billing_statements', 'service_role'),
  ('private.dealt_client_ids', 'authenticated'),
  ('private.platform_from', 'authenticated'), ('private.platform_to', 'authenticated'), ('private.reader_scope', 'authenticated'),
  ('private.staffed_client_ids', 'authenticated'), ('private.administered_client_ids', 'authenticated'),
  ('private.is_platform_admin', 'authenticated'), ('private.customer_client_ids', 'authenticated'),
  ('private.administered_agency_ids', 'authenticated'), ('private.ledger_owner_ids', 'authenticated'),
  ('private.unfolded_movements', 'authenticated'), ('private.unfolded_movements', 'service_role'),
  ('private.cost_of_pool', 'authenticated'), ('private.cost_of_pool', 'service_role'),
  ('private.client_cost_of_pool', 'authenticated'), ('private.client_cost_of_pool', 'service_role')
  union all
  -- admin entry points, for users and servers, and the bodies that check the caller
  select s.name || '.' || a.name, r.name
  from (values ('public'), ('private')) s (name), (values ('authenticated'), ('service_role')) r (name), unnest(array[
    'allocate_credit', 'allow_gift_card_replacement', 'archive_gift_card_pool', 'archive_package', 'cancel_gift_card',
    'cancel_pending_reward', 'check_message_template', 'collect_credit', 'create_brand', 'create_campaign',
    'create_campaign_condition', 'create_crm_endpoint', 'create_gift_card_pool', 'create_package', 'create_voucher',
    'create_vouchers', 'create_webhook_endpoint', 'decide_reply', 'expire_voucher', 'export_redemption_codes',
    'get_import', 'import_recipients', 'list_agency_offers', 'list_card_offers', 'list_card_sales', 'list_denominations',
    'list_import_rows', 'list_imports',
    'mark_gift_card_redeemed', 'record_consent', 'record_opt_out', 'replay_crm_event', 'replay_crm_events',
    'replay_webhook_message', 'replay_webhook_messages', 'report_bizcoin_usage', 'report_voucher_usage', 'return_credit',
    'rollback_voucher_redemption', 'rotate_redemption_codes', 'rotate_webhook_secret', 'send_test_event',
    'update_agency_brand', 'update_agency_denomination', 'update_billing_terms', 'update_brand', 'update_brand_claim_link',
    'update_brand_code_case', 'update_campaign_billing', 'update_campaign_claim_link', 'update_campaign_condition',
    'update_campaign_templates', 'update_client_brand', 'update_client_denomination', 'update_client_price',
    'update_confirmation_policy', 'update_crm_endpoint', 'update_crm_endpoint_key', 'update_denomination',
    'update_expiration_policy', 'update_minimum_validity', 'update_package', 'update_pending_reward', 'update_service_fee',
    'update_sms_policy', 'update_voucher', 'update_webhook_endpoint']) a (name) $$,
  'conventions: no function outside this list is executable');

select is_empty($$
  select r.schema || '.' || r.name, coalesce(g.rolname, 'public'), x.privilege_type
  from relations r join pg_class c on c.oid = r.oid, aclexplode(c.relacl) x left join pg_roles g on g.oid = x.grantee
  where x.grantee <> c.relowner and (x.privilege_type <> 'SELECT' or r.schema = 'private')
  union all
  select c.relation, coalesce(g.rolname, 'public'), c.name || ' ' || x.privilege_type
  from columns c, aclexplode(c.attacl) x left join pg_roles g on g.oid = x.grantee
  where x.privilege_type <> 'SELECT' or c.schema = 'private' $$,
  'conventions: only the owner writes tables or reads private ones');

select is_empty($$
  select s.oid::regclass from pg_class s, aclexplode(s.relacl) x
  where s.relkind = 'S' and s.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
    and x.grantee <> s.relowner $$, 'conventions: only the owner uses sequences');

select is_empty($$
  select k.conrelid::regclass, k.conname from pg_constraint k
  where k.contype = 'f' and k.connamespace in ('public'::regnamespace, 'private'::regnamespace) and not exists (
    select from pg_index i
    -- an index without the rows that refer to none serves a check as well
    where i.indrelid = k.conrelid and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\(\w+ IS NOT NULL\)$')
      and (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey) $$,
  'conventions: every foreign key has an index that begins with its columns');

select is_empty($$
  select conrelid::regclass, conname from pg_constraint
  where contype = 'c' and connamespace in ('public'::regnamespace, 'private'::regnamespace)
    and conname ~ '_check\d*$' $$, 'conventions: every CHECK has a name that states the rule');

select is_empty($$
  select c.relation from columns c
  where c.schema = 'public' and c.kind in ('r', 'p') and c.name = 'status' and not exists (
    select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[c.attnum]) $$,
  'conventions: every status column has a CHECK of its values');

-- NaN is a number above all others, and what is added to it is NaN for ever: columns that take what people give exclude it
select set_eq($$
  select c.schema || '.' || c.relation || '.' || c.name from columns c join pg_attribute a on a.attrelid = c.oid and a.attnum = c.attnum
  where c.kind = 'r' and a.atttypid = 'numeric'::regtype and a.attgenerated = '' and not exists (
    select from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey @> array[c.attnum]
      and (pg_get_constraintdef(k.oid) ~ (c.name || ' < ''Infinity''') or pg_get_constraintdef(k.oid) ~ (c.name || ' <= \('))) $$,
  $$ values
  -- copies of what a catalogue, a bill or a purchase says
  ('public.agency_denominations.denomination'), ('public.client_denominations.denomination'),
  ('public.billing_transactions.denomination'), ('public.gift_card_purchases.denomination'),
  ('public.pending_rewards.denomination'), ('public.admin_card_returns.total_amount'),
  ('public.package_purchases.price'), ('public.package_purchases.discount'), ('public.package_purchases.bizcoin_amount'),
  ('public.package_purchases.refunded_payment'), ('public.package_purchases.run_payment'), ('public.package_refunds.payment_amount'),
  ('public.voucher_entitlements.minimum_purchase'), ('public.voucher_usage.benefit'), ('public.voucher_usage.owner_benefit'),
  ('public.voucher_usage.discount_amount'), ('public.voucher_usage.rolled_back_benefit'),
  ('public.voucher_usage.rolled_back_owner_benefit'),
  -- sums of entries, and parts of them
  ('public.ledger_accounts.balance'), ('public.ledger_accounts.held'), ('public.ledger_entries.balance_after'),
  ('public.ledger_lots.amount'), ('public.ledger_lots.remaining'), ('public.ledger_lots.held'), ('public.ledger_holds.amount'),
  ('public.ledger_holds.captured_amount'), ('private.ledger_hold_lots.amount'), ('private.ledger_lot_uses.amount') $$, 'conventions: every amount column has an upper bound');


select set_eq($$
  select r.name from relations r where r.schema = 'public' and not exists (
    select from columns c where c.oid = r.oid and c.name = 'client_id') $$,
  $$ values
  ('agencies'),             -- above clients
  ('clients'),              -- the tenant itself
  ('gift_card_brands'),     -- one catalogue for all
  ('brand_denominations'),  -- one catalogue for all
  ('agency_brands'),        -- the agency's own
  ('agency_denominations'), -- the agency's own
  ('gift_card_suppliers'),  -- the platform's
  ('supplier_brands'),      -- the platform's
  ('contact_opt_outs')      -- an opt-out holds for all clients
  $$, 'conventions: every table and view of tenants has a client_id');

select set_eq($$
  select c.relation from columns c
  where c.schema = 'public' and c.kind in ('r', 'p') and c.name = 'client_id' and not c.is_required $$,
  $$ values
  ('memberships'),                  -- of the platform or of an agency
  ('audit_events'),                 -- the platform's own
  ('system_alerts'),                -- the platform's own
  ('redemption_attempts'),          -- an unknown code
  ('provisioning_traces'),          -- a request that names no recipient
  ('call_sessions'),                -- a caller who is not known yet
  ('consents'),                     -- an opt-out of an unknown address
  ('inbound_messages'),             -- from an unknown phone
  ('card_pools'),                   -- master pools
  ('imports'),                      -- into master pools
  ('import_rows'),                  -- of these
  ('service_fees'),                 -- what the platform asks an agency
  ('ledger_accounts'),              -- an agency's credit, and what the platform issued
  ('ledger_transfers'),             -- between these
  ('ledger_entries'),               -- of these
  ('ledger_lots'),                  -- of an agency's credit
  ('ledger_holds'),                 -- of an agency's credit
  ('gift_cards')                    -- cards of master pools
  $$, 'conventions: tables with rows without a client are listed here');

select is_empty($$
  select name from functions where array_length(string_to_array(btrim(prosrc, E' \n'), E'\n'), 1) > 60 $$,
  'conventions: no function is longer than 60 lines');

select is_empty($$
  select f.name, w.word[1] from functions f,
    -- comments first: an apostrophe in one is no string
    regexp_matches(regexp_replace(regexp_replace(f.prosrc, '--[^\n]*', '', 'g'), '''[^'']*''', '', 'g'),
      '\m(SELECT|FROM|WHERE|INSERT|INTO|VALUES|UPDATE|SET|DELETE|BEGIN|END|IF|THEN|ELSE|RETURN|AND|OR|NOT|NULL|AS|JOIN)\M',
      'g') as w (word) $$,
  'conventions: SQL is lower case');

-- Hosted projects load pg-safeupdate for the Data API, which refuses such a statement.
create function pg_temp.without_where(body text) returns setof text language sql as $$
  select s.statement from regexp_split_to_table(
    -- comments and texts first: they have semicolons and words, too
    regexp_replace(regexp_replace(body, '--[^\n]*', '', 'g'), '''[^'']*''', '''''', 'g'), ';') s (statement)
  where s.statement ~ '\m(update\s+(only\s+)?[\w.]+(\s+(as\s+)?\w+)?\s+set\M|delete\s+from\M)' and s.statement !~ '\mwhere\M'
$$;
select is_empty($$ select f.name, w from functions f, pg_temp.without_where(f.prosrc) w $$,
  'conventions: no function updates or deletes without where');
select bag_eq($$ select w from pg_temp.without_where(
    'update a set b = 1; delete from a; update a x set b = 1 where c; on conflict do update set b = 1; for update; update only a set b = '';where''') w $$,
  $$ values ('update a set b = 1'), (' delete from a'), (' update only a set b = ''''') $$, 'conventions: such a statement is found (control)');

select bag_eq($$
  select f.short_name from functions f where f.schema = 'public' and not f.proconfig @> '{statement_timeout=60s}'
  and f.short_name ~ '^public\.(import|export|report|replay|rotate|run|expire|release)_' and f.short_name !~ '(_event|_message)$' $$,
  $$ values
  -- one row
  ('public.expire_voucher'), ('public.rotate_webhook_secret') $$,
    'conventions: a function that processes a file, a period or a batch has a time limit of a minute');

-- Postgres reads 12/31/2027, "tomorrow" and "infinity" as such an argument before its function runs
select is_empty($$
  select f.name, t.typname from functions f join pg_proc p on p.oid = f.oid, unnest(p.proargtypes) a (type)
  join pg_type t on t.oid = a.type
  where f.schema = 'public' and p.prorettype <> 'trigger'::regtype and t.typname ~ '^_?(date|time|timetz|timestamp|timestamptz|interval)$' $$,
  'conventions: public functions take days and times as text, read by private.parse_day and its siblings');

select is_empty($$
  select f.name, x.written[1] from functions f,
    regexp_matches(regexp_replace(f.prosrc, '--[^\n]*', '', 'g'), '(->> ?''[^'']*''\)?::(?:date|timestamptz?)|"\w+" (?:date|timestamptz?)\M)', 'g')
      as x (written) $$,
  'conventions: no function casts a caller''s text to a day or a time');

select is_empty($$
  select schema, relation, name from columns where name ~* '(cvv|cvc|security_code|card_number|\mpan\M)' $$,
  'conventions: no column holds payment card data');

select * from finish();
rollback;
