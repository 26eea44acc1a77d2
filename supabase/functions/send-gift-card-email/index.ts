import { resend } from '../_shared/gift_cards/resend.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, ({ giftCardId, email, reason }, context) => {
    return resend(context, 'email', { giftCardId, deliverTo: email ?? null, reason: reason ?? null });
  }),
};
