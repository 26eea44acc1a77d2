import { z } from 'zod';
import { payment, text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { type RefundAnswer, sendRefund } from '../_shared/packages/purchases.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({
  purchaseId: uuid,
  amount: payment.nullish(),
  paymentAmount: payment.nullish(),
  bizcoins: z.int('must be a whole number').min(1, 'must be at least 1').max(1_000_000_000).nullish(),
  reason: text(500).nullish(),
});

/** An admin gives back what was paid for a package, wholly or in part: to the card, to the wallet, or as it was paid. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'PURCHASE' }, async (request, context) => {
    const wish = await readJson(request, body);
    const { result } = await context.rpc<RefundAnswer>('refund_package_purchase', {
      actor: context.actor,
      purchase_id: wish.purchaseId,
      amount: wish.amount ?? null,
      payment_amount: wish.paymentAmount ?? null,
      bizcoins: wish.bizcoins ?? null,
      reason: wish.reason ?? null,
      ...requestArgs(context, 'refund-package-purchase', wish),
    });
    const { refund, purchase } = result.order ? await sendRefund(context, result.order) : result;
    return { ...refund, purchase };
  }),
};
