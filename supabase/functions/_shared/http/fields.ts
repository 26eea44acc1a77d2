import { z } from 'zod';
import { DATE_FORMATS, dayOf, momentOf } from './days.ts';

// Postgres refuses null bytes and half surrogates; other control characters have no place in a field of ours.
// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A trimmed, non-empty text of limited length that the database can store. */
export function text(maxLength: number) {
  return z.string().trim()
    .min(1, 'must not be empty')
    .max(maxLength, `must have at most ${maxLength} characters`)
    .refine((value) => !CONTROL.test(value) && value.isWellFormed(), 'has characters that are not allowed');
}

/** An id. */
export const uuid = z.guid('must be a UUID').toLowerCase();

// zod does not limit the parts of an address, mail servers do.
const ADDRESS_PARTS = /^[^@]{1,64}@([^.]{1,63}\.)+[^.]{2,63}$/;

/** An e-mail address in lower case. */
export const email = text(254).toLowerCase().pipe(z.email('must be an e-mail address'))
  .refine((value) => ADDRESS_PARTS.test(value), 'must be an e-mail address');

/** The number of a campaign's condition. */
export const conditionNumber = z.int('must be a whole number')
  .min(1, 'must be at least 1')
  .max(1000, 'must be at most 1000');

const MAX_AMOUNT = 100_000;

const money = z.union([z.number(), z.string().trim().max(12)], 'must be an amount such as 25 or 25.50')
  .transform(String)
  .refine((value) => /^\d{1,6}(\.\d{1,2})?$/.test(value), 'must be an amount such as 25 or 25.50')
  .transform(Number);

/** A positive amount with at most two decimals, as a number or a numeric text. */
export const amount = money.refine(
  (value) => value > 0 && value <= MAX_AMOUNT,
  `must be more than 0 and at most ${MAX_AMOUNT}`,
);

/** What is to be paid, in any currency: nothing, if something else pays for it. */
export const due = z.union([z.number(), z.string().trim().max(13)], 'must be an amount such as 25 or 25.50')
  .transform(String)
  .refine((value) => /^\d{1,10}(\.\d{1,2})?$/.test(value), 'must be an amount such as 25 or 25.50')
  .transform(Number);

/** A sum of money that was paid, in any currency. */
export const payment = due.refine((value) => value > 0, 'must be more than 0');

/** What something costs: an amount that may be nothing. */
export const price = money.refine((value) => value <= MAX_AMOUNT, `must be at most ${MAX_AMOUNT}`);

/** A number of cards that are moved at once. */
export const howMany = z.int('must be a whole number').min(1, 'must be at least 1').max(
  10_000,
  'must be at most 10000',
);

const NO_DAY = 'must be a day such as 2027-12-31';
const NO_MOMENT = 'must be a moment with its offset such as 2027-12-31T18:00:00Z';

/** A day, YYYY-MM-DD: the whole day where the client is. */
export const day = z.string(NO_DAY).trim().refine((value) => dayOf(value) !== null, NO_DAY);

/** A moment in ISO 8601 with Z or an offset. */
export const moment = z.string(NO_MOMENT).trim().refine((value) => momentOf(value) !== null, NO_MOMENT);

/** The notation in which a file writes its days. */
export const dateFormat = z.enum(DATE_FORMATS, `must be one of ${DATE_FORMATS.join(', ')}`);
