import assert from 'node:assert/strict';
import { answerOf } from '../support/answers.ts';
import { sql } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { call } from '../support/http.ts';
import { signUpAs } from '../support/people.ts';
import { request } from '../support/request.ts';
import { atOnce } from '../support/sessions.ts';
import {
  assertBooksAgree,
  bank,
  begin,
  checkNow,
  intentsOf,
  openShop,
  packagesOf,
  purchase,
  purchaseIs,
  refundsOf,
  walletOf,
} from '../support/shop.ts';

const CLIENTS = 64;

Deno.test('purchase-package: 64 clients spend one balance → all of it, never below zero', async () => {
  const shop = await openShop({ bizcoins: 500 });
  const packages = await sql`
    insert into public.packages (client_id, name, price, duration_days)
    select ${shop.clientId}, 'Package ' || n, 10, 30 from generate_series(1, ${CLIENTS}) n returning id`;
  const answers = await atOnce(
    CLIENTS,
    (database, n) =>
      answerOf(database`
        select public.start_package_purchase(${packages[n].id}, 10, null, false, true, null, ${
        request({ actor: shop.customer.id })
      }) as answer`),
  );
  const outcomes = answers.map((answer) => answer.code ?? answer.result.purchase.status);
  assert.equal(outcomes.filter((outcome) => outcome === 'completed').length, 50, 'as many as the balance pays');
  assert.deepEqual([...new Set(outcomes.filter((outcome) => outcome !== 'completed'))], ['WL-001']);
  assert.deepEqual(await walletOf(shop), { balance: 0, held: 0 });
  assert.equal((await packagesOf(shop)).length, 50);
  await assertBooksAgree();
});

Deno.test('purchase-package: the same purchase 64 times → one hold, one payment', async () => {
  const shop = await openShop({ price: 49, bizcoins: 100 });
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => purchase(shop, { bizcoins: 30 })));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(new Set(answers.map(({ body }) => body.purchaseId)).size, 1);
  assert.equal(new Set(answers.map(({ body }) => body.clientSecret)).size, 1);
  assert.equal((await intentsOf(shop)).length, 1);
  const holds = await sql`select amount from public.ledger_holds where reference_id = ${answers[0].body.purchaseId}`;
  assert.deepEqual(holds.map(({ amount }) => amount), [30]);
  assert.deepEqual(await walletOf(shop), { balance: 100, held: 30 });
});

Deno.test('purchase-package: the same purchase with bizcoins alone 64 times → one purchase', async () => {
  const shop = await openShop({ price: 10, bizcoins: 1000 });
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => purchase(shop, { bizcoins: 10 })));
  assert.deepEqual([...new Set(answers.map(({ body }) => body.status))], ['completed']);
  assert.deepEqual(await walletOf(shop), { balance: 990, held: 0 });
  assert.equal((await packagesOf(shop)).length, 1);
});

Deno.test('stripe-webhook: events repeated and out of order → one active package', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  // the later word first, the earlier ones after it, each three times
  const events = Array.from({ length: 4 }, () => `evt_${crypto.randomUUID()}`);
  await bank('succeed', id, { times: 3, id: events[0] });
  const unpaid = { status: 'requires_payment_method', amount_received: 0 };
  await bank('fail', id, { times: 3, id: events[1], change: unpaid });
  await bank('process', id, { times: 3, id: events[2] });
  await bank('succeed', id, { times: 3, id: events[3] });
  await purchaseIs('completed', purchaseId);
  await eventually('all four are taken', async () => {
    const seen = await sql`select from private.seen_events where provider = 'stripe' and event_id = any (${events})`;
    return seen.length === events.length;
  });
  assert.equal((await packagesOf(shop)).length, 1);
  assert.deepEqual(await walletOf(shop), { balance: 0, held: 0 });
  await assertBooksAgree();
});

Deno.test('packages: payment and cancellation at once → one of the two', async () => {
  for (let round = 0; round < 5; round++) {
    const shop = await openShop();
    const purchaseId = await begin(shop, 30);
    const [{ id }] = await intentsOf(shop);
    await Promise.all([
      bank('succeed', id, { afterMs: 0 }),
      call('cancel-package-purchase', { purchaseId }, { token: shop.customer.token }),
    ]);
    await purchaseIs('completed', purchaseId);
    assert.equal((await packagesOf(shop)).length, 1);
  }
  await assertBooksAgree();
});

Deno.test('refund_package_purchase: ten refunds of 1.00 at once → the same as one of 10.00', async () => {
  const shop = await openShop({ price: 50, bizcoins: 30 });
  const purchaseId = await begin(shop, 30);
  await bank('succeed', (await intentsOf(shop))[0].id);
  await purchaseIs('completed', purchaseId);
  const admin = await signUpAs('client_admin', shop.clientId);
  const answers = await atOnce(
    10,
    (database) =>
      answerOf(database`
        select public.refund_package_purchase(${purchaseId}, 1, null, null, 'test', ${
        request({ actor: admin.id })
      }) as answer`),
  );
  assert.deepEqual(answers.map((answer) => answer.outcome), Array(10).fill('ok'));
  const [given] =
    await sql`select refunded_payment, refunded_bizcoins from public.package_purchases where id = ${purchaseId}`;
  assert.deepEqual([given.refunded_payment, Number(given.refunded_bizcoins)], [4, 6]);
  assert.deepEqual(await walletOf(shop), { balance: 6, held: 0 });
  await assertBooksAgree();
});

Deno.test('refund-package-purchase: 64 refunds at once → never more than was paid', async () => {
  const shop = await openShop({ price: 50, bizcoins: 50 });
  const { body: { purchaseId } } = await purchase(shop, { bizcoins: 50 });
  const admin = await signUpAs('client_admin', shop.clientId);
  const answers = await atOnce(
    CLIENTS,
    (database) =>
      answerOf(database`
        select public.refund_package_purchase(${purchaseId}, null, null, 3, 'test', ${
        request({ actor: admin.id })
      }) as answer`),
  );
  assert.equal(answers.filter((answer) => answer.outcome === 'ok').length, 16);
  assert.deepEqual(await walletOf(shop), { balance: 48, held: 0 });
  await assertBooksAgree();
});

Deno.test('refund-package-purchase: many admins at once → one refund', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30 });
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  const admin = await signUpAs('client_admin', shop.clientId);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => call('refund-package-purchase', { purchaseId }, { token: admin.token })),
  );
  const outcomes = answers.map(({ body }) => body.error?.code ?? body.status).sort();
  assert.deepEqual(outcomes, [...Array(7).fill('VC-027'), 'completed']);
  assert.deepEqual((await refundsOf(id)).map(({ amount }) => amount), [1900]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  await assertBooksAgree();
});

Deno.test('packages: an unexpected payment reported several times → refunded once', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30 });
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  const change = { amount: 4900, amount_received: 4900 };
  await Promise.all([
    bank('succeed', id, { change, times: 3, afterMs: 0 }),
    call('cancel-package-purchase', { purchaseId }, { token: shop.customer.token }),
    checkNow(purchaseId, true),
    call('purchase-package', { purchaseId }, { token: shop.customer.token }),
  ]);
  await eventually('all of it is refunded', async () => {
    const refunds = await sql`select status from public.package_refunds where purchase_id = ${purchaseId}`;
    return refunds.length > 0 && refunds.every(({ status }) => status === 'completed');
  });
  assert.deepEqual((await refundsOf(id)).map(({ amount }) => amount), [4900]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  assert.equal((await packagesOf(shop)).length, 0);
  await assertBooksAgree();
});

Deno.test('use-messages: 64 clients on two packages → exactly as many messages as there are', async () => {
  const shop = await openShop({ price: 10, bizcoins: 20, messages: 50 });
  await purchase(shop, { bizcoins: 10 }, 'k1');
  await purchase(shop, { bizcoins: 10 }, 'k2');
  const answers = await atOnce(
    CLIENTS,
    (database) =>
      answerOf(database`
        select public.use_messages(${shop.clientId}, ${shop.customer.id}, 2, null, ${request()}) as answer`),
  );
  assert.equal(answers.filter((answer) => answer.outcome === 'ok').length, 50);
  const used = (await packagesOf(shop)).map(({ messages_used }) => messages_used);
  assert.deepEqual(used, [50, 50]);
  await assertBooksAgree();
});
