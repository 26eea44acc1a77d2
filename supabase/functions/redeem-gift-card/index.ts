import { z } from 'zod';
import { provide } from '../_shared/gift_cards/buy.ts';
import { conditionNumber, email, text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { contactFor, smsPhone } from '../_shared/http/phone.ts';
import { announce, reveal } from '../_shared/gift_cards/present.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  redemptionCode: text(64).nullish(),
  code: text(64).nullish(),
  campaignId: uuid.nullish(),
  conditionNumber: conditionNumber.nullish(),
  deliveryMethod: z.enum(['sms', 'email', 'none'], 'must be "sms", "email" or "none"'),
  phone: smsPhone.nullish(),
  email: email.nullish(),
}).refine((body) => body.redemptionCode ?? body.code, { path: ['redemptionCode'], error: 'is required' });

/** Turns a redemption code into a card, shown in the browser and sent if wished. */
export default {
  fetch: serve(
    { auth: 'publishable', tag: 'PROVISION', family: 'GC', secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'] },
    async (request, context) => {
      const body = await readJson(request, schema);
      const answer = await provide(context, 'redeem_gift_card', {
        redemption_code: body.redemptionCode ?? body.code,
        campaign_id: body.campaignId ?? null,
        condition_number: body.conditionNumber ?? null,
        delivery_method: body.deliveryMethod === 'none' ? null : body.deliveryMethod,
        deliver_to: contactFor(body.deliveryMethod, body),
        ip: context.ip,
        ...requestArgs(context, 'redeem-gift-card', body),
      });
      announce(context, answer);
      return reveal(answer);
    },
  ),
};
