import { z } from 'zod';
import { exampleProvisioned, exampleShownCard, shown } from '../_shared/gift_cards/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { amount, conditionNumber, text, uuid } from '../_shared/http/fields.ts';
import { deliveryMethod } from '../_shared/http/phone.ts';

/** Gives a recipient the one card that a campaign's condition promises, with its code. */
export const contract = defineContract({
  name: 'provision-gift-card-unified',
  summary: "Gives a recipient the card of a campaign's condition",
  auth: ['user', 'secret'],
  tag: 'PROVISION',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'],
  isIdempotent: true,
  request: z.strictObject({
    campaignId: uuid,
    recipientId: uuid,
    brandId: uuid.nullish(),
    denomination: amount.nullish(),
    conditionNumber: conditionNumber.default(1),
    deliveryMethod: deliveryMethod.nullish(),
    deliverTo: text(254).nullish(),
  }),
  answer: shown,
  codes: [
    'GC-001',
    'GC-002',
    'GC-003',
    'GC-004',
    'GC-005',
    'GC-006',
    'GC-007',
    'GC-008',
    'GC-009',
    'GC-010',
    'RB-400',
    'RB-403',
    'RB-404',
  ],
  example: {
    request: {
      campaignId: '00000000-0000-4000-8000-000000000201',
      recipientId: '00000000-0000-4000-8000-000000000401',
      conditionNumber: 1,
    },
    answer: {
      ...exampleProvisioned,
      giftCard: exampleShownCard,
      billing: { id: '1f2479b3-cbdc-48b4-a234-dd92ce4b0ea9', price: 25, currency: 'USD', platformPrice: 24.5 },
      delivery: null,
    },
  },
});
