import { provide } from '../_shared/gift_cards/buy.ts';
import { announce, reveal } from '../_shared/gift_cards/present.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { addressFor } from '../_shared/http/phone.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const answer = await provide(context, 'provision_gift_card', {
      campaign_id: body.campaignId,
      recipient_id: body.recipientId,
      brand_id: body.brandId ?? null,
      denomination: body.denomination ?? null,
      condition_number: body.conditionNumber,
      delivery_method: body.deliveryMethod ?? null,
      deliver_to: addressFor(body.deliveryMethod, body.deliverTo),
      ...requestOf(context, 'provision-gift-card-unified', body),
    });
    announce(context, answer);
    return reveal(answer);
  }),
};
