import { z } from 'zod';
import { exampleCard, giftCard } from '../_shared/gift_cards/answers.ts';
import { time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { conditionNumber, text } from '../_shared/http/fields.ts';

/** A recipient, known by the redemption code, says that the card was used. */
export const contract = defineContract({
  name: 'confirm-redemption',
  summary: 'Records that the card of a redemption code was used',
  auth: 'publishable',
  tag: 'CONFIRM',
  family: 'GC',
  isIdempotent: true,
  request: z.strictObject({
    redemptionCode: text(64).nullish(),
    code: text(64).nullish(),
    conditionNumber: conditionNumber.nullish(),
  }).refine((body) => body.redemptionCode ?? body.code, { path: ['redemptionCode'], error: 'is required' }),
  answer: z.strictObject({ giftCard, redeemedAt: time }),
  codes: ['GC-011', 'RB-429'],
  example: {
    request: { redemptionCode: 'DEMO-7K4P-WXYZ' },
    answer: { giftCard: { ...exampleCard, status: 'redeemed' }, redeemedAt: '2026-11-28T15:59:31.631283+00:00' },
  },
});
