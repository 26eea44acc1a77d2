import assert from 'node:assert/strict';
import type { Order } from '../../supabase/functions/_shared/gift_cards/suppliers/port.ts';
import type { Sandbox } from './server.ts';
import { arrange, cardsAt, fail, SETTINGS, tilloAt, withSandbox } from './testing.ts';

function order(over: Partial<Order> = {}): Order {
  return {
    clientRequestId: crypto.randomUUID(),
    brandCode: 'amazon',
    amount: '25.00',
    currency: 'USD',
    sector: 'customer-acquisition',
    deliveryMethod: 'code',
    reference: null,
    ...over,
  };
}

async function issued(sandbox: Sandbox, wanted = order(), name = 'tillo') {
  const outcome = await tilloAt(sandbox, name).issue(wanted);
  assert.equal(outcome.outcome, 'issued', JSON.stringify(outcome));
  return outcome as typeof outcome & { outcome: 'issued' };
}

async function floatAt(sandbox: Sandbox): Promise<string> {
  return (await tilloAt(sandbox).floats('USD'))[0].available;
}

Deno.test('tillo: an order → the ordered card, paid from the float', () =>
  withSandbox(async (sandbox) => {
    assert.equal(await floatAt(sandbox), '1000000');
    const wanted = order();
    const { card, cost, reference } = await issued(sandbox, wanted);
    const [sale] = await cardsAt(sandbox);
    assert.deepEqual(card, { code: sale.code, pin: sale.pin, expiresOn: '2035-12-31' });
    assert.deepEqual([sale.clientRequestId, sale.reference, cost], [wanted.clientRequestId, reference, '23.5']);
    assert.equal(await floatAt(sandbox), '999976.5');
  }));

Deno.test('tillo: the same id, also concurrently → the same card', () =>
  withSandbox(async (sandbox) => {
    const wanted = order();
    const all = await Promise.all(Array.from({ length: 8 }, () => issued(sandbox, wanted)));
    assert.equal(new Set(all.map(({ card }) => card.code)).size, 1);
    assert.equal((await cardsAt(sandbox)).length, 1);
    // Another value under the same id says nothing of the first card.
    const other = await tilloAt(sandbox).issue({ ...wanted, amount: '50.00' });
    assert.deepEqual([other.outcome, other.supplierCode], ['unknown', '708']);
  }));

Deno.test('tillo: two accounts → keys, cards and floats of their own', () =>
  withSandbox(async (sandbox) => {
    await issued(sandbox, order(), 'tillo2');
    assert.deepEqual([(await cardsAt(sandbox)).length, (await cardsAt(sandbox, 'tillo2')).length], [0, 1]);
    assert.equal(await floatAt(sandbox), '1000000');
    const [first] = SETTINGS.tilloAccounts;
    const { outcome, supplierCode } = await tilloAt(sandbox, 'tillo2', first).issue(order());
    assert.deepEqual([outcome, supplierCode], ['declined', '434']);
  }));

Deno.test('tillo: an order of a link → a link', () =>
  withSandbox(async (sandbox) => {
    const { card } = await issued(sandbox, order({ deliveryMethod: 'url' }));
    assert.match(card.code, /^https:\/\/cards\.example\//);
    assert.equal(card.pin, null);
  }));

const REFUSED: [what: string, over: Partial<Order>, code: string][] = [
  ['a brand that is not sold', { brandCode: 'nobody' }, '072'],
  ['another currency', { currency: 'EUR' }, '723'],
  ['a value that is not sold', { brandCode: 'fixed-sync-us', amount: '26.00' }, '704'],
  ['a sector that is not configured', { sector: 'anything' }, '704'],
  ['a way of delivery that the brand has not', { brandCode: 'visa' }, '713'],
  ['a brand whose cards come later', { brandCode: 'fixed-async-us' }, '720'],
];

for (const [what, over, code] of REFUSED) {
  Deno.test(`tillo: ${what} → declined with ${code}, nothing is sold`, () =>
    withSandbox(async (sandbox) => {
      const { outcome, supplierCode } = await tilloAt(sandbox).issue(order(over));
      assert.deepEqual([outcome, supplierCode], ['declined', code]);
      assert.deepEqual(await cardsAt(sandbox), []);
    }));
}

Deno.test('tillo: float too low or out of stock → shortage', () =>
  withSandbox(async (sandbox) => {
    await arrange(sandbox, 'floats', { currency: 'USD', amount: 23.49 });
    assert.deepEqual((await tilloAt(sandbox).issue(order())).supplierCode, '610');
    await arrange(sandbox, 'floats', { currency: 'USD', amount: 100 });
    await arrange(sandbox, 'brands', { slug: 'pooled', stock: { '25.00': 1 } });
    await issued(sandbox, order({ brandCode: 'pooled' }));
    const { outcome, supplierCode } = await tilloAt(sandbox).issue(order({ brandCode: 'pooled' }));
    assert.deepEqual([outcome, supplierCode], ['short', '725']);
    assert.deepEqual(await tilloAt(sandbox).stock('pooled'), [{
      brandCode: 'pooled',
      denomination: '25.00',
      available: 0,
    }]);
  }));

// Each: the fault, what it leaves us with, and whether a card was sold nevertheless.
const FAULTS: [kind: string, code: string, isSold: boolean][] = [
  ['502', 'http_502', false],
  ['504', 'http_504', false],
  ['502_after_accepting', 'http_502', true],
  ['504_after_accepting', 'http_504', true],
  ['211', '211', false],
  ['600', '600', false],
  ['602', '602', false],
  ['603', '603', false],
  ['729', '729', false],
  ['732', '732', false],
  ['999', '999', false],
  ['998', '998', false],
  ['html', 'http_503', false],
  ['redirect', 'http_307', false],
  ['wrong_value', 'another_value', true],
  ['wrong_currency', 'another_value', true],
  ['wrong_brand', 'another_brand', true],
  ['no_code', 'no_card', true],
  ['timeout_before_accepting', 'network', false],
  ['timeout_after_accepting', 'network', true],
];

for (const [kind, code, isSold] of FAULTS) {
  Deno.test(`tillo: ${kind} → unknown`, () =>
    withSandbox(async (sandbox) => {
      // When a kept connection breaks, the runtime sends the request again by itself.
      const times = kind.startsWith('timeout') ? 2 : 1;
      await fail(sandbox, { provider: 'tillo', to: 'amazon', kind, times, holdMs: 0 });
      const wanted = order();
      const { outcome, supplierCode } = await tilloAt(sandbox).issue(wanted);
      assert.deepEqual([outcome, supplierCode], ['unknown', code]);
      assert.equal((await cardsAt(sandbox)).length, Number(isSold));
      await fetch(`${sandbox.url}/_faults`, { method: 'DELETE' });
      await tilloAt(sandbox).issue(wanted);
      assert.equal((await cardsAt(sandbox)).length, 1);
    }));
}

Deno.test('tillo: a delayed card → its states, then the ordered card', () =>
  withSandbox(async (sandbox) => {
    const wanted = order({ brandCode: 'fixed-async-us' });
    const tillo = tilloAt(sandbox);
    const taken = await tillo.order(wanted);
    assert.equal(taken.outcome, 'ordered');
    assert.deepEqual((await tillo.order(wanted)).reference, taken.reference, 'the same id is the same order');
    const states = new Set<string>();
    for (const deadline = Date.now() + 5000;;) {
      const found = await tillo.orderStatus({ ...wanted, reference: taken.reference! });
      if (found.outcome === 'issued') {
        assert.equal(found.card.code, (await cardsAt(sandbox))[0].code);
        break;
      }
      assert.equal(found.outcome, 'ordered');
      states.add(found.supplierCode!);
      assert.ok(Date.now() < deadline);
      await new Promise((resume) => setTimeout(resume, 20));
    }
    assert.deepEqual([...states], ['requested', 'pending', 'processing']);
    assert.equal((await tillo.orderStatus(wanted)).outcome, 'issued', 'found by our own id as well');
  }));

Deno.test('tillo: a failed order in a successful response → declined', () =>
  withSandbox(async (sandbox) => {
    await fail(sandbox, { provider: 'tillo', to: 'fixed-async-us', kind: 'order_error' });
    const wanted = order({ brandCode: 'fixed-async-us' });
    assert.equal((await tilloAt(sandbox).order(wanted)).outcome, 'ordered');
    const { outcome, supplierCode } = await tilloAt(sandbox).orderStatus(wanted);
    assert.deepEqual([outcome, supplierCode], ['declined', 'error']);
    assert.equal(await floatAt(sandbox), '1000000');
    assert.equal((await tilloAt(sandbox).orderStatus(order())).outcome, 'not_found');
  }));

Deno.test('tillo: a reversal → once, with a refund; of an unknown sale → not found', () =>
  withSandbox(async (sandbox) => {
    const wanted = order();
    await fail(sandbox, { provider: 'tillo', to: 'amazon', kind: '502_after_accepting' });
    assert.equal((await tilloAt(sandbox).issue(wanted)).outcome, 'unknown');
    await fail(sandbox, { provider: 'tillo', to: 'reverse:amazon', kind: '502_after_accepting' });
    assert.equal((await tilloAt(sandbox).reverse(wanted)).outcome, 'unknown');
    assert.equal((await tilloAt(sandbox).reverse(wanted)).outcome, 'reversed');
    assert.equal(await floatAt(sandbox), '1000000');
    assert.deepEqual((await cardsAt(sandbox)).map(({ status }) => status), ['reversed']);
    const { outcome, supplierCode } = await tilloAt(sandbox).reverse(order());
    assert.deepEqual([outcome, supplierCode], ['not_found', '724']);
  }));

Deno.test('tillo: a reversal after two days, or of a brand without reversals → refused', () =>
  withSandbox(async (sandbox) => {
    const old = order();
    await issued(sandbox, old);
    await arrange(sandbox, 'backdate', { clientRequestId: old.clientRequestId, hours: 49 });
    assert.deepEqual((await tilloAt(sandbox).reverse(old)).supplierCode, '100');
    const final = order({ brandCode: 'visa', deliveryMethod: 'url' });
    await issued(sandbox, final);
    const { outcome, supplierCode } = await tilloAt(sandbox).reverse(final);
    assert.deepEqual([outcome, supplierCode], ['unknown', '720']);
  }));

Deno.test('tillo: the catalogue → the brands on sale', () =>
  withSandbox(async (sandbox) => {
    const all = await tilloAt(sandbox).brands();
    assert.ok(all.length >= 5);
    assert.deepEqual(await tilloAt(sandbox).brands('fixed-async-us'), [{
      brandCode: 'fixed-async-us',
      name: 'Fixed Async US',
      currency: 'USD',
      isEnabled: true,
      isAsynchronous: true,
      isReversible: true,
      deliveryMethods: ['code', 'url'],
      denominations: ['25'],
      limits: null,
    }]);
    assert.deepEqual(await tilloAt(sandbox).brands('nobody'), []);
  }));

Deno.test('tillo: an unreachable API or a wrong key → throws without naming the key', () =>
  withSandbox(async (sandbox) => {
    const away = tilloAt(sandbox, 'tillo', { baseUrl: 'http://127.0.0.1:1' });
    await assert.rejects(away.floats(), (error: Error) => !error.message.includes('test_'));
    await assert.rejects(tilloAt(sandbox, 'tillo', { secretKey: 'wrong' }).floats(), /434/);
    assert.deepEqual((await away.issue(order())).outcome, 'unknown');
  }));
