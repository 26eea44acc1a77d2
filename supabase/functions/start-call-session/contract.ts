import { z } from 'zod';
import { id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';
import { callerId } from '../_shared/http/phone.ts';

const match = z.strictObject({
  recipientId: id,
  firstName: z.string().nullable(),
  lastName: z.string().nullable(),
  campaignId: id,
  campaignName: z.string(),
  phoneLast4: z.string().nullable(),
});

/** Opens a call session and answers with the recipients the caller's phone number, or redemption code, belongs to. */
export const contract = defineContract({
  name: 'start-call-session',
  summary: 'Opens a call session and looks up recipients by caller ID or redemption code',
  auth: 'user',
  tag: 'CALL',
  family: 'GC',
  request: z.strictObject({
    callerPhone: callerId,
    campaignId: uuid.nullish(),
    confirmationCode: text(64).nullish(),
  }),
  answer: z.strictObject({ callSessionId: id, matches: z.array(match), hasMoreMatches: z.boolean() }),
  codes: ['GC-011', 'RB-403', 'RB-429'],
  example: {
    request: { callerPhone: '+1 202-555-0141' },
    answer: {
      callSessionId: 'e95a727f-4d62-42c3-b9c4-cfe128bdb1ed',
      matches: [{
        recipientId: '00000000-0000-4000-8000-000000000401',
        firstName: 'Ada',
        lastName: 'Archer',
        campaignId: '00000000-0000-4000-8000-000000000201',
        campaignName: 'Spring campaign',
        phoneLast4: '0141',
      }],
      hasMoreMatches: false,
    },
  },
});
