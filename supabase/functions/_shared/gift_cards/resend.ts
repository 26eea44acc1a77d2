import { requestOf } from '../http/parse.ts';
import type { Channel } from '../messages/open_provider.ts';
import type { Delivery } from '../messages/answers.ts';
import { sendAtOnce } from '../messages/send_at_once.ts';
import type { Context } from '../http/serve.ts';

/** Which card to send again, and where to when not to the recipient's own contact. */
export interface Resend {
  giftCardId: string;
  deliverTo: string | null;
  reason: string | null;
}

/** Sends a card again at once; a send that certainly failed is a refusal, one that is under way or unclear is not. */
export async function resend(
  context: Context,
  channel: Channel,
  request: Resend,
): Promise<{ giftCardId: string; delivery: Delivery }> {
  const { result } = await context.rpc<{ giftCardId: string; delivery: Delivery }>('resend_gift_card', {
    gift_card_id: request.giftCardId,
    channel,
    deliver_to: request.deliverTo,
    reason: request.reason,
    ...requestOf(context, `resend-${channel}`, request),
  });
  return { giftCardId: result.giftCardId, delivery: await sendAtOnce(context, result.delivery.id) };
}
