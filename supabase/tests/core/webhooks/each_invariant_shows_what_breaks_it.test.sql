begin;
set local search_path = public, extensions, tests;
select plan(5);

select tests.keep('client', tests.create_client());
select tests.keep('endpoint', tests.create_endpoint(tests.the('client')));
select private.enqueue_webhook(tests.the('client'), 'webhook.test', null, '{}') from generate_series(1, 3);
select tests.keep('leases', (select jsonb_agg(l) from tests.lease_webhooks(tests.the('endpoint')) l));
select tests.report_webhook(tests.kept('leases') -> 0, 200);
select tests.keep('delivered', tests.kept('leases') #> '{0,messageId}');
select tests.keep('sending', tests.kept('leases') #> '{1,messageId}');

-- What is violated once something is done, which is undone then.
create function pg_temp.violations_after(statement text) returns text language plpgsql as $$
declare
  violations text;
begin
  begin
    execute statement;
    select string_agg(v.problem, ', ' order by v.problem) into violations from private.invariant_violations v
    where v.invariant = 'webhook_violations' and v.row in (tests.the('delivered')::text, tests.the('sending')::text);
    raise exception using errcode = 'UNDOO';
  exception when sqlstate 'UNDOO' then
    null;
  end;
  return violations;
end $$;

select is(pg_temp.violations_after('select 1'), null, 'invariants: a queued, a sending and a delivered message → none violated');
select is(pg_temp.violations_after(format('update public.webhook_attempts set status = ''failed'' where message_id = %L',
  tests.the('delivered'))), 'delivered without a delivered attempt', 'invariants: a lease without a worker → shown');
select is(pg_temp.violations_after(format('delete from public.webhook_attempts where message_id = %L', tests.the('sending'))),
  'attempts without a row', 'invariants: an attempt without its row → shown');
select is(pg_temp.violations_after(format('update public.webhook_messages set status = ''queued'', lease_token = null,
  leased_until = null where id = %L', tests.the('sending'))), 'calling without a lease', 'invariants: an attempt without its end → shown');
select is_empty($$ select from private.webhook_violations $$, 'invariants: all undone → none violated');

select * from finish();
rollback;
