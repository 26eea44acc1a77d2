import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { withSessions } from '../support/sessions.ts';

Deno.test('link_audit_chain: an event that is committed after events with higher ids → linked', async () => {
  const action = `test.${crypto.randomUUID()}`;
  const linked = async () => {
    await sql`select private.link_audit_chain()`;
    const [{ count }] = await sql`
      select count(*)::int from public.audit_events e join private.audit_links l on l.event_id = e.id where e.action = ${action}`;
    return count;
  };
  const record = (database: typeof sql) =>
    database`select private.record_audit(null, null, ${action}, 'thing', gen_random_uuid())`;
  await withSessions(1, async ([late]) => {
    await late`begin`;
    await record(late as unknown as typeof sql);
    for (let n = 1; n <= 5; n++) {
      await record(sql);
      await eventually('what is committed is linked', async () => await linked() === n);
    }
    await late`commit`;
  });
  await eventually('the late event is linked', async () => await linked() === 6);
});

Deno.test('link_audit_chain: everything is linked → the next run begins after it', async () => {
  await sql`select private.record_audit(null, null, 'test', 'thing', gen_random_uuid())`;
  const [{ newest }] = await sql`select max(id)::text as newest from public.audit_events`;
  await eventually('no event up to the newest is read again', async () => {
    await sql`select private.link_audit_chain()`;
    const [{ passed }] = await sql`select linked_through >= ${newest}::bigint as passed from private.audit_progress`;
    return passed;
  });
});
