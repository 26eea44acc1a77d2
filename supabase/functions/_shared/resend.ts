import { deliver } from './deliver.ts';
import { Refusal } from './errors.ts';
import { requestHash } from './parse.ts';
import type { Channel } from './providers/open.ts';
import type { Context, Reply } from './serve.ts';

/** Which card to send again, and where to when not to the recipient's own contact. */
export interface Resend {
  giftCardId: string;
  deliverTo: string | null;
  reason: string | null;
}

interface Delivery {
  id: string;
  status: string;
  errorCode: string | null;
  errorMessage: string | null;
}

const FAILED = ['failed', 'undelivered', 'suppressed'];

/** Sends a card again at once; a send that certainly failed is a refusal, one that is under way or unclear is not. */
export async function resend(context: Context, channel: Channel, request: Resend): Promise<Reply> {
  const { actor, requestId, idempotencyKey, rpc } = context;
  const { result } = await rpc<{ giftCardId: string; delivery: Delivery }>('resend_gift_card', {
    actor,
    gift_card_id: request.giftCardId,
    channel,
    deliver_to: request.deliverTo,
    reason: request.reason,
    request_id: requestId,
    idempotency_key: idempotencyKey,
    request_hash: requestHash(`resend-${channel}`, request),
  });
  await deliver(context, result.delivery.id);
  const { result: delivery } = await rpc<Delivery>('get_delivery', { actor, delivery_id: result.delivery.id });
  if (FAILED.includes(delivery.status)) {
    const reason = delivery.errorMessage ?? delivery.errorCode;
    throw new Refusal('GC-014', { deliveryId: delivery.id, status: delivery.status, reason });
  }
  return { giftCardId: result.giftCardId, delivery };
}
