begin;
set local search_path = public, extensions, tests;
select plan(29);

create function pg_temp.refusal(statement text) returns text language plpgsql as $$
declare
  answer text;
  detail text;
begin
  execute statement into answer;
  return coalesce(answer, 'null');
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  return sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
end $$;
create function pg_temp.ask(call text) returns text language plpgsql as $$
declare
  answer text;
  detail text;
begin
  perform tests.sign_in(tests.the('admin'));
  execute 'select ' || call into answer;
  perform tests.sign_out();
  return coalesce(answer, 'null');
exception when others then
  get stacked diagnostics detail = pg_exception_detail;
  perform tests.sign_out();
  return sqlstate || ' ' || coalesce(detail::jsonb #>> '{fields,0,field}', sqlerrm);
end $$;
create function pg_temp.utc(at timestamptz) returns text language sql as $$
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
$$;

select is(private.parse_day(null, 'day'), null, 'parse_day: null → null');
select is(private.parse_day(' 2027-12-31 ', 'day'), '2027-12-31'::date, 'parse_day: a day with blanks around it → the day');
select is(pg_temp.refusal('select private.parse_day(''12/31/2027'', ''expiresOn'')'), 'RB400 expiresOn',
  'parse_day: another notation → RB-400 with its field');
select is(private.parse_moment(null, 'at'), null, 'parse_moment: null → null');
select is(pg_temp.utc(private.parse_moment('2027-12-31T18:00:00+05:30', 'at')), '2027-12-31 12:30:00',
  'parse_moment: an offset is counted');
select is(pg_temp.refusal('select private.parse_moment(''2027-12-31'', ''at'')'), 'RB400 at', 'parse_moment: a day → RB-400');
select is(private.parse_beginning(null, 'since', 'UTC'), null, 'parse_beginning: null → null');
select is(pg_temp.utc(private.parse_beginning('2027-12-31', 'since', 'America/New_York')), '2027-12-31 05:00:00',
  'parse_beginning: a day → its first moment in the time zone');
select is(pg_temp.utc(private.parse_ending('2027-12-31', 'until', 'America/New_York')), '2028-01-01 05:00:00',
  'parse_ending: a day → the first moment of the next in the time zone');
select is(pg_temp.utc(private.parse_ending('2027-03-14', 'until', 'America/New_York')), '2027-03-15 04:00:00',
  'parse_ending: a day of 23 hours ends when it ends');
select is(pg_temp.utc(private.parse_ending('2027-12-31T18:00Z', 'until', 'America/New_York')), '2027-12-31 18:00:00',
  'parse_ending: a moment → itself');
select is(pg_temp.refusal('select private.parse_ending(''2027-12-31T18:00'', ''until'', ''UTC'')'), 'RB400 until',
  'parse_ending: a moment without an offset → RB-400');

-- every public function that takes a day or a moment
select tests.keep('client', tests.create_client('America/New_York'));
select tests.keep('admin', tests.create_user('platform_admin'));
select tests.keep('hook', (tests.create_promise() ->> 'client')::uuid);
create temp table entry_points (field text, call text);
insert into entry_points values
  ('startsAt', format('public.create_voucher(%L, jsonb_build_object(''type'', ''credit'', ''value'', 5, ''startsAt'', %%1$L::text))', tests.the('client'))),
  ('expiresAt', format('public.create_voucher(%L, jsonb_build_object(''type'', ''credit'', ''value'', 5, ''expiresAt'', %%1$L::text))', tests.the('client'))),
  ('expiresOn', format('public.create_voucher(%L, jsonb_build_object(''type'', ''credit'', ''value'', 5, ''expiresOn'', %%1$L::text))', tests.the('client'))),
  ('since', format('public.report_voucher_usage(%L, %%1$L)', tests.the('client'))),
  ('until', format('public.report_voucher_usage(%L, null, %%1$L)', tests.the('client'))),
  ('since', format('public.report_bizcoin_usage(%L, %%1$L)', tests.the('client'))),
  ('until', format('public.report_bizcoin_usage(%L, null, %%1$L)', tests.the('client')));
insert into entry_points
select f.field, format('count(*) from public.%s(null, %s => %%1$L)', r.report, f.field)
from unnest(array['report_pool_performance', 'report_brand_performance', 'report_delivery_methods', 'report_geography',
  'report_campaign_comparison', 'report_liability', 'report_profit_by_client', 'report_profit_by_agency',
  'report_platform_analytics']) r (report), unnest(array['from_day', 'to_day']) f (field);

create temp table foreign_times as
select t.written from unnest(array['12/31/2027', '31/12/2027', '20271231', '2027-1-5', '2027-12-31T00:00', '2027-12-31T18:00:00',
  'tomorrow', 'now', 'epoch', 'infinity', '-infinity', '2026-02-30', 'Dec 31 2027', '31.12.2030', '2027-12-31T24:00:00Z',
  '0000-01-01', '10000-01-01', '']) t (written);
grant select on entry_points, foreign_times to authenticated;

select is_empty($$
  select e.call, t.written, pg_temp.ask(format(e.call, t.written)) from entry_points e, foreign_times t
  where pg_temp.ask(format(e.call, t.written)) <> 'RB400 ' || e.field $$,
  'times: every entry point: a day or moment in another notation → RB-400 with its field');
select is_empty($$
  select e.call, pg_temp.ask(format(e.call, '2999-12-31')) from entry_points e
  where pg_temp.ask(format(e.call, ' 2999-12-31 ')) like '_____ %' $$,
  'times: every entry point: a day with blanks around it is taken');

-- vouchers
create function pg_temp.voucher(terms jsonb) returns text language plpgsql as $$
declare
  made public.vouchers;
begin
  perform tests.sign_in(tests.the('admin'));
  made := public.create_voucher(tests.the('client'), '{"type": "credit", "value": 5}' || terms);
  perform tests.sign_out();
  perform tests.keep('voucher', made.id);
  return coalesce(pg_temp.utc(made.expires_at), 'never');
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
create function pg_temp.change(changes jsonb) returns text language plpgsql as $$
declare
  made public.vouchers;
begin
  perform tests.sign_in(tests.the('admin'));
  made := public.update_voucher(tests.the('voucher'), changes);
  perform tests.sign_out();
  return coalesce(pg_temp.utc(made.expires_at), 'never');
exception when others then
  perform tests.sign_out();
  return sqlstate;
end $$;
select is(pg_temp.voucher('{"expiresOn": "2099-12-31"}'), '2100-01-01 05:00:00',
  'create_voucher: expiresOn is a day → it ends with that day where the client is');
select is(pg_temp.voucher('{"expiresAt": "2099-12-31"}'), '2100-01-01 05:00:00', 'create_voucher: expiresAt may be a day');
select is(pg_temp.voucher('{"expiresAt": "2099-12-31T18:00:00-05:00"}'), '2099-12-31 23:00:00', 'create_voucher: or a moment');
select is(pg_temp.voucher('{"expiresOn": "2099-12-31T18:00:00Z"}'), 'RB400', 'create_voucher: expiresOn with a moment → RB-400');
select is(pg_temp.voucher('{"expiresOn": "2099-12-31", "expiresAt": "2099-12-31"}'), 'RB400',
  'create_voucher: expiresOn beside expiresAt → RB-400');
select is(pg_temp.voucher('{"startsAt": "2099-01-01", "expiresOn": "2099-01-01"}'), '2099-01-02 05:00:00',
  'create_voucher: a voucher may be for one day');
select is(pg_temp.change('{"expiresOn": "2099-06-30"}'), '2099-07-01 04:00:00', 'update_voucher: expiresOn moves the end');
select is(pg_temp.change('{"description": "June"}'), '2099-07-01 04:00:00', 'update_voucher: what is left out stays');
select is(pg_temp.change('{"expiresOn": null}'), 'never', 'update_voucher: null takes the end away');
select is(pg_temp.change('{"expiresOn": "tomorrow"}'), 'RB400', 'update_voucher: another notation → RB-400');

-- replays and statements
select is(pg_temp.ask(format('public.replay_webhook_messages(%L, %L)', gen_random_uuid(), 'tomorrow')), 'RB404 Not found',
  'replay_webhook_messages: whose endpoint it is comes first');
select tests.keep(tests.create_promise());
select tests.keep('crm', tests.create_crm_endpoint(current_setting('tests.facts')::jsonb));
select is(pg_temp.ask(format('public.replay_crm_events(%L, %L)', tests.the('crm'), '-infinity')), 'RB400 since',
  'replay_crm_events: another notation → RB-400');
select is(pg_temp.ask(format('public.replay_crm_events(%L, null)', tests.the('crm'))), 'RB400 since', 'replay_crm_events: no time → RB-400');
select is(tests.billing_statement(tests.the('client'), null, 'March 2026') #>> '{details,fields,0,field}', 'month',
  'get_billing_statement: a month in another notation → RB-400');
select is(tests.export_report('liability', tests.the('client'), null, 'tomorrow') #>> '{details,fields,0,field}',
  'to_day', 'export_report: another notation → RB-400');

select * from finish();
rollback;
