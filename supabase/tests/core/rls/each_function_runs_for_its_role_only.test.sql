-- Every public function × every role, called for real: service entry points run for the server, admin entry points for signed-in users, too.
begin;
set local search_path = public, extensions, tests;
select plan(3 * (select count(*)::int from pg_proc where pronamespace = 'public'::regnamespace));

create function pg_temp.state_of_call(function pg_proc, role text) returns text language plpgsql as $$
declare
  arguments text := (
    select string_agg('null::' || t.type::regtype, ', ' order by t.n)
    from unnest(function.proargtypes::oid[]) with ordinality t (type, n));
begin
  perform set_config('request.jwt.claims', jsonb_build_object('sub', gen_random_uuid(), 'role', role)::text, true);
  perform set_config('role', role, true);
  execute format('select public.%I(%s)', function.proname, arguments);
  perform tests.sign_out();
  return 'ran';
exception when others then
  -- the role went back with the subtransaction
  return case when sqlstate = '42501' then sqlstate else 'ran' end;
end $$;

select is(pg_temp.state_of_call(f, r.role),
  case when r.role = 'service_role' or r.role = 'authenticated' and (f.proname like 'report\_%' or f.proname in (
    'allocate_credit', 'allow_gift_card_replacement', 'archive_gift_card_pool', 'archive_package', 'cancel_gift_card',
    'cancel_pending_reward', 'check_message_template', 'collect_credit', 'create_brand', 'create_campaign',
    'create_campaign_condition', 'create_crm_endpoint', 'create_gift_card_pool', 'create_package', 'create_voucher',
    'create_vouchers', 'create_webhook_endpoint', 'decide_reply', 'expire_voucher', 'export_redemption_codes',
    'get_import', 'list_imports', 'list_import_rows', 'import_recipients', 'list_agency_offers', 'list_card_offers', 'list_card_sales', 'list_denominations', 'list_vouchers',
    'mark_gift_card_redeemed', 'record_consent', 'record_opt_out', 'replay_crm_event', 'replay_crm_events',
    'replay_webhook_message', 'replay_webhook_messages', 'return_credit', 'rollback_voucher_redemption',
    'rotate_redemption_codes', 'rotate_webhook_secret', 'send_test_event', 'update_agency_brand',
    'update_agency_denomination', 'update_billing_terms', 'update_brand', 'update_brand_claim_link',
    'update_brand_code_case', 'update_campaign_billing', 'update_campaign_claim_link', 'update_campaign_condition',
    'update_campaign_templates', 'update_client_brand', 'update_client_denomination', 'update_client_price',
    'update_confirmation_policy', 'update_crm_endpoint', 'update_crm_endpoint_key', 'update_denomination',
    'update_expiration_policy', 'update_minimum_validity', 'update_package', 'update_pending_reward', 'update_service_fee',
    'update_sms_policy', 'update_voucher', 'update_webhook_endpoint'))
    then 'ran' else '42501' end,
  format('%s: what it tells %s', f.proname, r.role))
from pg_proc f, unnest(array['anon', 'authenticated', 'service_role']) r (role)
where f.pronamespace = 'public'::regnamespace;

select * from finish();
rollback;
