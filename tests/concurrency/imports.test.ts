import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { type Session, untilBlocked, withSessions } from '../support/sessions.ts';
import { uniquePhone } from '../support/unique.ts';

const LIST = [
  { firstName: 'Ada', lastName: 'Archer', phone: uniquePhone() },
  { firstName: 'Ben', externalCrmId: 'crm-2' },
  { firstName: 'Cleo' },
];

/** Imports the list as a server, in a session. */
async function importList(session: Session, campaignId: string, key: string | null = null) {
  const [{ answer }] = await session`
    select public.import_recipients(${campaignId}, ${
    JSON.stringify(LIST)
  }::text::jsonb, idempotency_key => ${key}) as answer`;
  return answer as { imported: number; known: number; rows: { recipientId: string; redemptionCode: string }[] };
}

/** Runs two imports of one list, the second before the first has ended. */
async function importAtOnce(campaignId: string, keys: [string | null, string | null], end: 'commit' | 'rollback') {
  const answers: Awaited<ReturnType<typeof importList>>[] = [];
  await withSessions(2, async ([one, two]) => {
    for (const session of [one, two]) await session`set role service_role`;
    await one`begin`;
    answers.push(await importList(one, campaignId, keys[0]));
    const [waiting] = await untilBlocked(two, () => importList(two, campaignId, keys[1]));
    await one.unsafe(end);
    answers.push(await waiting);
  });
  return answers;
}

async function recipientsOf(campaignId: string): Promise<number> {
  const [{ count }] = await sql`select count(*) from public.recipients where campaign_id = ${campaignId}`;
  return count;
}

Deno.test('import_recipients: two imports of a list at once → each recipient once', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const [first, second] = await importAtOnce(campaignId, [null, null], 'commit');
  assert.deepEqual([first.imported, first.known, second.imported, second.known], [3, 0, 0, 3]);
  assert.deepEqual(
    second.rows.map(({ recipientId, redemptionCode }) => [recipientId, redemptionCode]),
    first.rows.map(({ recipientId, redemptionCode }) => [recipientId, redemptionCode]),
  );
  assert.equal(await recipientsOf(campaignId), 3);
});

Deno.test('import_recipients: two imports with one idempotency key at once → one answer', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const [first, second] = await importAtOnce(campaignId, ['list', 'list'], 'commit');
  assert.deepEqual(second, first);
  assert.equal(await recipientsOf(campaignId), 3);
});

Deno.test('import_recipients: an import that waited for one that is rolled back → imports the list', async () => {
  const { campaignId } = await promise({ cards: 0, recipients: 0 });
  const [, second] = await importAtOnce(campaignId, [null, null], 'rollback');
  assert.deepEqual([second.imported, second.known], [3, 0]);
  assert.equal(await recipientsOf(campaignId), 3);
});
