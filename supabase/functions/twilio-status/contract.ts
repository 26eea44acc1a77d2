import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

/** The fields of the form that are read. */
export const callback = z.object({
  MessageSid: z.string().regex(/^[SM]M[0-9a-f]{32}$/i),
  MessageStatus: z.string().regex(/^[a-z_]{1,32}$/),
  ErrorCode: z.string().regex(/^\d{0,6}$/).optional(),
});

/** Takes the status of a message from Twilio; repeated, late and unknown messages are taken and change nothing. */
export const contract = defineContract({
  name: 'twilio-status',
  summary: "Takes Twilio's report of a message's status",
  auth: 'none',
  tag: 'TWILIO',
  secrets: ['TWILIO_AUTH_TOKEN'],
  signatures: ['x-twilio-signature'],
  query: { attempt: uuid.optional().describe('The attempt of the delivery, as the callback address names it') },
  request: { maxBytes: 64 * 1024, content: { 'application/x-www-form-urlencoded': callback } },
  answer: null,
  codes: ['RB-403'],
  example: {
    request: { MessageSid: 'SM55b33af8312b725ec09bd51a70e19410', MessageStatus: 'delivered' },
    answer: null,
  },
});
