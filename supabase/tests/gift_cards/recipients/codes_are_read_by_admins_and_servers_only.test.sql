-- The view `recipients`: codes for admins and servers, their last four characters for agents, and the index behind it.
begin;
set local search_path = public, extensions, tests;
select plan(11);

select tests.keep(tests.create_promise(0));
select tests.keep('token', tests.redemption_token(tests.the('recipient')));
update public.campaign_recipients set code_last4 = right(tests.kept('token') #>> '{}', 4) where id = tests.the('recipient');
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('foreign', tests.create_user('client_admin', tests.create_client()));
-- so many that an index is worth it
select count(*) from tests.create_recipients(tests.the('campaign'), 5000);
analyze public.campaign_recipients, public.recipient_codes;

create function pg_temp.found(col text, content text) returns setof uuid language plpgsql as $$
begin
  return query execute format('select id from public.recipients where %I = %L', col, content);
end $$;

create function pg_temp.plan_of(col text, content text) returns text language plpgsql as $$
declare
  line text;
  plan text := '';
begin
  for line in execute format('explain select * from public.recipients where %I = %L', col, content) loop
    plan := plan || line || E'\n';
  end loop;
  return plan;
end $$;

grant execute on function pg_temp.found, pg_temp.plan_of to authenticated, service_role;

select tests.sign_in(tests.the('admin'));
select is(pg_temp.found('redemption_token', tests.kept('token') #>> '{}'), tests.the('recipient'),
  'recipients: an admin finds a recipient by redemption_token');
select is(pg_temp.found('redemption_code', replace(tests.kept('token') #>> '{}', '-', '')), tests.the('recipient'),
  'recipients: an admin finds a recipient by redemption_code');
select matches(pg_temp.plan_of('redemption_token', 'X'), 'recipient_codes_redemption_token_idx',
  'recipients: a filter by redemption_token reads the index behind row level security');
select matches(pg_temp.plan_of('redemption_code', 'X'), 'recipients_redemption_code_is_unique',
  'recipients: a filter by redemption_code reads the index behind row level security');
select doesnt_match(pg_temp.plan_of('redemption_token', 'X'), 'Seq Scan on (campaign_recipients|recipient_codes)',
  'recipients: a filter by redemption_token reads no table as a whole');

select tests.sign_in(tests.the('agent'));
select row_eq($$ select redemption_token, redemption_code, code_last4 from public.recipients where id = tests.the('recipient') $$,
  row(null::text, null::text, right(tests.kept('token') #>> '{}', 4)), 'recipients: an agent reads code_last4 and no code');
select is_empty($$ select pg_temp.found('redemption_token', tests.kept('token') #>> '{}') $$,
  'recipients: an agent filters by redemption_token → no row');
select is_empty('select from public.recipient_codes', 'recipient_codes: an agent reads no row');

select tests.sign_in(tests.the('foreign'));
select is_empty($$ select pg_temp.found('redemption_token', tests.kept('token') #>> '{}') $$,
  'recipients: the admin of another client filters by redemption_token → no row');
select tests.sign_out();

select set_config('role', 'service_role', true);
select is(pg_temp.found('redemption_token', tests.kept('token') #>> '{}'), tests.the('recipient'),
  'recipients: a server finds a recipient by redemption_token');
select set_config('role', 'none', true);

select is((select count(*) from public.recipients where campaign_id = tests.the('campaign')), 5001::bigint,
  'recipients: every recipient stands in the view once');

select * from finish();
rollback;
