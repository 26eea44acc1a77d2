begin;
set local search_path = public, extensions, tests;
select plan(26);

select tests.keep(tests.create_reported_tenant());
select tests.keep('b', tests.create_reported_tenant());
select tests.keep('admin', tests.create_user('client_admin', tests.the('client')));
select tests.keep('agent', tests.create_user('call_agent', tests.the('client')));
select tests.keep('platform', tests.create_user('platform_admin'));

create temp table reports as
  select * from (values ('pool_performance', false), ('brand_performance', false), ('delivery_methods', false), ('geography', false),
    ('campaign_comparison', false), ('liability', false), ('profit_by_client', true), ('profit_by_agency', true), ('agency_profit', true),
    ('platform_analytics', true)) r (report, is_platforms);

select set_eq($$ select 'report_' || report from reports $$,
  $$ select proname::text from pg_proc where pronamespace = 'public'::regnamespace and proname like 'report\_%' and proretset $$,
  'export_report: every report that is a table can be exported');
select is(
  tests.export_report(report, tests.the('client'), null, null, tests.request(tests.the('admin'))) ->> 'outcome',
  case when is_platforms then 'refused' else 'ok' end, report || ': a client admin → ok, unless the report is the platform''s') from reports;
select ok(jsonb_array_length(answer #> '{result,rows}') > 0
  and (answer #> '{result,rows,0}') ?& array(select jsonb_array_elements_text(answer #> '{result,columns}')),
  report || ': a row has every column')
from reports, tests.export_report(report, tests.the('client'), null, null) answer;

select is(tests.export_report('profit_by_client', tests.the('client'), null, null, tests.request(tests.the('platform')))
  #> '{result,rows,0,margin}', '"25.00"', 'export_report: an amount → a text that keeps its decimals');
select is(tests.export_report('liability', tests.the('client'), null, null, tests.request(tests.the('agent'))) ->> 'code',
  'RB-403', 'export_report: an agent → refused');
select is(tests.export_report('liability', (tests.kept('b') ->> 'client')::uuid, null, null, tests.request(tests.the('admin'))),
  tests.export_report('liability', gen_random_uuid(), null, null, tests.request(tests.the('admin'))),
  'export_report: another tenant''s client → the error of an unknown one');
select is((select jsonb_object_agg(e.metadata ->> 'report', e.metadata -> 'rows') from public.audit_events e
  where e.action = 'report.exported' and e.actor_id = tests.the('platform')), '{"profit_by_client": 1}',
  'export_report: → recorded in the audit log with its rows');
select is((select count(*) from public.report_geography(tests.the('client'))),
  jsonb_array_length(tests.export_report('geography', tests.the('client'), null, null) #> '{result,rows}')::bigint,
  'export_report: a file has all rows of the report');

select * from finish();
rollback;
