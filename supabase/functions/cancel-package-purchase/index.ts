import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { endPayment, type PurchaseAnswer } from '../_shared/packages/purchases.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ purchaseId }, context) => {
    const args = { purchase_id: purchaseId, ...requestOf(context) };
    const { result } = await context.rpc<PurchaseAnswer>('cancel_package_purchase', args);
    return endPayment(context, result);
  }),
};
