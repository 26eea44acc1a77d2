import assert from 'node:assert/strict';
import { connect, type Database } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call } from '../support/http.ts';
import { OwnStack, type Part } from '../support/own_stack.ts';
import { promise, type Promised, type Recipient } from '../support/promise.ts';
import { seeded, seedFrom } from '../support/random.ts';
import type { Message } from '../support/sandbox.ts';
import { failAt, sell, type Sold, soldBy } from '../support/suppliers.ts';

const RECIPIENTS = 80;
const CALLERS = 6;
const PATIENCE_SECONDS = 120;
const START_FLOAT = 1_000_000;

const seed = seedFrom('CHAOS_SEED');
const random = seeded(seed);

const DEATHS: Part[][] = [['gateway'], ['postgres'], ['gateway', 'postgres'], ['sandbox'], [
  'gateway',
  'sandbox',
  'postgres',
  'cli',
]];

// Half of them sell the card and lose the answer; the last three do so while the caller is still waiting.
const FAULTS: [kind: string, holdMs: number][] = [
  ['502', 0],
  ['603', 0],
  ['610', 0],
  ['html', 0],
  ['timeout_before_accepting', 0],
  ['502_after_accepting', 0],
  ['504_after_accepting', 0],
  ['timeout_after_accepting', 0],
  ['timeout_after_accepting', 300],
  ['timeout_after_accepting', 2000],
];

let stack: OwnStack;
let sql: Database;

Deno.test.beforeAll(async () => {
  stack = await OwnStack.begin();
  sql = connect(stack.facts.dbUrl, CALLERS);
});

Deno.test.afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await stack?.end();
});

/** What a caller was shown; null when a job has brought the card, so that asking again brings no other. */
type Shown = string | null;

/** Asks until the card is given, now or by a job meanwhile. */
async function askUntilGiven({ campaignId }: Promised, recipient: Recipient, given: Map<string, Shown>) {
  const body = { campaignId, recipientId: recipient.id, deliveryMethod: 'sms' };
  while (true) {
    try {
      const answer = await call('provision-gift-card-unified', body, { on: stack.facts, idempotencyKey: recipient.id });
      if (answer.status === 200) return given.set(recipient.id, answer.body.giftCard.code);
      if (answer.body?.error?.code === 'GC-010') return given.set(recipient.id, null);
    } catch {
      // It is down.
    }
    await new Promise((resume) => setTimeout(resume, 100 + random() * 200));
  }
}

/** Has both suppliers stumble at every other card; a sandbox that was killed has forgotten it. */
async function stumble(brandCode: string): Promise<void> {
  for (const name of ['tillo', 'tillo2']) {
    for (let count = 0; count < RECIPIENTS / 8; count++) {
      const [kind, holdMs] = FAULTS[Math.floor(random() * FAULTS.length)];
      await failAt(name, brandCode, kind, { holdMs, on: stack.facts });
    }
  }
}

/** Ends the leases of workers that are dead, so that no test waits for them to lapse. */
async function lapseLeases(): Promise<void> {
  await sql`update public.gift_card_purchases set leased_until = now() where leased_until is not null`;
  await sql`update public.deliveries set leased_until = now() where status = 'sending'`;
}

/** Ends the pauses of suppliers, and the waiting for a better time. */
async function hasten(): Promise<void> {
  await sql`update public.gift_card_purchases set next_attempt_at = now() where ended_at is null`;
  await sql`update public.gift_card_suppliers set failures = 0, paused_until = null where failures > 0`;
  await sql`update public.pending_rewards set next_attempt_at = now() where status like 'awaiting%'`;
  await sql`update public.deliveries set next_attempt_at = now() where status in ('queued', 'unknown')`;
}

async function killNowAndThen(given: Map<string, Shown>, brandCode: string): Promise<string[]> {
  const report: string[] = [];
  const order = DEATHS.map((parts) => ({ parts, at: random() })).sort((a, b) => a.at - b.at);
  for (const [index, { parts }] of order.entries()) {
    const goal = Math.floor(RECIPIENTS * (index + 0.2 + random() * 0.6) / DEATHS.length);
    await eventually(`${goal} cards are given`, async () => {
      await hasten();
      return given.size >= goal;
    }, PATIENCE_SECONDS);
    await new Promise((resume) => setTimeout(resume, random() * 300));
    await stack.kill(...parts);
    await stack.start();
    await lapseLeases();
    await stumble(brandCode);
    report.push(`${parts.join('+')} after ${given.size} cards`);
  }
  return report;
}

async function untilQuiet(campaignId: string): Promise<void> {
  await eventually('every purchase, reward and delivery has ended', async () => {
    await hasten();
    const [{ open }] = await sql`
      select (select count(*) from public.gift_card_purchases where campaign_id = ${campaignId} and ended_at is null)
        + (select count(*) from public.pending_rewards where campaign_id = ${campaignId} and status like 'awaiting%')
        + (select count(*) from public.deliveries where status in ('queued', 'sending', 'unknown')) as open`;
    return open === 0;
  }, PATIENCE_SECONDS);
}

/** The cards that each supplier has sold and not reversed, and our float there. */
async function atSuppliers(brandCode: string): Promise<{ sold: Sold[]; spent: number }> {
  const names = ['tillo', 'tillo2'];
  const sold = (await Promise.all(names.map((name) => soldBy(name, brandCode, stack.facts)))).flat();
  const floats = await Promise.all(names.map(async (name) => {
    const floats = await (await fetch(`${stack.facts.sandboxUrl}/_suppliers/${name}/floats`)).json();
    return START_FLOAT - (floats.USD ?? START_FLOAT);
  }));
  return { sold, spent: floats[0] + floats[1] };
}

async function assertBooksAgree({ campaignId }: Promised, sold: Sold[], spent: number) {
  const booked = await sql`
    select p.client_request_id as id, p.recipient_id as recipient, b.cost_basis as cost, b.source
    from public.gift_card_purchases p
    join public.gift_cards c on c.id = p.gift_card_id and c.recipient_id = p.recipient_id
    join public.billing_transactions b on b.gift_card_id = c.id
    where p.campaign_id = ${campaignId} and p.status = 'issued'`;
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id).sort();
  assert.deepEqual(ids(booked as unknown as { id: string }[]), ids(sold.map(({ clientRequestId: id }) => ({ id }))));
  assert.equal(new Set(booked.map(({ recipient }) => recipient)).size, RECIPIENTS);
  assert.equal(booked.length, RECIPIENTS);
  const cost = booked.reduce((sum, row) => sum + row.cost, 0);
  assert.equal(spent.toFixed(2), cost.toFixed(2), 'what left the floats is what stands in the bills');
  return new Map(
    booked.map((row) => [row.recipient as string, sold.find((one) => one.clientRequestId === row.id)!.code]),
  );
}

Deno.test('supplier purchases: processes killed at random → the cards sold by suppliers are the cards recorded', async () => {
  const place = { database: sql, on: stack.facts };
  const promised = await promise({ cards: 0, recipients: RECIPIENTS }, place);
  const { brandCode } = await sell(promised.brandId, { suppliers: ['tillo', 'tillo2'] }, place);
  await stumble(brandCode);
  const given = new Map<string, Shown>();
  const waiting = [...promised.recipients];
  const callers = Array.from({ length: CALLERS }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await askUntilGiven(promised, next, given);
  });
  const deaths = await killNowAndThen(given, brandCode);
  await eventually('everybody has a card', async () => {
    await hasten();
    return given.size === RECIPIENTS;
  }, PATIENCE_SECONDS);
  await Promise.all(callers);
  await untilQuiet(promised.campaignId);

  const { sold, spent } = await atSuppliers(brandCode);
  const byState = await sql`
    select s.name, p.status, count(*) as purchases, max(p.attempts) as tries from public.gift_card_purchases p
    join public.gift_card_suppliers s on s.id = p.supplier_id
    where p.campaign_id = ${promised.campaignId} group by 1, 2 order by 1, 2`;
  console.log(`chaos: CHAOS_SEED=${seed}\n  ${deaths.join('\n  ')}`);
  console.log(
    byState.map((row) => `  ${row.name} ${row.status}: ${row.purchases}, at most ${row.tries} tries`).join('\n'),
  );

  const codes = await assertBooksAgree(promised, sold, spent);
  const messages: Message[] = await (await fetch(`${stack.facts.sandboxUrl}/_messages`)).json();
  for (const { id, phone } of promised.recipients) {
    assert.equal(given.get(id) ?? codes.get(id), codes.get(id), 'a caller was shown another card than was bought');
    const brought = messages.filter(({ to, body }) => to === phone && sold.some(({ code }) => body.includes(code)));
    assert.equal(brought.length, 1, `${brought.length} messages with a card to one recipient`);
    assert.ok(brought[0].body.includes(codes.get(id)!));
  }
  assert.deepEqual([...await sql`select * from private.supplier_purchases_without_end`], []);
  assert.deepEqual([...await sql`select * from private.invariant_violations`], []);
});
