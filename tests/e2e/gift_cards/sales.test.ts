import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { assertDone, assertRefused } from '../../support/expect.ts';
import { countersOf, provision } from '../../support/gift_cards.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { promise } from '../../support/promise.ts';
import { creditOf, giveCredit, masterPool, sell } from '../../support/sales.ts';

Deno.test('sell-gift-cards: a sale → the client uses one card and returns the rest', async () => {
  const promised = await promise({ cards: 0 });
  const { brandId, clientId } = promised;
  const masterPoolId = await masterPool(brandId, 5);
  await giveCredit(clientId, 100);
  const { token } = await signUpAs('platform_admin');

  const sale = await sell(masterPoolId, clientId, 3, {}, { token });
  assertDone(sale);
  const { saleId, buyerPoolId, requestId: _requestId, ...told } = sale.body;
  assert.deepEqual(told, {
    masterPoolId,
    buyerClientId: clientId,
    quantity: 3,
    pricePerCard: 24.5,
    totalAmount: 73.5,
    platformPricePerCard: 24.5,
    currency: 'USD',
    chargedToCredit: true,
  });
  assert.equal(await creditOf(clientId), 26.5);
  assert.deepEqual(await countersOf(masterPoolId), { total: 2, available: 2, claimed: 0, delivered: 0 });

  // the code opens in its new pool: the seal is bound to card and brand
  const given = await provision(promised);
  assertDone(given);
  assert.match(given.body.giftCard.code, /^TEST-/);
  assert.deepEqual(await countersOf(buyerPoolId), { total: 3, available: 2, claimed: 0, delivered: 1 });

  assertRefused(await call('return-gift-cards', { saleId, quantity: 3 }, { token }), 'GC-003');
  const back = await call('return-gift-cards', { saleId, quantity: 2 }, { token });
  assertDone(back);
  assert.deepEqual([back.body.totalAmount, back.body.returnedToCredit], [49, true]);
  assert.equal(await creditOf(clientId), 75.5);
  assert.deepEqual(await countersOf(masterPoolId), { total: 4, available: 4, claimed: 0, delivered: 0 });
});

Deno.test('sell-gift-cards: short of stock → GC-003; short of credit → GC-006; no card moves', async () => {
  const { brandId, clientId } = await promise({ cards: 0 });
  const masterPoolId = await masterPool(brandId, 2);
  const short = assertRefused(await sell(masterPoolId, clientId, 3), 'GC-003');
  assert.deepEqual([short.available, short.requested], [2, 3]);
  await giveCredit(clientId, 48.99);
  assertRefused(await sell(masterPoolId, clientId, 2), 'GC-006');
  assert.deepEqual(await countersOf(masterPoolId), { total: 2, available: 2, claimed: 0, delivered: 0 });
  assert.equal(await creditOf(clientId), 48.99);
});

Deno.test('sell-gift-cards: the same Idempotency-Key → one sale', async () => {
  const { brandId, clientId } = await promise({ cards: 0 });
  const masterPoolId = await masterPool(brandId, 4);
  const options = { idempotencyKey: crypto.randomUUID() };
  const answers = await Promise.all([1, 2, 3].map(() => sell(masterPoolId, clientId, 2, {}, options)));
  assert.equal(new Set(answers.map(({ body }) => body.saleId)).size, 1);
  assert.deepEqual(await countersOf(masterPoolId), { total: 2, available: 2, claimed: 0, delivered: 0 });
  assertRefused(await sell(masterPoolId, clientId, 1, {}, options), 'RB-409');
});

Deno.test('sell-gift-cards: not the platform, or bad numbers → refused', async () => {
  const { brandId, clientId } = await promise({ cards: 0 });
  const masterPoolId = await masterPool(brandId, 2);
  for (const role of ['agency_admin', 'client_admin', 'call_agent'] as const) {
    const { token } = await signUpAs(role, clientId);
    assertRefused(await sell(masterPoolId, clientId, 1, {}, { token }), 'RB-404');
  }
  for (
    const wrong of [{ quantity: 0 }, { quantity: 1.5 }, { quantity: 10_001 }, { pricePerCard: -1 }, {
      pricePerCard: 1.005,
    }]
  ) {
    assertRefused(await sell(masterPoolId, clientId, 1, wrong), 'GC-012');
  }
  const sales = await sql`select id from public.admin_card_sales where client_id = ${clientId}`;
  assert.equal(sales.length, 0);
});
