import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { type RefundAnswer, sendRefund } from '../_shared/packages/purchases.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (wish, context) => {
    const { result } = await context.rpc<RefundAnswer>('refund_package_purchase', {
      purchase_id: wish.purchaseId,
      amount: wish.amount ?? null,
      payment_amount: wish.paymentAmount ?? null,
      bizcoins: wish.bizcoins ?? null,
      reason: wish.reason ?? null,
      ...requestOf(context, 'refund-package-purchase', wish),
    });
    const { refund, purchase } = result.order ? await sendRefund(context, result.order) : result;
    return { ...refund, purchase };
  }),
};
