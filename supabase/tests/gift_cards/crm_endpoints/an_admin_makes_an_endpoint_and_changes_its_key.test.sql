-- An admin makes the address of a CRM; its key is shown once, and while a new one takes over two are valid, never three.
begin;
set local search_path = public, extensions, tests;
select plan(27);

select tests.keep(tests.create_promise());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('other', tests.create_client());

create function pg_temp.keys() returns jsonb language sql as $$
  select public.get_crm_endpoint(tests.the('id')) #> '{result,keys}'
$$;
-- What an admin's call is refused with.
create function pg_temp.refusal(statement text) returns text language plpgsql as $$
begin
  perform tests.sign_in(tests.the('admin'));
  execute statement;
  perform tests.sign_out();
  return 'ok';
exception when others then
  return sqlstate;
end $$;

select tests.sign_in(tests.the('admin'));
select tests.keep(public.create_crm_endpoint(tests.the('client'), 'Our CRM'));
select tests.sign_out();

select matches(tests.kept('secret') #>> '{}', '^whsec_[A-Za-z0-9+/]{43}=$', 'create_crm_endpoint: a generated key is shown, 32 random bytes');
select is(tests.kept('path') #>> '{}', 'crm-webhook/' || tests.the('id'), '… and the URL for the CRM');
select is(pg_temp.keys(), jsonb_build_array(tests.kept('secret')), 'crm_endpoint: the webhook verifies signatures with that key');
select is((select action from public.audit_events where subject_id = tests.the('id')), 'crm_endpoint.created', 'create_crm_endpoint: → audited');
select is_empty(format('select from public.audit_events where metadata::text like %L', '%' || (tests.kept('secret') #>> '{}') || '%'),
  '… the audit log does not have the key');
select hasnt_column('public', 'crm_endpoints', 'key', 'No table that a client role reads has the key');

select tests.sign_in(tests.the('admin'));
select tests.keep('second', public.update_crm_endpoint_key(tests.the('id')) -> 'secret');
select tests.sign_out();
select is(jsonb_array_length(pg_temp.keys()), 2, 'update_crm_endpoint_key: both keys are valid during the overlap');
select is((select count(*) from private.crm_keys where endpoint_id = tests.the('id')
  and expires_at between now() + interval '23 hours' and now() + interval '25 hours'), 1::bigint, '… the old one for a day');

select tests.sign_in(tests.the('admin'));
select tests.keep('third', public.update_crm_endpoint_key(tests.the('id'), overlap_hours => 1) -> 'secret');
select tests.sign_out();
select set_eq('select jsonb_array_elements(pg_temp.keys())', $$ select tests.kept('second') union all select tests.kept('third') $$,
  'update_crm_endpoint_key: a third key → the first ends at once');

update private.crm_keys set expires_at = now() - interval '1 second' where endpoint_id = tests.the('id') and expires_at > now();
select is(pg_temp.keys(), jsonb_build_array(tests.kept('third')), 'crm_endpoints: a key after its end → not valid');

select is(pg_temp.refusal(format('select public.update_crm_endpoint_key(%L, null, 169)', tests.the('id'))), 'RB400',
  'update_crm_endpoint_key: an overlap without end → RB-400');
select tests.sign_in(tests.the('admin'));
select is(public.update_crm_endpoint_key(tests.the('id'), 'whsec_' || encode(repeat('k', 24)::bytea, 'base64')) -> 'secret',
  'null'::jsonb, 'create_crm_endpoint: a key that the CRM generated → not shown');
select tests.sign_out();

select is(pg_temp.refusal(format('select public.create_crm_endpoint(%L, %L, %L, null, %L)', tests.the('client'), 'x', k.kind, k.key)),
  k.answer, format('%s: a key like %s', k.kind, coalesce(k.key, 'none')))
from (values
  ('standard', 'secret', 'RB400'), ('standard', 'whsec_AAAA', 'RB400'), ('standard', 'whpk_AAAA', 'RB400'),
  ('standard', 'whpk_' || encode(repeat('k', 32)::bytea, 'base64'), 'ok'),
  ('hubspot', null, 'RB400'), ('hubspot', 'short', 'RB400'),
  ('gohighlevel', null, 'RB400'), ('gohighlevel', 'AAAA', 'RB400'), ('gohighlevel', 'not base64!', 'RB400'),
  ('another', null, 'RB400')) k (kind, key, answer);

select is(pg_temp.refusal(format('select public.create_crm_endpoint(%L, %L, %L, null, %L)', tests.the('client'), 'HighLevel',
  'gohighlevel', 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=')), 'RB400',
  'create_crm_endpoint: HighLevel without an account → RB-400');
select is(pg_temp.refusal(format('select public.create_crm_endpoint(%L, %L, %L, null, %L, %L)', tests.the('client'), 'HighLevel',
  'gohighlevel', E'-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----', 'location-1')),
  'ok', 'create_crm_endpoint: a public key with its PEM lines → accepted');
select is(public.get_crm_endpoint((select id from public.crm_endpoints where client_id = tests.the('client') and kind = 'gohighlevel'))
  #>> '{result,keys,0}', 'MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=', '… and stored without them');

select is(pg_temp.refusal(format('select public.update_crm_endpoint(%L, false)', tests.the('id'))), 'ok', 'update_crm_endpoint: → disabled');
select is(public.get_crm_endpoint(tests.the('id')) -> 'result', public.get_crm_endpoint(gen_random_uuid()) -> 'result',
  'crm_endpoints: a disabled endpoint → the error of an unknown one');

select * from finish();
rollback;
