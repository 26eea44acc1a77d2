begin;
set local search_path = public, extensions, tests;
select plan(12);

select tests.keep('client', tests.create_client());
select tests.keep('agency', (select agency_id from public.clients where id = tests.the('client')));
select tests.keep(jsonb_object_agg(role, tests.create_user(role, tests.the('client'))))
from unnest(array['platform_admin', 'agency_admin', 'client_admin']) role;
create function pg_temp.fee(who text, fee numeric, client text default null, agency text default null, currency text default 'USD')
returns text language plpgsql as $$
declare
  updated public.service_fees;
begin
  perform tests.sign_in(tests.the(who));
  updated := public.update_service_fee(fee, tests.the(agency), tests.the(client), currency);
  perform tests.sign_out();
  return updated.fee;
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;

select is(private.service_fees_of(tests.the('client'), 'client', 'USD'), row(0, 0)::private.card_prices,
  'service_fees_of: nothing was said → 0');
select is(pg_temp.fee('platform_admin', 0.20, agency => 'agency'), '0.20', 'update_service_fee: the platform asks an agency');
select is(pg_temp.fee('agency_admin', 0.50, client => 'client'), '0.50', 'update_service_fee: an agency asks its client');
select is(pg_temp.fee('agency_admin', 0.60, client => 'client'), '0.60', 'update_service_fee: another fee → replaces it');
select is(private.service_fees_of(tests.the('client'), 'client', 'USD'), row(0.20, 0.60)::private.card_prices, 'service_fees_of: both levels');
select is(private.service_fees_of(tests.the('client'), 'agency', 'USD'), row(0.20, 0)::private.card_prices,
  'service_fees_of: the agency is billed → its client pays none');
select is(private.service_fees_of(tests.the('client'), 'client', 'EUR'), row(0, 0)::private.card_prices, 'service_fees_of: of its currency only');
select is(pg_temp.fee('agency_admin', 0, agency => 'agency'), 'RB404', 'update_service_fee: an agency for itself → RB404');
select is(pg_temp.fee('client_admin', 0, client => 'client'), 'RB403', 'update_service_fee: a client for itself → RB403');
select is(pg_temp.fee('platform_admin', 0.205, agency => 'agency'), 'RB400', 'update_service_fee: parts of a cent → RB400, never rounded');
select is(pg_temp.fee('platform_admin', 'NaN', agency => 'agency'), 'RB400', 'update_service_fee: no number → RB400');
select is(pg_temp.fee('platform_admin', 1), 'RB400', 'update_service_fee: neither client nor agency → RB400');

select * from finish();
rollback;
