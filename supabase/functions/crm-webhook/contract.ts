import { z } from 'zod';
import { id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

const event = z.strictObject({
  id,
  eventId: z.string(),
  status: z.enum(['received', 'provisioned', 'owed', 'ignored', 'refused', 'failed']),
  code: z.string().optional(),
  message: z.string().optional(),
});

/** Stores what a CRM has signed, and gives the rewards that it has earned; a stored event is never asked for again. */
export const contract = defineContract({
  name: 'crm-webhook',
  summary: 'Stores the signed events of a CRM and gives the rewards that they have earned',
  auth: 'none',
  tag: 'CRM',
  family: 'GC',
  signatures: ['webhook-signature', 'x-hubspot-signature-v3', 'x-ghl-signature'],
  path: { name: 'endpoint', schema: uuid },
  request: {
    maxBytes: 256 * 1024,
    content: { 'application/json': z.unknown().describe('What the CRM sends') },
  },
  answer: z.strictObject({ events: z.array(event) }),
  codes: ['RB-403', 'RB-429'],
  example: {
    request: { type: 'contact.won', contact_id: 'crm-1' },
    answer: {
      events: [{
        id: '93598962-a525-4dd6-b7f3-290f6d78575a',
        eventId: '783ef7e0-f2bb-4071-8466-0fb706679764',
        status: 'provisioned',
      }],
    },
  },
});
