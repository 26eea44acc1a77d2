import { z } from 'zod';
import { id, time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';
import { smsPhone } from '../_shared/http/phone.ts';
import { delivery, exampleDelivery } from '../_shared/messages/answers.ts';

/** Asks a recipient by SMS for the consent to be written to, for an agent, an admin or a trusted server. */
export const contract = defineContract({
  name: 'send-sms-opt-in',
  summary: 'Asks a recipient by SMS for consent to text messages',
  auth: ['user', 'secret'],
  tag: 'OPT-IN',
  family: 'GC',
  secrets: ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_FROM_NUMBER'],
  isIdempotent: true,
  request: z.strictObject({ recipientId: uuid, phone: smsPhone.nullish(), callSessionId: uuid.nullish() }),
  answer: z.union([
    z.strictObject({ recipientId: id, status: z.literal('requested'), delivery }),
    z.strictObject({ recipientId: id, status: z.literal('opted_in'), optedInAt: time }),
  ]),
  codes: ['GC-014', 'RB-400', 'RB-403', 'RB-404', 'RB-429'],
  example: {
    request: { recipientId: '00000000-0000-4000-8000-000000000401' },
    answer: {
      recipientId: '00000000-0000-4000-8000-000000000401',
      status: 'requested',
      delivery: exampleDelivery,
    },
  },
});
