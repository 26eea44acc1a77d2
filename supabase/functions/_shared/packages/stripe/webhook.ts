import Stripe from 'stripe';
import { paymentOf } from './payments.ts';

/** Argument of `record_payment_event`. */
export interface PaymentEvent {
  event_id: string;
  event_type: string;
  purchase_id: string | null;
  payment_intent_id: string | null;
  facts: Record<string, unknown>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const TOLERANCE_SECONDS = Stripe.webhooks.DEFAULT_TOLERANCE;

const crypto = Stripe.createSubtleCryptoProvider();

/** An event that carries its object, or a thin one (`v2.core.event`), which only names what to fetch. */
export type SignedEvent = Stripe.Event | { object: 'v2.core.event'; id: string; type: string };

/**
 * The event in a body that Stripe has signed with one of our secrets, or null if it has not. Thin events are signed in the same
 * way, but Stripe's `constructEvent` throws on them, so the signature is verified by itself.
 */
export async function eventIn(body: string, signature: string | null, secrets: string[]): Promise<SignedEvent | null> {
  for (const secret of secrets) {
    try {
      await Stripe.webhooks.signature!.verifyHeaderAsync(body, signature ?? '', secret, TOLERANCE_SECONDS, crypto);
      return JSON.parse(body);
    } catch {
      // Perhaps with the next one.
    }
  }
  return null;
}

/** Why an event is taken and ignored. */
export function reasonToIgnore({ object, type }: SignedEvent): string {
  return object === 'v2.core.event'
    ? 'Thin events (v2.core.event) carry no object: register this endpoint for snapshot events'
    : `Events of type ${type} mean nothing to package purchases`;
}

/** What an event means for purchases; null for kinds that mean nothing. */
export function paymentEventOf(event: SignedEvent): PaymentEvent | null {
  if (event.object !== 'event' || !event.data?.object) return null;
  const subject = subjectOf(event);
  if (!subject) return null;
  const { purchaseId, paymentIntentId, facts } = subject;
  return {
    event_id: event.id,
    event_type: event.type,
    purchase_id: purchaseId && UUID.test(purchaseId) ? purchaseId : null,
    payment_intent_id: paymentIntentId,
    facts,
  };
}

interface Subject {
  purchaseId: string | undefined;
  paymentIntentId: string | null;
  facts: Record<string, unknown>;
}

function subjectOf(event: Stripe.Event): Subject | null {
  switch (event.type) {
    case 'payment_intent.succeeded':
    case 'payment_intent.payment_failed':
    case 'payment_intent.processing':
    case 'payment_intent.canceled': {
      const intent = event.data.object;
      const facts = { ...paymentOf(intent), isLive: event.livemode };
      return { purchaseId: metadataOf(intent).purchase_id, paymentIntentId: intent.id, facts };
    }
    case 'charge.refunded': {
      const { payment_intent, amount_refunded, currency } = event.data.object;
      return {
        purchaseId: undefined,
        paymentIntentId: idOf(payment_intent),
        facts: { amountRefunded: amount_refunded, currency },
      };
    }
    case 'charge.dispute.created': {
      const { id, charge, payment_intent, amount, currency, reason } = event.data.object;
      const facts = { disputeId: id, chargeId: idOf(charge), amount, currency, reason };
      return { purchaseId: undefined, paymentIntentId: idOf(payment_intent), facts };
    }
    case 'refund.failed':
    case 'refund.updated':
    case 'charge.refund.updated': {
      const refund = event.data.object;
      const status = event.type === 'refund.failed' ? 'failed' : refund.status;
      // The job looks up pending refunds; only a refund that fails later needs this event.
      if (status !== 'failed' && status !== 'canceled') return null;
      const ownRefundId = metadataOf(refund).refund_id ?? null;
      const facts = { refundId: refund.id, ownRefundId, error: refund.failure_reason ?? status };
      return { purchaseId: undefined, paymentIntentId: idOf(refund.payment_intent), facts };
    }
    default:
      return null;
  }
}

// Stripe's types say that there is always metadata; its published events have `null`.
function metadataOf({ metadata }: { metadata: Stripe.Metadata | null }): Stripe.Metadata {
  return metadata ?? {};
}

function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'string' ? reference : reference?.id ?? null;
}
