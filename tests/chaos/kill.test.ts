import assert from 'node:assert/strict';
import { connect, type Database } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { assertDone, assertRefused } from '../support/expect.ts';
import { call } from '../support/http.ts';
import { OwnStack, type Part } from '../support/own_stack.ts';
import { promise, type Promised, type Recipient } from '../support/promise.ts';
import { seeded, seedFrom } from '../support/random.ts';
import type { Message } from '../support/sandbox.ts';

const RECIPIENTS = 240;
const CALLERS = 6;
const WORKERS = 16;
const PATIENCE_SECONDS = 90;

// What a caller may hear while a part is down; anything else would be a wrong answer.
const OUTAGES = ['no answer', 'GC-013', 'GC-015', 'RB-500', 'RB-502', 'WORKER_ERROR'];

const seed = seedFrom('CHAOS_SEED');
const random = seeded(seed);

// What dies at once: the parts alone or together, each at least once, in an order that the seed tells.
const DEATHS: Part[][] = [
  ['postgres'],
  ['gateway'],
  ['postgres', 'gateway'],
  ['cli'],
  ['postgres'],
  ['gateway', 'sandbox'],
  ['postgres', 'gateway', 'sandbox', 'cli'],
];

interface Lease {
  deliveryId: string;
  attemptId: string;
  leaseToken: string;
}

/** A card that the API said it has given. */
interface Acknowledged {
  recipient: Recipient;
  giftCardId: string;
  code: string;
}

/** The answers as the callers saw them. */
interface Story {
  acknowledged: Acknowledged[];
  failures: Map<string, number>;
}

/** Requests a recipient's card with the same key until the answer is a card or GC-010. */
async function askUntilGiven(
  stack: OwnStack,
  { campaignId }: Promised,
  recipient: Recipient,
  { acknowledged, failures }: Story,
) {
  const body = { campaignId, recipientId: recipient.id, deliveryMethod: 'sms' };
  const note = (what: string) => failures.set(what, (failures.get(what) ?? 0) + 1);
  while (true) {
    try {
      const answer = await call('provision-gift-card-unified', body, { on: stack.facts, idempotencyKey: recipient.id });
      if (answer.status === 200) {
        const { id, code } = answer.body.giftCard;
        return acknowledged.push({ recipient, giftCardId: id, code });
      }
      note(answer.body?.error?.code ?? answer.body?.code ?? `HTTP ${answer.status}`);
    } catch {
      note('no answer');
    }
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

/** Kills and restarts the stack each time another part of the cards has been given, at a random moment. */
async function killNowAndThen(stack: OwnStack, { acknowledged }: Story): Promise<string[]> {
  const report: string[] = [];
  const order = DEATHS.map((parts) => ({ parts, at: random() })).sort((a, b) => a.at - b.at);
  for (const [index, { parts }] of order.entries()) {
    const goal = Math.floor(RECIPIENTS * (index + 0.2 + random() * 0.6) / DEATHS.length);
    await eventually(`${goal} cards are given`, () => Promise.resolve(acknowledged.length >= goal), PATIENCE_SECONDS);
    await new Promise((resume) => setTimeout(resume, random() * 100));
    const given = acknowledged.length;
    const killedAt = performance.now();
    await stack.kill(...parts);
    await stack.start();
    report.push(
      `${parts.join('+')} after ${given} cards, back in ${((performance.now() - killedAt) / 1000).toFixed(1)} s`,
    );
  }
  return report;
}

/** Ends the leases of workers that are dead, so that no test waits a minute for them to lapse. */
async function lapseLeases(sql: Database): Promise<void> {
  await sql`update public.deliveries set leased_until = now() where status = 'sending'`;
  await sql`update public.deliveries set next_attempt_at = now() where status = 'unknown'`;
}

/** Waits until no delivery is on its way or in doubt. */
async function untilQuiet(sql: Database): Promise<void> {
  await eventually('every delivery has ended', async () => {
    await sql`update public.deliveries set next_attempt_at = now() where status = 'queued'`;
    const [{ open }] = await sql`
      select count(*) as open from public.deliveries where status in ('queued', 'sending', 'unknown')`;
    return open === 0;
  }, PATIENCE_SECONDS);
}

async function assertPromiseKept(sql: Database, { poolId }: Promised, { acknowledged }: Story, messages: Message[]) {
  const stored = await sql`
    select c.recipient_id, c.id, d.status from public.gift_cards c
    join public.deliveries d on d.subject_id = c.id where c.pool_id = ${poolId}`;
  const byRecipient = new Map(stored.map((card) => [card.recipient_id, card]));
  assert.equal(stored.length, RECIPIENTS);
  assert.equal(acknowledged.length, RECIPIENTS);
  assert.equal(new Set(acknowledged.map(({ code }) => code)).size, RECIPIENTS, 'a code was shown to two callers');

  const phones = new Map(Object.entries(Object.groupBy(messages, ({ to }) => to)));
  for (const { recipient, giftCardId, code } of acknowledged) {
    assert.equal(byRecipient.get(recipient.id)?.id, giftCardId, 'an acknowledged card is lost');
    assert.ok(['sent', 'delivered'].includes(byRecipient.get(recipient.id)!.status));
    const texts = phones.get(recipient.phone) ?? [];
    assert.equal(texts.length, 1, `${texts.length} messages to one recipient`);
    assert.ok(texts[0].body.includes(code), 'a recipient got another code than was acknowledged');
  }
  assert.equal(messages.length, RECIPIENTS, 'a recipient got a message without a card');
  const violations = await sql`select * from private.invariant_violations`;
  assert.deepEqual([...violations], []);
}

async function messagesIn({ facts }: OwnStack): Promise<Message[]> {
  return await (await fetch(`${facts.sandboxUrl}/_messages`)).json();
}

let stack: OwnStack;
let sql: Database;

Deno.test.beforeAll(async () => {
  stack = await OwnStack.begin();
  sql = connect(stack.facts.dbUrl, WORKERS);
});

Deno.test.afterAll(async () => {
  await sql?.end({ timeout: 1 });
  await stack?.end();
});

Deno.test('lease_deliveries: 16 workers lease 160 deliveries while the gateway hangs → none twice', async () => {
  const place = { database: sql, on: stack.facts };
  const { campaignId, recipients } = await promise({ cards: 160, recipients: 160 }, place);
  stack.signal('gateway', 'SIGSTOP');
  try {
    await sql`
      select public.provision_gift_card(${campaignId}, r.id, null, null, 1, 'sms', null,
        row(gen_random_uuid(), null, null, null, null)::public.request)
      from unnest(${recipients.map(({ id }) => id)}::uuid[]) as r (id)`;
    const leased = (await Promise.all(Array.from({ length: WORKERS }, async () => {
      const mine: Lease[] = [];
      while (true) {
        const [{ answer }] = await sql`select public.lease_deliveries(null, 8) as answer`;
        if (answer.result.deliveries.length === 0) return mine;
        mine.push(...answer.result.deliveries);
      }
    }))).flat();
    assert.equal(leased.length, 160);
    assert.equal(new Set(leased.map(({ deliveryId }) => deliveryId)).size, 160);
    // Recorded as sent, so that no job looks them up later.
    await Promise.all(leased.map(({ attemptId, leaseToken }) =>
      sql`
      select public.complete_delivery_attempt(${attemptId}, ${leaseToken}, 'sent', 'twilio', ${attemptId}, null, null)`
    ));
  } finally {
    stack.signal('gateway', 'SIGCONT');
  }
});

Deno.test('lease_webhooks: 8 workers while the gateway hangs → no attempt twice, at most two per endpoint at once', async () => {
  const { clientId } = await promise({ cards: 0 }, { database: sql, on: stack.facts });
  stack.signal('gateway', 'SIGSTOP');
  try {
    const [{ id: endpointId }] = await sql`
      insert into public.webhook_endpoints (client_id, url) values (${clientId}, 'https://hooks.example.invalid/') returning id`;
    await sql`
      insert into public.webhook_messages (client_id, endpoint_id, event_type, data)
      select ${clientId}, ${endpointId}, 'webhook.test', '{}' from generate_series(1, 40)`;
    const leased = (await Promise.all(Array.from({ length: 8 }, async () => {
      const mine: string[] = [];
      for (let turn = 0; turn < 10; turn++) {
        const tries = await sql`select id, message_id from private.lease_webhooks(8)`;
        assert.ok(tries.length <= 2, String(tries.length));
        mine.push(...tries.map(({ message_id }) => message_id));
        for (const { id } of tries) {
          await sql`
            select public.complete_webhook_attempt(a.id, m.lease_token, 'delivered', 200, null, 1)
            from public.webhook_attempts a join public.webhook_messages m on m.id = a.message_id where a.id = ${id}`;
        }
      }
      return mine;
    }))).flat();
    assert.ok(leased.length > 0);
    assert.equal(new Set(leased).size, leased.length);
    const [{ tries, messages }] = await sql`
      select count(*) as tries, count(distinct message_id) as messages from public.webhook_attempts
      where message_id in (select id from public.webhook_messages where endpoint_id = ${endpointId})`;
    assert.deepEqual([tries, messages], [leased.length, leased.length]);
    // The remaining deliveries are never sent.
    await sql`update public.webhook_endpoints set is_active = false, disabled_at = now() where id = ${endpointId}`;
  } finally {
    stack.signal('gateway', 'SIGCONT');
  }
});

// What breaks in the database, and how it is put right.
const BREAKAGES = [
  {
    what: 'no bill can be written',
    code: 'GC-007',
    broken: 'alter table public.billing_transactions add constraint nothing_can_be_billed check (false) not valid',
    mended: 'alter table public.billing_transactions drop constraint nothing_can_be_billed',
  },
  {
    what: 'a migration is missing',
    code: 'GC-013',
    broken: 'alter function public.provision_gift_card rename to provision_gift_card_of_tomorrow',
    mended: 'alter function public.provision_gift_card_of_tomorrow rename to provision_gift_card',
  },
  {
    what: 'a constraint forbids what it must not',
    code: 'GC-015',
    broken: 'alter table public.gift_card_grants add constraint nothing_can_be_granted check (false) not valid',
    mended: 'alter table public.gift_card_grants drop constraint nothing_can_be_granted',
  },
] as const;

for (const { what, code, broken, mended } of BREAKAGES) {
  Deno.test(`provision: while ${what} → ${code}, no card is lost, and the same request succeeds later`, async () => {
    const { campaignId, poolId, recipient } = await promise({ cards: 1 }, { database: sql, on: stack.facts });
    const ask = () =>
      call('provision-gift-card-unified', { campaignId, recipientId: recipient.id }, {
        on: stack.facts,
        idempotencyKey: recipient.id,
      });
    await sql.unsafe(broken);
    try {
      const { text, ...answer } = await ask();
      assertRefused({ text, ...answer }, code);
      assert.doesNotMatch(text, /constraint|function public|nothing_can_be/i, 'the cause is for the log');
      const [left] = await sql`
        select (select status from public.gift_cards where pool_id = ${poolId}) as card,
          (select count(*) from public.gift_card_grants where campaign_id = ${campaignId}) as grants,
          (select count(*) from public.billing_transactions where campaign_id = ${campaignId}) as bills,
          (select count(*) from public.pending_rewards where campaign_id = ${campaignId}) as debts`;
      assert.deepEqual({ ...left }, { card: 'available', grants: 0, bills: 0, debts: 0 });
    } finally {
      await sql.unsafe(mended);
    }
    assertDone(await ask());
  });
}

Deno.test('provision: processes killed at random → each card claimed, found and sent once', async () => {
  const promised = await promise({ cards: RECIPIENTS, recipients: RECIPIENTS }, { database: sql, on: stack.facts });
  const story: Story = { acknowledged: [], failures: new Map() };
  const waiting = [...promised.recipients];
  const callers = Array.from({ length: CALLERS }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await askUntilGiven(stack, promised, next, story);
  });
  const deaths = await killNowAndThen(stack, story);
  await lapseLeases(sql);
  await Promise.all(callers);
  await untilQuiet(sql);
  const messages = await messagesIn(stack);
  const [{ doubtful }] = await sql`
    select count(*) as doubtful from public.delivery_attempts where error_code = 'lease_lapsed'`;
  const failures = JSON.stringify(Object.fromEntries(story.failures));
  console.log(`chaos: CHAOS_SEED=${seed}\n  ${deaths.join('\n  ')}`);
  console.log(`  ${story.acknowledged.length} cards acknowledged, ${messages.length} messages, ${doubtful} looked up`);
  console.log(`  refused meanwhile: ${failures}`);
  assert.deepEqual([...story.failures.keys()].filter((what) => !OUTAGES.includes(what)), []);
  await assertPromiseKept(sql, promised, story, messages);
});
