import { z } from 'zod';
import { exampleProvisioned, exampleShownCard, shown } from '../_shared/gift_cards/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { conditionNumber, email, text, uuid } from '../_shared/http/fields.ts';
import { smsPhone } from '../_shared/http/phone.ts';

/** Turns a redemption code into a card, shown in the browser and sent if wished. */
export const contract = defineContract({
  name: 'redeem-gift-card',
  summary: 'Turns a redemption code into a card, shown in the browser and sent on request',
  auth: 'publishable',
  tag: 'PROVISION',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'],
  isIdempotent: true,
  request: z.strictObject({
    redemptionCode: text(64).nullish(),
    code: text(64).nullish(),
    campaignId: uuid.nullish(),
    conditionNumber: conditionNumber.nullish(),
    deliveryMethod: z.enum(['sms', 'email', 'none'], 'must be "sms", "email" or "none"'),
    phone: smsPhone.nullish(),
    email: email.nullish(),
  }).refine((body) => body.redemptionCode ?? body.code, { path: ['redemptionCode'], error: 'is required' }),
  answer: shown,
  codes: ['GC-001', 'GC-003', 'GC-005', 'GC-007', 'GC-009', 'GC-010', 'GC-011', 'RB-400', 'RB-429'],
  example: {
    request: { redemptionCode: 'DEMO-7K4P-WXYZ', deliveryMethod: 'none' },
    answer: {
      ...exampleProvisioned,
      giftCard: { ...exampleShownCard, status: 'delivered' },
      delivery: null,
    },
  },
});
