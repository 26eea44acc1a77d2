import { deliver } from './deliver.ts';
import type { Delivery } from './answers.ts';
import { Refusal } from '../http/errors.ts';
import { requestOf } from '../http/parse.ts';
import type { Context } from '../http/serve.ts';

// Longer than a provider usually takes, shorter than a caller waits.
const LOOKS = 10;
const PAUSE_MS = 300;

const FAILED = ['failed', 'undelivered', 'suppressed'];

/** Sends a queued delivery now; a send that certainly failed is a refusal, one that is under way or unclear is not. */
export async function sendAtOnce(context: Context, deliveryId: string): Promise<Delivery> {
  await deliver(context, deliveryId);
  const delivery = await afterSending(context, deliveryId);
  if (FAILED.includes(delivery.status)) {
    const reason = delivery.errorMessage ?? delivery.errorCode;
    throw new Refusal('GC-014', { deliveryId: delivery.id, status: delivery.status, reason });
  }
  return delivery;
}

/** The delivery once its attempt has ended: the job may have begun to send it a moment before. */
async function afterSending(context: Context, deliveryId: string): Promise<Delivery> {
  for (let look = 1;; look++) {
    const { result: delivery } = await context.rpc<Delivery>('get_delivery', {
      delivery_id: deliveryId,
      ...requestOf(context),
    });
    if (delivery.status !== 'sending' || look === LOOKS) return delivery;
    await new Promise((resume) => setTimeout(resume, PAUSE_MS));
  }
}
