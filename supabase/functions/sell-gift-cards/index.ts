import { z } from 'zod';
import { howMany, price, uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({
  masterPoolId: uuid,
  buyerClientId: uuid,
  buyerPoolId: uuid.nullish(),
  quantity: howMany,
  pricePerCard: price.nullish(),
});

/** Sells cards of a master pool to a client, for a platform admin or a trusted server: exactly so many, or none. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'SALE', family: 'GC' }, async (request, context) => {
    const body = await readJson(request, schema);
    const { result } = await context.rpc('sell_gift_cards', {
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
