begin;
set local search_path = public, extensions, tests;
select no_plan();

select tests.keep('client', tests.create_client());
select tests.keep('employee', tests.create_customer(tests.the('client'), 'jo@xn--mnchen-3ya.de'));
select tests.keep('colleague', tests.create_customer(tests.the('client'), 'al@münchen.de'));
select tests.keep('stranger', tests.create_customer(tests.the('client')));
select tests.sign_in(tests.create_user('client_admin', tests.the('client')));
select tests.keep('companys', (public.create_voucher(tests.the('client'),
  '{"type": "credit", "value": 1000, "usageLimit": 10, "allowedDomains": ["München.de"], "allowedCustomers": ["vip@acme.com"]}')).id);
create function pg_temp.refusal(call text) returns text language plpgsql as $$
declare
  detail text;
begin
  execute call;
  return 'ok';
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return concat_ws(' ', sqlstate, detail::jsonb #>> '{fields,0,field}', '(' || (detail::jsonb #>> '{fields,0,problem}') || ')');
end $$;
create function pg_temp.makes(terms jsonb) returns text language sql as $$
  select format('select public.create_voucher(tests.the(''client''), %L)', '{"type": "credit", "value": 1000}' || terms)
$$;
create function pg_temp.makes_many(terms jsonb) returns text language sql as $$
  select format('select public.create_vouchers(tests.the(''client''), 2, %L)', '{"type": "credit", "value": 1000}' || terms)
$$;
create function pg_temp.changes(terms jsonb) returns text language sql as $$
  select format('select public.update_voucher(tests.the(''companys''), %L)', terms)
$$;

-- a value that is no list, or an item that is no domain or customer, is refused with its name by every entry point
create temp table wrong (field text, given jsonb, refusal text);
insert into wrong values
  ('allowedDomains', '"acme.example"', 'allowedDomains (must be a list)'),
  ('allowedDomains', '{}', 'allowedDomains (must be a list)'),
  ('allowedDomains', '{"0": "acme.com"}', 'allowedDomains (must be a list)'),
  ('allowedDomains', '7', 'allowedDomains (must be a list)'),
  ('allowedDomains', 'true', 'allowedDomains (must be a list)'),
  ('allowedDomains', '[]', 'allowedDomains (must not be an empty list; null removes the restriction)'),
  ('allowedDomains', '[null]', 'allowedDomains.0 (must be a text of 1 to 254 characters)'),
  ('allowedDomains', '[""]', 'allowedDomains.0 (must be a text of 1 to 254 characters)'),
  ('allowedDomains', '["acme.com", " \u00a0"]', 'allowedDomains.1 (must be a text of 1 to 254 characters)'),
  ('allowedDomains', '[["acme.com"]]', 'allowedDomains.0 (must be a text of 1 to 254 characters)'),
  ('allowedDomains', '["acme.com", 5]', 'allowedDomains.1 (must be a text of 1 to 254 characters)'),
  ('allowedDomains', '["*.acme.com"]', 'allowedDomains.0 (must be one domain such as acme.com; name each subdomain without *)'),
  ('allowedDomains', '["https://acme.com"]', 'allowedDomains.0 (must be a domain such as acme.com, without https:// and /)'),
  ('allowedDomains', '["acme.com/team"]', 'allowedDomains.0 (must be a domain such as acme.com, without https:// and /)'),
  ('allowedDomains', '["acme.com", "jo@acme.com"]', 'allowedDomains.1 (must be a domain such as acme.com and not an address)'),
  ('allowedDomains', '["acme"]', 'allowedDomains.0 (must be a domain such as acme.com)'),
  ('allowedDomains', '["acme .com"]', 'allowedDomains.0 (must be a domain such as acme.com)'),
  ('allowedDomains', '["acme.com,beta.com"]', 'allowedDomains.0 (must be a domain such as acme.com)'),
  ('allowedDomains', '["acme..com"]', 'allowedDomains.0 (must be a domain such as acme.com)'),
  ('allowedCustomers', '"jo@acme.com"', 'allowedCustomers (must be a list)'),
  ('allowedCustomers', '{"email": "jo@acme.com"}', 'allowedCustomers (must be a list)'),
  ('allowedCustomers', '[]', 'allowedCustomers (must not be an empty list; null removes the restriction)'),
  ('allowedCustomers', '[null]', 'allowedCustomers.0 (must be a text of 1 to 254 characters)'),
  ('allowedCustomers', '[{"email": "jo@acme.com"}]', 'allowedCustomers.0 (must be a text of 1 to 254 characters)'),
  ('allowedCustomers', '["jo@acme.com", "Bob"]', 'allowedCustomers.1 (must be an id, an e-mail address or a phone number)'),
  ('allowedCustomers', '["room 5"]', 'allowedCustomers.0 (must be an id, an e-mail address or a phone number)'),
  ('allowedCustomers', '["jo@acme.com;al@acme.com"]', 'allowedCustomers.0 (must be an id, an e-mail address or a phone number)'),
  ('allowedCustomers', '["0207946095"]', 'allowedCustomers.0 (must be a phone number with its country code, such as +442079460958)'),
  ('allowedCustomers', '["4520123456"]', 'allowedCustomers.0 (must be a phone number with its country code, such as +442079460958)'),
  ('allowedCustomers', '["jo@acme.com", "555 0123"]', 'allowedCustomers.1 (must be a phone number with its country code, such as +442079460958)'),
  ('allowedCustomers', '["@acme.com"]', 'allowedCustomers.0 (must be an id, an e-mail address or a phone number)'),
  ('allowedCustomers', to_jsonb(array(select n || '@acme.com' from generate_series(1, 1001) n)), 'allowedCustomers (must have at most 1000 entries)');
select is(pg_temp.refusal(pg_temp.makes(jsonb_build_object(field, given))), 'RB400 ' || refusal,
  format('create_voucher: %s %s → RB-400', field, left(given::text, 40))) from wrong;
select is(pg_temp.refusal(pg_temp.makes_many(jsonb_build_object(field, given))), 'RB400 ' || refusal,
  format('create_vouchers: %s %s → RB-400', field, left(given::text, 40))) from wrong;
select is(pg_temp.refusal(pg_temp.changes(jsonb_build_object(field, given))), 'RB400 ' || refusal,
  format('update_voucher: %s %s → RB-400', field, left(given::text, 40))) from wrong;
select row_eq('select allowed_domains, allowed_customers from public.vouchers where id = tests.the(''companys'')',
  row('{xn--mnchen-3ya.de}'::text[], '{email:vip@acme.com}'::text[]), 'update_voucher: a refused change → leaves the restriction');

-- a misspelt restriction is none, and refused
select is(pg_temp.refusal(pg_temp.makes(jsonb_build_object(field, '["acme.com"]'::jsonb))), format('RB400 %s (is not known; did you mean %s?)', field, nearest),
  format('create_voucher: field %s → RB-400, meant is %s', field, nearest)) from (values
  ('alloweddomains', 'allowedDomains'), ('allowed_domains', 'allowedDomains'), ('allowDomains', 'allowedDomains'), ('allowedDomain', 'allowedDomains'),
  ('domains', 'allowedDomains'), ('allowed_customers', 'allowedCustomers'), ('usage_limit', 'usageLimit'), ('expires_at', 'expiresAt'),
  ('perCustomerLimits', 'perCustomerLimit')) as t (field, nearest);
select is(pg_temp.refusal(pg_temp.changes('{"allowed_domains": null}')), 'RB400 allowed_domains (is not known; did you mean allowedDomains?)',
  'update_voucher: allowed_domains → RB-400');
select matches(pg_temp.refusal(pg_temp.makes('{"foo": 1}')), '^RB400 foo \(is not known; known are code, type, ',
  'create_voucher: a field that is like none → RB-400');
select matches(pg_temp.refusal(pg_temp.makes('{"V4DL-7Q2MX-9KTRW": 1}')), '^RB400 \(hidden\) \(is not known; known are code, type, ',
  'create_voucher: a code for the name of a field → RB-400 without it, since messages are logged');

-- other kinds are not read as something else, either
select is(pg_temp.refusal(pg_temp.makes(terms::jsonb)), 'RB400 ' || refusal, format('create_voucher: %s → RB-400', terms)) from (values
  ('{"isActive": "off"}', 'isActive (must be true or false)'), ('{"isPublic": 1}', 'isPublic (must be true or false)'),
  ('{"code": {"x": 1}}', 'code (must be text)'), ('{"type": ["credit"]}', 'type (must be text)'), ('{"description": {}}', 'description (must be text)'),
  ('{"ownerId": "me"}', 'ownerId (must be a UUID)'), ('{"packageId": 5}', 'packageId (must be a UUID)'), ('{"dealerId": []}', 'dealerId (must be a UUID)')) as t (terms, refusal);
select is(pg_temp.refusal(format('select public.create_voucher(tests.the(''client''), %L)', given)), 'RB400 voucher (must be an object)',
  'create_voucher: ' || given || ' → RB-400') from unnest(array['[]', '"credit"', 'null', '5']) given;
select is(pg_temp.refusal(pg_temp.makes('{"code": " "}')), 'RB400 code (A code begins with a letter or a digit)',
  'create_voucher: a blank code → RB-400, and none is drawn');
select is(pg_temp.refusal(pg_temp.changes(jsonb_build_object(field, null))), format('RB400 %s (cannot be removed)', field),
  format('update_voucher: %s: null → RB-400', field)) from unnest(array['isActive', 'isPublic', 'perCustomerLimit', 'startsAt']) field;

-- what is right
select is(pg_temp.refusal(pg_temp.changes('{"allowedDomains": ["@München.de", "acme.com"]}')), 'ok', 'update_voucher: domains → ok');
select is((public.update_voucher(tests.the('companys'), '{"isPublic": true}')).allowed_domains, '{xn--mnchen-3ya.de,acme.com}',
  'update_voucher: another field → leaves the restriction');
select tests.sign_out();
select is(tests.redeem_voucher(tests.the('stranger'), tests.the('companys')) ->> 'code', 'VC-011', 'redeem_voucher: another person → VC-011');
select is(tests.redeem_voucher(tests.the('employee'), tests.the('companys')) ->> 'outcome', 'ok', 'redeem_voucher: the domain in Punycode → ok');
select is(tests.redeem_voucher(tests.the('colleague'), tests.the('companys')) ->> 'outcome', 'ok', 'redeem_voucher: the domain in its own letters → ok');
select tests.sign_in((select created_by from public.vouchers where id = tests.the('companys')));
select is((public.update_voucher(tests.the('companys'), '{"allowedDomains": null, "allowedCustomers": null}')).allowed_domains, null,
  'update_voucher: an explicit null → removes the restriction');
select tests.sign_out();

select * from finish();
rollback;
