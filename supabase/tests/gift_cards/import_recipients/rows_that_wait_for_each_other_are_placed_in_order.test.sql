-- Rows that share a key are placed as if one by one, however many of them come in one list.
begin;
set local search_path = public, extensions, tests;
select plan(9);

select tests.keep(tests.create_promise(0));
create function pg_temp.import(recipients jsonb, allow_shared_contact boolean default false) returns jsonb language plpgsql as $$
begin
  delete from public.recipient_codes c where c.campaign_id = tests.the('campaign');
  delete from public.campaign_recipients r where r.campaign_id = tests.the('campaign');
  return public.import_recipients(tests.the('campaign'), recipients, allow_shared_contact => allow_shared_contact) -> 'rows';
end $$;
create function pg_temp.outcomes(rows jsonb) returns text language sql as $$
  select string_agg(concat_ws(':', r ->> 'outcome', coalesce(r ->> 'knownBy', r ->> 'sharedBy')), ' ' order by (r ->> 'row')::int)
  from jsonb_array_elements(rows) r
$$;

-- a chain: each row shares something with the one before it
select tests.keep('chain', pg_temp.import('[
  {"firstName": "A", "phone": "+12025550141"},
  {"firstName": "B", "phone": "+12025550141", "email": "b@example.com"},
  {"firstName": "C", "email": "b@example.com"},
  {"firstName": "D", "email": "b@example.com"}]'));
select is(pg_temp.outcomes(tests.kept('chain')), 'imported shared_contact:phone imported shared_contact:email',
  'import_recipients: a row that shares a contact with a row that did not come in → imported');
select is(tests.kept('chain') #> '{3,sharedWith}', tests.kept('chain') #> '{2,recipientId}', '… and the next one shares it with that one');
select is(pg_temp.outcomes(pg_temp.import('[
  {"firstName": "A", "phone": "+12025550141"},
  {"firstName": "B", "phone": "+12025550141", "email": "b@example.com"},
  {"firstName": "C", "email": "b@example.com"}]', true)), 'imported imported:phone imported:email',
  'import_recipients: the chain with allow_shared_contact → each is imported, and names the recipient that it shares with');
select is(pg_temp.outcomes(pg_temp.import('[
  {"firstName": "A", "phone": "+12025550141"},
  {"firstName": "B", "email": "b@example.com"},
  {"firstName": "B", "phone": "+12025550141", "email": "b@example.com"}]')), 'imported imported known:email',
  'import_recipients: a row that is one earlier row and shares with another → known');

-- more in one household than there are rounds
select tests.keep('household', pg_temp.import((select jsonb_agg(jsonb_build_object('firstName', 'N' || n, 'phone', '+12025550141') order by n)
  from generate_series(1, 40) n), true));
select is((select count(distinct r ->> 'recipientId')::int from jsonb_array_elements(tests.kept('household')) r), 40,
  'import_recipients: a household of 40 with allow_shared_contact → 40 recipients');
select is((select count(distinct r ->> 'redemptionCode')::int from jsonb_array_elements(tests.kept('household')) r), 40, '… each with a code');
select is((select array_agg(distinct r ->> 'outcome') from jsonb_array_elements(pg_temp.import((select jsonb_agg(jsonb_build_object(
    'firstName', 'N' || n % 5, 'phone', '+12025550141') order by n) from generate_series(0, 99) n), true)) r),
  '{imported,known}', 'import_recipients: a household of five, each twenty times → each is known from its second row on');
select is((select count(*)::int from public.recipients where campaign_id = tests.the('campaign')), 5, '… and there are five');
select is(pg_temp.outcomes(pg_temp.import('[{"firstName": "A"}, {"phone": "1"}, {"firstName": "B", "phone": "+12025550141"}, {"firstName": "A"}]')),
  'imported rejected imported imported', 'import_recipients: rows with and without a key, and a wrong one → in the order of the list');

select * from finish();
rollback;
