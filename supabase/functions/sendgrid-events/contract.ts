import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';

const MAX_EVENTS = 10_000;

/** A batch of events as SendGrid sends it. */
export const batch = z.array(z.unknown()).max(MAX_EVENTS);

/** Takes the events of SendGrid about e-mails, in batches: each event once, statuses by rank, complaints as opt-outs. */
export const contract = defineContract({
  name: 'sendgrid-events',
  summary: "Takes a batch of SendGrid's Event Webhook",
  auth: 'none',
  tag: 'SENDGRID',
  secrets: ['SENDGRID_WEBHOOK_PUBLIC_KEY'],
  signatures: ['x-twilio-email-event-webhook-signature'],
  request: { maxBytes: 2 * 1024 * 1024, content: { 'application/json': batch } },
  answer: null,
  codes: ['RB-403'],
  example: {
    request: [{
      event: 'delivered',
      sg_event_id: 'ZGVsaXZlcmVkLTA',
      sg_message_id: 'ikAvDt4exmcjWOlNy4_liA',
      timestamp: 1764345600,
    }],
    answer: null,
  },
});
