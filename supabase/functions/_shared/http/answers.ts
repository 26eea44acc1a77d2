// The values of which answers consist. Requests have theirs in fields.ts, which also cleans what callers write.
import { z } from 'zod';

/** An id. */
export const id = z.guid();

/** A moment with its offset, as the database writes it. */
export const time = z.iso.datetime({ offset: true });

/** An amount in units of its currency, such as 25 or 24.5. */
export const money = z.number();

/** An ISO 4217 code. */
export const currency = z.string().regex(/^[A-Z]{3}$/);

/** A whole number that is not negative. */
export const count = z.int().min(0);
