import { z } from 'zod';
import { exampleProvisioned, provisioned } from '../_shared/gift_cards/answers.ts';
import { id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { conditionNumber, email, text, uuid } from '../_shared/http/fields.ts';
import { deliveryMethod, smsPhone } from '../_shared/http/phone.ts';

/** Gives the recipient on the line a card and sends it; the agent sees its last digits only. */
export const contract = defineContract({
  name: 'provision-gift-card-for-call-center',
  summary: 'Gives the recipient on the line the card of the condition met, and sends it',
  auth: 'user',
  tag: 'PROVISION',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'],
  isIdempotent: true,
  request: z.strictObject({
    callSessionId: uuid.nullish(),
    confirmationCode: text(64).nullish(),
    recipientId: uuid.nullish(),
    conditionNumber,
    deliveryMethod,
    phone: smsPhone.nullish(),
    email: email.nullish(),
    skipVerification: z.boolean().default(false),
    reason: text(500).nullish(),
  }).refine((body) => body.confirmationCode ?? body.recipientId, { path: ['confirmationCode'], error: 'is required' }),
  answer: provisioned.extend({ conditionMetId: id }),
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
    'GC-011',
    'RB-400',
    'RB-403',
    'RB-404',
    'RB-429',
  ],
  example: {
    request: {
      callSessionId: 'e95a727f-4d62-42c3-b9c4-cfe128bdb1ed',
      recipientId: '00000000-0000-4000-8000-000000000401',
      conditionNumber: 1,
      deliveryMethod: 'sms',
    },
    answer: { conditionMetId: '18cf5cca-1c3e-4ca2-a27c-6e9f3f1b25e9', ...exampleProvisioned },
  },
});
