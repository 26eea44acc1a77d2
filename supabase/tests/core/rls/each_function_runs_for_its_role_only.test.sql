-- Every public function × every role, called for real: doors answer the server, admins' functions whoever signed in.
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
  case when (f.proname in ('import_recipients', 'rotate_redemption_codes', 'export_redemption_codes')
      and r.role in ('authenticated', 'service_role')) or r.role = case
    when f.proname in ('create_gift_card_pool', 'create_campaign', 'update_campaign_billing', 'update_campaign_templates', 'check_message_template', 'update_campaign_condition', 'create_campaign_condition',
      'cancel_gift_card', 'allow_gift_card_replacement', 'update_pending_reward', 'cancel_pending_reward', 'mark_gift_card_redeemed', 'archive_gift_card_pool', 'update_expiration_policy',
      'create_webhook_endpoint', 'update_webhook_endpoint', 'rotate_webhook_secret', 'send_test_event',
      'replay_webhook_message', 'replay_webhook_messages',
      'create_crm_endpoint', 'update_crm_endpoint_key', 'update_crm_endpoint', 'replay_crm_event',
      'replay_crm_events',
      'record_consent', 'record_opt_out', 'decide_reply',
      'create_voucher', 'create_vouchers', 'update_voucher', 'expire_voucher', 'list_vouchers',
      'update_campaign_claim_link', 'update_brand_claim_link', 'update_brand_code_case', 'update_minimum_validity',
      'create_package', 'update_package', 'archive_package', 'rollback_voucher_redemption',
      'create_brand', 'update_brand', 'update_denomination', 'list_denominations', 'list_card_sales', 'list_agency_offers', 'update_agency_brand', 'update_agency_denomination',
      'update_client_brand', 'update_client_denomination', 'update_client_price', 'list_card_offers',
      'update_sms_policy', 'update_confirmation_policy',
      'update_billing_terms', 'allocate_credit', 'return_credit', 'collect_credit', 'update_service_fee') or f.proname like 'report\_%'
      then 'authenticated' else 'service_role' end
    then 'ran' else '42501' end,
  format('%s: what it tells %s', f.proname, r.role))
from pg_proc f, unnest(array['anon', 'authenticated', 'service_role']) r (role)
where f.pronamespace = 'public'::regnamespace;

select * from finish();
rollback;
