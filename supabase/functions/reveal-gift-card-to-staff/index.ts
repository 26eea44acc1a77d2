import { z } from 'zod';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { reveal, type Revealed } from '../_shared/gift_cards/present.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({ giftCardId: uuid, reason: text(500) });

/** Shows a given card to an agent or admin who says why; so many a day for each, audited. */
export default {
  fetch: serve(
    { auth: 'user', tag: 'REVEAL', family: 'GC', secrets: ['CARD_SEAL_KEYS'] },
    async (request, context) => {
      const { giftCardId, reason } = await readJson(request, schema);
      const answer = await context.rpc<Revealed>('reveal_gift_card_to_staff', {
        gift_card_id: giftCardId,
        reason,
        ...requestOf(context),
      });
      context.log('[REVEAL] Card shown to staff', { giftCardId });
      return reveal(answer);
    },
  ),
};
