import { z } from 'zod';
import { uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { endPayment, type PurchaseAnswer } from '../_shared/packages/purchases.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({ purchaseId: uuid });

/** Ends a purchase that is not paid and gives its bizcoins back; what has been paid meanwhile stays bought. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'PURCHASE' }, async (request, context) => {
    const { purchaseId } = await readJson(request, body);
    const { actor, requestId, rpc } = context;
    const { result } = await rpc<PurchaseAnswer>('cancel_package_purchase', {
      actor,
      purchase_id: purchaseId,
      request_id: requestId,
    });
    return endPayment(context, result);
  }),
};
