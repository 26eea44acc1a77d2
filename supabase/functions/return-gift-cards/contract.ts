import { z } from 'zod';
import { count, currency, id, money } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { howMany, uuid } from '../_shared/http/fields.ts';

/** Takes unclaimed cards of a sale back into their master pool, for a platform admin or a trusted server. */
export const contract = defineContract({
  name: 'return-gift-cards',
  summary: 'Returns unclaimed cards of a sale to their master pool, and refunds them',
  auth: ['user', 'secret'],
  tag: 'SALE',
  family: 'GC',
  isIdempotent: true,
  request: z.strictObject({ saleId: uuid, quantity: howMany }),
  answer: z.strictObject({
    returnId: id,
    saleId: id,
    masterPoolId: id,
    buyerPoolId: id,
    quantity: count,
    totalAmount: money,
    currency,
    returnedToCredit: z.boolean(),
  }),
  codes: ['GC-003', 'RB-400', 'RB-403', 'RB-404'],
  example: {
    request: { saleId: 'ea309fcf-c45a-4479-b868-b49bae99c711', quantity: 2 },
    answer: {
      returnId: '00bd0509-3b1c-4d8d-93e3-d5c774b4ec48',
      saleId: 'ea309fcf-c45a-4479-b868-b49bae99c711',
      masterPoolId: '52e992d8-ca24-4a34-ada5-966d7b75f418',
      buyerPoolId: 'a996530d-075f-44ba-8b42-602729975d18',
      quantity: 2,
      totalAmount: 49,
      currency: 'USD',
      returnedToCredit: true,
    },
  },
});
