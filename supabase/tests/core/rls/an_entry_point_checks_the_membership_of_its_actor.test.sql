-- Every entry point that takes an actor, and every admin entry point × every role: the answer. To users who do not belong
-- to the client, what exists reads like what does not.
begin;
set local search_path = public, extensions, tests;

create temp table expected (
  entry_point text, call_agent text, client_admin text, agency_admin text, platform_admin text, foreign_staff text,
    outsider text);
insert into expected values
  ('get_upload_target',         'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('import_gift_cards',         'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('preview_gift_cards',        'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('export_import_rows',        'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('get_import',                'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('list_imports',              'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('list_import_rows',          'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('imports of the platform',   'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('import platform stock',     'RB-403', 'RB-403', 'RB-403', 'ok', 'RB-404', 'RB-404'),
  ('import to a master pool',   'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('provision_gift_card',       'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('provision for a caller',    'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('provision by code',         'ok',     'ok',     'ok',     'ok', 'GC-011', 'GC-011'),
  ('provision unverified',      'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('start_call_session',        'ok',     'ok',     'ok',     'ok', 'ok',     'RB-403'),
  ('resend_gift_card',          'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('request_sms_opt_in',        'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('record_recipient_consent',  'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('record_consent',            'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('record_opt_out',            'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('decide_reply',              'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('get_delivery',              'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('get_wallet',                'RB-404', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('use_messages',              'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('sell_gift_cards',           'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('get_billing_statement',     'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('an agency''s statement',    'RB-404', 'RB-404', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('create_brand',              'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('update_brand',              'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('update_denomination',       'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('list_denominations',        'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('list_card_sales',           'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('list_agency_offers',        'RB-404', 'RB-404', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_agency_brand',       'RB-404', 'RB-404', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_agency_denomination', 'RB-404', 'RB-404', 'ok',    'ok', 'RB-404', 'RB-404'),
  ('update_client_brand',       'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('open the master pools',     'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_client_denomination', 'RB-403', 'ok',    'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_client_price',       'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('list_card_offers',          'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('a client''s terms',         'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('an agency''s terms',        'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('credit for an agency',      'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('credit for a client',       'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('credit from an agency',     'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('credit from a client',      'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('collect_credit',            'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('a client''s fee',           'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('an agency''s fee',          'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('return_gift_cards',         'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('cancel_package_purchase',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('refund_package_purchase',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('create_package',            'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_package',            'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('archive_package',           'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('create_gift_card_pool',     'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('create platform stock',     'RB-403', 'RB-403', 'RB-403', 'ok', 'RB-404', 'RB-404'),
  ('create a master pool',      'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('create_campaign',           'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('let the agency pay',        'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_campaign_billing',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_campaign_templates', 'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('bill the agency',           'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_campaign_condition', 'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('create_campaign_condition', 'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('import_recipient_file',     'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('import_recipients',         'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('rotate_redemption_codes',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('export_redemption_codes',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('cancel_gift_card',          'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('allow_gift_card_replacement', 'RB-403', 'ok',   'ok',     'ok', 'RB-404', 'RB-404'),
  ('mark_gift_card_redeemed',   'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('archive_gift_card_pool',    'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_expiration_policy',  'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('reveal_gift_card_to_staff', 'ok',     'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_campaign_claim_link', 'RB-403', 'ok',    'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_brand_claim_link',   'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('update_brand_code_case',    'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('update_minimum_validity',   'RB-404', 'RB-404', 'RB-404', 'ok', 'RB-404', 'RB-404'),
  ('create_crm_endpoint',       'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_crm_endpoint',       'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_crm_endpoint_key',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('replay_crm_event',          'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('replay_crm_events',         'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('create_webhook_endpoint',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_webhook_endpoint',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('rotate_webhook_secret',     'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('send_test_event',           'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('replay_webhook_message',    'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('replay_webhook_messages',   'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('export_report',             'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('report_liability',          'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('report_profit_by_client',   'RB-403', 'RB-403', 'RB-403', 'ok', 'RB-404', 'RB-404'),
  ('report_agency_profit',      'RB-403', 'RB-403', 'ok',     'ok', 'RB-404', 'RB-404'),
  ('update_voucher',            'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('expire_voucher',            'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('report_voucher_usage',      'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('report_bizcoin_usage',      'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404'),
  ('rollback_voucher',          'RB-403', 'ok',     'ok',     'ok', 'RB-404', 'RB-404');

select plan((select 11 * count(*)::int from expected));

select tests.keep(tests.create_delivery());
select tests.add_cards(tests.the('pool'), 50);
select tests.keep('master', tests.create_pool(null, tests.the('brand'), 0));
select tests.keep('own', tests.create_pool(tests.the('client'), tests.the('brand'), 0, stock_owner => 'client'));
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
-- there is credit to move at both levels
select private.post_credit('allocation', private.system_account(null, 'issuance', 'credit:USD'),
  private.credit_account('agency', tests.the('agency'), 'USD'), 200, 'agency');
select private.post_credit('allocation', private.credit_account('agency', tests.the('agency'), 'USD'),
  private.credit_account('client', tests.the('client'), 'USD'), 100, 'client');
-- and a client that has paid a little
select private.post_credit('card_charge', private.credit_account('client', tests.the('client'), 'USD'),
  private.system_account(tests.the('client'), 'revenue', 'credit:USD'), 1, 'paid');
select tests.keep('for_sale', tests.create_pool(null, tests.create_brand(), 20));
select tests.keep('sale', tests.sell(tests.the('for_sale'), tests.the('client'), 10) #> '{result,saleId}');
select tests.keep('hook', tests.create_endpoint(tests.the('client')));
select tests.keep('foreign', tests.create_client());
select tests.keep('customer', tests.create_user('customer', tests.the('client')));
select private.activate_package(tests.the('client'), tests.the('customer'), tests.create_package(tests.the('client')));
select tests.create_wallet(tests.the('client'), 100, tests.the('customer'));
select tests.keep('package', tests.create_package(tests.the('client'), 10));
select tests.keep('open', (tests.buy() #>> '{result,purchase,purchaseId}')::uuid);
select tests.keep('package', tests.create_package(tests.the('client'), 10));
select tests.keep('bought', (tests.buy(10) #>> '{result,purchase,purchaseId}')::uuid);
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select tests.keep('import', (tests.import(tests.the('own'), '[]') #>> '{result,importId}')::uuid);

create temp table actors as
  select r.role as persona, r.role as answered_as, tests.create_user(r.role, tests.the('client')) as id
  from unnest(array['call_agent', 'client_admin', 'agency_admin', 'platform_admin']) r (role)
  union all select 'foreign ' || r.role, 'foreign_staff', tests.create_user(r.role, tests.the('foreign'))
  from unnest(array['call_agent', 'client_admin', 'agency_admin']) r (role)
  union all select r.role, 'outsider', tests.create_user(r.role, tests.the('client'))
    from unnest(array['customer', 'dealer']) r (role)
  union all select 'user without membership', 'outsider', tests.create_user()
  union all select 'suspended client_admin', 'outsider', tests.create_user('client_admin', tests.the('client'));
update public.memberships set suspended_at = now() where user_id = (select id from actors where persona ~ 'suspended');

-- Runs an admin function as the user and says how it ended.
create function pg_temp.try(actor uuid, statement text) returns text language plpgsql as $$
begin
  perform tests.sign_in(actor);
  execute statement;
  perform tests.sign_out();
  return 'ok';
exception when others then
  return regexp_replace(sqlstate, '^(RB|GC)(...)$', '\1-\2');
end $$;

create function pg_temp.cancelled_card(recipient uuid) returns uuid language plpgsql as $$
declare
  card uuid := tests.provision(recipient) #>> '{result,giftCard,id}';
begin
  update public.gift_cards set status = 'cancelled', cancelled_at = now() where id = card;
  return card;
end $$;

create function pg_temp.ask(entry_point text, actor uuid) returns text language plpgsql as $$
declare
  recipient uuid := tests.create_recipients(tests.the('campaign'));
  answer jsonb := case entry_point
    when 'get_upload_target' then tests.upload_target(tests.the('own'), actor)
    when 'import_gift_cards' then tests.import(tests.the('own'), '[]', actor)
    when 'export_import_rows' then tests.export_import_rows(tests.the('import'), actor)
    when 'import_recipient_file' then tests.import_recipient_file(tests.the('campaign'), '[]', actor)
    when 'preview_gift_cards' then tests.preview_cards(tests.the('own'), '[]', actor)
    when 'import platform stock' then tests.import(tests.the('pool'), '[]', actor)
    when 'import to a master pool' then tests.import(tests.the('master'), '[]', actor)
    when 'provision_gift_card' then tests.provision(recipient, actor)
    when 'provision for a caller' then tests.provision_for_caller(actor, recipient_id => recipient)
    when 'provision by code' then tests.provision_for_caller(actor, tests.redemption_token(recipient))
    when 'provision unverified' then tests.provision_for_caller(actor, recipient_id => recipient,
      skip_verification => true)
    when 'start_call_session' then tests.start_call_session(actor, '+12025550100')
    when 'resend_gift_card' then tests.resend(tests.the('card'), 'sms', null, 'asked', tests.request(actor))
    when 'record_recipient_consent' then tests.record_recipient_consent(recipient, 'sms', 'opted_out', 'agent', null, null, null, null,
      tests.request(actor))
    when 'request_sms_opt_in' then tests.ask_for_consent(recipient, actor)
    when 'reveal_gift_card_to_staff' then tests.reveal_to_staff(tests.the('card'), 'asked', tests.request(actor))
    when 'get_delivery' then tests.get_delivery(tests.the('delivery'), tests.request(actor))
    when 'get_wallet' then tests.get_wallet(actor, tests.the('customer'))
    when 'sell_gift_cards' then tests.sell(tests.the('for_sale'), tests.the('client'), 1, actor => actor)
    when 'get_billing_statement' then tests.billing_statement(tests.the('client'), null, '2026-03-01', tests.request(actor))
    when 'an agency''s statement' then tests.billing_statement(null, tests.the('agency'), '2026-03-01', tests.request(actor))
    when 'return_gift_cards' then tests.return_cards(tests.the('sale'), 1, actor)
    when 'use_messages' then tests.use_messages(tests.the('client'), tests.the('customer'), 1, actor)
    when 'cancel_package_purchase' then tests.cancel_purchase(actor, tests.the('open'))
    when 'refund_package_purchase' then tests.refund(actor, tests.the('bought'), null, null, 1, 'test')
    when 'export_report' then tests.export_report('liability', tests.the('client'), null, null, tests.request(actor))
  end;
begin
  return coalesce(answer ->> 'code', answer ->> 'outcome', pg_temp.try(actor, case entry_point
    when 'create_brand' then format('select public.create_brand(%L)', gen_random_uuid())
    when 'get_import' then format('select public.get_import(%L)', tests.the('import'))
    when 'list_imports' then format('select public.list_imports(%L)', tests.the('client'))
    when 'list_import_rows' then format('select public.list_import_rows(%L)', tests.the('import'))
    when 'imports of the platform' then 'select public.list_imports()'
    when 'update_brand' then format('select public.update_brand(%L)', tests.the('brand'))
    when 'update_denomination' then format('select public.update_denomination(%L, 25)', tests.the('brand'))
    when 'list_denominations' then 'select public.list_denominations()'
    when 'list_card_sales' then 'select public.list_card_sales()'
    when 'list_agency_offers' then format('select public.list_agency_offers(%L)', tests.the('agency'))
    when 'update_agency_brand' then format('select public.update_agency_brand(%L, %L)', tests.the('agency'), tests.the('brand'))
    when 'update_agency_denomination' then format('select public.update_agency_denomination(%L, %L, 25)', tests.the('agency'),
      tests.the('brand'))
    when 'update_client_brand' then format('select public.update_client_brand(%L, %L)', tests.the('client'), tests.the('brand'))
    when 'open the master pools' then format('select public.update_client_brand(%L, %L, true, true)', tests.the('client'),
      tests.the('brand'))
    when 'update_client_denomination' then format('select public.update_client_denomination(%L, %L, 25)', tests.the('client'),
      tests.the('brand'))
    when 'update_client_price' then format('select public.update_client_price(%L, %L, 25)', tests.the('client'),
      tests.the('brand'))
    when 'list_card_offers' then format('select public.list_card_offers(%L)', tests.the('client'))
    when 'a client''s terms' then format('select public.update_billing_terms(client_id => %L, is_prepaid => false)',
      tests.the('client'))
    when 'an agency''s terms' then format('select public.update_billing_terms(agency_id => %L, is_prepaid => false)',
      tests.the('agency'))
    when 'credit for an agency' then format('select public.allocate_credit(1, agency_id => %L)', tests.the('agency'))
    when 'credit for a client' then format('select public.allocate_credit(1, client_id => %L)', tests.the('client'))
    when 'credit from an agency' then format('select public.return_credit(1, agency_id => %L)', tests.the('agency'))
    when 'credit from a client' then format('select public.return_credit(1, client_id => %L)', tests.the('client'))
    when 'collect_credit' then format('select public.collect_credit(%L, 0.01)', tests.the('client'))
    when 'a client''s fee' then format('select public.update_service_fee(0.50, client_id => %L)', tests.the('client'))
    when 'an agency''s fee' then format('select public.update_service_fee(0.20, agency_id => %L)', tests.the('agency'))
    when 'create platform stock' then format(
      'select public.create_gift_card_pool(%L, %L, %L, 25, stock_owner => %L)', tests.the('client'), tests.the('brand'), 'New',
      'platform')
    when 'create_gift_card_pool' then format('select public.create_gift_card_pool(%L, %L, %L, 25)',
      tests.the('client'), tests.the('brand'), 'New')
    when 'create_package' then format('select public.create_package(%L, %L, 10, 30)', tests.the('client'), 'New')
    when 'update_package' then format('select public.update_package(%L, %L)', tests.create_package(tests.the('client')), 'New')
    when 'archive_package' then format('select public.archive_package(%L)', tests.create_package(tests.the('client')))
    when 'create a master pool' then format('select public.create_gift_card_pool(null, %L, %L, 25)', tests.the('brand'),
      'New')
    when 'create_campaign' then format('select public.create_campaign(%L, %L)', tests.the('client'), 'New')
    when 'let the agency pay' then format('select public.create_campaign(%L, %L, %L)', tests.the('client'), 'New', 'agency')
    when 'update_campaign_billing' then format('select public.update_campaign_billing(%L, %L)',
      tests.create_campaign(tests.the('client'), tests.the('brand')), 'client')
    when 'update_campaign_templates' then format('select public.update_campaign_templates(%L, %L)', tests.the('campaign'),
      'Your card: {{code}}')
    when 'bill the agency' then format('select public.update_campaign_billing(%L, %L)',
      tests.create_campaign(tests.the('client'), tests.the('brand')), 'agency')
    when 'update_campaign_condition' then format('select public.update_campaign_condition(%L, 1, %L)', tests.the('campaign'), 'New')
    when 'create_campaign_condition' then format(
      'select public.create_campaign_condition(%L, 2 + (random() * 998)::int, %L, %L, 25)', tests.the('campaign'), 'New',
      tests.the('brand'))
    when 'import_recipients' then format('select public.import_recipients(%L, %L)', tests.the('campaign'),
      '[{"firstName": "Ada"}]')
    when 'rotate_redemption_codes' then format('select public.rotate_redemption_codes(%L)', tests.the('campaign'))
    when 'export_redemption_codes' then format('select public.export_redemption_codes(%L)', tests.the('campaign'))
    when 'record_consent' then format('select public.record_consent(%L, %L, %L, %L)', recipient, 'email', 'agent',
      'I agree')
    when 'record_opt_out' then format('select public.record_opt_out(%L, %L)', recipient, 'email')
    when 'decide_reply' then format('select public.decide_reply(%L, %L)', tests.unclear_reply(recipient), 'dismissed')
    when 'cancel_gift_card' then format('select public.cancel_gift_card(%L, %L)',
      tests.provision(recipient) #>> '{result,giftCard,id}', 'asked')
    when 'allow_gift_card_replacement' then format('select public.allow_gift_card_replacement(%L, %L)',
      pg_temp.cancelled_card(recipient), 'asked')
    when 'mark_gift_card_redeemed' then format('select public.mark_gift_card_redeemed(%L)',
      tests.provision(recipient) #>> '{result,giftCard,id}')
    when 'archive_gift_card_pool' then format('select public.archive_gift_card_pool(%L)',
      tests.create_pool(tests.the('client'), tests.the('brand'), 0))
    when 'update_expiration_policy' then format('select public.update_expiration_policy(%L, %L, 90)',
      tests.create_brand(), 'Three months')
    when 'update_campaign_claim_link' then format('select public.update_campaign_claim_link(%L, false)', tests.the('campaign'))
    when 'update_minimum_validity' then format('select public.update_minimum_validity(48, %L)', tests.the('brand'))
    when 'update_brand_code_case' then format('select public.update_brand_code_case(%L, false)', tests.the('brand'))
    when 'update_brand_claim_link' then format('select public.update_brand_claim_link(%L, false)', tests.the('brand'))
    when 'create_crm_endpoint' then format('select public.create_crm_endpoint(%L, %L)', tests.the('client'), gen_random_uuid())
    when 'update_crm_endpoint' then format('select public.update_crm_endpoint(%L, true)', tests.the('endpoint'))
    when 'update_crm_endpoint_key' then format('select public.update_crm_endpoint_key(%L)', tests.the('endpoint'))
    when 'replay_crm_events' then format('select public.replay_crm_events(%L, %L)', tests.the('endpoint'), tests.iso(now()))
    when 'replay_crm_event' then format('select public.replay_crm_event(%L)',
      (tests.take_crm_event(tests.the('endpoint'), contact_id => 'nobody')).id)
    when 'create_webhook_endpoint' then format('select public.create_webhook_endpoint(%L, %L)', tests.the('client'),
      'https://hooks.example.com/')
    when 'update_webhook_endpoint' then format('select public.update_webhook_endpoint(%L, description => %L)',
      tests.the('hook'), 'New')
    when 'rotate_webhook_secret' then format('select public.rotate_webhook_secret(%L)', tests.the('hook'))
    when 'send_test_event' then format('select public.send_test_event(%L)', tests.the('hook'))
    when 'replay_webhook_message' then format('select public.replay_webhook_message(%L)', tests.dead_webhook(tests.the('hook')))
    when 'replay_webhook_messages' then format('select public.replay_webhook_messages(%L, %L)', tests.the('hook'), tests.iso(now()))
    when 'report_liability' then format('select public.report_liability(%L)', tests.the('client'))
    when 'report_profit_by_client' then format('select public.report_profit_by_client(%L)', tests.the('client'))
    when 'report_agency_profit' then format('select public.report_agency_profit(%L)', tests.the('client'))
    when 'update_voucher' then format('select public.update_voucher(%L, %L)', tests.create_voucher(tests.the('client')), '{}')
    when 'expire_voucher' then format('select public.expire_voucher(%L)', tests.create_voucher(tests.the('client')))
    when 'report_bizcoin_usage' then format('select public.report_bizcoin_usage(%L)', tests.the('client'))
    when 'report_voucher_usage' then format('select public.report_voucher_usage(%L)', tests.the('client'))
    when 'rollback_voucher' then format('select public.rollback_voucher_redemption(%L, %L)', tests.redeem_voucher(
      tests.the('customer'), tests.create_voucher(tests.the('client'))) #>> '{result,redemptionId}', 'asked')
  end));
end $$;

select is(pg_temp.ask(e.entry_point, a.id), to_jsonb(e) ->> a.answered_as,
  format('%s: what it answers a %s', e.entry_point, a.persona)) from expected e, actors a;

select * from finish();
rollback;
