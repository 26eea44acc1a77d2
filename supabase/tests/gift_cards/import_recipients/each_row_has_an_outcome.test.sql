-- A list that cannot be read is refused as a whole; a wrong row is rejected alone and says why; a code is drawn until it is free.
begin;
set local search_path = public, extensions, tests;
select plan(29);

select tests.keep(tests.create_promise(0));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.sign_in(tests.the('admin'));

create function pg_temp.import(recipients jsonb, pattern text default '****-****-****') returns jsonb language sql as $$
  select public.import_recipients(tests.the('campaign'), recipients, pattern)
$$;
create function pg_temp.problem_of(recipient jsonb) returns text language sql as $$
  select concat_ws(': ', r ->> 'outcome', r ->> 'field', r ->> 'problem')
  from (select pg_temp.import(jsonb_build_array(recipient)) #> '{rows,0}') as a (r)
$$;

select tests.keep('answer', pg_temp.import('[{"firstName": "Ada", "phone": "+12025550141"}, {"firstName": "Ben", "email": "ben@example"},
  {"firstName": "Cleo", "phone": "+12025550143"}]'));
select is(tests.kept('answer') - '{rows,importId,importStatus,progress}'::text[], jsonb_build_object('campaignId', tests.the('campaign'), 'imported', 2, 'known', 0,
  'sharedContact', 0, 'rejected', 1), 'import_recipients: one wrong row → the others are imported');
select is(tests.kept('answer') #> '{rows,1}',
  '{"row": 2, "outcome": "rejected", "field": "email", "problem": "must be one e-mail address"}',
  'import_recipients: a wrong row → rejected with its number, field and problem');

select is(pg_temp.problem_of(jsonb_build_object('phone', p.given)),
  'rejected: phone: must be one phone number, in international form such as +12025550123 or as it is dialed in the country',
  format('import_recipients: the phone %s → rejected', p.given))
from unnest(array['555-0100', '+1 202 555 0181 ext. 5', 'anonymous', '+0123456789']) as p (given);
select is(pg_temp.problem_of(jsonb_build_object('email', e.given)), 'rejected: email: must be one e-mail address',
  format('import_recipients: the e-mail %s → rejected', e.given))
from unnest(array['not an address', 'jo@example', 'jo@x.com;jo2@x.com', '=cmd()']) as e (given);
select is(pg_temp.problem_of('{"phone": 12025550141}'), 'rejected: phone: must be text',
  'import_recipients: a phone as a number → rejected');
select is(pg_temp.problem_of('{"firstName": {"a": 1}}'), 'rejected: firstName: must be text',
  'import_recipients: a name that is an object → rejected');
select is(pg_temp.problem_of('"Ada"'), 'rejected: row: must be an object', 'import_recipients: a row that is text → rejected');
select is(pg_temp.problem_of(jsonb_build_object('lastName', repeat('x', 255))),
  'rejected: lastName: must have at most 254 characters', 'import_recipients: a name of 255 characters → rejected');

select pg_temp.import('[{"firstName": " Dan ", "lastName": "", "email": " Dan@Example.COM ", "phone": "＋44 20‑7946 0958"}]');
select row_eq($$ select first_name, last_name, email, phone from public.recipients
  where campaign_id = tests.the('campaign') and phone like '+44%' $$,
  row('Dan'::text, null::text, 'dan@example.com'::text, '+442079460958'::text),
  'import_recipients: values with blanks around them, an empty one, full-width digits → trimmed, null, E.164');

select throws_ok(format('select pg_temp.import(%L)', l.given), l.code, l.message, 'import_recipients: ' || l.title)
from (values
  ('{}', 'RB400', 'recipients must be a list', 'an object → RB-400'),
  ('[{"first_name": "Ada"}]', 'RB400', 'first_name is not known; did you mean firstName?',
    'an unknown name of a field → RB-400 with the nearest known one'),
  ('[{"Email": "jo@example.com"}]', 'RB400', 'Email is not known; did you mean email?', 'a name in another case → RB-400'),
  ('[{}, {"crm_id": "1"}]', 'RB400', 'crm_id is not known; did you mean externalCrmId?', 'a part of a name → RB-400'),
  ('[{"zz": 1}]', 'RB400',
    'zz is not known; a recipient has firstName, lastName, email, phone, externalCrmId, state, country',
    'a name like no other → RB-400 with all known ones'),
  ('[{"+12025550149": "jo@example.com"}]', 'RB400',
    '(hidden) is not known; a recipient has firstName, lastName, email, phone, externalCrmId, state, country',
    'a phone for a name, of a table without a header → RB-400 without it, since messages are logged'),
  ('[{"jo@example.com": "Jo"}]', 'RB400',
    '(hidden) is not known; a recipient has firstName, lastName, email, phone, externalCrmId, state, country',
    'an address for a name → RB-400 without it'),
  ('[{"ABCD-EFGH-JKLM": "Jo"}]', 'RB400',
    '(hidden) is not known; a recipient has firstName, lastName, email, phone, externalCrmId, state, country',
    'a code for a name → RB-400 without it')) as l (given, code, message, title);
select throws_ok('select pg_temp.import(null)', 'RB400', 'recipients must be a list', 'import_recipients: no list → RB-400');
select is(pg_temp.import('[]') - '{campaignId,importId,importStatus,progress}'::text[], '{"imported": 0, "known": 0, "sharedContact": 0, "rejected": 0, "rows": []}',
  'import_recipients: an empty list → an empty answer');

-- the end of a code is shown to agents where the rest cannot be guessed
select is(pg_temp.import('[{"firstName": "Eve", "phone": "+12025550145"}]', 'ORG-YYYY-********') #>> '{rows,0,outcome}', 'imported',
  'import_recipients: a pattern of one''s own');
select is((select code_last4 from public.recipients where phone = '+12025550145' and campaign_id = tests.the('campaign')), null,
  'recipients.code_last4: null if the rest of the code would take less than a million guesses');
select ok((select code_last4 = right(redemption_token, 4) from public.recipients where phone = '+12025550141'
  and campaign_id = tests.the('campaign')), 'recipients.code_last4: the end of a longer code');
select tests.sign_out();

-- a generator that draws a code that stands already, twice, before it draws a free one
create sequence pg_temp.draws;
create or replace function private.generate_codes(pattern text, how_many int) returns setof text language sql as $$
  select case when nextval('pg_temp.draws') <= 2 then tests.redemption_token(tests.the('recipient'))
    else 'FREE-' || lpad(currval('pg_temp.draws')::text, 4, '2') || '-CODE' end from generate_series(1, how_many)
$$;
select tests.sign_in(tests.the('admin'));
select tests.keep('drawn', pg_temp.import('[{"firstName": "Fay", "phone": "+12025550146"}, {"firstName": "Gil", "phone": "+12025550147"}]'));
select tests.sign_out();
select is((select jsonb_agg(r ->> 'redemptionCode' ~ '^FREE-.*-CODE$') from jsonb_array_elements(tests.kept('drawn') -> 'rows') r),
  '[true, true]', 'import_recipients: a code that is taken → drawn again, the recipient is kept');

select * from finish();
rollback;
