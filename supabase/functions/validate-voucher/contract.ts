import { z } from 'zod';
import { id, time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';

const rule = z.strictObject({
  rule: z.string(),
  passed: z.boolean(),
  actual: z.unknown(),
  required: z.unknown(),
  code: z.string().nullable(),
  message: z.string().nullable(),
});

/** Checks rule by rule whether a customer could redeem a voucher now, without redeeming it. */
export const contract = defineContract({
  name: 'validate-voucher',
  summary: 'Checks rule by rule whether a customer could redeem a voucher now',
  auth: 'user',
  tag: 'VOUCHER',
  request: z.strictObject({ code: text(64), clientId: uuid.nullish(), packageId: uuid.nullish() }),
  answer: z.strictObject({
    valid: z.boolean(),
    clientId: id,
    benefit: z.strictObject({
      type: z.enum(['credit', 'message', 'package', 'percentage']),
      value: z.number().nullable(),
    }),
    expiresAt: time.nullable(),
    rules: z.array(rule),
  }),
  codes: ['VC-001', 'VC-002', 'RB-429'],
  example: {
    request: { code: 'WELCOME-2026-7K4P' },
    answer: {
      valid: true,
      clientId: '00000000-0000-4000-8000-000000000002',
      benefit: { type: 'credit', value: 20 },
      expiresAt: '2026-12-31T23:00:00+00:00',
      rules: [{ rule: 'role', passed: true, actual: 'customer', required: 'customer', code: null, message: null }],
    },
  },
});
