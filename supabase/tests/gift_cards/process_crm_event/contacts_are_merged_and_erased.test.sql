begin;
set local search_path = public, extensions, tests;
select plan(15);

select tests.keep(tests.create_promise(5));
select tests.keep('endpoint', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb, contact_id => 'old'));
create function pg_temp.merge(contact text, variadic merged text[]) returns text language sql as $$
  select concat_ws(': ', e.status, e.message) from tests.take_crm_event(tests.the('endpoint'), contact_id => contact,
    names => '{contact.merge}', more => jsonb_build_object('merged', merged)) e
$$;
create function pg_temp.known_as(recipient text) returns text language sql as $$
  select external_crm_id from public.campaign_recipients where id = tests.the(recipient)
$$;

select is(pg_temp.merge('new', 'old', 'older'), 'ignored: The contacts were merged: recipients follow the id that remains',
  'process_crm_event: a merge → says what it did');
select is(pg_temp.known_as('recipient'), 'new', 'process_crm_event: a merge → the recipient has the id that remains');
select is((tests.take_crm_event(tests.the('endpoint'), contact_id => 'new')).status, 'provisioned',
  'process_crm_event: an event by the surviving id → the recipient is found');

-- both are recipients of the campaign
select tests.keep('second', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'double', created_at = now() - interval '1 hour' where id = tests.the('second');
select pg_temp.merge('new', 'double');
select is(pg_temp.known_as('recipient') || ' ' || pg_temp.known_as('second'), 'new double',
  'process_crm_event: the campaign knows both → the one with the surviving id is found');
select tests.keep('third', tests.create_recipients(tests.the('campaign')));
update public.campaign_recipients set external_crm_id = 'triple' where id = tests.the('third');
select pg_temp.merge('made', 'double', 'triple');
select is(pg_temp.known_as('second'), 'made', 'process_crm_event: two recipients become one new contact → the older one has its id');
select is(pg_temp.known_as('third'), 'triple', 'process_crm_event: two recipients become one new contact → the other keeps its own');

-- another client's contact of the same id
select tests.keep('elsewhere', tests.create_campaign(tests.create_client(), tests.the('brand')));
select tests.keep('theirs', tests.create_recipients(tests.the('elsewhere')));
update public.campaign_recipients set external_crm_id = 'made' where id = tests.the('theirs');
select pg_temp.merge('stolen', 'made');
select is(pg_temp.known_as('theirs'), 'made', 'process_crm_event: a merge → no other client''s recipients');
select pg_temp.merge('made', 'stolen');

-- erasure
select tests.keep('told', tests.record_crm_event(tests.the('endpoint'), contact_id => 'made', more => '{"payload": {"name": "Ada"}}'));
create temp table erasure as select * from tests.take_crm_event(tests.the('endpoint'), contact_id => 'made', names => '{contact.privacyDeletion}',
  more => '{"isErasure": true, "payload": {"objectId": 1}}');
select row_eq($$ select status, message from erasure $$, row('ignored'::text, 'The names and addresses of the contact are erased'::text),
  'process_crm_event: privacyDeletion → says what it did');
select row_eq($$ select first_name, last_name, email, phone from public.campaign_recipients where id = tests.the('second') $$,
  row(null::text, null::text, null::text, null::text), 'process_crm_event: privacyDeletion → no name and no address is left');
select isnt((select email from public.campaign_recipients where id = tests.the('theirs')), null,
  'process_crm_event: privacyDeletion → another client''s recipient is left alone');
select is((select payload from public.crm_events where id = tests.the('told')), null,
  'process_crm_event: privacyDeletion → what events of the contact said is forgotten');
select is((select count(*)::int from public.audit_events where action = 'recipient.erased' and subject_id = tests.the('second')), 1,
  'process_crm_event: privacyDeletion → audited');

-- one that could not be read
select row_eq($$ select status, code, message from tests.take_crm_event(tests.the('endpoint'), contact_id => null, names => '{}',
    more => '{"problem": "eventId: must be given"}') $$,
  row('refused'::text, 'RB-400'::text, 'eventId: must be given'::text), 'process_crm_event: an unreadable event → refused with its problem');

-- of another account
update public.crm_endpoints set account_id = 'portal-1' where id = tests.the('endpoint');
select pg_temp.merge('taken', 'new');
select is(pg_temp.known_as('recipient'), 'new', 'process_crm_event: a merge reported by another account → nothing');
select is_empty('select * from private.invariant_violations', 'invariants: none is violated');

select * from finish();
rollback;
