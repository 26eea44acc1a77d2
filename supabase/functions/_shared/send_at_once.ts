import { deliver } from './deliver.ts';
import { Refusal } from './errors.ts';
import type { Context } from './serve.ts';

/** How far a delivery is. */
export interface Delivery {
  id: string;
  status: string;
  errorCode: string | null;
  errorMessage: string | null;
}

const FAILED = ['failed', 'undelivered', 'suppressed'];

/** Sends a queued delivery now; a send that certainly failed is a refusal, one that is under way or unclear is not. */
export async function sendAtOnce(context: Context, deliveryId: string): Promise<Delivery> {
  await deliver(context, deliveryId);
  const { result: delivery } = await context.rpc<Delivery>('get_delivery', {
    actor: context.actor,
    delivery_id: deliveryId,
  });
  if (FAILED.includes(delivery.status)) {
    const reason = delivery.errorMessage ?? delivery.errorCode;
    throw new Refusal('GC-014', { deliveryId: delivery.id, status: delivery.status, reason });
  }
  return delivery;
}
