import { serve } from '../_shared/http/serve.ts';
import { endPayment, type PurchaseAnswer } from '../_shared/packages/purchases.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ purchaseId }, context) => {
    const { actor, requestId, rpc } = context;
    const { result } = await rpc<PurchaseAnswer>('cancel_package_purchase', {
      actor,
      purchase_id: purchaseId,
      request_id: requestId,
    });
    return endPayment(context, result);
  }),
};
