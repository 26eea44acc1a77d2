import { z } from 'zod';
import { howMany, uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({ saleId: uuid, quantity: howMany });

/** Takes unclaimed cards of a sale back into their master pool, for a platform admin or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'SALE', family: 'GC' }, async (request, context) => {
    const body = await readJson(request, schema);
    const { result } = await context.rpc('return_gift_cards', {
      sale_id: body.saleId,
      quantity: body.quantity,
      ...requestOf(context, 'return-gift-cards', body),
    });
    context.log('[SALE] Returned', { saleId: body.saleId, quantity: body.quantity });
    return result;
  }),
};
