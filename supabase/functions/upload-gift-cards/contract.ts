import { z } from 'zod';
import { count, id } from '../_shared/http/answers.ts';
import { defineContract } from '../_shared/http/contract.ts';
import { dateFormat, uuid } from '../_shared/http/fields.ts';

/** The JSON form of an upload. */
export const json = z.strictObject({
  poolId: uuid.nullish(),
  cards: z.array(z.record(z.string(), z.unknown()), 'must be a list of cards').min(1, 'has no cards'),
});

const csv = z.string().describe('A header row, and a row for each card');

const row = z.strictObject({
  row: count,
  line: count.optional().describe('The line of the file on which the row begins'),
  status: z.enum(['imported', 'duplicate', 'expired', 'rejected']),
  reason: z.string().nullish(),
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
  query: {
    poolId: uuid.optional().describe('The pool, where the body does not name it'),
    dateFormat: dateFormat.optional().describe('The notation of days in a file; YYYY-MM-DD unless stated'),
  },
  request: {
    maxBytes: 5 * 1024 * 1024,
    content: {
      'text/csv': csv,
      'multipart/form-data': z.strictObject({
        file: z.file(),
        poolId: uuid.optional(),
        dateFormat: dateFormat.optional(),
      }),
      'application/json': json,
    },
    isTypeChecked: true,
  },
  answer: z.strictObject({
    poolId: id,
    imported: count,
    duplicates: count,
    rejected: count,
    alreadyUploaded: z.boolean(),
    rows: z.array(row),
  }),
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
    },
  },
});
