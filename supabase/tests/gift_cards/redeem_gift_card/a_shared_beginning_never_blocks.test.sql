-- The codes of a campaign may all begin alike (DEMO-…): guesses at them raise an alert, and limit no visitor.
begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep(tests.create_promise(2));
update public.recipient_codes set redemption_token = 'DEMO-RIGHT-ONE' where recipient_id = tests.the('recipient');

select count(tests.redeem('DEMO-WRONG-' || n, ip => '198.51.' || n || '.1')) from generate_series(1, 100) n;
select is_empty('select from public.system_alerts where alert_type = ''redemption_burst'' and created_at = now()',
  'redeem_gift_card: a hundred wrong codes → below the alert limit');
select is(tests.redeem('DEMO-WRONG-101', ip => '198.51.101.1') ->> 'code', 'GC-011',
  'redeem_gift_card: one more → answered like the others');
select is((select count(*)::int from public.system_alerts where alert_type = 'redemption_burst'
  and metadata ->> 'kind' = 'prefix' and created_at = now()), 1, '… and an alert is raised');
select is(tests.redeem('DEMO-WRONG-102', ip => '198.51.102.1') ->> 'code', 'GC-011', '… the next one is answered, too');
select is(tests.redeem('DEMO-RIGHT-ONE', ip => '198.51.103.1') ->> 'outcome', 'ok',
  '… a valid code → its card');

select * from finish();
rollback;
