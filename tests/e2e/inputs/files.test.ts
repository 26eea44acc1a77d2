import assert from 'node:assert/strict';
import { type FileCase, FILES } from '../../fixtures/files.ts';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { type Answer, call } from '../../support/http.ts';
import { promise } from '../../support/promise.ts';
import { uniqueCard } from '../../support/unique.ts';

type Content = string | Uint8Array<ArrayBuffer>;

/** The two ways in which a file is uploaded. */
const WAYS: Record<string, (poolId: string, content: Content, dateFormat?: string) => Promise<Answer>> = {
  'text/csv': (poolId, content, dateFormat) => {
    const query = `?poolId=${poolId}${dateFormat ? `&dateFormat=${dateFormat}` : ''}`;
    return call('upload-gift-cards', content, { query, type: 'text/csv' });
  },
  'multipart/form-data': (poolId, content, dateFormat) => {
    const form = new FormData();
    form.set('poolId', poolId);
    if (dateFormat) form.set('dateFormat', dateFormat);
    form.set('file', new File([content], 'cards.csv', { type: 'text/csv' }));
    return call('upload-gift-cards', form);
  },
};

async function cardsIn(poolId: string): Promise<number> {
  const [{ cards }] = await sql`select count(*)::int as cards from public.gift_cards where pool_id = ${poolId}`;
  return cards;
}

function linesOf({ body }: Answer): [number, string][] {
  return body.rows.map(({ line, status }: { line: number; status: string }) => [line, status]);
}

async function assertRight({ name, file, dateFormat, right }: FileCase, way: string): Promise<void> {
  const { poolId } = await promise({ cards: 0, recipients: 0 });
  const codes = Array.from({ length: 4 }, () => uniqueCard().code);
  const answer = await WAYS[way](poolId, file(codes), dateFormat);
  if ('lines' in right) {
    assertDone(answer);
    assert.deepEqual(linesOf(answer), right.lines, name);
    assert.equal(await cardsIn(poolId), right.lines.filter(([, status]) => status === 'imported').length, name);
    return;
  }
  assert.equal(await cardsIn(poolId), 0, name);
  if ('httpStatus' in right) return assert.equal(answer.status, right.httpStatus, name);
  const { fields } = assertRefused(answer, right.code);
  if (right.problem) {
    assert.deepEqual(fields.map(({ field }: { field: string }) => field), [right.field], name);
    assert.match(fields[0].problem, right.problem, name);
  }
  for (const code of codes) assert.ok(!answer.text.includes(code), `the answer about ${name} repeats a code`);
}

for (const way of Object.keys(WAYS)) {
  for (const fileCase of FILES) {
    const outcome = 'lines' in fileCase.right ? 'each card by its line' : 'refused whole';
    Deno.test(`upload-gift-cards: ${way}, ${fileCase.name} → ${outcome}`, () => assertRight(fileCase, way));
  }
}

Deno.test('upload-gift-cards: the same file twice, in either way → 0 new, and the answer says so', async () => {
  const { poolId } = await promise({ cards: 0, recipients: 0 });
  const file = `code\n\n${uniqueCard().code}\n${uniqueCard().code}\n`;
  const answers: Answer[] = [];
  for (const way of ['text/csv', 'text/csv', 'multipart/form-data']) answers.push(await WAYS[way](poolId, file));
  const counts = answers.map(({ body }) => [body.imported, body.duplicates, body.alreadyUploaded]);
  assert.deepEqual(counts, [[2, 0, false], [0, 2, true], [0, 2, true]]);
  assert.deepEqual(linesOf(answers[2]), [[3, 'duplicate'], [4, 'duplicate']]);
  assert.equal(await cardsIn(poolId), 2);
});

Deno.test('upload-gift-cards: a reason that names another row → its line in a file, its number in JSON', async () => {
  const { poolId } = await promise({ cards: 0, recipients: 0 });
  const [{ code }, other] = [uniqueCard(), uniqueCard()];
  const { body } = await WAYS['text/csv'](poolId, `code\n\n${code}\n${code}\n`);
  assert.equal(body.rows[1].reason, 'the code stands in line 3 already');
  const json = await call('upload-gift-cards', { poolId, cards: [other, other] });
  assert.deepEqual(json.body.rows.map(({ line }: { line?: number }) => line), [undefined, undefined]);
  assert.equal(json.body.rows[1].reason, 'the code stands in row 1 already');
});
