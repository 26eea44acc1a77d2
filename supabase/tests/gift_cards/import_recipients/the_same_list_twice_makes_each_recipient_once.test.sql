-- A row is known by its CRM id, or by its contact and name, or, without any of them, by the list that it stands in.
begin;
set local search_path = public, extensions, tests;
select plan(33);

select tests.keep(tests.create_promise(5));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('campaign2', tests.create_campaign(tests.the('client'), tests.the('brand')));
select tests.sign_in(tests.the('admin'));

create function pg_temp.import(
  recipients jsonb, allow_shared_contact boolean default false, key text default null, campaign text default 'campaign',
  pattern text default '****-****-****')
returns jsonb language sql as $$
  select public.import_recipients(tests.the(campaign), recipients, pattern, allow_shared_contact, key)
$$;

create function pg_temp.counts(answer jsonb) returns text language sql as $$
  select concat_ws(' ', answer ->> 'imported', answer ->> 'known', answer ->> 'sharedContact', answer ->> 'rejected')
$$;

create function pg_temp.row_of(answer jsonb, nth int) returns jsonb language sql as $$
  select (answer #> array['rows', (nth - 1)::text]) - 'recipientId' - 'redemptionCode' - 'sharedWith'
$$;

select tests.keep('list', '[
  {"firstName": "Ada", "lastName": "Archer", "email": "ada@example.com", "phone": "+12025550141"},
  {"firstName": "Ben", "lastName": "Baker", "phone": "+12025550142"},
  {"firstName": "Cleo", "externalCrmId": "crm-3"},
  {"firstName": "Dan", "lastName": "Diaz", "email": "dan@example.com"}]'::jsonb);
select tests.keep('first', pg_temp.import(tests.kept('list')));
select tests.keep('second', pg_temp.import(tests.kept('list')));
select is(pg_temp.counts(tests.kept('first')), '4 0 0 0', 'import_recipients: a new list → all imported');
select is(pg_temp.counts(tests.kept('second')), '0 4 0 0', 'import_recipients: the same list again → all known, 0 new');
select is((select jsonb_agg(r -> 'recipientId') from jsonb_array_elements(tests.kept('second') -> 'rows') r),
  (select jsonb_agg(r -> 'recipientId') from jsonb_array_elements(tests.kept('first') -> 'rows') r),
  'import_recipients: the same list again → the ids of the first time');
select is((select jsonb_agg(r -> 'redemptionCode') from jsonb_array_elements(tests.kept('second') -> 'rows') r),
  (select jsonb_agg(r -> 'redemptionCode') from jsonb_array_elements(tests.kept('first') -> 'rows') r),
  'import_recipients: the same list again → the codes of the first time');
select is((select jsonb_agg(r -> 'knownBy') from jsonb_array_elements(tests.kept('second') -> 'rows') r),
  '["phone", "phone", "externalCrmId", "email"]', 'import_recipients: known → says by what');
select is((select count(*) from public.recipients where campaign_id = tests.the('campaign')), 5::bigint,
  'import_recipients: the same list again → no second recipient');
select is(pg_temp.counts(pg_temp.import(tests.kept('list'), campaign => 'campaign2')), '4 0 0 0',
  'import_recipients: the same people in another campaign → imported');

-- the same person, written in another way
select is(pg_temp.row_of(pg_temp.import(jsonb_build_array(jsonb_build_object(
  'firstName', ' ADA' || U&'\200B', 'lastName', U&'\FF21rcher ', 'phone', '+1 (202) 555-0141'))), 1),
  '{"row": 1, "outcome": "known", "knownBy": "phone", "differs": ["firstName", "lastName"]}',
  'import_recipients: the name in another case, width and spacing, the phone with brackets → known');
select is(pg_temp.counts(pg_temp.import('[{"firstName": "José", "lastName": "Núñez", "email": "jose@example.com"},
  {"firstName": "Jose", "lastName": "Nunez", "email": " JOSE@Example.com "}]')), '1 1 0 0',
  'import_recipients: the name without its accents, earlier in the list → known');
select is(pg_temp.row_of(pg_temp.import('[{"firstName": "Ada Archer", "phone": "+12025550141"}]'), 1) ->> 'outcome', 'known',
  'import_recipients: the whole name in one field → known');

-- by CRM id, also if other fields differ
select is(pg_temp.row_of(pg_temp.import('[{"firstName": "Cleopatra", "externalCrmId": "crm-3", "phone": "+12025550149"}]'), 1),
  '{"row": 1, "outcome": "known", "knownBy": "externalCrmId", "differs": ["firstName", "phone"]}',
  'import_recipients: a known CRM id with other contact data → known, and says what differs');
select is((select phone from public.recipients where campaign_id = tests.the('campaign') and external_crm_id = 'crm-3'), null,
  'import_recipients: a known CRM id with other contact data → the recipient stays as it is');
select is(pg_temp.row_of(pg_temp.import('[{"firstName": "Ben", "lastName": "Baker", "phone": "+12025550142",
  "externalCrmId": "crm-2"}]'), 1), '{"row": 1, "outcome": "known", "knownBy": "phone", "differs": ["externalCrmId"]}',
  'import_recipients: a known contact and name with a new CRM id → known');
select is(pg_temp.counts(pg_temp.import('[{"externalCrmId": 77}, {"externalCrmId": "77"}]')), '1 1 0 0',
  'import_recipients: a CRM id as a number and as text → known');

-- the same contact under another name
select tests.keep('shared', pg_temp.import('[{"firstName": "Bea", "lastName": "Baker", "phone": "+12025550142"},
  {"firstName": "Bea", "lastName": "Baker", "phone": "+12025550142"},
  {"firstName": "Carl", "email": "carl@example.com"},
  {"firstName": "Carla", "email": "carl@example.com"},
  {"phone": "+12025550142"}]'));
select is(pg_temp.counts(tests.kept('shared')), '1 0 4 0',
  'import_recipients: a known contact under another name, or none → shared_contact, not imported');
select is((tests.kept('shared') #> '{rows,0}') - 'sharedWith', '{"row": 1, "outcome": "shared_contact", "sharedBy": "phone"}',
  'import_recipients: shared_contact → says by what');
select is(tests.kept('shared') #> '{rows,0,sharedWith}', tests.kept('first') #> '{rows,1,recipientId}',
  'import_recipients: shared_contact → names the other recipient');
select is(tests.kept('shared') #> '{rows,3,sharedWith}', tests.kept('shared') #> '{rows,2,recipientId}',
  'import_recipients: shared_contact with an earlier row of the list → names that row');
select tests.keep('household', pg_temp.import('[{"firstName": "Bea", "lastName": "Baker", "phone": "+12025550142"},
  {"firstName": "bea", "lastName": "baker", "phone": "+12025550142"}]', true));
select is(pg_temp.counts(tests.kept('household')), '1 1 0 0',
  'import_recipients: allow_shared_contact → the household member is imported, once');
select is(pg_temp.row_of(tests.kept('household'), 1), '{"row": 1, "outcome": "imported", "sharedBy": "phone"}',
  'import_recipients: allow_shared_contact → still says that the contact is shared');

-- rows without a key
select is(pg_temp.counts(pg_temp.import('[{"firstName": "Eve"}, {"firstName": "Eve"}, {"state": "NY"}]')), '3 0 0 0',
  'import_recipients: rows without CRM id, phone and e-mail → imported');
select tests.keep('again', pg_temp.import('[{"firstName": "Eve"}, {"firstName": "Eve"}, {"state": "NY"}]'));
select is(pg_temp.counts(tests.kept('again')), '0 3 0 0', 'import_recipients: the same rows without a key → known by their list');
select is((select count(distinct r -> 'redemptionCode') from jsonb_array_elements(tests.kept('again') -> 'rows') r), 3::bigint,
  'import_recipients: the same rows without a key → each its own code');
select is(pg_temp.counts(pg_temp.import('[{"firstName": "Eve"}, {"phone": "+12025550141", "firstName": "Ada", "lastName": "Archer"},
  {"firstName": "Eve"}, {"state": "NY"}]')), '0 4 0 0',
  'import_recipients: the same rows without a key among others → known by their list');
select is(pg_temp.counts(pg_temp.import('[{"firstName": "Eve"}, {"firstName": "Eve"}]')), '2 0 0 0',
  'import_recipients: another list without keys → imported');

-- idempotency keys
select tests.keep('keyed', pg_temp.import('[{"firstName": "Fay", "phone": "+12025550146"}]', key => 'list-1'));
select is(pg_temp.import('[{"firstName": "Fay", "phone": "+12025550146"}]', key => 'list-1'), tests.kept('keyed'),
  'import_recipients: the same idempotency key and list → the stored answer, with its codes');
select throws_ok($$ select pg_temp.import('[{"firstName": "Gil"}]', key => 'list-1') $$, 'RB409', null,
  'import_recipients: the same idempotency key, another list → RB-409');
select throws_ok($$ select pg_temp.import('[{"firstName": "Fay", "phone": "+12025550146"}]', true, 'list-1') $$, 'RB409', null,
  'import_recipients: the same idempotency key, allow_shared_contact added → RB-409');
select tests.sign_out();
select is_empty($$ select from private.idempotency_keys k where k.answer::text like '%redemptionCode%' $$,
  'import_recipients: a stored answer holds no code');

-- what was paid twice: both codes of one person
create function pg_temp.redeemed(answer text) returns text language sql as $$
  select tests.redeem(tests.kept(answer) #>> '{rows,0,redemptionCode}') ->> 'outcome'
$$;
select is(pg_temp.redeemed('first'), 'ok', 'redeem_gift_card: the code of the first import → a card');
select is(pg_temp.redeemed('second'), 'refused', 'redeem_gift_card: the code of the second import of the list → no second card');
select is((select count(*) from public.gift_card_grants where campaign_id = tests.the('campaign')), 1::bigint,
  'import_recipients: one list twice and both codes redeemed → one card');
select is((select jsonb_agg(e.metadata order by e.id) from public.audit_events e where e.action = 'recipients.imported'
  and e.subject_id = tests.the('campaign')) #> '{1}', '{"recipients": 0, "known": 4, "shared_contact": 0, "rejected": 0}',
  'import_recipients: the audit log says how many were imported, known, shared and rejected');

select * from finish();
rollback;
