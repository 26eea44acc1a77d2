import { drain } from '../jobs/drain.ts';
import { Refusal } from '../http/errors.ts';
import {
  type OpenPayment,
  type Payment,
  type PaymentOrder,
  PaymentRefused,
  type Payments,
  type RefundOrder,
  stripePayments,
} from './stripe/payments.ts';
import { secret } from '../http/secrets.ts';
import type { Call } from '../http/rpc.ts';
import type { JobContext } from '../http/serve.ts';
import type { Purchase, Refund } from './answers.ts';

/** The answer of an entry point about a purchase, and the call to the processor that is still due. */
export interface PurchaseAnswer {
  purchase: Purchase;
  payment: PaymentOrder | null;
}

/** The answer of an entry point about a refund, and the call to the processor that is still due. */
export interface RefundAnswer {
  refund: Refund;
  purchase: Purchase;
  order: RefundOrder | null;
}

/** A purchase, with the secret of its payment while that is open. */
export type PurchaseToPay = Purchase & { clientSecret?: string | null };

const LIMITS = { concurrency: 4, budgetMs: 25_000 };

/** Whether payments are real money, or null if none can be taken. */
export function isLive(): boolean | null {
  const key = Deno.env.get('STRIPE_SECRET_KEY');
  return key ? /^[sr]k_live_/.test(key) : null;
}

/** The processor of payments; throws a refusal that names the secret it lacks. */
function openPayments(): Payments {
  return stripePayments(secret('STRIPE_SECRET_KEY'), Deno.env.get('STRIPE_BASE_URL'));
}

/** Has the rest of a purchase paid by card; the answer brings the secret with which the customer's browser pays. */
export async function takePayment(
  context: JobContext,
  { purchase, payment: order }: PurchaseAnswer,
): Promise<PurchaseToPay> {
  if (!order) return { ...purchase };
  let open: OpenPayment;
  try {
    open = await paymentFor(openPayments(), order);
  } catch (error) {
    throw error instanceof PaymentRefused ? await refused(context, order, error) : unknown(context, purchase, error);
  }
  const { purchase: settled } = await record(context, order, open.payment);
  const isOpen = settled.status === 'awaiting_payment';
  if (!isOpen && settled.status !== 'completed') throw new Refusal('VC-026', { ...settled });
  return { ...settled, ...(isOpen ? { clientSecret: open.clientSecret } : {}) };
}

/** Ends a purchase unless its payment has succeeded, which the processor alone can tell. */
export async function endPayment(context: JobContext, { purchase, payment: order }: PurchaseAnswer): Promise<Purchase> {
  if (!order) return { ...purchase };
  let payment: Payment;
  try {
    payment = await ended(openPayments(), order);
  } catch (error) {
    throw error instanceof PaymentRefused ? await refused(context, order, error) : unknown(context, purchase, error);
  }
  const { purchase: settled } = await record(context, order, payment);
  if (settled.status === 'awaiting_payment') throw new Refusal('VC-030', { ...settled });
  if (settled.status === 'completed') throw new Refusal('VC-026', { ...settled });
  return { ...settled };
}

/** Sends money back, and tells how that went; what is not certain is asked again by the job. */
export async function sendRefund({ rpc, log }: JobContext, order: RefundOrder): Promise<RefundAnswer> {
  const { outcome, providerRefundId, error } = await openPayments().refund(order);
  log('[PURCHASE] Refund', { refundId: order.refundId, purchaseId: order.purchaseId, outcome, reason: error });
  const { result } = await rpc<RefundAnswer>('complete_package_refund', {
    refund_id: order.refundId,
    outcome,
    provider_refund_id: providerRefundId,
    error,
  });
  return result;
}

/** Asks the processor about open purchases, ends what is past its time, and sends refunds that are still owed. */
export async function reconcilePayments(context: JobContext): Promise<Record<string, number>> {
  const tally = { checked: 0, settled: 0, refunds: 0 };
  if (isLive() === null) return tally;
  await drain(
    (batchSize) =>
      leases<PaymentOrder & { isToEnd: boolean }>(context, 'purchases', 'lease_package_purchases', {
        batch_size: batchSize,
      }),
    async (order) => {
      tally.checked++;
      if (await reconcile(context, order)) tally.settled++;
    },
    LIMITS,
  );
  await drain(
    (batchSize) => leases<RefundOrder>(context, 'refunds', 'lease_package_refunds', { batch_size: batchSize }),
    async (order) => {
      if ((await sendRefund(context, order)).refund.status !== 'pending') tally.refunds++;
    },
    LIMITS,
  );
  return tally;
}

async function leases<Lease>({ rpc }: JobContext, name: string, ...call: Call): Promise<Lease[]> {
  return (await rpc<Record<string, Lease[]>>(...call)).result[name];
}

async function reconcile(context: JobContext, order: PaymentOrder & { isToEnd: boolean }): Promise<boolean> {
  // Its client secret was never handed out, so it cannot have been paid.
  if (!order.isToEnd && !order.paymentIntentId) return false;
  try {
    const payments = openPayments();
    const payment = order.isToEnd ? await ended(payments, order) : (await paymentFor(payments, order)).payment;
    return (await record(context, order, payment)).purchase.status !== 'awaiting_payment';
  } catch (error) {
    if (!(error instanceof PaymentRefused)) {
      context.log('[PURCHASE] Payment not known', { purchaseId: order.purchaseId, reason: String(error) });
      return false;
    }
    await refused(context, order, error);
    return true;
  }
}

function paymentFor(payments: Payments, order: PaymentOrder): Promise<OpenPayment> {
  return order.paymentIntentId ? payments.find(order.paymentIntentId) : payments.create(order);
}

// A payment whose id never arrived is named by its key once more, and cancelled then.
async function ended(payments: Payments, order: PaymentOrder): Promise<Payment> {
  const { payment } = await paymentFor(payments, order);
  const isOver = payment.status === 'succeeded' || payment.status === 'canceled';
  return isOver ? payment : (await payments.cancel(payment.id)).payment;
}

async function record(
  { rpc, log }: JobContext,
  { purchaseId }: PaymentOrder,
  payment: Payment,
): Promise<PurchaseAnswer> {
  const { result } = await rpc<PurchaseAnswer>('record_payment', { purchase_id: purchaseId, payment });
  log('[PURCHASE] Payment', { purchaseId, payment: payment.status, purchase: result.purchase.status });
  return result;
}

async function refused({ rpc, log }: JobContext, order: PaymentOrder, { message }: PaymentRefused): Promise<Refusal> {
  log('[PURCHASE] Payment refused by the processor', { purchaseId: order.purchaseId, reason: message });
  const { result: { purchase } } = await rpc<PurchaseAnswer>('fail_package_purchase', {
    purchase_id: order.purchaseId,
    payment_intent_id: order.paymentIntentId,
    message,
  });
  return new Refusal(purchase.status === 'awaiting_payment' ? 'VC-028' : 'VC-029', { ...purchase });
}

function unknown({ log }: JobContext, purchase: Purchase, error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  log('[PURCHASE] Payment not known', { purchaseId: purchase.purchaseId, reason: String(error) });
  return new Refusal('VC-028', { ...purchase });
}
