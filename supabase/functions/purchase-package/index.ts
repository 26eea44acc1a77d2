import { z } from 'zod';
import { due, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { isLive, type PurchaseAnswer, takePayment } from '../_shared/packages/purchases.ts';
import { serve } from '../_shared/http/serve.ts';

const MAX_BIZCOINS = 1_000_000_000;

const body = z.strictObject({
  packageId: uuid.nullish(),
  purchaseId: uuid.nullish(),
  bizcoins: z.int('must be a whole number').min(0, 'must not be negative').max(MAX_BIZCOINS).default(0),
  useDiscount: z.boolean().default(true),
  expectedFinalAmount: due.nullish(),
  preview: z.boolean().default(false),
}).refine(({ packageId, purchaseId, preview }) => packageId || (purchaseId && !preview), {
  path: ['packageId'],
  message: 'is required',
});

/** A customer buys a package with bizcoins, by card or both; with `preview` it says what that would cost. */
export default {
  fetch: serve({ auth: 'user', tag: 'PURCHASE' }, async (request, context) => {
    const wish = await readJson(request, body);
    const { packageId = null, purchaseId = null, bizcoins, useDiscount } = wish;
    const { actor, rpc } = context;
    if (wish.preview) {
      const quote = { actor, package_id: packageId, bizcoins, use_discount: useDiscount };
      return (await rpc('get_package_quote', quote)).result;
    }
    const { result } = await rpc<PurchaseAnswer>('start_package_purchase', {
      actor,
      package_id: packageId,
      bizcoins,
      use_discount: useDiscount,
      purchase_id: purchaseId,
      expected_final_amount: wish.expectedFinalAmount ?? null,
      is_live: isLive(),
      ...requestArgs(context, 'purchase-package', wish),
    });
    return takePayment(context, result);
  }),
};
