import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';

/** One-click unsubscribing (RFC 8058): the address in the List-Unsubscribe header of our e-mails; only POST acts. */
export const contract = defineContract({
  name: 'unsubscribe',
  summary: 'Opts the address of an e-mail out of all e-mail, or lifts that opt-out',
  auth: 'none',
  tag: 'UNSUBSCRIBE',
  secrets: ['CARD_SEAL_KEYS'],
  query: {
    token: z.string().describe("The signed token of the e-mail's List-Unsubscribe header"),
    action: z.enum(['unsubscribe', 'resubscribe']).optional(),
  },
  request: null,
  answer: z.strictObject({ status: z.enum(['unsubscribed', 'resubscribed']) }),
  codes: ['RB-404'],
  example: { request: null, answer: { status: 'unsubscribed' } },
});
