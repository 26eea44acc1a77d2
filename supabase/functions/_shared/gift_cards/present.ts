import type { z } from 'zod';
import { triggerDeliveries } from '../jobs/trigger.ts';
import type { Answer } from '../http/rpc.ts';
import { unseal } from '../http/seal.ts';
import type { Context } from '../http/serve.ts';
import type { provisioned, shownCard } from './answers.ts';

/** The card of an answer, before its code is opened. */
type Revealed = { giftCard: Omit<z.output<typeof shownCard>, 'code' | 'pin'> };

/** The answer of every entry point that claims a card. */
export type Provisioned = z.output<typeof provisioned>;

/** Logs that a card was claimed and starts its delivery. */
export function announce(context: Context, { result, replayed }: Answer<Provisioned>): void {
  const { giftCard, source, campaignId, delivery } = result;
  context.log('[PROVISION] Success', { campaignId, source, giftCardId: giftCard.id, replayed });
  if (delivery && !replayed) triggerDeliveries(delivery.id);
}

/** The answer with the card's code and PIN in clear text, for its recipient. */
export function reveal<Result extends Revealed>({ result, sealed }: Answer<Result>) {
  if (!sealed) throw new Error('An answer that shows a card came without its code');
  return { ...result, giftCard: { ...result.giftCard, ...unseal(sealed) } };
}
