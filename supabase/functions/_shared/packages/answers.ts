// What functions answer about packages and their purchases.
import { z } from 'zod';
import { count, currency, id, money, time } from '../http/answers.ts';

/** A customer's package. */
export const customerPackage = z.strictObject({
  id,
  packageId: id,
  status: z.string(),
  messagesLimit: count.nullable(),
  messagesUsed: count,
  startsAt: time,
  expiresAt: time.nullable(),
});

/** A purchase of a package. */
export const purchase = z.strictObject({
  purchaseId: id,
  packageId: id,
  status: z.string(),
  nextStep: z.enum(['continue', 'cancel', 'begin', 'none']),
  price: money,
  currency,
  discount: money,
  bizcoins: count,
  bizcoinAmount: money,
  finalAmount: money,
  bizcoinsReturned: count,
  paymentError: z.string().nullable(),
  expiresAt: time.nullable(),
  customerPackage: customerPackage.nullable(),
});

/** How the database presents a purchase. */
export type Purchase = z.output<typeof purchase>;

/** What a package would cost a customer. */
export const quote = z.strictObject({
  packageId: id,
  name: z.string(),
  price: money,
  currency,
  discount: money,
  bizcoinsAvailable: count,
  bizcoinValue: money,
  mostBizcoins: count,
  bizcoins: count,
  bizcoinAmount: money,
  finalAmount: money,
  minimumPayment: money,
});

/** How the database presents a quote. */
export type Quote = z.output<typeof quote>;

/** A refund of a purchase. */
export const refund = z.strictObject({
  refundId: id,
  purchaseId: id,
  status: z.enum(['completed', 'pending', 'failed']),
  paymentAmount: money,
  bizcoins: count,
  currency,
  error: z.string().nullable(),
  createdAt: time,
});

/** How the database presents a refund. */
export type Refund = z.output<typeof refund>;

export const examplePackage = {
  id: '2b0f9d5e-6f0a-4c55-9a53-0f7a4a3f6a10',
  packageId: '5f0d7c1e-54a4-4f0c-8a39-7e3d1c0b9a21',
  status: 'active',
  messagesLimit: 500,
  messagesUsed: 1,
  startsAt: '2026-11-28T15:59:31.631283+00:00',
  expiresAt: '2026-12-28T15:59:31.631283+00:00',
};

export const examplePurchase: Purchase = {
  purchaseId: '9a7b56eb-4e61-42cc-8657-750006fa906a',
  packageId: examplePackage.packageId,
  status: 'awaiting_payment',
  nextStep: 'continue',
  price: 49,
  currency: 'USD',
  discount: 0,
  bizcoins: 20,
  bizcoinAmount: 20,
  finalAmount: 29,
  bizcoinsReturned: 0,
  paymentError: null,
  expiresAt: '2026-11-28T16:59:31.631283+00:00',
  customerPackage: null,
};
