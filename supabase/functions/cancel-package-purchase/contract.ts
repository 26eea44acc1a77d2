import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';
import { examplePurchase, purchase } from '../_shared/packages/answers.ts';

/** Ends a purchase that is not paid and gives its bizcoins back; what has been paid meanwhile stays bought. */
export const contract = defineContract({
  name: 'cancel-package-purchase',
  summary: 'Cancels a package purchase that is not paid, and returns its bizcoins',
  auth: ['user', 'secret'],
  tag: 'PURCHASE',
  request: z.strictObject({ purchaseId: uuid }),
  answer: purchase,
  codes: ['RB-403', 'RB-404', 'VC-026', 'VC-028', 'VC-029', 'VC-030'],
  example: {
    request: { purchaseId: examplePurchase.purchaseId },
    answer: { ...examplePurchase, status: 'cancelled', nextStep: 'begin', bizcoinsReturned: 20 },
  },
});
