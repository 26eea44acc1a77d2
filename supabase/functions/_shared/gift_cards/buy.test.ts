import assert from 'node:assert/strict';
import { buy, type Dependencies, fulfilPending, provide, type Purchase, reconcile } from './buy.ts';
import { Refusal } from '../http/errors.ts';
import { fingerprint, unseal } from '../http/seal.ts';
import { missing } from '../http/secrets.ts';
import type { Outcome, Supplier } from './suppliers/port.ts';
import type { Call } from '../http/rpc.ts';

Deno.env.set('CARD_SEAL_KEYS', `k1:${btoa('k'.repeat(32))}`);
Deno.env.set('CARD_FINGERPRINT_KEY', btoa('f'.repeat(32)));

const code = 'AMZN-SECRET-1234';
const pin = '987654';
const ISSUED: Outcome = {
  outcome: 'issued',
  card: { code, pin, expiresOn: '2030-01-31' },
  reference: 'r-1',
  cost: '23.5',
};
const GIVEN = { giftCard: { id: 'card' }, source: 'tillo', campaignId: 'campaign', delivery: null };

type Args = Record<string, unknown>;

function purchase(over: Partial<Purchase> = {}): Purchase {
  return {
    purchaseId: crypto.randomUUID(),
    leaseToken: crypto.randomUUID(),
    action: 'issue',
    supplier: 'tillo',
    adapter: 'tillo',
    clientRequestId: crypto.randomUUID(),
    brandCode: 'amazon',
    amount: '25.00',
    currency: 'USD',
    sector: null,
    deliveryMethod: 'code',
    giftCardId: crypto.randomUUID(),
    brandId: crypto.randomUUID(),
    codeCaseMatters: false,
    reference: null,
    ...over,
  };
}

/** A database whose entry points answer with these in turn, and a log; both record their calls. */
function contextWith(answers: Record<string, (unknown | Error)[]>) {
  const calls: { entryPoint: string; args: Args }[] = [];
  const lines: string[] = [];
  const rpc = (entryPoint: string, args: Args) => {
    calls.push({ entryPoint, args });
    const next = answers[entryPoint]?.shift();
    assert.ok(next !== undefined, `${entryPoint} was not expected`);
    return next instanceof Error
      ? Promise.reject(next)
      : Promise.resolve({ result: next, sealed: null, replayed: false });
  };
  const log = (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return { context: { rpc, log } as unknown as Parameters<typeof buy>[0], calls, lines };
}

/** Suppliers that answer with these in turn, and note what they were asked. */
function dependenciesWith(...outcomes: Outcome[]): { dependencies: Dependencies; asked: string[] } {
  const asked: string[] = [];
  const openSupplier = (name: string) => {
    const call = (method: string) => (order: { clientRequestId: string }) => {
      asked.push(`${name} ${method} ${order.clientRequestId}`);
      return Promise.resolve(outcomes.shift()!);
    };
    const methods = ['issue', 'order', 'orderStatus', 'reverse'].map((method) => [method, call(method)]);
    return Promise.resolve(Object.fromEntries(methods) as Supplier);
  };
  return { dependencies: { openSupplier }, asked };
}

Deno.test('provide: a card from stock → no supplier is called', async () => {
  const { context, calls } = contextWith({ provision_gift_card: [GIVEN] });
  const { dependencies, asked } = dependenciesWith();
  assert.deepEqual((await provide(context, 'provision_gift_card', { a: 1 } as never, dependencies)).result, GIVEN);
  assert.ok(Array.isArray(calls[0].args.suppliers));
  assert.deepEqual(asked, []);
});

Deno.test('provide: no stock → bought, sealed for its id, never in clear text', async () => {
  const wanted = purchase();
  const { context, calls, lines } = contextWith({
    provision_gift_card: [{ purchase: wanted }],
    complete_supplier_purchase: [GIVEN],
  });
  const { dependencies, asked } = dependenciesWith(ISSUED);
  assert.deepEqual((await provide(context, 'provision_gift_card', {} as never, dependencies)).result, GIVEN);
  assert.deepEqual(asked, [`tillo issue ${wanted.clientRequestId}`]);
  const { args } = calls[1];
  const card = args.card as { code: string; pin: string; keyId: string };
  const { giftCardId, brandId } = wanted;
  assert.deepEqual(unseal({ giftCardId, brandId, keyId: card.keyId, code: card.code, pin: card.pin }), { code, pin });
  assert.deepEqual({ ...args, card: { ...card, code: '', pin: '' } }, {
    purchase_id: wanted.purchaseId,
    lease_token: wanted.leaseToken,
    outcome: 'issued',
    card: {
      code: '',
      pin: '',
      fingerprint: fingerprint(code, wanted),
      last4: '1234',
      keyId: 'k1',
      expiresOn: '2030-01-31',
    },
    supplier_code: null,
    supplier_reference: 'r-1',
    cost: 23.5,
    message: null,
  });
  assert.match(lines[0], /\[TILLO\] Card issued/);
  assert.doesNotMatch(lines.join() + JSON.stringify(calls), new RegExp(`${code}|${pin}`));
});

Deno.test('buy: the database names another supplier → it is called', async () => {
  const second = purchase({ supplier: 'tillo2' });
  const { context, calls } = contextWith({ complete_supplier_purchase: [{ purchase: second }, GIVEN] });
  const { dependencies, asked } = dependenciesWith({ outcome: 'short', supplierCode: '610' }, ISSUED);
  await buy(context, purchase(), dependencies);
  assert.deepEqual(asked.map((call) => call.split(' ')[0]), ['tillo', 'tillo2']);
  assert.deepEqual(calls.map(({ args }) => [args.outcome, args.card === null]), [['short', true], ['issued', false]]);
});

Deno.test('buy: a supplier refuses or does not answer → logged as an error of its API', async () => {
  for (const [outcome, words] of [['declined', 'Card declined'], ['unknown', 'Outcome unknown']] as const) {
    const { context, lines } = contextWith({ complete_supplier_purchase: [new Refusal('GC-005')] });
    await assert.rejects(() => buy(context, purchase(), dependenciesWith({ outcome }).dependencies));
    assert.ok(lines.some((line) => line.includes(`[TILLO] Tillo API error: ${words}`)), lines.join('\n'));
  }
});

Deno.test('buy: each action → the supplier call of that name', async () => {
  const actions = ['issue', 'order', 'order_status', 'reverse'] as const;
  const { context } = contextWith({ complete_supplier_purchase: actions.map(() => GIVEN) });
  const { dependencies, asked } = dependenciesWith(...actions.map((): Outcome => ({ outcome: 'unknown' })));
  for (const action of actions) await buy(context, purchase({ action }), dependencies);
  assert.deepEqual(asked.map((call) => call.split(' ')[1]), ['issue', 'order', 'orderStatus', 'reverse']);
});

Deno.test('buy: the lease is lost → nothing is bought twice, GC-005', async () => {
  const { context, lines } = contextWith({ complete_supplier_purchase: [{ accepted: false }] });
  await assert.rejects(
    buy(context, purchase(), dependenciesWith(ISSUED).dependencies),
    (error) => error instanceof Refusal && error.code === 'GC-005' && error.details.pending === true,
  );
  assert.match(lines.at(-1)!, /another worker has taken over/);
});

const UNKEEPABLE: [what: string, card: { code: string; pin: string | null }][] = [
  ['a payment card number', { code: '4111 1111 1111 1111', pin: null }],
  ['a payment card number as PIN', { code, pin: '4111111111111111' }],
  ['a formula', { code: '=cmd()', pin: null }],
  ['signs that cannot be printed', { code: 'A\u0000B', pin: null }],
];

for (const [what, card] of UNKEEPABLE) {
  Deno.test(`buy: ${what} → reversed and declined, never stored`, async () => {
    const { context, calls, lines } = contextWith({ complete_supplier_purchase: [new Refusal('GC-005')] });
    const issued: Outcome = { ...ISSUED, card: { ...card, expiresOn: null } };
    const { dependencies, asked } = dependenciesWith(issued, { outcome: 'reversed' });
    await assert.rejects(buy(context, purchase(), dependencies), Refusal);
    assert.deepEqual(asked.map((call) => call.split(' ')[1]), ['issue', 'reverse']);
    assert.deepEqual([calls[0].args.outcome, calls[0].args.card], ['declined', null]);
    assert.match(String(calls[0].args.message), /cannot be kept: .*was given back/);
    assert.ok(!(JSON.stringify(calls) + lines).includes(card.code));
  });
}

Deno.test('buy: a card that can neither be stored nor reversed → stays open', async () => {
  const { context, calls } = contextWith({ complete_supplier_purchase: [new Refusal('GC-005')] });
  const issued: Outcome = { ...ISSUED, card: { code: '4111111111111111', pin: null, expiresOn: null } };
  await assert.rejects(
    buy(context, purchase(), dependenciesWith(issued, { outcome: 'unknown', supplierCode: '100' }).dependencies),
  );
  assert.deepEqual([calls[0].args.outcome, calls[0].args.supplier_code], ['unknown', '100']);
});

Deno.test('buy: no credentials → the purchase stays open, the log names the secret', async () => {
  const { context, calls, lines } = contextWith({ complete_supplier_purchase: [new Refusal('GC-005')] });
  const openSupplier = () => Promise.reject(missing('TILLO_API_KEY'));
  await assert.rejects(buy(context, purchase(), { openSupplier }));
  assert.deepEqual([calls[0].args.outcome, calls[0].args.supplier_code], ['unknown', 'not_configured']);
  assert.match(lines[0], /TILLO_API_KEY is not set/);
});

Deno.test('buy: no sealing key → nothing is bought', async () => {
  const key = Deno.env.get('CARD_FINGERPRINT_KEY')!;
  Deno.env.delete('CARD_FINGERPRINT_KEY');
  try {
    const { context } = contextWith({ complete_supplier_purchase: [new Refusal('GC-005')] });
    const { dependencies, asked } = dependenciesWith(ISSUED);
    await assert.rejects(buy(context, purchase(), dependencies));
    assert.deepEqual(asked, []);
    await assert.rejects(
      reconcile(context, dependencies),
      (error) => error instanceof Refusal && error.code === 'RB-503',
    );
  } finally {
    Deno.env.set('CARD_FINGERPRINT_KEY', key);
  }
});

Deno.test('reconcile: one purchase fails → the others go on', async () => {
  const due = [purchase(), purchase({ action: 'reverse' }), purchase({ action: 'order_status' })];
  const { context, lines } = contextWith({
    lease_supplier_purchases: [{ purchases: due }],
    complete_supplier_purchase: [new Error('away'), new Refusal('GC-005'), GIVEN],
  });
  const { dependencies } = dependenciesWith({ outcome: 'unknown' }, { outcome: 'reversed' }, ISSUED);
  assert.deepEqual(await reconcile(context, dependencies), { bought: 1, open: 2 });
  assert.equal(lines.filter((line) => /not recorded.*Error: away/.test(line)).length, 1);
});

Deno.test('fulfilPending: due rewards → fulfilled one by one until none is left', async () => {
  const [none, isDone] = [null, false];
  const { context, calls } = contextWith({
    fulfil_pending_reward: [
      { isDone, giftCardId: 'card', purchase: none },
      { isDone, giftCardId: none, purchase: purchase() },
      { isDone, giftCardId: none, purchase: none, code: 'GC-006' },
      { isDone, giftCardId: none, purchase: purchase() },
      { isDone: true },
    ],
    complete_supplier_purchase: [GIVEN, new Refusal('GC-005')],
  });
  const { dependencies } = dependenciesWith(ISSUED, { outcome: 'declined' });
  assert.deepEqual(await fulfilPending(context, dependencies), { fulfilled: 1, bought: 1, open: 2 });
  assert.equal(calls.filter(({ entryPoint }) => entryPoint === 'fulfil_pending_reward').length, 5);
});

Deno.test('fulfilPending: a slow supplier → the other purchases go on', async () => {
  const [slow, quick] = [purchase(), purchase()];
  let answerSlowly = (_: Outcome) => {};
  const silence = new Promise<Outcome>((resolve) => answerSlowly = resolve);
  const issue = ({ clientRequestId }: { clientRequestId: string }) => {
    return clientRequestId === slow.clientRequestId ? silence : Promise.resolve(ISSUED);
  };
  const steps = [slow, quick].map((step) => ({ isDone: false, giftCardId: null, purchase: step }));
  const { context, calls } = contextWith({
    fulfil_pending_reward: [...steps, { isDone: true }],
    complete_supplier_purchase: [GIVEN, GIVEN],
  });
  const rpc = context.rpc;
  context.rpc = ((entryPoint: string, args: Args) => {
    // The one that is slow is answered when the other one is bought.
    if (entryPoint === 'complete_supplier_purchase' && args.purchase_id === quick.purchaseId) answerSlowly(ISSUED);
    return rpc(...[entryPoint, args] as unknown as Call);
  }) as typeof rpc;
  const dependencies = { openSupplier: () => Promise.resolve({ issue } as unknown as Supplier) };
  assert.deepEqual(await fulfilPending(context, dependencies), { fulfilled: 0, bought: 2, open: 0 });
  const completed = calls.filter(({ entryPoint }) => entryPoint === 'complete_supplier_purchase').map(({ args }) =>
    args.purchase_id
  );
  assert.deepEqual(completed, [quick.purchaseId, slow.purchaseId]);
});
