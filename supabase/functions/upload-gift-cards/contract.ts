import { z } from 'zod';
import { FILE_FIELDS, IMPORT_ANSWER, MAX_BYTES, PART_FIELDS, TABLE_ANSWER } from '../_shared/files/upload.ts';
import { count, id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { dateFormat, uuid } from '../_shared/http/fields.ts';

/** What the query or the form says of a file. */
export const file = z.object({
  poolId: uuid,
  dateFormat: dateFormat.nullish().describe('The notation of days in a file; YYYY-MM-DD unless stated'),
  ...FILE_FIELDS,
  ...PART_FIELDS,
});

/** The JSON form of an upload. */
export const json = z.strictObject({
  poolId: uuid.nullish(),
  cards: z.array(z.record(z.string(), z.unknown()), 'must be a list of cards').min(1, 'has no cards'),
  fileName: FILE_FIELDS.fileName,
  ...PART_FIELDS,
});

const csv = z.string().describe('A header row, and a row for each card');

const row = z.strictObject({
  row: count,
  line: count.optional().describe('The line of the file on which the row begins'),
  status: z.enum(['imported', 'duplicate', 'expired', 'rejected']),
  column: z.enum(['code', 'pin', 'expirationDate', 'serialNumber']).optional(),
  reason: z.string().nullish(),
});

const imported = z.strictObject({
  poolId: id,
  imported: count,
  duplicates: count,
  rejected: count,
  alreadyUploaded: z.boolean(),
  rows: z.array(row),
  ...IMPORT_ANSWER,
});

const preview = z.strictObject({
  dryRun: z.literal(true),
  poolId: id,
  ...TABLE_ANSWER,
  counts: z.strictObject({ rows: count, imported: count, duplicates: count, rejected: count }),
  samples: z.array(z.strictObject({
    line: count.optional(),
    code: z.string().describe('Its end'),
    pin: z.string().describe('Masked'),
    expirationDate: z.string(),
    serialNumber: z.string().optional(),
  })),
  rows: z.array(row).describe('Those that would not be imported'),
});

/** Stocks a pool with up to 10,000 cards from a CSV file or JSON, and answers with the outcome of each row. */
export const contract = defineContract({
  name: 'upload-gift-cards',
  summary: 'Stocks a pool with up to 10,000 cards from a CSV file or JSON',
  auth: ['user', 'secret'],
  tag: 'UPLOAD',
  family: 'GC',
  secrets: ['CARD_SEAL_KEYS', 'CARD_FINGERPRINT_KEY'],
  isIdempotent: true,
  query: file.partial().shape,
  request: {
    maxBytes: MAX_BYTES,
    content: {
      'text/csv': csv,
      'multipart/form-data': z.strictObject({ file: z.file(), ...file.partial().shape }),
      'application/json': json,
    },
    isTypeChecked: true,
  },
  answer: z.union([imported, preview]),
  codes: ['RB-400', 'RB-403', 'RB-404'],
  example: {
    request: {
      poolId: '00000000-0000-4000-8000-000000000301',
      cards: [{ code: 'DEMO-F849A-QXDRS-6CEG4', pin: '40718', expirationDate: '2028-01-01' }],
    },
    answer: {
      poolId: '00000000-0000-4000-8000-000000000301',
      imported: 1,
      duplicates: 0,
      rejected: 0,
      alreadyUploaded: false,
      rows: [{ row: 1, status: 'imported' }],
      importId: '5c2f4dfd-0f4e-4c8a-9d0c-3f0f6a3a7b1e',
      importStatus: 'finished',
      progress: { rows: 1, accepted: 1, known: 0, refused: 0, chunks: 1 },
    },
  },
});
