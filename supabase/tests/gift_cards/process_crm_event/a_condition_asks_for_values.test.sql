begin;
set local search_path = public, extensions, tests;
select plan(21);

select tests.keep(tests.create_promise(20));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb, crm_event_name => 'deal'));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
-- a contact of its own for each event
create function pg_temp.tell(payload jsonb, negatives text[] default '{}') returns text language plpgsql as $$
declare
  contact text := gen_random_uuid();
  recipient uuid := (select r from tests.create_recipients(tests.the('campaign')) r);
  event public.crm_events;
begin
  update public.campaign_recipients r set external_crm_id = contact where r.id = recipient;
  event := tests.take_crm_event(tests.the('endpoint'), contact_id => contact, names => '{deal}',
    more => jsonb_build_object('payload', payload, 'negatives', negatives));
  return concat_ws(': ', event.status, event.message);
end $$;
create function pg_temp.ask(match jsonb) returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.the('admin'));
  perform public.update_campaign_condition(tests.the('campaign'), 1, crm_event_match => match);
  perform tests.sign_out();
  return 'ok';
exception when others then
  perform tests.sign_out();
  return sqlstate || ' ' || sqlerrm;
end $$;

select is(pg_temp.tell('{"status": "won"}'), 'provisioned', 'process_crm_event: no match asked for → any event of that name');
select is(pg_temp.tell('{"status": "lost"}', '{status}'),
  'ignored: The event has a negative outcome that no condition names in crm_event_match: status',
  'process_crm_event: a negative that no condition names → ignored');
select is(pg_temp.ask('{"status": ["won", "open"], "pipeline.name": "Sales"}'), 'ok', 'update_campaign_condition: a match → kept');
select is(pg_temp.tell('{"status": "WON", "pipeline": {"name": " sales "}}'), 'provisioned',
  'process_crm_event: each field has one of its values, in any case → card');
select is(pg_temp.tell('{"data": {"status": "open", "pipeline": {"name": "Sales"}}}'), 'provisioned',
  'process_crm_event: fields in data → card');
select is(pg_temp.tell('{"status": "won", "pipeline": {"name": "Support"}}'),
  'ignored: No condition matches the fields of this event', 'process_crm_event: one field says something else → ignored');
select is(pg_temp.tell('{"status": "won"}'), 'ignored: No condition matches the fields of this event',
  'process_crm_event: a field is missing → ignored');
select is(pg_temp.tell(null), 'ignored: The payload of the event is purged, and its condition matches fields of it',
  'process_crm_event: the payload is forgotten → ignored');
select is(pg_temp.ask('{"tags": "vip"}'), 'ok', 'update_campaign_condition: a match on tags → kept');
select is(pg_temp.tell('{"tags": ["new", "VIP"]}'), 'provisioned', 'process_crm_event: an element of a list → card');
select alike(pg_temp.tell('{"tags": []}', '{tags}'), 'ignored%', 'process_crm_event: an empty list of tags → ignored');
select is(pg_temp.ask('{"status": "lost"}'), 'ok', 'update_campaign_condition: a match on a negative status → kept');
select is(pg_temp.tell('{"status": "lost"}', '{status}'), 'provisioned', 'process_crm_event: a negative that the condition names → card');
select is(pg_temp.tell('{"status": "lost", "associationRemoved": true}', '{status,associationRemoved}'),
  'ignored: The event has a negative outcome that no condition names in crm_event_match: status, associationRemoved',
  'process_crm_event: another negative beside it → ignored');

select alike(pg_temp.ask('[]'), 'RB400 %', 'update_campaign_condition: a match that is no object → RB-400');
select alike(pg_temp.ask('{"status": []}'), 'RB400 %', 'update_campaign_condition: no value → RB-400');
select alike(pg_temp.ask('{"status": null}'), 'RB400 %', 'update_campaign_condition: null → RB-400');
select alike(pg_temp.ask('{"status": {"not": "lost"}}'), 'RB400 %', 'update_campaign_condition: an operator that is not known → RB-400');
select alike(pg_temp.ask('{"status..name": "x"}'), 'RB400 %', 'update_campaign_condition: no path → RB-400');
select is(pg_temp.ask('{}'), 'ok', 'update_campaign_condition: {} → taken away');
select is((select crm_event_match from public.campaign_conditions where campaign_id = tests.the('campaign') and condition_number = 1), null,
  'update_campaign_condition: {} → none');

select * from finish();
rollback;
