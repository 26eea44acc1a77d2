import assert from 'node:assert/strict';
import { contracts } from '../support/contracts.ts';
import { sql } from '../support/database.ts';
import { assertDone, assertRefused } from '../support/expect.ts';
import { redeem } from '../support/gift_cards.ts';
import { type Answer, call } from '../support/http.ts';
import { type Person, signUpAs } from '../support/people.ts';
import { promise } from '../support/promise.ts';
import { type Target, targets } from '../support/targets.ts';
import { symbols } from '../support/unique.ts';

const FUNCTIONS = new URL('../../supabase/functions/', import.meta.url);

// These give the same answer with any key: the card is used, the open purchase continues.
const SAME_ANSWER_EACH_TIME = new Set(['confirm-redemption', 'purchase-package']);

/** The functions that take an Idempotency-Key, as their sources say. */
async function functionsWithAKey(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(FUNCTIONS)) {
    if (!isDirectory || name === '_shared') continue;
    const source = await Deno.readTextFile(new URL(`${name}/index.ts`, FUNCTIONS));
    if (/requestArgs\(|requestOf\(\w+, |idempotencyKey|\bresend\(/.test(source)) names.push(name);
  }
  return names;
}

/** Every UUID that a text shows. */
function idsIn(text: string): string[] {
  return text.match(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
}

/** Every UUID that a user can read in any table or view of the API. */
async function idsReadBy({ id }: Person): Promise<string[]> {
  const relations = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
      and has_table_privilege('authenticated', c.oid, 'select')`;
  return await sql.begin(async (db) => {
    await db`select set_config('request.jwt.claims', ${JSON.stringify({ sub: id, role: 'authenticated' })}, true)`;
    await db`set local role authenticated`;
    const texts: string[] = [];
    for (const { name } of relations) {
      const [{ rows }] = await db`select coalesce(jsonb_agg(to_jsonb(t)), '[]')::text as rows from ${
        db.unsafe(name)
      } t`;
      texts.push(rows);
    }
    return idsIn(texts.join());
  });
}

Deno.test('Idempotency-Key: any readable id as key of the same request → never the stored answer', async () => {
  const promised = await promise({ cards: 8, recipients: 2 });
  const { clientId, cards, recipients } = promised;
  const takesAKey = await functionsWithAKey();
  const asked = (await targets(promised)).filter(({ name }) => takesAKey.includes(name));
  assert.deepEqual(asked.map(({ name }) => name).sort(), takesAKey.sort(), 'targets() knows every function with a key');
  const described = [...contracts.values()].filter(({ isIdempotent }) => isIdempotent).map(({ name }) => name);
  assert.deepEqual(described, takesAKey, 'contracts say which functions take a key');
  // The form gets the code of a recipient without a card.
  asked.find(({ name }) => name === 'redeem-gift-card')!.body.redemptionCode = recipients[1].token;

  const answers: [Target, Answer][] = [];
  for (const target of asked) answers.push([target, await call(target.name, target.body, target.options)]);
  const done = answers.filter(([, { status }]) => status === 200);
  const named = done.map(([{ name }]) => name);
  for (const name of ['redeem-gift-card', 'provision-gift-card-unified', 'sell-gift-cards']) {
    assert.ok(named.includes(name), name);
  }

  const people = await Promise.all(
    (['call_agent', 'client_admin', 'customer'] as const).map((role) => signUpAs(role, clientId)),
  );
  const readable = (await Promise.all(people.map(idsReadBy))).flat();
  const ids = [...new Set([...readable, ...answers.flatMap(([, { text }]) => idsIn(text))])];
  const opened = await sql`
    select k.scope from private.idempotency_keys k
    where k.answer is not null and k.key in (select private.answer_key(id, null) from unnest(${ids}::text[]) id)`;
  assert.deepEqual([...opened], []);

  for (const [{ name, body, options }, first] of done) {
    const again = await call(name, body, { ...options, idempotencyKey: first.body.requestId });
    for (const { code, pin } of cards) {
      assert.ok(!(first.text.includes(code) && again.text.includes(code)), `${name} shows the code again`);
      assert.ok(!(first.text.includes(pin) && again.text.includes(pin)), `${name} shows the PIN again`);
    }
    if (SAME_ANSWER_EACH_TIME.has(name)) continue;
    const [was, is] = [first, again].map(({ body }) => JSON.stringify({ ...body, requestId: null }));
    if (again.status === 200) assert.notEqual(is, was, `${name} gives the first one's answer`);
  }
});

Deno.test('redeem-gift-card: the key of another caller, without the code → GC-011; with another right code → its own card', async () => {
  const [mine, theirs] = [await promise(), await promise()];
  const options = { idempotencyKey: crypto.randomUUID() };
  const first = await redeem(mine.recipient.token, {}, options);
  assertDone(first);
  assertRefused(await redeem(symbols(12), {}, options), 'GC-011');
  const other = await redeem(theirs.recipient.token, {}, options);
  assertDone(other);
  assert.notEqual(other.body.giftCard.id, first.body.giftCard.id);
  const again = await redeem(mine.recipient.token, {}, options);
  assert.equal(again.body.giftCard.code, first.body.giftCard.code);
});
