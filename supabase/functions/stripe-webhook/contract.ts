import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';

/** Takes the events of Stripe about a payment; repeated, late and unknown events are taken and change nothing. */
export const contract = defineContract({
  name: 'stripe-webhook',
  summary: "Takes an event of Stripe's webhook about a payment or a refund",
  auth: 'none',
  tag: 'STRIPE',
  secrets: ['STRIPE_WEBHOOK_SECRET'],
  signatures: ['stripe-signature'],
  request: {
    maxBytes: 256 * 1024,
    content: { 'application/json': z.looseObject({ id: z.string(), type: z.string() }).describe("Stripe's event") },
  },
  answer: z.strictObject({ received: z.literal(true), ignored: z.string().optional() }),
  codes: ['RB-403'],
  example: {
    request: { id: 'evt_1', object: 'event', type: 'customer.created', data: { object: { id: 'cus_1' } } },
    answer: { received: true, ignored: 'Events of type customer.created mean nothing to package purchases' },
  },
});
