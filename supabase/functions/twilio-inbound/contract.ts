import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';

// Longer than any channel's messages; the form as a whole is limited before.
const MAX_BODY = 4096;

/** A text that the database can store. */
export function storable(body: string): string {
  return body.replaceAll('\0', '').slice(0, MAX_BODY).toWellFormed();
}

/** The fields of the form that are read. */
export const inbound = z.object({
  MessageSid: z.string().regex(/^[SM]M[0-9a-f]{32}$/i),
  // The same number wants nothing more, whichever of its apps said so.
  From: z.string().min(1).max(64).toLowerCase().transform((from) => from.replace(/^(rcs|whatsapp):/, '')),
  // What is odd about the rest must not lose a STOP.
  To: z.string().max(64).optional().catch(undefined),
  Body: z.string().default('').transform(storable),
  NumMedia: z.coerce.number().int().min(0).max(99).catch(0),
  OptOutType: z.enum(['STOP', 'START', 'HELP']).optional().catch(undefined),
});

/** Takes what a recipient wrote: opts in or out, answers HELP, keeps everything; Twilio's own answers are not repeated. */
export const contract = defineContract({
  name: 'twilio-inbound',
  summary: 'Takes an SMS of a recipient: opts in or out, answers HELP, keeps the message',
  auth: 'none',
  tag: 'TWILIO',
  secrets: ['TWILIO_AUTH_TOKEN'],
  signatures: ['x-twilio-signature'],
  request: { maxBytes: 64 * 1024, content: { 'application/x-www-form-urlencoded': inbound } },
  answer: null,
  file: 'text/xml',
  codes: ['RB-403'],
  example: {
    request: {
      MessageSid: 'SM55b33af8312b725ec09bd51a70e19410',
      From: '+12025550141',
      To: '+12025550100',
      Body: 'thanks',
      NumMedia: 0,
    },
    answer: '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
  },
});
