begin;
set local search_path = public, extensions, tests;
select plan(2);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}') from generate_series(1, 2);
select tests.report_webhook(l, 200) from tests.lease_webhooks(tests.the('endpoint')) l;
select tests.keep('dead', tests.dead_webhook(tests.the('endpoint')));
update public.webhook_messages set failed_at = now() - interval '1 year' where id = tests.the('dead');
select tests.keep('old', (select id from public.webhook_messages where endpoint_id = tests.the('endpoint') and status = 'delivered' limit 1));
update public.webhook_messages set delivered_at = now() - interval '31 days' where id = tests.the('old');

select ok((public.run_housekeeping() #>> '{result,purged}')::int >= 1, 'run_housekeeping: → says that messages were purged');
select results_eq($$
  select status, count(*)::int, bool_or(id = tests.the('old')) from public.webhook_messages
  where endpoint_id = tests.the('endpoint') group by status order by status $$,
  $$ values ('delivered', 1, false), ('failed', 1, false) $$, '… the old delivered one; the recent one and the dead letter stay');

select * from finish();
rollback;
