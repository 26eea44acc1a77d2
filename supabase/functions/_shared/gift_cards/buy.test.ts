import assert from 'node:assert/strict';
import { buy, fulfilPending, type Means, provide, type Purchase, reconcile } from './buy.ts';
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

/** A database that answers its doors with these in turn, and a log; both remember what they were told. */
function deskWith(answers: Record<string, (unknown | Error)[]>) {
  const calls: { door: string; args: Args }[] = [];
  const lines: string[] = [];
  const rpc = (door: string, args: Args) => {
    calls.push({ door, args });
    const next = answers[door]?.shift();
    assert.ok(next !== undefined, `${door} was not expected`);
    return next instanceof Error
      ? Promise.reject(next)
      : Promise.resolve({ result: next, sealed: null, replayed: false });
  };
  const log = (message: string, fields: Args = {}) => void lines.push(JSON.stringify({ message, ...fields }));
  return { desk: { rpc, log } as unknown as Parameters<typeof buy>[0], calls, lines };
}

/** Suppliers that answer with these in turn, and note what they were asked. */
function meansWith(...outcomes: Outcome[]): { means: Means; asked: string[] } {
  const asked: string[] = [];
  const openSupplier = (name: string) => {
    const call = (method: string) => (order: { clientRequestId: string }) => {
      asked.push(`${name} ${method} ${order.clientRequestId}`);
      return Promise.resolve(outcomes.shift()!);
    };
    const methods = ['issue', 'order', 'orderStatus', 'reverse'].map((method) => [method, call(method)]);
    return Promise.resolve(Object.fromEntries(methods) as Supplier);
  };
  return { means: { openSupplier }, asked };
}

Deno.test('provide: a card from stock is given without anybody being called', async () => {
  const { desk, calls } = deskWith({ provision_gift_card: [GIVEN] });
  const { means, asked } = meansWith();
  assert.deepEqual((await provide(desk, 'provision_gift_card', { a: 1 } as never, means)).result, GIVEN);
  assert.ok(Array.isArray(calls[0].args.suppliers));
  assert.deepEqual(asked, []);
});

Deno.test('provide: without stock the card is bought, sealed for its id, and nowhere in clear', async () => {
  const wanted = purchase();
  const { desk, calls, lines } = deskWith({ provision_gift_card: [{ purchase: wanted }], complete_purchase: [GIVEN] });
  const { means, asked } = meansWith(ISSUED);
  assert.deepEqual((await provide(desk, 'provision_gift_card', {} as never, means)).result, GIVEN);
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

Deno.test('buy: another supplier is tried when the database says so', async () => {
  const second = purchase({ supplier: 'tillo2' });
  const { desk, calls } = deskWith({ complete_purchase: [{ purchase: second }, GIVEN] });
  const { means, asked } = meansWith({ outcome: 'short', supplierCode: '610' }, ISSUED);
  await buy(desk, purchase(), means);
  assert.deepEqual(asked.map((call) => call.split(' ')[0]), ['tillo', 'tillo2']);
  assert.deepEqual(calls.map(({ args }) => [args.outcome, args.card === null]), [['short', true], ['issued', false]]);
});

Deno.test('buy: what a supplier refuses or leaves open stands in the log as an error of its API', async () => {
  for (const [outcome, words] of [['declined', 'Card declined'], ['unknown', 'Outcome unknown']] as const) {
    const { desk, lines } = deskWith({ complete_purchase: [new Refusal('GC-005')] });
    await assert.rejects(() => buy(desk, purchase(), meansWith({ outcome }).means));
    assert.ok(lines.some((line) => line.includes(`[TILLO] Tillo API error: ${words}`)), lines.join('\n'));
  }
});

Deno.test('buy: each action is the call of that name', async () => {
  const actions = ['issue', 'order', 'order_status', 'reverse'] as const;
  const { desk } = deskWith({ complete_purchase: actions.map(() => GIVEN) });
  const { means, asked } = meansWith(...actions.map((): Outcome => ({ outcome: 'unknown' })));
  for (const action of actions) await buy(desk, purchase({ action }), means);
  assert.deepEqual(asked.map((call) => call.split(' ')[1]), ['issue', 'order', 'orderStatus', 'reverse']);
});

Deno.test('buy: who comes too late has bought nothing, and says that it is under way', async () => {
  const { desk, lines } = deskWith({ complete_purchase: [{ accepted: false }] });
  await assert.rejects(
    buy(desk, purchase(), meansWith(ISSUED).means),
    (error) => error instanceof Refusal && error.code === 'GC-005' && error.details.pending === true,
  );
  assert.match(lines.at(-1)!, /Somebody else/);
});

const UNKEEPABLE: [what: string, card: { code: string; pin: string | null }][] = [
  ['a payment card number', { code: '4111 1111 1111 1111', pin: null }],
  ['a payment card number as PIN', { code, pin: '4111111111111111' }],
  ['a formula', { code: '=cmd()', pin: null }],
  ['signs that cannot be printed', { code: 'A\u0000B', pin: null }],
];

for (const [what, card] of UNKEEPABLE) {
  Deno.test(`buy: ${what} is given back and declined, and never stored`, async () => {
    const { desk, calls, lines } = deskWith({ complete_purchase: [new Refusal('GC-005')] });
    const issued: Outcome = { ...ISSUED, card: { ...card, expiresOn: null } };
    const { means, asked } = meansWith(issued, { outcome: 'reversed' });
    await assert.rejects(buy(desk, purchase(), means), Refusal);
    assert.deepEqual(asked.map((call) => call.split(' ')[1]), ['issue', 'reverse']);
    assert.deepEqual([calls[0].args.outcome, calls[0].args.card], ['declined', null]);
    assert.match(String(calls[0].args.message), /cannot be kept: .*was given back/);
    assert.ok(!(JSON.stringify(calls) + lines).includes(card.code));
  });
}

Deno.test('buy: a card that can neither be kept nor given back is not forgotten', async () => {
  const { desk, calls } = deskWith({ complete_purchase: [new Refusal('GC-005')] });
  const issued: Outcome = { ...ISSUED, card: { code: '4111111111111111', pin: null, expiresOn: null } };
  await assert.rejects(buy(desk, purchase(), meansWith(issued, { outcome: 'unknown', supplierCode: '100' }).means));
  assert.deepEqual([calls[0].args.outcome, calls[0].args.supplier_code], ['unknown', '100']);
});

Deno.test('buy: a supplier without credentials leaves the purchase open, and names the secret in the log', async () => {
  const { desk, calls, lines } = deskWith({ complete_purchase: [new Refusal('GC-005')] });
  const openSupplier = () => Promise.reject(missing('TILLO_API_KEY'));
  await assert.rejects(buy(desk, purchase(), { openSupplier }));
  assert.deepEqual([calls[0].args.outcome, calls[0].args.supplier_code], ['unknown', 'not_configured']);
  assert.match(lines[0], /TILLO_API_KEY is not set/);
});

Deno.test('buy: nothing is bought that could not be sealed', async () => {
  const key = Deno.env.get('CARD_FINGERPRINT_KEY')!;
  Deno.env.delete('CARD_FINGERPRINT_KEY');
  try {
    const { desk } = deskWith({ complete_purchase: [new Refusal('GC-005')] });
    const { means, asked } = meansWith(ISSUED);
    await assert.rejects(buy(desk, purchase(), means));
    assert.deepEqual(asked, []);
    await assert.rejects(reconcile(desk, means), (error) => error instanceof Refusal && error.code === 'RB-503');
  } finally {
    Deno.env.set('CARD_FINGERPRINT_KEY', key);
  }
});

Deno.test('reconcile: what is due is gone on with, and one that fails does not stop the others', async () => {
  const due = [purchase(), purchase({ action: 'reverse' }), purchase({ action: 'order_status' })];
  const { desk, lines } = deskWith({
    lease_purchases: [{ purchases: due }],
    complete_purchase: [new Error('away'), new Refusal('GC-005'), GIVEN],
  });
  const { means } = meansWith({ outcome: 'unknown' }, { outcome: 'reversed' }, ISSUED);
  assert.deepEqual(await reconcile(desk, means), { bought: 1, open: 2 });
  assert.equal(lines.filter((line) => /not recorded.*Error: away/.test(line)).length, 1);
});

Deno.test('pending rewards: it goes on, one by one, until there is no more to do', async () => {
  const [none, isDone] = [null, false];
  const { desk, calls } = deskWith({
    fulfil_pending_reward: [
      { isDone, giftCardId: 'card', purchase: none },
      { isDone, giftCardId: none, purchase: purchase() },
      { isDone, giftCardId: none, purchase: none, code: 'GC-006' },
      { isDone, giftCardId: none, purchase: purchase() },
      { isDone: true },
    ],
    complete_purchase: [GIVEN, new Refusal('GC-005')],
  });
  const { means } = meansWith(ISSUED, { outcome: 'declined' });
  assert.deepEqual(await fulfilPending(desk, means), { fulfilled: 1, bought: 1, open: 2 });
  assert.equal(calls.filter(({ door }) => door === 'fulfil_pending_reward').length, 5);
});

Deno.test('pending rewards: a supplier that does not answer holds up no other purchase', async () => {
  const [slow, quick] = [purchase(), purchase()];
  let answerSlowly = (_: Outcome) => {};
  const silence = new Promise<Outcome>((resolve) => answerSlowly = resolve);
  const issue = ({ clientRequestId }: { clientRequestId: string }) => {
    return clientRequestId === slow.clientRequestId ? silence : Promise.resolve(ISSUED);
  };
  const steps = [slow, quick].map((step) => ({ isDone: false, giftCardId: null, purchase: step }));
  const { desk, calls } = deskWith({
    fulfil_pending_reward: [...steps, { isDone: true }],
    complete_purchase: [GIVEN, GIVEN],
  });
  const rpc = desk.rpc;
  desk.rpc = ((door: string, args: Args) => {
    // The one that is slow is answered when the other one is bought.
    if (door === 'complete_purchase' && args.purchase_id === quick.purchaseId) answerSlowly(ISSUED);
    return rpc(...[door, args] as unknown as Call);
  }) as typeof rpc;
  const means = { openSupplier: () => Promise.resolve({ issue } as unknown as Supplier) };
  assert.deepEqual(await fulfilPending(desk, means), { fulfilled: 0, bought: 2, open: 0 });
  const completed = calls.filter(({ door }) => door === 'complete_purchase').map(({ args }) => args.purchase_id);
  assert.deepEqual(completed, [quick.purchaseId, slow.purchaseId]);
});
