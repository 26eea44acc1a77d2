import { z } from 'zod';
import { FILE_FIELDS, IMPORT_ANSWER, MAX_BYTES, PART_FIELDS, TABLE_ANSWER } from '../_shared/files/upload.ts';
import { count, id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { text, uuid } from '../_shared/http/fields.ts';

const options = {
  pattern: text(64).nullish().describe('Of the redemption codes: * a symbol, # a digit, YYYY the year'),
  allowSharedContact: z.boolean('must be true or false').nullish()
    .describe('Whether a known contact under another name is a recipient of its own'),
};

/** What the query or the form says of a file. */
export const file = z.object({ campaignId: uuid, ...options, ...FILE_FIELDS, ...PART_FIELDS });

/** The JSON form of a list; the database reads each recipient. */
export const json = z.strictObject({
  campaignId: uuid.nullish(),
  recipients: z.array(z.record(z.string(), z.unknown()), 'must be a list of recipients').min(1, 'has no recipients'),
  fileName: FILE_FIELDS.fileName,
  ...options,
  ...PART_FIELDS,
});

const row = z.strictObject({
  row: count,
  line: count.optional().describe('The line of the file on which the row begins'),
  outcome: z.enum(['imported', 'known', 'shared_contact', 'rejected']),
  recipientId: id.optional(),
  redemptionCode: z.string().optional(),
  knownBy: z.enum(['externalCrmId', 'phone', 'email', 'list']).optional(),
  differs: z.array(z.string()).optional().describe(
    'Fields in which the row says something else; they are left as they are',
  ),
  sharedWith: id.optional(),
  sharedBy: z.enum(['phone', 'email']).optional(),
  field: z.string().optional(),
  problem: z.string().optional(),
});

const counts = { imported: count, known: count, sharedContact: count, rejected: count };

const imported = z.strictObject({
  campaignId: id,
  ...counts,
  rows: z.array(row),
  ignored: z.array(z.string()).optional().describe('Columns of the file that are no field of a recipient'),
  ...IMPORT_ANSWER,
});

const preview = z.strictObject({
  dryRun: z.literal(true),
  campaignId: id,
  ...TABLE_ANSWER,
  counts: z.strictObject({ rows: count, ...counts }),
  samples: z.array(z.record(z.string(), z.unknown())),
  rows: z.array(row).describe('Those that would not be imported'),
});

/** Adds up to 10,000 recipients to a campaign from a CSV file or JSON, and answers with the outcome of each row. */
export const contract = defineContract({
  name: 'import-recipients',
  summary: 'Adds up to 10,000 recipients to a campaign from a CSV file or JSON',
  auth: ['user', 'secret'],
  tag: 'RECIPIENTS',
  isIdempotent: true,
  query: file.partial().shape,
  request: {
    maxBytes: MAX_BYTES,
    content: {
      'text/csv': z.string().describe('A header row, and a row for each recipient'),
      'multipart/form-data': z.strictObject({ file: z.file(), ...file.partial().shape }),
      'application/json': json,
    },
    isTypeChecked: true,
  },
  answer: z.union([imported, preview]),
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: {
      campaignId: '00000000-0000-4000-8000-000000000401',
      recipients: [{ firstName: 'Ada', lastName: 'Archer', phone: '(202) 555-0179', externalCrmId: 'crm-1' }],
    },
    answer: {
      campaignId: '00000000-0000-4000-8000-000000000401',
      imported: 1,
      known: 0,
      sharedContact: 0,
      rejected: 0,
      rows: [{
        row: 1,
        outcome: 'imported',
        recipientId: 'f5b2d3c0-3f1c-4a63-9d8e-0c1d2e3f4a5b',
        redemptionCode: 'K7LM-4QXD-RS6C',
      }],
      importId: '5c2f4dfd-0f4e-4c8a-9d0c-3f0f6a3a7b1e',
      importStatus: 'finished',
      progress: { rows: 1, accepted: 1, known: 0, refused: 0, chunks: 1 },
    },
  },
});
