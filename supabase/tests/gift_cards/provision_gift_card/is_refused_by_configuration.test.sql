-- Each refusal that the configuration gives, and that it leaves nothing but its trace.
begin;
set local search_path = public, extensions, tests;
select plan(37);

select tests.keep(tests.create_promise());

-- Asks for the card with something changed, which is changed back afterwards: the code, and what the trace says.
create function pg_temp.refusal(change text, description text, code text, message text default null,
  failed_step text default
  'Check campaign configuration', condition_number int default 1, brand_id uuid default null,
    denomination numeric default null)
returns setof text language plpgsql as $$
declare
  request uuid := gen_random_uuid();
  answer jsonb;
  trace jsonb;
begin
  begin
    execute change;
    answer := public.provision_gift_card(tests.the('campaign'), tests.the('recipient'), brand_id, denomination,
      condition_number, 'sms', '+12025550100', row(request, null, null, null, null)::public.request);
    trace := (
      select jsonb_agg(jsonb_build_array(t.step_name, t.error_code, t.error_message))
      from public.gift_card_provisioning_trace t where t.request_id = request and t.status = 'failed');
    raise exception using errcode = 'P0001', message = 'change it back';
  exception when raise_exception then
    null;
  end;
  return next is(answer ->> 'code', code, code || ': ' || description);
  return next is(trace,
    jsonb_build_array(jsonb_build_array(failed_step, code, coalesce(message, answer ->> 'message', 'why'))),
    code || ': its trace stays, and says why');
end $$;

select pg_temp.refusal('update public.campaign_conditions set brand_id = null
  where campaign_id = tests.the(''campaign'')', 'a condition without a brand', 'GC-001',
  'No gift card configured for condition 1');
select pg_temp.refusal('update public.campaign_conditions set card_value = null
  where campaign_id = tests.the(''campaign'')', 'a condition without a value', 'GC-001',
  'No gift card configured for condition 1');
select pg_temp.refusal('select', 'a condition that the campaign does not have', 'GC-001',
  'No gift card configured for condition 7', condition_number => 7);
select pg_temp.refusal('update public.gift_card_brands set is_enabled = false where id = tests.the(''brand'')',
  'a brand that is not enabled', 'GC-002');
select pg_temp.refusal('update public.brand_denominations set is_enabled = false where brand_id = tests.the(''brand'')',
  'a value that is not enabled', 'GC-002');
select pg_temp.refusal('update public.brand_denominations set denomination = 30 where brand_id = tests.the(''brand'')',
  'a value that the brand does not have', 'GC-002');
select pg_temp.refusal('update public.brand_denominations set currency = ''CAD'' where brand_id = tests.the(''brand'')',
  'a value that the brand has in another currency', 'GC-002');
select pg_temp.refusal('insert into public.client_brands (client_id, brand_id, is_enabled)
    values (tests.the(''client''), tests.the(''brand''), false)', 'a brand that the client may not give', 'GC-002');
select pg_temp.refusal('update public.campaigns set billing_entity = null where id = tests.the(''campaign'')',
  'a campaign without a billing entity', 'GC-008');
select pg_temp.refusal('update public.campaign_conditions set requires_opt_in = true
  where campaign_id = tests.the(''campaign'')', 'a recipient who has not opted in', 'GC-009',
  failed_step => 'Check eligibility');
select pg_temp.refusal('select', 'another brand than the condition''s', 'GC-012',
  'brandId and denomination must be those of the condition, or left out', brand_id => tests.create_brand());
select pg_temp.refusal('select', 'another value than the condition''s', 'GC-012',
  'brandId and denomination must be those of the condition, or left out', denomination => 50);
select pg_temp.refusal('update public.campaigns set status = ''paused'' where id = tests.the(''campaign'')',
  'a paused campaign', 'RB-400', 'The campaign is paused');
select pg_temp.refusal('update public.campaigns set status = ''ended'' where id = tests.the(''campaign'')',
  'a campaign that has ended', 'RB-400', 'The campaign is ended');
select pg_temp.refusal('update public.clients set is_active = false where id = tests.the(''client'')',
  'a client that is not active', 'RB-400', 'The client is not active');
select pg_temp.refusal('update public.agencies set is_active = false
  where id = (select agency_id from public.clients where id = tests.the(''client''))',
  'a client whose agency is not active', 'RB-400', 'The client is not active');

select is_empty('select from public.gift_card_grants where campaign_id = tests.the(''campaign'')',
  'provision_gift_card: a refusal leaves no grant');
select is((select status from public.gift_cards where pool_id = tests.the('pool')), 'available',
  '… and claims no card');

update public.campaign_conditions set requires_opt_in = true where campaign_id = tests.the('campaign');
update public.campaign_recipients set sms_opted_in_at = now() where id = tests.the('recipient');
select is(tests.provision(tests.the('recipient'), deliver_to => '+12025550189') ->> 'code', 'GC-009',
  'provision_gift_card: the recipient has opted in, another phone has not → GC-009');
insert into public.consents (client_id, channel, address, action, source, wording)
values (tests.the('client'), 'sms', '+12025550189', 'opted_in', 'agent', 'Yes');
select is(tests.provision(tests.the('recipient'), deliver_to => '+12025550189') ->> 'outcome', 'ok',
  'provision_gift_card: a recipient who has opted in → the card of the condition');
select is_empty('select from public.pending_rewards where campaign_id = tests.the(''campaign'')',
  '… and no reward is pending');

select * from finish();
rollback;
