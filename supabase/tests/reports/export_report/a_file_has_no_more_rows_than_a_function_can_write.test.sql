begin;
set local search_path = public, extensions, tests;
select plan(3);

select tests.keep('client', tests.create_client());
insert into public.campaigns (client_id, campaign_name, billing_entity)
select tests.the('client'), 'Campaign ' || n, 'client' from generate_series(1, 10000) n;

create function pg_temp.export() returns jsonb language sql as $$
  select tests.export_report('campaign_comparison', tests.the('client'), null, null)
$$;

select is(jsonb_array_length(pg_temp.export() #> '{result,rows}'), 10000, 'export_report: 10,000 rows → ok');
insert into public.campaigns (client_id, campaign_name, billing_entity) values (tests.the('client'), 'One more', 'client');
select row_eq($$ select a ->> 'code', a #> '{details}' from pg_temp.export() a $$,
  row('RB-400'::text, '{"rows": 10001, "rowsMax": 10000}'::jsonb), 'export_report: 10,001 rows → RB-400');
select is((select count(*)::int from public.report_campaign_comparison(tests.the('client'))), 10001,
  'export_report: in the database there is no such limit');

select * from finish();
rollback;
