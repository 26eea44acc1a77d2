import { requestOf } from '../http/parse.ts';
import type { Channel } from '../messages/open_provider.ts';
import type { Delivery } from '../messages/answers.ts';
import { sendAtOnce } from '../messages/send_at_once.ts';
import type { Context } from '../http/serve.ts';

/** The card to resend, and the address unless it is the recipient's own contact. */
export interface Resend {
  giftCardId: string;
  deliverTo: string | null;
  reason: string | null;
}

/** Resends a card at once; a permanent failure is a refusal, a pending or ambiguous outcome is not. */
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
