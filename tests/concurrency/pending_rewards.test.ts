import assert from 'node:assert/strict';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { provision } from '../support/gift_cards.ts';
import { promise, type Promised, stock } from '../support/promise.ts';
import { atOnce } from '../support/sessions.ts';

const OWED = 24;
const CARDS = 15;
const WORKERS = 8;

/** A tenant whose recipients all came too late, one after the other. */
async function owe(): Promise<Promised> {
  const promised = await promise({ recipients: OWED, cards: 0 });
  for (const recipient of promised.recipients) {
    const answer = await provision({ ...promised, recipient });
    assert.equal(answer.body.error.code, 'GC-003');
  }
  return promised;
}

/** Lets many workers fulfil what is owed until nobody finds anything more. */
async function fulfilTogether(): Promise<void> {
  await atOnce(WORKERS, async (db) => {
    for (let isDone = false; !isDone;) {
      const [{ answer }] = await db`select public.fulfil_pending_reward('{}') as answer`;
      isDone = answer.result.isDone;
    }
  });
}

/** The recipients of all cards of the pool, once all are given. */
function allGiven({ poolId }: Promised): Promise<string[]> {
  return eventually('all cards are given', async () => {
    const given = await sql`
      select recipient_id from public.gift_cards where pool_id = ${poolId} and recipient_id is not null`;
    return given.length === CARDS && given.map(({ recipient_id }) => recipient_id);
  });
}

Deno.test('pending rewards: many workers give what came in to those who waited longest, one card each', async () => {
  const promised = await owe();
  await stock(promised.poolId, CARDS);
  await fulfilTogether();
  const served = await allGiven(promised);
  assert.deepEqual(served.sort(), promised.recipients.slice(0, CARDS).map(({ id }) => id).sort());
  const states = await sql`
    select status, count(*) from public.pending_rewards where campaign_id = ${promised.campaignId} group by 1 order by 1`;
  assert.deepEqual(states.map(({ status, count }) => [status, count]), [['awaiting_inventory', OWED - CARDS], [
    'fulfilled',
    CARDS,
  ]]);
});

Deno.test('pending rewards: who asks again while the workers are at it gets one card, not two', async () => {
  const promised = await owe();
  await stock(promised.poolId, CARDS);
  const [answers] = await Promise.all([
    Promise.all(promised.recipients.map((recipient) => provision({ ...promised, recipient }))),
    fulfilTogether(),
  ]);
  assert.equal(new Set(await allGiven(promised)).size, CARDS);
  for (const { status, body } of answers) assert.ok(status === 200 || ['GC-003', 'GC-010'].includes(body.error.code));
  const [{ owed }] = await sql`
    select count(*) as owed from public.pending_rewards
    where campaign_id = ${promised.campaignId} and status like 'awaiting%'`;
  assert.equal(owed, OWED - CARDS);
});
