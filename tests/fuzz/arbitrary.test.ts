import assert from 'node:assert/strict';
import fc from 'fast-check';
import { connect } from '../support/crm.ts';
import { sql } from '../support/database.ts';
import { assertRefused } from '../support/expect.ts';
import { type Answer, call } from '../support/http.ts';
import { promise } from '../support/promise.ts';
import { seedFrom } from '../support/random.ts';
import { stack } from '../support/stack.ts';
import { targets } from '../support/targets.ts';

const seed = seedFrom('FUZZ_SEED');
console.log(`fuzz: FUZZ_SEED=${seed}`);

// Any character, and often one of those that others stumble over.
const HOSTILE = [
  '\0',
  '\ud800',
  '\udfff',
  "'",
  '"',
  '\\',
  '\n',
  '\t',
  '%',
  '_',
  '{{',
  '\u202e',
  '\u200b',
  '🎁',
  '<',
  '=',
];
const character = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }));
const hostileText = (maxLength: number) =>
  fc.array(character, { minLength: 1, maxLength }).map((parts) => parts.join(''));

// Values that pass some checks, so that the next ones are reached.
const plausible = fc.oneof(
  fc.uuid(),
  fc.constantFrom('sms', 'email', 'none', 'housekeeping', '+12025550143', 'a@example.com', 1, 25, '25.00', true, null),
  hostileText(20),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.array(fc.record({ code: fc.string({ maxLength: 80 }), pin: fc.string({ maxLength: 40 }) }), { maxLength: 5 }),
);

// What callers may name besides what they must.
const OPTIONAL = [
  'brandId',
  'denomination',
  'deliverTo',
  'confirmationCode',
  'phone',
  'email',
  'code',
  'reason',
  'deliveryId',
];

/** Changes to a right body: now and then one is wrong at one place only, and the rest is reached. */
function changesTo(body: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> {
  const fields = fc.constantFrom(...Object.keys(body), ...OPTIONAL);
  return fc.dictionary(fields, fc.oneof(plausible, fc.jsonValue()), { minKeys: 1, maxKeys: 3 });
}

function assertHandled(answer: Answer): void {
  assert.ok(answer.status < 500, `${answer.status} ${answer.text}`);
  if (answer.status >= 400) assertRefused(answer, answer.body?.error?.code);
}

async function check<Value>(
  runs: number,
  arbitrary: fc.Arbitrary<Value>,
  holds: (value: Value) => Promise<void>,
): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, holds), { seed, numRuns: runs, endOnFailure: true });
}

Deno.test('fuzz: arbitrary JSON to every function → answered or refused, never 500', async () => {
  for (const { name, options, body } of await targets(await promise())) {
    await check(60, changesTo(body), async (changes) => {
      assertHandled(await call(name, { ...body, ...changes }, options));
    });
    await check(20, fc.jsonValue(), async (value) => assertHandled(await call(name, value, options)));
  }
});

Deno.test('fuzz: arbitrary redemption codes → invalid', async () => {
  const code = fc.oneof(hostileText(30), fc.string({ unit: 'binary', minLength: 1, maxLength: 64 }));
  await check(100, code, async (redemptionCode) => {
    const answer = await call('redeem-gift-card', { redemptionCode, deliveryMethod: 'none' }, {
      key: stack.publishableKey,
    });
    assertHandled(answer);
    assert.ok(['GC-011', 'GC-012', 'RB-429'].includes(answer.body?.error?.code), answer.text);
  });
});

Deno.test('fuzz: arbitrary JSON signed by a CRM → stored or refused, never 500', async () => {
  const promised = await promise();
  const crm = await connect(promised);
  const fields = fc.constantFrom(
    'type',
    'event_type',
    'contact_id',
    'contactId',
    'campaign_id',
    'data',
    'webhookId',
    'x',
  );
  const body = fc.dictionary(fields, fc.oneof(plausible, fc.constant('visit'), fc.jsonValue()), { maxKeys: 5 });
  await check(150, body, async (event) => {
    const answer = await crm.send(JSON.stringify(event));
    assertHandled(answer);
    assert.equal(answer.body.events?.[0].status === 'failed', false, answer.text);
  });
  const [{ failed }] = await sql`
    select count(*) as failed from public.crm_events where endpoint_id = ${crm.endpointId} and status = 'failed'`;
  assert.equal(failed, 0);
});

// Files that are nearly right: a header that is known, cells with everything that CSV can stumble over.
const cell = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom(
    '"',
    '""',
    '"a',
    'a"',
    ',',
    ';',
    '\t',
    '\r',
    '\n',
    '\uFEFF',
    '2099-01-01',
    '=1+1',
    '4111111111111111',
    '',
  ),
);
const nearlyCsv = fc.tuple(
  fc.constantFrom('code', 'code,pin', 'code;pin;expires', '\uFEFF"code"', 'Code\tPIN'),
  fc.constantFrom('\n', '\r\n', '\r'),
  fc.array(fc.array(cell, { maxLength: 4 }), { maxLength: 8 }),
).map(([header, end, rows]) =>
  [header, ...rows.map((cells) => cells.join(header.includes(';') ? ';' : ','))].join(end)
);

Deno.test('fuzz: arbitrary bytes as CSV → stored as reported, or refused as a whole', async () => {
  const { poolId, brandId } = await promise({ cards: 0 });
  await sql`update public.gift_card_brands set code_format = null where id = ${brandId}`;
  const cards = async () =>
    (await sql`select count(*) as cards from public.gift_cards where pool_id = ${poolId}`)[0].cards as number;
  let imported = 0;
  const upload = async (file: Uint8Array | string) => {
    const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
    const answer = await call('upload-gift-cards', bytes, { query: `?poolId=${poolId}`, type: 'text/csv' });
    assertHandled(answer);
    if (answer.status === 200) {
      const { rows, imported: stored, duplicates, rejected } = answer.body;
      assert.equal(rows.length, stored + duplicates + rejected);
      imported += stored;
    }
    assert.equal(await cards(), imported);
  };
  await check(60, fc.uint8Array({ maxLength: 400 }), upload);
  await check(120, nearlyCsv, upload);
});
