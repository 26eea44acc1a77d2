import { z } from 'zod';
import { id, time } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { email, text, uuid } from '../_shared/http/fields.ts';
import { phone } from '../_shared/http/phone.ts';

const channel = z.enum(['sms', 'email'], 'must be "sms" or "email"');

const action = z.enum(['opted_in', 'opted_out'], 'must be "opted_in" or "opted_out"');

/** Notes what a recipient said elsewhere (a web form, a call, an e-mail), for a trusted server or staff. */
export const contract = defineContract({
  name: 'record-consent',
  summary: 'Records a consent or an opt-out that a recipient gave elsewhere',
  auth: ['user', 'secret'],
  tag: 'CONSENT',
  family: 'GC',
  isIdempotent: true,
  request: z.strictObject({
    recipientId: uuid,
    channel,
    action,
    source: z.enum(['agent', 'web_form', 'import'], 'must be "agent", "web_form" or "import"'),
    wording: text(2000).nullish(),
    wordingVersion: text(64).nullish(),
    phone: phone.nullish(),
    email: email.nullish(),
    ip: z.union([z.ipv4(), z.ipv6()], 'must be an IP address').nullish(),
  }).refine((body) => body.action === 'opted_out' || body.wording, { path: ['wording'], error: 'is required' }),
  answer: z.strictObject({ consentId: z.int(), recipientId: id, channel, action, recordedAt: time }),
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: {
      recipientId: '00000000-0000-4000-8000-000000000401',
      channel: 'sms',
      action: 'opted_in',
      source: 'web_form',
      wording: 'I agree to receive text messages about my rewards.',
    },
    answer: {
      consentId: 76,
      recipientId: '00000000-0000-4000-8000-000000000401',
      channel: 'sms',
      action: 'opted_in',
      recordedAt: '2026-11-28T15:59:31.631283+00:00',
    },
  },
});
