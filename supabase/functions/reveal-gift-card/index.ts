import { reveal } from '../_shared/gift_cards/present.ts';
import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { linkIdOf } from '../_shared/messages/claim_link.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ token, device }, context) => {
    // A token that is not ours goes the same way, so that it takes as long and counts against its address.
    const answer = await context.rpc<AnswerOf<typeof contract>>('reveal_gift_card', {
      link_id: linkIdOf(token),
      device,
      ...requestOf(context),
    });
    context.log('[REVEAL] Card shown', { giftCardId: answer.result.giftCard.id });
    return reveal(answer);
  }),
};
