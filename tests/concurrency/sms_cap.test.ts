import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { atOnce } from '../support/sessions.ts';

const CAP = 7;
const MESSAGES = 24;

Deno.test('lease_deliveries: 24 workers at once, a cap of 7 SMS a day → exactly 7 are leased, 17 wait', async () => {
  const { clientId, campaignId, recipients } = await promise({ cards: MESSAGES, recipients: MESSAGES });
  await sql`update public.clients set sms_daily_max = ${CAP} where id = ${clientId}`;
  const ids = await sql.begin(async (transaction) => {
    const rows = await transaction`
      select (public.provision_gift_card(${campaignId}, r.id, null, null, 1, 'sms', null,
        row(gen_random_uuid(), null, null, null, null)::public.request) -> 'result' -> 'delivery' ->> 'id')::uuid as id
      from unnest(${recipients.map(({ id }) => id)}::uuid[]) as r (id)`;
    // not the scheduler's until the workers are there
    await transaction`update public.deliveries set next_attempt_at = now() + interval '1 hour' where client_id = ${clientId}`;
    return rows.map(({ id }) => id as string);
  });
  await sql`select private.take_sms(${clientId}, 0)`;
  const leased = await atOnce(MESSAGES, async (db, n) => {
    const [{ count }] = await db.begin(async (transaction) => {
      await transaction`update public.deliveries set next_attempt_at = now() where id = ${ids[n]}`;
      return await transaction`
        select jsonb_array_length(public.lease_deliveries(${ids[n]}, 1) #> '{result,deliveries}') as count`;
    });
    return count as number;
  });
  assert.equal(leased.reduce((sum, count) => sum + count, 0), CAP);
  const [{ sent }] = await sql`select sent from private.sms_usage where client_id = ${clientId}`;
  assert.equal(sent, CAP);
  const [{ waiting }] = await sql`
    select count(*)::int as waiting from public.deliveries
    where client_id = ${clientId} and status = 'queued' and error_code = 'sms_cap_reached'`;
  assert.equal(waiting, MESSAGES - CAP);
});
