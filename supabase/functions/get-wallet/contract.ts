import { z } from 'zod';
import { id, time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

const balance = z.strictObject({
  accountId: id,
  clientId: id,
  asset: z.string(),
  balance: z.number(),
  held: z.number(),
  available: z.number(),
});

const expiring = z.strictObject({ clientId: id, asset: z.string(), amount: z.number(), expiresAt: time });

const transaction = z.strictObject({
  transferId: id,
  clientId: id,
  asset: z.string(),
  type: z.string(),
  amount: z.number(),
  balanceAfter: z.number(),
  description: z.string().nullable(),
  referenceId: z.string().nullable(),
  createdAt: time,
});

/** Returns what a customer has: to the customer, to an admin of their client, or to a trusted server. */
export const contract = defineContract({
  name: 'get-wallet',
  summary: "Returns a customer's balances, what expires when, and the last transactions",
  auth: ['user', 'secret'],
  tag: 'WALLET',
  request: z.strictObject({ customerId: uuid.nullish() }),
  answer: z.strictObject({
    customerId: id,
    balances: z.array(balance),
    expiring: z.array(expiring),
    hasMoreExpiring: z.boolean(),
    transactions: z.array(transaction),
  }),
  codes: ['RB-404'],
  example: {
    request: {},
    answer: {
      customerId: '2f1f7a70-1223-48d3-830a-06daff023e51',
      balances: [{
        accountId: 'a1207efe-d8b0-4787-a7e6-609107564482',
        clientId: '00000000-0000-4000-8000-000000000002',
        asset: 'bizcoin',
        balance: 120,
        held: 20,
        available: 100,
      }],
      expiring: [{
        clientId: '00000000-0000-4000-8000-000000000002',
        asset: 'bizcoin',
        amount: 20,
        expiresAt: '2026-12-31T23:00:00+00:00',
      }],
      hasMoreExpiring: false,
      transactions: [{
        transferId: 'b48b3e88-54d2-4a09-9f0c-2f3c0f7a3a55',
        clientId: '00000000-0000-4000-8000-000000000002',
        asset: 'bizcoin',
        type: 'voucher',
        amount: 20,
        balanceAfter: 120,
        description: null,
        referenceId: null,
        createdAt: '2026-11-28T15:59:31.631283+00:00',
      }],
    },
  },
});
