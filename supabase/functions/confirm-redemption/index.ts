import { z } from 'zod';
import { conditionNumber, text } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  redemptionCode: text(64).nullish(),
  code: text(64).nullish(),
  conditionNumber: conditionNumber.nullish(),
}).refine((body) => body.redemptionCode ?? body.code, { path: ['redemptionCode'], error: 'is required' });

/** A recipient, known by the redemption code, says that the card was used. */
export default {
  fetch: serve({ auth: 'publishable', tag: 'CONFIRM', family: 'GC' }, async (request, context) => {
    const body = await readJson(request, schema);
    const { result, replayed } = await context.rpc<{ giftCard: { id: string } }>('confirm_redemption', {
      redemption_code: body.redemptionCode ?? body.code,
      condition_number: body.conditionNumber ?? null,
      ...requestOf(context, 'confirm-redemption', body),
    });
    context.log('[CONFIRM] Redeemed', { giftCardId: result.giftCard.id, replayed });
    return result;
  }),
};
