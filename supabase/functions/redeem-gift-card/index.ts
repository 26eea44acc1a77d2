import { provide } from '../_shared/gift_cards/buy.ts';
import { announce, reveal } from '../_shared/gift_cards/present.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { contactFor } from '../_shared/http/phone.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const answer = await provide(context, 'redeem_gift_card', {
      redemption_code: body.redemptionCode ?? body.code ?? null,
      campaign_id: body.campaignId ?? null,
      condition_number: body.conditionNumber ?? null,
      delivery_method: body.deliveryMethod === 'none' ? null : body.deliveryMethod,
      deliver_to: contactFor(body.deliveryMethod, body),
      ...requestOf(context, 'redeem-gift-card', body),
    });
    announce(context, answer);
    return reveal(answer);
  }),
};
