import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('sell_gift_cards', {
      master_pool_id: body.masterPoolId,
      buyer_client_id: body.buyerClientId,
      buyer_pool_id: body.buyerPoolId ?? null,
      quantity: body.quantity,
      price_per_card: body.pricePerCard ?? null,
      ...requestOf(context, 'sell-gift-cards', body),
    });
    context.log('[SALE] Success', { saleId: result.saleId, quantity: body.quantity });
    return result;
  }),
};
