import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { payment, text, uuid } from '../_shared/http/fields.ts';
import { examplePackage, examplePurchase, purchase, refund } from '../_shared/packages/answers.ts';

/** An admin gives back what was paid for a package, wholly or in part: to the card, to the wallet, or as it was paid. */
export const contract = defineContract({
  name: 'refund-package-purchase',
  summary: 'Refunds a package purchase, wholly or in part',
  auth: ['user', 'secret'],
  tag: 'PURCHASE',
  isIdempotent: true,
  request: z.strictObject({
    purchaseId: uuid,
    amount: payment.nullish(),
    paymentAmount: payment.nullish(),
    bizcoins: z.int('must be a whole number').min(1, 'must be at least 1').max(1_000_000_000).nullish(),
    reason: text(500).nullish(),
  }),
  answer: refund.extend({ purchase }),
  codes: ['RB-400', 'RB-403', 'RB-404', 'VC-026', 'VC-027'],
  example: {
    request: { purchaseId: examplePurchase.purchaseId, amount: 49, reason: 'Bought by mistake' },
    answer: {
      refundId: '482e60c3-0792-49b9-bf30-8c1a069c25a8',
      purchaseId: examplePurchase.purchaseId,
      status: 'completed',
      paymentAmount: 29,
      bizcoins: 20,
      currency: 'USD',
      error: null,
      createdAt: '2026-11-28T16:15:20.125040+00:00',
      purchase: {
        ...examplePurchase,
        status: 'refunded',
        nextStep: 'none',
        bizcoinsReturned: 20,
        customerPackage: { ...examplePackage, status: 'cancelled' },
      },
    },
  },
});
