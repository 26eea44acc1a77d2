import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { sql } from '../support/database.ts';
import { promise } from '../support/promise.ts';
import { seeded, seedFrom } from '../support/random.ts';
import { atOnce } from '../support/sessions.ts';

const seed = seedFrom('CALLBACKS_SEED');
console.log(`callbacks: CALLBACKS_SEED=${seed}`);
const random = seeded(seed);

const MESSAGES = Number(Deno.env.get('CALLBACKS_MESSAGES') ?? 1000);
const CONNECTIONS = 4;

// All thirteen statuses of Twilio: what a message passes through, how it may end, and what says nothing of its fate.
const STEPS = ['accepted', 'scheduled', 'queued', 'sending', 'sent', 'partially_delivered'];
const ENDS: [callbacks: string[], status: string, word: string][] = [
  [['delivered'], 'delivered', 'delivered'],
  [['delivered', 'read'], 'delivered', 'read'],
  [['read'], 'delivered', 'read'],
  [['undelivered'], 'undelivered', 'undelivered'],
  [['failed'], 'undelivered', 'failed'],
  [['canceled'], 'undelivered', 'canceled'],
];
const OTHERS = ['receiving', 'received'];

const one = <Item>(items: Item[]): Item => items[Math.floor(random() * items.length)];

function shuffled<Item>(items: Item[]): Item[] {
  return items.map((item) => ({ item, at: random() })).sort((a, b) => a.at - b.at).map(({ item }) => item);
}

/** Messages that Twilio has taken; the ids that it gave them. */
async function takenMessages(howMany: number): Promise<string[]> {
  const { clientId } = await promise({ cards: 0 });
  const ids = Array.from({ length: howMany }, () => `SM${randomBytes(16).toString('hex')}`);
  await sql`
    insert into public.deliveries (client_id, topic, notice, subject_id, channel, deliver_to, status, attempts, sent_at,
      provider, provider_message_id, provider_status)
    select ${clientId}, 'notice', 'reward_delayed', gen_random_uuid(), 'sms', '+12025550143', 'sent', 1, now(),
      'twilio', id, 'queued'
    from unnest(${ids}::text[]) id`;
  return ids;
}

function statesOf(ids: string[]) {
  return sql`
    select provider_message_id as id, status, provider_status from public.deliveries
    where provider_message_id = any (${ids}::text[])`;
}

Deno.test(`record_delivery_status: ${MESSAGES} messages, callbacks repeated and in any order → the right final status`, async () => {
  const ids = await takenMessages(MESSAGES);
  const expected = new Map(ids.map((id) => [id, one(ENDS)]));
  const calls = shuffled(ids.flatMap((id) => {
    const told = [...expected.get(id)![0], ...[...STEPS, ...OTHERS].filter(() => random() < 0.5)];
    return told.flatMap((status) => Array.from({ length: 1 + Math.floor(random() * 2) }, () => ({ id, status })));
  }));
  await atOnce(CONNECTIONS, async (db, worker) => {
    for (let index = worker; index < calls.length; index += CONNECTIONS) {
      const { id, status } = calls[index];
      await db`select public.record_delivery_status('twilio', ${id}, null, ${status}, null)`;
    }
  });
  const wrong = (await statesOf(ids)).filter(({ id, status, provider_status }) => {
    const [, end, word] = expected.get(id)!;
    return status !== end || provider_status !== word;
  });
  assert.deepEqual([...wrong], []);
});

Deno.test('record_delivery_status: any sequence of callbacks → the rank never decreases', async () => {
  const RANK: Record<string, number> = { sent: 0, delivered: 1, undelivered: 1 };
  const ids = await takenMessages(100);
  const words = [...STEPS, ...OTHERS, ...ENDS.flatMap(([callbacks]) => callbacks), 'a word of tomorrow', ''];
  for (const id of ids) {
    let before = 'sent';
    for (let told = 0; told < 8; told++) {
      await sql`select public.record_delivery_status('twilio', ${id}, null, ${one(words)}, null)`;
      const [{ status }] = await statesOf([id]);
      assert.ok(status === before || RANK[status] > RANK[before], `${before} became ${status}`);
      before = status;
    }
  }
});
