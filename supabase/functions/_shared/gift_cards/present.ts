import { ringDeliveries } from '../jobs/ring.ts';
import type { Answer } from '../http/rpc.ts';
import { unseal } from '../http/seal.ts';
import type { Context, Reply } from '../http/serve.ts';

/** A card as its door answers with it. */
export interface Revealed {
  giftCard: { id: string };
}

/** What every door that gives out a card answers with. */
export interface Provisioned extends Revealed {
  source: string;
  campaignId: string;
  delivery: { id: string } | null;
}

/** Logs that a card was given out and starts its delivery. */
export function announce(context: Context, { result, replayed }: Answer<Provisioned>): void {
  const { giftCard, source, campaignId, delivery } = result;
  context.log('[PROVISION] Success', { campaignId, source, giftCardId: giftCard.id, replayed });
  if (delivery && !replayed) ringDeliveries(delivery.id);
}

/** The answer with the card's code and PIN in clear, for the one who is to have them. */
export function reveal({ result, sealed }: Answer<Revealed>): Reply {
  return { ...result, giftCard: { ...result.giftCard, ...(sealed ? unseal(sealed) : {}) } };
}
