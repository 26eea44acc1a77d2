import assert from 'node:assert/strict';
import { sql } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { assertDone, assertRefused, assertUnsigned } from '../../support/expect.ts';
import { call } from '../../support/http.ts';
import { signUpAs } from '../../support/people.ts';
import { stack } from '../../support/stack.ts';
import {
  assertBooksAgree,
  bank,
  begin,
  checkNow,
  intentsOf,
  noticeOf,
  openShop,
  packagesOf,
  purchase,
  purchaseIs,
  refundsOf,
  type Shop,
  walletOf,
  whileFailing,
} from '../../support/shop.ts';

const cancel = (shop: Shop, purchaseId: string) =>
  call('cancel-package-purchase', { purchaseId }, { token: shop.customer.token });

const alertsAbout = (purchaseId: string) =>
  sql`select alert_type from public.system_alerts where subject = ${purchaseId} order by alert_type`;

Deno.test('payments: a declined card → the bizcoins stay held, the customer retries', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('fail', id);
  await eventually('the failure is noted', async () => {
    const [row] =
      await sql`select from public.package_purchases where id = ${purchaseId} and payment_error is not null`;
    return row;
  });
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 });
  assert.match((await noticeOf(purchaseId, 'payment_failed')).subject!, /failed/);
  const again = await purchase(shop, { bizcoins: 30 });
  assert.deepEqual([again.body.purchaseId, again.body.paymentError], [purchaseId, 'insufficient_funds']);
  assert.equal((await intentsOf(shop)).length, 1, 'the same payment is tried again');
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
});

Deno.test('cancel-package-purchase: an open purchase → the bizcoins are released', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const answer = await cancel(shop, purchaseId);
  assertDone(answer);
  assert.deepEqual([answer.body.status, answer.body.bizcoinsReturned], ['cancelled', 30]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  assert.equal((await intentsOf(shop))[0].status, 'canceled', 'it cannot be paid any more');
  assertDone(await cancel(shop, purchaseId));
  const over = await call('purchase-package', { purchaseId }, { token: shop.customer.token });
  assert.equal(assertRefused(over, 'VC-026').bizcoinsReturned, 30);
  assert.notEqual(await begin(shop, 30), purchaseId, 'another one is begun');
});

Deno.test('cancel-package-purchase: paid meanwhile → stays bought', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id, { times: 0 });
  assert.equal(assertRefused(await cancel(shop, purchaseId), 'VC-026').status, 'completed');
  assert.deepEqual(await walletOf(shop), { balance: 0, held: 0 });
  assert.equal((await packagesOf(shop)).length, 1);
});

Deno.test('cancel-package-purchase: a payment in process → refused, settled later', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('process', id);
  assert.equal(assertRefused(await cancel(shop, purchaseId), 'VC-030').status, 'awaiting_payment');
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 });
  const again = await call('purchase-package', { purchaseId }, { token: shop.customer.token });
  assertDone(again);
  assert.equal(again.body.nextStep, 'continue', 'the refused cancel is lifted');
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
});

Deno.test('cancel-package-purchase: neither the customer nor an admin of the client → refused', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  assertRefused(await cancel(await openShop(), purchaseId), 'RB-404');
  assertRefused(await cancel({ ...shop, customer: await signUpAs('call_agent', shop.clientId) }, purchaseId), 'RB-403');
  assertDone(await cancel({ ...shop, customer: await signUpAs('client_admin', shop.clientId) }, purchaseId));
});

for (const kind of ['500', '429', 'timeout_before_accepting', 'timeout_after_accepting']) {
  Deno.test(`payments: the processor answers with ${kind} → nothing is lost, the same purchase goes on`, async () => {
    const shop = await openShop();
    const answer = await whileFailing(shop, 'create', kind, () => purchase(shop, { bizcoins: 30 }));
    const refused = assertRefused(answer, 'VC-028');
    assert.equal(refused.status, 'awaiting_payment');
    assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 });
    const again = await call('purchase-package', { purchaseId: refused.purchaseId }, { token: shop.customer.token });
    assertDone(again);
    assert.ok(again.body.clientSecret);
    const [intent, ...others] = await intentsOf(shop);
    assert.deepEqual(others, [], 'there is one payment, however often it was asked for');
    await bank('succeed', intent.id);
    await purchaseIs('completed', refused.purchaseId);
  });
}

Deno.test('payments: a permanent refusal → the purchase ends, the bizcoins are released', async () => {
  const shop = await openShop();
  const answer = await whileFailing(shop, 'create', '402', () => purchase(shop, { bizcoins: 30 }));
  const refused = assertRefused(answer, 'VC-029');
  assert.deepEqual([refused.status, refused.bizcoinsReturned], ['failed', 30]);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
});

Deno.test('reconcile-payments: a purchase past its time → ends, the bizcoins are released', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  await checkNow(purchaseId, true);
  await purchaseIs('expired', purchaseId);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
  assert.equal((await intentsOf(shop))[0].status, 'canceled');
  assert.match((await noticeOf(purchaseId, 'purchase_ended')).body, /your 30 bizcoins are back/);
});

Deno.test('reconcile-payments: a purchase without a known payment past its time → ends', async () => {
  const shop = await openShop();
  const answer = await whileFailing(shop, 'create', 'timeout_after_accepting', () => purchase(shop, { bizcoins: 30 }));
  const { purchaseId } = assertRefused(answer, 'VC-028');
  await checkNow(purchaseId, true);
  await purchaseIs('expired', purchaseId);
  const intents = await intentsOf(shop);
  assert.deepEqual(intents.map(({ status }) => status), ['canceled'], 'the one payment there was is cancelled');
});

Deno.test('reconcile-payments: a cancellation that failed at the processor → repeated by the job', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  assertRefused(await whileFailing(shop, 'cancel', '500', () => cancel(shop, purchaseId)), 'VC-028');
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 30 }, 'it might still be paid');
  await checkNow(purchaseId);
  await purchaseIs('cancelled', purchaseId);
  assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
});

Deno.test('reconcile-payments: a lost webhook → the payment is settled by the job', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id, { times: 0 });
  await checkNow(purchaseId);
  await purchaseIs('completed', purchaseId);
  assert.equal((await packagesOf(shop)).length, 1);
});

Deno.test('payments: paid after cancellation, bizcoins available → honored', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await cancel(shop, purchaseId);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  assert.deepEqual(await walletOf(shop), { balance: 0, held: 0 });
});

Deno.test('payments: paid after cancellation, bizcoins spent → refunded', async () => {
  const shop = await openShop({ price: 49, bizcoins: 30 });
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await cancel(shop, purchaseId);
  const other = await begin(shop, 25);
  await bank('succeed', id);
  await eventually('the refund is made', async () => {
    const [refund] = await sql`
      select from public.package_refunds where purchase_id = ${purchaseId} and status = 'completed' and payment_amount = 19`;
    return refund;
  });
  assert.deepEqual((await alertsAbout(purchaseId)).map(({ alert_type }) => alert_type), ['payment_too_late']);
  assert.equal((await packagesOf(shop)).length, 0);
  await cancel(shop, other);
  await assertBooksAgree();
});

for (
  const [what, change] of Object.entries({
    amount: { amount: 2400, amount_received: 2400 },
    currency: { currency: 'eur' },
  })
) {
  Deno.test(`payments: a payment of another ${what} → no activation, an alert, refunded by itself`, async () => {
    const shop = await openShop();
    const purchaseId = await begin(shop, 30);
    const [{ id }] = await intentsOf(shop);
    await bank('succeed', id, { change });
    await eventually('an alert is raised', async () => (await alertsAbout(purchaseId)).length > 0);
    assert.deepEqual((await alertsAbout(purchaseId)).map(({ alert_type }) => alert_type), ['payment_mismatch']);
    assert.equal((await packagesOf(shop)).length, 0);
    assert.deepEqual(await walletOf(shop), { balance: 30, held: 0 });
    const [intent] = await intentsOf(shop);
    const refund = await eventually('all that came in is refunded', async () => {
      const [row] = await sql`
        select id from public.package_refunds where purchase_id = ${purchaseId} and status = 'completed'`;
      return row;
    });
    const { body: letter } = await noticeOf(purchaseId, 'payment_refunded');
    assert.match(letter, /your payment of (24 USD|19 EUR) for Starter, so it goes back/);
    const made = await refundsOf(id);
    assert.deepEqual(made.map(({ amount, currency }) => [amount, currency]), [[
      intent.amount_received,
      intent.currency,
    ]]);
    assert.equal(made[0].metadata.refund_id, refund.id);
    const over = await call('purchase-package', { purchaseId }, { token: shop.customer.token });
    assert.equal(assertRefused(over, 'VC-026').bizcoinsReturned, 30);
    assert.notEqual(await begin(shop, 30), purchaseId, 'the customer can begin another one');
  });
}

Deno.test('payments: a payment in the other mode → no activation', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id, { livemode: true });
  await eventually('an alert is raised', async () => (await alertsAbout(purchaseId)).length > 0);
  assert.equal((await packagesOf(shop)).length, 0);
});

Deno.test('payments: a dispute, or a refund made elsewhere → an alert', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  await bank('dispute', id);
  const charge = {
    id: 'ch_1',
    object: 'charge',
    amount: 1900,
    amount_refunded: 500,
    currency: 'usd',
    payment_intent: id,
  };
  await tell('charge.refunded', charge);
  await eventually('both are told', async () => (await alertsAbout(purchaseId)).length === 2);
});

Deno.test('payments: a refund without an answer, requested again → sent once', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  const { body } = await whileFailing(
    shop,
    'refund',
    'timeout_after_accepting',
    () => call('refund-package-purchase', { purchaseId }),
  );
  assert.equal(body.status, 'pending');
  await sql`update public.package_refunds set next_attempt_at = now() where purchase_id = ${purchaseId}`;
  await purchaseIs('refunded', purchaseId);
  assert.deepEqual((await refundsOf(id)).map(({ amount }) => amount), [1900]);
  await assertBooksAgree();
});

Deno.test('payments: refund.updated with a canceled refund → reopened, with an alert, and refunded again', async () => {
  const shop = await openShop();
  const purchaseId = await begin(shop, 30);
  const [{ id }] = await intentsOf(shop);
  await bank('succeed', id);
  await purchaseIs('completed', purchaseId);
  await call('refund-package-purchase', { purchaseId });
  await purchaseIs('refunded', purchaseId);
  const [{ id: refundId }] = await refundsOf(id);
  const refund = { id: refundId, object: 'refund', payment_intent: id, status: 'canceled', metadata: null };
  await tell('refund.updated', refund);
  const { refunded_payment, refunded_at } = await purchaseIs('completed', purchaseId);
  assert.deepEqual([Number(refunded_payment), refunded_at], [0, null]);
  assert.deepEqual((await alertsAbout(purchaseId)).map(({ alert_type }) => alert_type), ['refund_failed']);
  await assertBooksAgree();
});

Deno.test('stripe-webhook: a wrong signature → refused', async () => {
  const event = JSON.stringify({
    id: 'evt_1',
    object: 'event',
    type: 'payment_intent.succeeded',
    data: { object: {} },
  });
  const post = (body: BodyInit, signature?: string) =>
    call('stripe-webhook', body, { key: null, headers: signature ? { 'stripe-signature': signature } : {} });
  assertUnsigned(await post(event));
  assertUnsigned(await post(event, 't=1,v1=00'));
  assertUnsigned(await post(event, `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`));
  assertUnsigned(await post(new Uint8Array([0xff, 0xfe]), 't=1,v1=00'));
});

Deno.test('stripe-webhook: events of other shops and types → accepted, nothing changes', async () => {
  const id = `evt_${crypto.randomUUID()}`;
  await tell('customer.created', { id: 'cus_1', object: 'customer' });
  await tell('payment_intent.succeeded', { id: 'pi_elsewhere', object: 'payment_intent', amount: 1, metadata: {} }, id);
  await eventually('it is taken', async () => {
    const [seen] = await sql`select from private.seen_events where provider = 'stripe' and event_id = ${id}`;
    return seen;
  });
});

async function tell(type: string, object: unknown, id?: string): Promise<void> {
  const response = await fetch(`${stack.sandboxUrl}/_stripe/events`, {
    method: 'POST',
    body: JSON.stringify({ type, object, id }),
  });
  await response.body?.cancel();
}
