import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect, sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { countersOf } from '../support/gift_cards.ts';
import { type Answer, call } from '../support/http.ts';
import { promise, type Promised } from '../support/promise.ts';
import { uniqueCard } from '../support/unique.ts';

const CARDS = 500;

function sum(answers: Answer[], count: 'imported' | 'duplicates' | 'rejected'): number {
  return answers.reduce((total, { body }) => total + body[count], 0);
}

Deno.test('upload-gift-cards: the same file twice at once → each code stored once', async () => {
  const { poolId } = await promise({ cards: 0 });
  const csv = `code\n${Array.from({ length: CARDS }, () => uniqueCard().code).join('\n')}\n`;
  const upload = () => call('upload-gift-cards', csv, { query: `?poolId=${poolId}`, type: 'text/csv' });
  const answers = await Promise.all([upload(), upload(), upload(), upload()]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200]);
  assert.deepEqual([sum(answers, 'imported'), sum(answers, 'duplicates'), sum(answers, 'rejected')], [
    CARDS,
    CARDS * 3,
    0,
  ]);
  assert.equal((await countersOf(poolId)).total, CARDS);
});

Deno.test('uploads: files that overlap, into pools of two clients at once → each code is stored once', async () => {
  const [one, two] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const [{ id: poolId }] = await sql`
    insert into public.card_pools (client_id, brand_id, pool_name, denomination, cost_per_card)
    values (${two.clientId}, ${one.brandId}, 'Pool', 25, 23.50) returning id`;
  const cards = Array.from({ length: CARDS }, uniqueCard);
  const answers = await Promise.all([
    call('upload-gift-cards', { poolId: one.poolId, cards: cards.slice(0, 400) }),
    call('upload-gift-cards', { poolId, cards: cards.slice(100) }),
  ]);
  assert.deepEqual([sum(answers, 'imported'), sum(answers, 'duplicates'), sum(answers, 'rejected')], [CARDS, 0, 300]);
  const totals = await Promise.all([one.poolId, poolId].map(async (id) => (await countersOf(id)).total));
  assert.equal(totals[0] + totals[1], CARDS);
});

/** The work of one connection. */
type Run = (on: typeof sql) => Promise<Answer['body']>;

/** A purchase that waits for its supplier's answer, and a way to bring it a card; no job works on it. */
async function goToBuy({ brandId, campaignId, recipient }: Promised, fingerprint: string): Promise<Run> {
  const supplier = `twin_${crypto.randomUUID().replaceAll('-', '')}`;
  await sql`
    with supplier as (insert into public.gift_card_suppliers (name) values (${supplier}) returning id)
    insert into public.supplier_brands (supplier_id, brand_id, brand_code) select id, ${brandId}, 'brand' from supplier`;
  const [{ answer }] = await sql`
    select public.provision_gift_card(${campaignId}, ${recipient.id}, null, null, 1, null, null,
      row(gen_random_uuid(), null, null, null, null)::public.request, ${[supplier]}::text[]) as answer`;
  const { purchaseId, leaseToken } = answer.result.purchase;
  const card = { code: btoa('x'.repeat(44)), fingerprint, last4: '4711', keyId: 'test' };
  return async (on) => {
    const [{ answer }] = await on`
      select public.complete_supplier_purchase(${purchaseId}, ${leaseToken}, 'issued', ${on.json(card)}) as answer`;
    return answer;
  };
}

function upload({ poolId }: Promised, fingerprint: string): Run {
  const row = { row: 1, id: crypto.randomUUID(), code: btoa('x'.repeat(44)), fingerprint, last4: '4711' };
  return async (on) => {
    const [{ answer }] = await on`
      select public.import_gift_cards(${poolId}, ${on.json([row])}, 'test', ${on.json({ hash: crypto.randomUUID() })},
        row(gen_random_uuid(), null, null, null, null)::public.request) as answer`;
    return answer;
  };
}

/** Runs the first one and, before it is committed, the second one beside it, which has to wait; returns its answer. */
async function beside(first: Run, second: Run): Promise<Answer['body']> {
  const connections = connect(undefined, 2);
  const other = await connections.reserve() as unknown as typeof sql & { release(): void };
  const [{ pid }] = await other`select pg_backend_pid() as pid`;
  let waiting: Promise<Answer['body']> | undefined;
  await connections.begin(async (transaction) => {
    await first(transaction as unknown as typeof sql);
    waiting = second(other);
    await eventually('the second one waits', async () => {
      const [row] = await sql`select from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
      return row;
    });
  });
  const answer = await waiting!;
  other.release();
  await connections.end();
  return answer;
}

Deno.test('card_secrets_a_code_stands_once: an upload is open, and the same card is bought → known_code, stored once', async () => {
  const promised = await promise({ cards: 0 });
  const fingerprint = randomBytes(32).toString('hex');
  const answer = await beside(upload(promised, fingerprint), await goToBuy(promised, fingerprint));
  assert.equal(answer.code, 'GC-005');
  await assertStoredOnce(promised, fingerprint, ['reversing', 'known_code']);
});

Deno.test('card_secrets_a_code_stands_once: a purchase is open, and the same card is uploaded → rejected, stored once', async () => {
  const promised = await promise({ cards: 0 });
  const fingerprint = randomBytes(32).toString('hex');
  const answer = await beside(await goToBuy(promised, fingerprint), upload(promised, fingerprint));
  assert.deepEqual(answer.result.rows.map(({ status }: { status: string }) => status), ['rejected']);
  await assertStoredOnce(promised, fingerprint, ['issued', null]);
});

async function assertStoredOnce({ recipient }: Promised, fingerprint: string, expected: (string | null)[]) {
  const [{ cards }] = await sql`
    select count(*) as cards from private.card_secrets where code_fingerprint = decode(${fingerprint}, 'hex')`;
  assert.equal(cards, 1);
  const [purchase] = await sql`
    select status, supplier_code from public.gift_card_purchases where recipient_id = ${recipient.id}`;
  assert.deepEqual([purchase.status, purchase.supplier_code], expected);
}

Deno.test('upload-gift-cards: one Idempotency-Key 16 times at once → one import, the same answer', async () => {
  const { poolId } = await promise({ cards: 0 });
  const cards = Array.from({ length: 20 }, uniqueCard);
  const options = { idempotencyKey: crypto.randomUUID() };
  const answers = await Promise.all(
    Array.from({ length: 16 }, () => call('upload-gift-cards', { poolId, cards }, options)),
  );
  const bodies = new Set(answers.map(({ body: { requestId: _own, ...body } }) => JSON.stringify(body)));
  assert.equal(bodies.size, 1, [...bodies].slice(0, 2).join('\n'));
  assert.equal(answers[0].body.imported, 20);
  assert.equal((await countersOf(poolId)).total, 20);
});
