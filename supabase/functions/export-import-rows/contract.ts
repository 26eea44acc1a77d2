import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';
import { uuid } from '../_shared/http/fields.ts';

/** Answers with the rows of an import that were not accepted as a CSV file, for an admin or a trusted server. */
export const contract = defineContract({
  name: 'export-import-rows',
  summary: 'Returns the rows of an import that were not accepted as a CSV file',
  auth: ['user', 'secret'],
  tag: 'IMPORTS',
  request: z.strictObject({
    importId: uuid,
    outcome: z.enum(['known', 'refused'], 'must be "known" or "refused"').nullish(),
    afterRow: z.int('must be a whole number').min(0, 'must be at least 0').max(
      2_000_000_000,
      'must be at most 2000000000',
    )
      .nullish().describe('The last row of the file before'),
  }),
  answer: null,
  file: 'text/csv',
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: { importId: '5c2f4dfd-0f4e-4c8a-9d0c-3f0f6a3a7b1e', outcome: 'refused' },
    answer: 'row,line,outcome,column,problem\r\n2,3,refused,pin,the PIN begins like a spreadsheet formula\r\n',
  },
});
