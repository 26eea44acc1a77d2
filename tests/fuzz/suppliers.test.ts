import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Order, Outcome } from '../../supabase/functions/_shared/gift_cards/suppliers/port.ts';
import { tillo } from '../../supabase/functions/_shared/gift_cards/suppliers/tillo/tillo.ts';
import { seedFrom } from '../support/random.ts';

const seed = seedFrom('FUZZ_SEED');
const RUNS = 2000;

const ORDER: Order = {
  clientRequestId: 'ab12-a1',
  brandCode: 'amazon',
  amount: '25.00',
  currency: 'USD',
  sector: null,
  deliveryMethod: 'code',
  reference: null,
};

const GENUINE = {
  code: '000',
  status: 'success',
  message: 'Gift code generated',
  data: {
    status: 'SUCCESS',
    brand: 'amazon',
    face_value: { amount: 25, currency: 'USD' },
    cost_value: { amount: 23.5, currency: 'USD' },
    reference: 'a1395200-ea40-11f0-88f5-c7a4c5716c58',
    code: 'AMZN-1234-5678',
    pin: '1234',
    expiration_date: '2030-01-31T23:59:59+00:00',
  },
};

const ACTIONS = ['issue', 'order', 'orderStatus', 'reverse'] as const;
const OUTCOMES = ['issued', 'ordered', 'declined', 'short', 'unknown', 'reversed', 'not_found'];

const CODES = ['000', '070', '210', '434', '610', '603', '704', '708', '724', '725', '729', '999'];

/** Anything that may stand where a value stood, with what is nearly right among it. */
const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    ...CODES,
    'USD',
    'GBP',
    'usd',
    'amazon',
    'Amazon',
    25,
    '25',
    '25.0',
    25.01,
    50,
    -25,
    '25,00',
    '0x19',
    '',
  ),
  fc.constantFrom('SUCCESS', 'ERROR', 'PENDING', 'success', 'error', '4111111111111111', '\u0000', 'x'.repeat(600)),
);

/** The paths to every value of an object. */
function pathsOf(thing: unknown, path: string[] = []): string[][] {
  if (thing === null || typeof thing !== 'object') return [path];
  return [path, ...Object.entries(thing).flatMap(([key, part]) => pathsOf(part, [...path, key]))];
}

/** A genuine answer with some of its values replaced or left out. */
const mutated = fc
  .array(fc.tuple(fc.constantFrom(...pathsOf(GENUINE).filter((path) => path.length > 0)), fc.option(value)), {
    minLength: 1,
    maxLength: 4,
  })
  .map((changes) => {
    const answer = structuredClone(GENUINE) as Record<string, unknown>;
    for (const [path, change] of changes) {
      const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], answer);
      if (parent === null || typeof parent !== 'object') continue;
      if (change === null) delete (parent as Record<string, unknown>)[path.at(-1)!];
      else (parent as Record<string, unknown>)[path.at(-1)!] = change;
    }
    return answer;
  });

async function outcomeOf(response: Response, action: (typeof ACTIONS)[number]): Promise<Outcome> {
  const real = globalThis.fetch;
  globalThis.fetch = () => Promise.resolve(response);
  try {
    return await tillo({ apiKey: 'k', secretKey: 's', baseUrl: 'https://x.example/api/v2' })[action](ORDER);
  } finally {
    globalThis.fetch = real;
  }
}

/** What must hold whatever a supplier answers. */
function assertSafe(outcome: Outcome, action: (typeof ACTIONS)[number], answer: unknown): void {
  const told = JSON.stringify({ action, answer, outcome });
  assert.ok(OUTCOMES.includes(outcome.outcome), told);
  if (outcome.outcome === 'declined' && action === 'reverse') assert.fail(`a reversal declines nothing: ${told}`);
  if (outcome.outcome === 'reversed') assert.equal(action, 'reverse', told);
  if (outcome.outcome !== 'issued') return assert.ok(!('card' in outcome), told);
  assert.ok(action === 'issue' || action === 'orderStatus', told);
  const { code, data } = answer as typeof GENUINE;
  assert.ok(String(code).padStart(3, '0') === '000', told);
  assert.equal(Number(data.face_value.amount), 25, told);
  assert.equal(data.face_value.currency, 'USD', told);
  assert.equal(data.brand, 'amazon', told);
  assert.ok(outcome.card.code.length > 0 && outcome.card.code.length <= 500, told);
  assert.ok(outcome.cost === undefined || /^\d+(\.\d+)?$/.test(outcome.cost), told);
}

Deno.test(`fuzz: ${RUNS} mutated answers → no card of another value, brand or currency (seed ${seed})`, async () => {
  let issued = 0;
  await fc.assert(
    fc.asyncProperty(
      mutated,
      fc.constantFrom(...ACTIONS),
      fc.constantFrom(200, 400, 422, 500),
      async (answer, action, status) => {
        const outcome = await outcomeOf(Response.json(answer, { status }), action);
        assertSafe(outcome, action, answer);
        issued += Number(outcome.outcome === 'issued');
      },
    ),
    { seed, numRuns: RUNS },
  );
  assert.ok(issued > RUNS / 50, `only ${issued} mutations left a card as it was ordered: the test tells nothing`);
});

Deno.test(`fuzz: arbitrary bytes with any status → the outcome stays open (seed ${seed})`, async () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string().map((text) => new TextEncoder().encode(text)));
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.constantFrom(...ACTIONS),
      fc.integer({ min: 200, max: 599 }),
      async (body, action, status) => {
        const hasBody = ![204, 205, 304].includes(status);
        const response = new Response(hasBody ? body as Uint8Array<ArrayBuffer> : null, { status });
        assert.equal((await outcomeOf(response, action)).outcome, 'unknown');
      },
    ),
    { seed, numRuns: RUNS },
  );
});
