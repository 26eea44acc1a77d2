import { requestArgs } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import type { Quote } from '../_shared/packages/answers.ts';
import { isLive, type PurchaseAnswer, takePayment } from '../_shared/packages/purchases.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (wish, context) => {
    const { packageId = null, purchaseId = null, bizcoins, useDiscount } = wish;
    const { actor, rpc } = context;
    if (wish.preview) {
      const quote = { actor, package_id: packageId, bizcoins, use_discount: useDiscount };
      return (await rpc<Quote>('get_package_quote', quote)).result;
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
