import { z } from 'zod';
import { count, id, money, time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';
import { customerPackage } from '../_shared/packages/answers.ts';

const value = z.number().nullable();

const benefit = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('credit'), value }),
  z.strictObject({ type: z.enum(['message', 'package']), value, customerPackage: customerPackage.nullable() }),
  z.strictObject({
    type: z.literal('percentage'),
    value,
    entitlementId: id,
    packageId: id.nullable(),
    minimumPurchase: money.nullable(),
    expiresAt: time.nullable(),
  }),
]);

/** Redeems a customer's voucher, once, and returns the new balance. */
export const contract = defineContract({
  name: 'redeem-voucher',
  summary: "Redeems a customer's voucher for bizcoins, messages, a package or a discount",
  auth: 'user',
  tag: 'VOUCHER',
  isIdempotent: true,
  request: z.strictObject({ code: text(64), clientId: uuid.nullish(), packageId: uuid.nullish() }),
  answer: z.strictObject({
    redemptionId: id,
    voucherId: id,
    clientId: id,
    redeemedAt: time,
    transferId: id.nullable(),
    benefit,
    balance: z.strictObject({ bizcoins: count, messages: count }),
    deliveryId: id.nullable(),
  }),
  codes: [
    'VC-001',
    'VC-002',
    'VC-003',
    'VC-004',
    'VC-005',
    'VC-006',
    'VC-007',
    'VC-008',
    'VC-009',
    'VC-010',
    'VC-011',
    'VC-012',
    'VC-013',
    'VC-014',
    'RB-429',
    'WL-004',
  ],
  example: {
    request: { code: 'WELCOME-2026-7K4P' },
    answer: {
      redemptionId: 'd072d459-86e0-46f2-8618-a7150a6d9674',
      voucherId: 'c4c93309-79ac-4a62-a548-78175f22d569',
      clientId: '00000000-0000-4000-8000-000000000002',
      redeemedAt: '2026-11-28T15:59:31.631283+00:00',
      transferId: '87dbbc64-0f31-4f5b-9a0b-6a3c0e2b7d11',
      benefit: { type: 'credit', value: 20 },
      balance: { bizcoins: 120, messages: 0 },
      deliveryId: '6cc343f5-87b6-4c90-9a79-ee1732eee1fb',
    },
  },
});
