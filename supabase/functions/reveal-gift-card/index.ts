import { z } from 'zod';
import { linkIdOf } from '../_shared/messages/claim_link.ts';
import { text } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { reveal, type Revealed } from '../_shared/gift_cards/present.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  token: text(64),
  device: text(128).refine((value) => value.length >= 16, 'must have at least 16 characters'),
});

/** Shows the card of a claim link to the device that opens it first, and to that one again for a short while. */
export default {
  fetch: serve(
    { auth: 'publishable', tag: 'REVEAL', family: 'GC', secrets: ['CARD_SEAL_KEYS'] },
    async (request, context) => {
      const { token, device } = await readJson(request, schema);
      // A token that is not ours goes the same way, so that it takes as long and counts against its address.
      const answer = await context.rpc<Revealed>('reveal_gift_card', {
        link_id: linkIdOf(token),
        device,
        ...requestOf(context),
      });
      context.log('[REVEAL] Card shown', { giftCardId: answer.result.giftCard.id });
      return reveal(answer);
    },
  ),
};
