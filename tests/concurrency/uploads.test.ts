import assert from 'node:assert/strict';
import { countersOf } from '../support/gift_cards.ts';
import { type Answer, call } from '../support/http.ts';
import { promise } from '../support/promise.ts';
import { uniqueCard } from '../support/unique.ts';

const CARDS = 500;

function sum(answers: Answer[], count: 'imported' | 'duplicates' | 'rejected'): number {
  return answers.reduce((total, { body }) => total + body[count], 0);
}

Deno.test('uploads: of the same file twice at once each code is stored once', async () => {
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

Deno.test('uploads: files that overlap, into two pools at once, store each code once in the house', async () => {
  const [one, two] = [await promise({ cards: 0 }), await promise({ cards: 0 })];
  const cards = Array.from({ length: CARDS }, uniqueCard);
  const answers = await Promise.all([
    call('upload-gift-cards', { poolId: one.poolId, cards: cards.slice(0, 400) }),
    call('upload-gift-cards', { poolId: two.poolId, cards: cards.slice(100) }),
  ]);
  assert.deepEqual([sum(answers, 'imported'), sum(answers, 'duplicates')], [CARDS, 300]);
  const totals = await Promise.all([one, two].map(async ({ poolId }) => (await countersOf(poolId)).total));
  assert.equal(totals[0] + totals[1], CARDS);
});

Deno.test('uploads: one Idempotency-Key used 16 times at once imports once and answers the same', async () => {
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
