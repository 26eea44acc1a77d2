import Stripe from 'stripe';
import { openStripe } from './client.ts';

/** What is to be paid: amounts are in the currency's smallest unit, as the database reckons them. */
export interface PaymentOrder {
  purchaseId: string;
  clientId: string;
  paymentIntentId: string | null;
  amount: number;
  currency: string;
}

/** What is to go back. */
export interface RefundOrder {
  refundId: string;
  purchaseId: string;
  paymentIntentId: string;
  amount: number;
  attempts: number;
}

/** How far a payment is, in the processor's words. */
export interface Payment {
  id: string;
  status: string;
  amount: number;
  amountReceived: number;
  currency: string;
  isLive: boolean;
  error: string | null;
}

/** A payment, and the secret with which the customer's browser pays it. */
export interface OpenPayment {
  payment: Payment;
  clientSecret: string | null;
}

/** What became of a refund. */
export interface Refunded {
  outcome: 'succeeded' | 'failed' | 'unknown';
  providerRefundId: string | null;
  error: string | null;
}

/** The processor has said no, for good. */
export class PaymentRefused extends Error {
  override name = 'PaymentRefused';
}

/** There is no telling what the processor has done; the same call may be made again. */
export class PaymentUnknown extends Error {
  override name = 'PaymentUnknown';
}

/** A payment processor. */
export interface Payments {
  create(order: PaymentOrder): Promise<OpenPayment>;
  find(paymentIntentId: string): Promise<OpenPayment>;
  /** Cancels what can be cancelled; anything else is returned unchanged. */
  cancel(paymentIntentId: string): Promise<OpenPayment>;
  refund(order: RefundOrder): Promise<Refunded>;
}

/** Payments by Stripe. Every call that changes something carries a key, so that one sent twice is done once. */
export function stripePayments(secretKey: string, baseUrl?: string): Payments {
  const stripe = openStripe(secretKey, baseUrl);
  return { create, find, cancel, refund };

  function create({ purchaseId, clientId, amount, currency }: PaymentOrder): Promise<OpenPayment> {
    return asked(() =>
      stripe.paymentIntents.create({
        amount,
        currency,
        automatic_payment_methods: { enabled: true },
        metadata: { purchase_id: purchaseId, client_id: clientId },
      }, { idempotencyKey: purchaseId })
    );
  }

  function find(paymentIntentId: string): Promise<OpenPayment> {
    return asked(() => stripe.paymentIntents.retrieve(paymentIntentId));
  }

  async function cancel(paymentIntentId: string): Promise<OpenPayment> {
    try {
      // A key of its own each time: the state may have changed since Stripe refused.
      const key = crypto.randomUUID();
      return await asked(() => stripe.paymentIntents.cancel(paymentIntentId, {}, { idempotencyKey: key }));
    } catch (error) {
      if (error instanceof PaymentRefused) return await find(paymentIntentId);
      throw error;
    }
  }

  async function refund(order: RefundOrder): Promise<Refunded> {
    try {
      // After a day Stripe may have forgotten the key: a refund that was tried before is looked for first.
      const earlier = order.attempts > 0 ? await refundMade(order) : undefined;
      return refundedOf(earlier ?? await makeRefund(order));
    } catch (error) {
      const outcome = isFinal(error) ? 'failed' : 'unknown';
      return { outcome, providerRefundId: null, error: reasonOf(error) };
    }
  }

  function makeRefund({ refundId, purchaseId, paymentIntentId, amount }: RefundOrder): Promise<Stripe.Refund> {
    const metadata = { refund_id: refundId, purchase_id: purchaseId };
    return stripe.refunds.create({ payment_intent: paymentIntentId, amount, metadata }, { idempotencyKey: refundId });
  }

  async function refundMade({ refundId, paymentIntentId }: RefundOrder): Promise<Stripe.Refund | undefined> {
    const { data } = await stripe.refunds.list({ payment_intent: paymentIntentId, limit: 100 });
    return data.find(({ metadata }) => metadata?.refund_id === refundId);
  }
}

async function asked(ask: () => Promise<Stripe.PaymentIntent>): Promise<OpenPayment> {
  try {
    const intent = await ask();
    return { payment: paymentOf(intent), clientSecret: intent.client_secret };
  } catch (error) {
    throw isFinal(error) ? new PaymentRefused(reasonOf(error)) : new PaymentUnknown(reasonOf(error));
  }
}

/** A payment in the words of the database; a webhook brings the same. */
export function paymentOf(intent: Stripe.PaymentIntent): Payment {
  const { id, status, amount, amount_received, currency, livemode, last_payment_error } = intent;
  const error = last_payment_error?.decline_code ?? last_payment_error?.code ?? null;
  return { id, status, amount, amountReceived: amount_received, currency, isLive: livemode, error };
}

// A refund that is pending has left: the bank takes its time, and a late failure comes as an event.
function refundedOf({ id, status, failure_reason }: Stripe.Refund): Refunded {
  const isOff = status === 'failed' || status === 'canceled';
  return {
    outcome: isOff ? 'failed' : 'succeeded',
    providerRefundId: id,
    error: isOff ? failure_reason ?? status : null,
  };
}

// Keys and rights can be put in order, crowding and rival calls pass: nothing is decided by them.
const UNDECIDED = [401, 403, 408, 409, 425, 429];

function isFinal(error: unknown): boolean {
  if (!(error instanceof Stripe.errors.StripeError) || error.type === 'StripeIdempotencyError') return false;
  const status = error.statusCode ?? 500;
  return status < 500 && !UNDECIDED.includes(status);
}

// Stripe's messages may quote what was sent; its codes never do.
function reasonOf(error: unknown): string {
  if (!(error instanceof Stripe.errors.StripeError)) return 'network';
  return error.code ?? (error.statusCode ? `http_${error.statusCode}` : 'network');
}
