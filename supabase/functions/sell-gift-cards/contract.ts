import { z } from 'zod';
import { count, currency, id, money } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { howMany, price, uuid } from '../_shared/http/fields.ts';

/** Sells cards of a master pool to a client, for a platform admin or a trusted server: exactly so many, or none. */
export const contract = defineContract({
  name: 'sell-gift-cards',
  summary: 'Sells cards of a master pool to a client: the whole quantity, or none',
  auth: ['user', 'secret'],
  tag: 'SALE',
  family: 'GC',
  isIdempotent: true,
  request: z.strictObject({
    masterPoolId: uuid,
    buyerClientId: uuid,
    buyerPoolId: uuid.nullish(),
    quantity: howMany,
    pricePerCard: price.nullish(),
  }),
  answer: z.strictObject({
    saleId: id,
    masterPoolId: id,
    buyerClientId: id,
    buyerPoolId: id,
    quantity: count,
    pricePerCard: money,
    totalAmount: money,
    platformPricePerCard: money,
    currency,
    chargedToCredit: z.boolean(),
  }),
  codes: ['GC-002', 'GC-003', 'GC-006', 'RB-400', 'RB-403', 'RB-404'],
  example: {
    request: {
      masterPoolId: '52e992d8-ca24-4a34-ada5-966d7b75f418',
      buyerClientId: '00000000-0000-4000-8000-000000000002',
      quantity: 3,
    },
    answer: {
      saleId: 'ea309fcf-c45a-4479-b868-b49bae99c711',
      masterPoolId: '52e992d8-ca24-4a34-ada5-966d7b75f418',
      buyerClientId: '00000000-0000-4000-8000-000000000002',
      buyerPoolId: 'a996530d-075f-44ba-8b42-602729975d18',
      quantity: 3,
      pricePerCard: 24.5,
      totalAmount: 73.5,
      platformPricePerCard: 24.5,
      currency: 'USD',
      chargedToCredit: true,
    },
  },
});
