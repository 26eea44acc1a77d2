import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const { result, replayed } = await context.rpc<AnswerOf<typeof contract>>('confirm_redemption', {
      redemption_code: body.redemptionCode ?? body.code ?? null,
      condition_number: body.conditionNumber ?? null,
      ...requestOf(context, 'confirm-redemption', body),
    });
    context.log('[CONFIRM] Redeemed', { giftCardId: result.giftCard.id, replayed });
    return result;
  }),
};
