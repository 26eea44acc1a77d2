import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type PaymentOrder,
  PaymentRefused,
  type Payments,
  PaymentUnknown,
  stripePayments,
} from '../../supabase/functions/_shared/packages/stripe/payments.ts';
import { eventIn } from '../../supabase/functions/_shared/packages/stripe/webhook.ts';
import { type Sandbox, startSandbox } from './server.ts';
import { signatureOf } from './stripe_events.ts';
import { fail, SETTINGS, withSandbox } from './testing.ts';

const UNREACHABLE = 'http://127.0.0.1:1';

const order = (over: Partial<PaymentOrder> = {}): PaymentOrder => ({
  purchaseId: crypto.randomUUID(),
  clientId: crypto.randomUUID(),
  paymentIntentId: null,
  amount: 1900,
  currency: 'usd',
  ...over,
});

const stripeAt = ({ url }: { url: string }, key = SETTINGS.stripe.secretKey): Payments => stripePayments(key, url);

const bank = async ({ url }: Sandbox, action: string, id: string, body: Record<string, unknown> = {}) =>
  await (await fetch(`${url}/_stripe/payment_intents/${id}/${action}`, { method: 'POST', body: JSON.stringify(body) }))
    .json();

const intents = async ({ url }: Sandbox, clientId: string) =>
  await (await fetch(`${url}/_stripe/payment_intents?client=${clientId}`)).json();

Deno.test('payments: the same idempotency key twice → one PaymentIntent', () =>
  withSandbox(async (sandbox) => {
    const wanted = order();
    const { payment, clientSecret } = await stripeAt(sandbox).create(wanted);
    assert.deepEqual([payment.status, payment.amount, payment.currency, payment.isLive], [
      'requires_payment_method',
      1900,
      'usd',
      false,
    ]);
    assert.ok(clientSecret?.startsWith(`${payment.id}_secret_`));
    const again = await stripeAt(sandbox).create(wanted);
    assert.deepEqual(again, { payment, clientSecret });
    assert.equal((await intents(sandbox, wanted.clientId)).length, 1);
    assert.deepEqual(await stripeAt(sandbox).find(payment.id), { payment, clientSecret });
  }));

Deno.test('payments: paying a canceled payment, or canceling a paid one → refused', () =>
  withSandbox(async (sandbox) => {
    const stripe = stripeAt(sandbox);
    const { payment: { id } } = await stripe.create(order());
    assert.equal((await stripe.cancel(id)).payment.status, 'canceled');
    assert.equal((await stripe.cancel(id)).payment.status, 'canceled', 'once more is no harm');
    const { payment: paid } = await stripe.create(order());
    await bank(sandbox, 'succeed', paid.id);
    const { payment } = await stripe.cancel(paid.id);
    assert.deepEqual([payment.status, payment.amountReceived], ['succeeded', 1900]);
  }));

Deno.test('payments: partial refunds → each once, never more than was paid', () =>
  withSandbox(async (sandbox) => {
    const stripe = stripeAt(sandbox);
    const { payment: { id } } = await stripe.create(order());
    await bank(sandbox, 'succeed', id);
    const refund = (amount: number, refundId = crypto.randomUUID(), attempts = 0) =>
      stripe.refund({ refundId, purchaseId: crypto.randomUUID(), paymentIntentId: id, amount, attempts });
    const key = crypto.randomUUID();
    const first = await stripe.refund({
      refundId: key,
      purchaseId: key,
      paymentIntentId: id,
      amount: 900,
      attempts: 0,
    });
    assert.equal(first.outcome, 'succeeded');
    assert.deepEqual(
      await stripe.refund({ refundId: key, purchaseId: key, paymentIntentId: id, amount: 900, attempts: 0 }),
      first,
    );
    assert.equal((await refund(900, key, 1)).providerRefundId, first.providerRefundId, 'a later try looks first');
    assert.deepEqual([(await refund(1001)).outcome, (await refund(1001)).error], ['failed', 'charge_already_refunded']);
    assert.equal((await refund(1000)).outcome, 'succeeded');
  }));

const UNDECIDED = ['401', '403', '409', '429', '500', '503', 'timeout_before_accepting', 'timeout_after_accepting'];

for (const kind of UNDECIDED) {
  Deno.test(`payments: ${kind} → unknown, and a repetition goes on`, () =>
    withSandbox(async (sandbox) => {
      const wanted = order();
      // Twice: when a kept connection breaks, the runtime sends the request again by itself.
      await fail(sandbox, { provider: 'stripe', to: wanted.clientId, kind, times: 2, holdMs: 0 });
      await assert.rejects(stripeAt(sandbox).create(wanted), PaymentUnknown);
      await (await fetch(`${sandbox.url}/_faults`, { method: 'DELETE' })).body?.cancel();
      const { payment } = await stripeAt(sandbox).create(wanted);
      assert.deepEqual((await intents(sandbox, wanted.clientId)).map(({ id }: { id: string }) => id), [payment.id]);
    }));
}

Deno.test('payments: an invalid payment or an unknown id → PaymentRefused', () =>
  withSandbox(async (sandbox) => {
    await assert.rejects(stripeAt(sandbox).create(order({ amount: 49 })), (error: Error) => {
      assert.ok(error instanceof PaymentRefused);
      assert.equal(error.message, 'amount_too_small');
      return true;
    });
    await assert.rejects(stripeAt(sandbox).find('pi_unknown'), PaymentRefused);
  }));

Deno.test('payments: a wrong key or an unreachable Stripe → outcome unknown', () =>
  withSandbox(async (sandbox) => {
    await assert.rejects(stripeAt(sandbox, 'sk_test_wrong').create(order()), PaymentUnknown);
    await assert.rejects(stripeAt({ url: UNREACHABLE }).create(order()), PaymentUnknown);
    const refund = { refundId: 'r', purchaseId: 'p', paymentIntentId: 'pi_1', amount: 1, attempts: 0 };
    assert.equal((await stripeAt({ url: UNREACHABLE }).refund(refund)).outcome, 'unknown');
  }));

Deno.test("payments: an idempotency key of another request → refused with Stripe's message", () =>
  withSandbox(async (sandbox) => {
    const wanted = order();
    await stripeAt(sandbox).create(wanted);
    await assert.rejects(stripeAt(sandbox).create({ ...wanted, amount: 2000 }), PaymentUnknown);
    assert.equal((await intents(sandbox, wanted.clientId)).length, 1);
  }));

Deno.test('stripe sandbox: events → signed, repeated as ordered, retried until accepted', async () => {
  const received: { id: string; type: string }[] = [];
  let refusals = 1;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const event = await eventIn(body, String(request.headers['stripe-signature']), [SETTINGS.stripe.webhookSecret]);
    assert.ok(event, 'signed');
    if (refusals-- > 0) return void response.writeHead(503).end();
    received.push({ id: event.id, type: event.type });
    response.writeHead(200).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sandbox = await startSandbox({ ...SETTINGS, stripe: { ...SETTINGS.stripe, webhookUrl } });
  try {
    const { payment: { id } } = await stripeAt(sandbox).create(order());
    await bank(sandbox, 'succeed', id, { times: 3 });
    for (let wait = 0; received.length < 3 && wait < 200; wait++) {
      await new Promise((resume) => setTimeout(resume, 20));
    }
    assert.deepEqual(received.map(({ type }) => type), Array(3).fill('payment_intent.succeeded'));
    assert.equal(new Set(received.map((event) => event.id)).size, 1, 'it is the same event');
  } finally {
    await sandbox.close();
    server.closeAllConnections();
    await once(server.close(), 'close');
  }
});

Deno.test("stripe sandbox: its signature → the one of Stripe's library", async () => {
  const { default: Stripe } = await import('stripe');
  const payload = '{"id":"evt_1"}';
  const expected = await new Stripe('sk_test').webhooks
    .generateTestHeaderStringAsync({ payload, secret: 'whsec_x', timestamp: 1_700_000_000 });
  assert.equal(signatureOf('whsec_x', payload, 1_700_000_000), expected);
});

Deno.test('stripe sandbox: a restart → payments are kept', async () => {
  const file = await Deno.makeTempFile();
  const settings = { ...SETTINGS, file };
  try {
    const before = await startSandbox(settings);
    const wanted = order();
    const { payment: { id } } = await stripeAt(before).create(wanted);
    await bank(before, 'succeed', id);
    await before.close();
    const after = await startSandbox(settings);
    assert.equal((await stripeAt(after).find(id)).payment.status, 'succeeded');
    assert.equal((await stripeAt(after).create(wanted)).payment.id, id, 'keys as well');
    await after.close();
  } finally {
    for (const path of [file, `${file}.stripe`]) await Deno.remove(path).catch(() => {});
  }
});
