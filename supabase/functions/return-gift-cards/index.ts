import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('return_gift_cards', {
      sale_id: body.saleId,
      quantity: body.quantity,
      ...requestOf(context, 'return-gift-cards', body),
    });
    context.log('[SALE] Returned', { saleId: body.saleId, quantity: body.quantity });
    return result;
  }),
};
