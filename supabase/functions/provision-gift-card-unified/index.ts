import { z } from 'zod';
import { provide } from '../_shared/gift_cards/buy.ts';
import { amount, conditionNumber, text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { addressFor, deliveryMethod } from '../_shared/http/phone.ts';
import { announce, reveal } from '../_shared/gift_cards/present.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  campaignId: uuid,
  recipientId: uuid,
  brandId: uuid.nullish(),
  denomination: amount.nullish(),
  conditionNumber: conditionNumber.default(1),
  deliveryMethod: deliveryMethod.nullish(),
  deliverTo: text(254).nullish(),
});

/** Gives a recipient the one card that a campaign's condition promises, with its code. */
export default {
  fetch: serve(
    { auth: ['user', 'secret'], tag: 'PROVISION', family: 'GC', secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'] },
    async (request, context) => {
      const body = await readJson(request, schema);
      const answer = await provide(context, 'provision_gift_card', {
        actor: context.actor,
        campaign_id: body.campaignId,
        recipient_id: body.recipientId,
        brand_id: body.brandId ?? null,
        denomination: body.denomination ?? null,
        condition_number: body.conditionNumber,
        delivery_method: body.deliveryMethod ?? null,
        deliver_to: addressFor(body.deliveryMethod, body.deliverTo),
        ...requestArgs(context, 'provision-gift-card-unified', body),
      });
      announce(context, answer);
      return reveal(answer);
    },
  ),
};
