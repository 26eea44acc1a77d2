import { resend } from '../_shared/gift_cards/resend.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, ({ giftCardId, phone, reason }, context) => {
    return resend(context, 'sms', { giftCardId, deliverTo: phone ?? null, reason: reason ?? null });
  }),
};
