-- Time limits. A hosted project ends a statement of the Data API after 3 s (anon) or 8 s (authenticated, service_role). Functions
-- over a file, a period or a batch get a minute; PostgREST applies a function's own limit before it calls it. Add new functions of
-- that kind here.

do $$
declare
  slow text;
begin
  foreach slow in array array[
    -- files
    'import_gift_cards', 'import_recipients', 'import_recipient_file', 'export_import_rows', 'export_redemption_codes', 'export_report', 'get_billing_statement',
    -- batches
    'create_vouchers', 'rotate_redemption_codes', 'replay_crm_events', 'replay_webhook_messages', 'sell_gift_cards',
    'return_gift_cards',
    -- periods
    'report_bizcoin_usage', 'report_voucher_usage', 'report_pool_performance', 'report_brand_performance',
    'report_delivery_methods', 'report_geography', 'report_campaign_comparison', 'report_liability', 'report_profit_by_client',
    'report_agency_profit', 'report_profit_by_agency', 'report_platform_analytics',
    -- rounds of jobs
    'run_housekeeping', 'release_holds', 'expire_lots', 'expire_packages', 'expire_entitlements', 'expire_gift_cards',
    'release_stuck_cards', 'watch_pending_rewards']
  loop
    execute format('alter function public.%I set statement_timeout = ''60s''', slow);
  end loop;
end $$;
