import { z } from 'zod';
import { count, id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';
import { customerPackage, examplePackage } from '../_shared/packages/answers.ts';

/** Uses messages of a customer's packages, the oldest first; for the customer, staff of the client or a trusted server. */
export const contract = defineContract({
  name: 'use-messages',
  summary: "Uses messages of a customer's packages, the oldest package first",
  auth: ['user', 'secret'],
  tag: 'MESSAGES',
  isIdempotent: true,
  request: z.strictObject({
    clientId: uuid,
    customerId: uuid.nullish(),
    howMany: z.int('must be a whole number').min(1, 'must be at least 1').max(1_000_000, 'must be at most 1000000')
      .default(1),
    description: text(500).nullish(),
  }),
  answer: z.strictObject({ transferId: id, used: count, packages: z.array(customerPackage) }),
  codes: ['RB-403', 'RB-404', 'VC-020'],
  example: {
    request: { clientId: '00000000-0000-4000-8000-000000000002', howMany: 1 },
    answer: { transferId: '5b34bac9-0c53-4f0e-9a14-8e53a1d0c6d2', used: 1, packages: [examplePackage] },
  },
});
