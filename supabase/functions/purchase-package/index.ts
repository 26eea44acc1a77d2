import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import type { Quote } from '../_shared/packages/answers.ts';
import { isLive, type PurchaseAnswer, takePayment } from '../_shared/packages/purchases.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (wish, context) => {
    const { packageId = null, purchaseId = null, bizcoins, useDiscount } = wish;
    const { rpc } = context;
    if (wish.preview) {
      const quote = { package_id: packageId, bizcoins, use_discount: useDiscount, ...requestOf(context) };
      return (await rpc<Quote>('get_package_quote', quote)).result;
    }
    const { result } = await rpc<PurchaseAnswer>('start_package_purchase', {
      package_id: packageId,
      bizcoins,
      use_discount: useDiscount,
      purchase_id: purchaseId,
      expected_final_amount: wish.expectedFinalAmount ?? null,
      is_live: isLive(),
      ...requestOf(context, 'purchase-package', wish),
    });
    return takePayment(context, result);
  }),
};
