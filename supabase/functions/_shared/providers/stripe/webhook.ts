import Stripe from 'stripe';
import { paymentOf } from './payments.ts';

/** What `record_payment_event` is told. */
export interface PaymentEvent {
  event_id: string;
  event_type: string;
  purchase_id: string | null;
  payment_intent_id: string | null;
  facts: Record<string, unknown>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const crypto = Stripe.createSubtleCryptoProvider();

/** The event in a body that Stripe has signed with one of our secrets, or null if it has not. */
export async function eventIn(body: string, signature: string | null, secrets: string[]): Promise<Stripe.Event | null> {
  for (const secret of secrets) {
    try {
      return await Stripe.webhooks.constructEventAsync(body, signature ?? '', secret, undefined, crypto);
    } catch {
      // Perhaps with the next one.
    }
  }
  return null;
}

/** What an event means for purchases; null for kinds that mean nothing. */
export function paymentEventOf(event: Stripe.Event): PaymentEvent | null {
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
      return { purchaseId: intent.metadata.purchase_id, paymentIntentId: intent.id, facts };
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
      const { id, payment_intent, amount, currency, reason } = event.data.object;
      const facts = { disputeId: id, amount, currency, reason };
      return { purchaseId: undefined, paymentIntentId: idOf(payment_intent), facts };
    }
    case 'refund.failed': {
      const { id, payment_intent, failure_reason, metadata } = event.data.object;
      const facts = { refundId: id, ownRefundId: metadata?.refund_id ?? null, error: failure_reason ?? 'failed' };
      return { purchaseId: undefined, paymentIntentId: idOf(payment_intent), facts };
    }
    default:
      return null;
  }
}

function idOf(reference: string | { id: string } | null): string | null {
  return typeof reference === 'string' ? reference : reference?.id ?? null;
}
