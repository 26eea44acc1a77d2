import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { day, uuid } from '../_shared/http/fields.ts';
import { REPORTS } from './reports.ts';

/** Answers with a report as a CSV file, for an admin or a trusted server; `to` is the first day that does not count. */
export const contract = defineContract({
  name: 'export-report',
  summary: 'Returns a report as a CSV file',
  auth: ['user', 'secret'],
  tag: 'REPORTS',
  request: z.strictObject({
    report: z.enum(REPORTS),
    clientId: uuid.nullish(),
    from: day.nullish(),
    to: day.nullish(),
    format: z.literal('csv').default('csv'),
  }),
  answer: null,
  file: 'text/csv',
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: { report: 'liability', from: '2026-01-01', to: '2026-02-01' },
    answer: 'client_id,client_name,currency,age,given_cards,given_value,owed_rewards,owed_value,total_value,' +
      'expiring_cards,expiring_value,oldest_at\r\n' +
      '00000000-0000-4000-8000-000000000002,Demo Client,USD,0-30 days,1,25.00,0,0,25.00,0,0,' +
      '2026-11-28T16:20:07.076763+00:00\r\n',
  },
});
