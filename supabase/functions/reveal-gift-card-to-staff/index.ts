import { reveal } from '../_shared/gift_cards/present.ts';
import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ giftCardId, reason }, context) => {
    const answer = await context.rpc<AnswerOf<typeof contract>>('reveal_gift_card_to_staff', {
      gift_card_id: giftCardId,
      reason,
      ...requestOf(context),
    });
    context.log('[REVEAL] Card shown to staff', { giftCardId });
    return reveal(answer);
  }),
};
