import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { due, uuid } from '../_shared/http/fields.ts';
import { examplePurchase, purchase, quote } from '../_shared/packages/answers.ts';

const MAX_BIZCOINS = 1_000_000_000;

/** A customer buys a package with bizcoins, by card or both; with `preview` it says what that would cost. */
export const contract = defineContract({
  name: 'purchase-package',
  summary: 'Buys a package with bizcoins, by card or both, or previews what it would cost',
  auth: 'user',
  tag: 'PURCHASE',
  isIdempotent: true,
  request: z.strictObject({
    packageId: uuid.nullish(),
    purchaseId: uuid.nullish(),
    bizcoins: z.int('must be a whole number').min(0, 'must not be negative').max(MAX_BIZCOINS).default(0),
    useDiscount: z.boolean().default(true),
    expectedFinalAmount: due.nullish(),
    preview: z.boolean().default(false),
  }).refine(({ packageId, purchaseId, preview }) => packageId || (purchaseId && !preview), {
    path: ['packageId'],
    message: 'is required',
  }),
  answer: z.union([purchase.extend({ clientSecret: z.string().nullable().optional() }), quote]),
  codes: [
    'RB-404',
    'VC-022',
    'VC-023',
    'VC-024',
    'VC-025',
    'VC-026',
    'VC-028',
    'VC-029',
    'VC-031',
    'WL-001',
  ],
  example: {
    request: { packageId: examplePurchase.packageId, bizcoins: 20 },
    answer: { ...examplePurchase, clientSecret: 'pi_3Q9ZfX2eZvKYlo2C1x8Rk0aB_secret_demo' },
  },
});
