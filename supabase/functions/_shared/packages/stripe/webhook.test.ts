import assert from 'node:assert/strict';
import Stripe from 'stripe';
import { eventIn, paymentEventOf, reasonToIgnore } from './webhook.ts';

const SECRET = 'whsec_test';
const PURCHASE = '11111111-2222-4333-8444-555555555555';

const intent = {
  id: 'pi_1',
  object: 'payment_intent',
  status: 'succeeded',
  amount: 1900,
  amount_received: 1900,
  currency: 'usd',
  livemode: false,
  last_payment_error: null,
  metadata: { purchase_id: PURCHASE },
};

function event(type: string, object: unknown, livemode = false): Stripe.Event {
  return { id: 'evt_1', object: 'event', type, livemode, data: { object } } as unknown as Stripe.Event;
}

function signed(payload: string, secret = SECRET, timestamp = Math.floor(Date.now() / 1000)): Promise<string> {
  return new Stripe('sk_test').webhooks.generateTestHeaderStringAsync({ payload, secret, timestamp });
}

Deno.test("stripe webhook: signed by Stripe's library → accepted", async () => {
  const body = JSON.stringify(event('payment_intent.succeeded', { ...intent, description: 'Prämie 🎁' }));
  assert.equal((await eventIn(body, await signed(body), [SECRET]))?.id, 'evt_1');
});

Deno.test('stripe webhook: two secrets during a rotation → both accepted', async () => {
  const body = JSON.stringify(event('payment_intent.succeeded', intent));
  for (const secret of ['whsec_new', SECRET]) {
    assert.equal((await eventIn(body, await signed(body, secret), ['whsec_new', SECRET]))?.id, 'evt_1', secret);
  }
  assert.equal(await eventIn(body, await signed(body, 'whsec_other'), ['whsec_new', SECRET]), null);
  assert.equal(await eventIn(body, await signed(body), []), null);
});

Deno.test('stripe webhook: another secret or body, an old signature, or none → refused', async () => {
  const body = JSON.stringify(event('payment_intent.succeeded', intent));
  const now = Math.floor(Date.now() / 1000);
  assert.equal(await eventIn(body, await signed(body, 'whsec_other'), [SECRET]), null);
  assert.equal(await eventIn(body.replace('1900', '1'), await signed(body), [SECRET]), null);
  assert.equal(await eventIn(body, await signed(body, SECRET, now - 301), [SECRET]), null);
  assert.equal(await eventIn(body, null, [SECRET]), null);
  assert.equal(await eventIn(body, 't=,v1=', [SECRET]), null);
  assert.equal(await eventIn('no JSON', await signed('no JSON'), [SECRET]), null);
});

Deno.test('stripe webhook: a payment → its facts with the purchase', () => {
  assert.deepEqual(paymentEventOf(event('payment_intent.succeeded', intent)), {
    event_id: 'evt_1',
    event_type: 'payment_intent.succeeded',
    purchase_id: PURCHASE,
    payment_intent_id: 'pi_1',
    facts: {
      id: 'pi_1',
      status: 'succeeded',
      amount: 1900,
      amountReceived: 1900,
      currency: 'usd',
      isLive: false,
      error: null,
    },
  });
});

Deno.test('stripe webhook: livemode → that of the event; a malformed purchase id → none', () => {
  const told = paymentEventOf(event('payment_intent.succeeded', { ...intent, metadata: { purchase_id: 'x' } }, true));
  assert.deepEqual([told?.facts.isLive, told?.purchase_id], [true, null]);
});

Deno.test('stripe webhook: a failure → its reason; a charge or dispute → its payment', () => {
  const failed = { ...intent, last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' } };
  assert.equal(paymentEventOf(event('payment_intent.payment_failed', failed))?.facts.error, 'insufficient_funds');
  const charge = { id: 'ch_1', payment_intent: { id: 'pi_1' }, amount_refunded: 500, currency: 'usd' };
  const refunded = paymentEventOf(event('charge.refunded', charge));
  assert.deepEqual([refunded?.payment_intent_id, refunded?.facts.amountRefunded], ['pi_1', 500]);
  const dispute = { id: 'dp_1', payment_intent: 'pi_1', amount: 1900, currency: 'usd', reason: 'fraudulent' };
  assert.equal(paymentEventOf(event('charge.dispute.created', dispute))?.facts.disputeId, 'dp_1');
  const refund = { id: 're_1', payment_intent: 'pi_1', failure_reason: null, metadata: { refund_id: 'our own' } };
  const facts = { refundId: 're_1', ownRefundId: 'our own', error: 'failed' };
  assert.deepEqual(paymentEventOf(event('refund.failed', refund))?.facts, facts);
});

Deno.test('stripe webhook: other event types → ignored', () => {
  assert.equal(paymentEventOf(event('customer.created', { id: 'cus_1' })), null);
});

Deno.test('stripe webhook: a refund that fails or is canceled, whichever event says so → its own facts', () => {
  const refund = { id: 're_1', payment_intent: 'pi_1', metadata: { refund_id: 'our own' } };
  for (const type of ['refund.updated', 'charge.refund.updated']) {
    for (const [status, failure_reason] of [['failed', 'expired_or_canceled_card'], ['canceled', undefined]] as const) {
      const told = paymentEventOf(event(type, { ...refund, status, failure_reason }));
      const facts = { refundId: 're_1', ownRefundId: 'our own', error: failure_reason ?? status };
      assert.deepEqual([told?.event_type, told?.payment_intent_id, told?.facts], [type, 'pi_1', facts], status);
    }
    for (const status of ['pending', 'succeeded', 'requires_action', null]) {
      assert.equal(paymentEventOf(event(type, { ...refund, status })), null, `${type} ${status}`);
    }
  }
});

Deno.test('stripe webhook: metadata null → an event without a purchase of ours', () => {
  const told = paymentEventOf(event('payment_intent.succeeded', { ...intent, metadata: null }));
  assert.deepEqual([told?.purchase_id, told?.payment_intent_id], [null, 'pi_1']);
  const refund = { id: 're_1', payment_intent: 'pi_1', status: 'failed', metadata: null };
  assert.equal(paymentEventOf(event('refund.updated', refund))?.facts.ownRefundId, null);
});

Deno.test('stripe webhook: an event without its object → means nothing to purchases', () => {
  const told = event('payment_intent.succeeded', {});
  assert.equal(paymentEventOf({ ...told, data: { object: null } } as never), null);
  assert.equal(paymentEventOf({ ...told, data: undefined } as never), null);
});

Deno.test('stripe webhook: a dispute without payment_intent → its charge', () => {
  const dispute = {
    id: 'dp_1',
    charge: 'ch_1',
    payment_intent: null,
    amount: 1900,
    currency: 'usd',
    reason: 'general',
  };
  const told = paymentEventOf(event('charge.dispute.created', dispute));
  assert.deepEqual([told?.payment_intent_id, told?.facts.disputeId, told?.facts.chargeId], [null, 'dp_1', 'ch_1']);
});

Deno.test('stripe webhook: a signed thin event → understood and ignored, with the reason', async () => {
  const thin = {
    id: 'evt_2',
    object: 'v2.core.event',
    type: 'v1.billing.meter.error_report_triggered',
    livemode: false,
  };
  const body = JSON.stringify(thin);
  const taken = await eventIn(body, await signed(body), [SECRET]);
  assert.equal(taken?.object, 'v2.core.event');
  assert.equal(paymentEventOf(taken!), null);
  assert.match(reasonToIgnore(taken!), /Thin events .* snapshot events/);
  assert.equal(await eventIn(body, await signed(body, 'whsec_other'), [SECRET]), null);
});
