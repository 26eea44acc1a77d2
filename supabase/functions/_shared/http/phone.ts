import { parsePhoneNumberFromString as parseWithTypes } from 'libphonenumber-js/max';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { z } from 'zod';
import { email, text } from './fields.ts';
import { check } from './parse.ts';

const DEFAULT_COUNTRY = 'US';

/** A number without the marks that are copied along with it, in plain digits; 00 is how most of the world dials +. */
function plain(value: string): string {
  return value.normalize('NFKC').replace(/\p{Cf}/gu, '').replace(/\p{Pd}/gu, '-').replace(/^00/, '+');
}

/** A phone number in any usual notation, as E.164; without a country code it is read as a US number. */
export const phone = text(32).transform((value, context) => {
  // Nothing is cut out of a longer text, or off its end: two numbers and an extension are not one number.
  const parsed = parsePhoneNumberFromString(plain(value), {
    defaultCountry: DEFAULT_COUNTRY,
    extract: false,
  });
  if (parsed?.isValid() && !parsed.ext) return parsed.number as string;
  context.addIssue({ code: 'custom', message: 'must be a valid phone number' });
  return z.NEVER;
});

// What telephone systems send in place of a number that its owner withholds, as words and as the digits that Twilio makes of them.
const WITHHELD = new RegExp(
  '^(|((anonymous|restricted|unknown|unavailable|private|blocked|withheld)( (caller|number|name|caller id))?)|(number|caller id) ' +
    '(withheld|blocked|unavailable|unknown|restricted)|no (caller id|number)|not available|out of area|(sip:)?anonymous@anonymous\\.invalid)$',
  'i',
);
const WITHHELD_DIGITS = ['+266696687', '+7378742833', '+8656696', '+86282452253', '+2562533', '+464'];

/** The number of a caller as E.164, or null where the caller withholds it. */
export const callerId = z.string().nullable().transform((value) => {
  const given = value?.trim() ?? '';
  return WITHHELD.test(given) || WITHHELD_DIGITS.includes(given) ? null : given;
}).pipe(phone.nullable());

// Their owners earn from each message, or they forward it to an unknown place.
const REFUSED_TYPES = ['PREMIUM_RATE', 'SHARED_COST', 'PERSONAL_NUMBER', 'PAGER', 'UAN', 'VOICEMAIL'];

/** Why no SMS is ever sent to an E.164 number, or null. */
export function smsObstacle(number: string): string | null {
  const parsed = parseWithTypes(number);
  if (parsed?.isNonGeographic()) return 'is a satellite or global network number';
  const type = parsed?.getType() ?? '';
  return REFUSED_TYPES.includes(type)
    ? `is a ${type.replace('_NUMBER', '').toLowerCase().replaceAll('_', '-')} number`
    : null;
}

/** A phone number that an SMS may be sent to. */
export const smsPhone = phone.superRefine((number, context) => {
  const obstacle = smsObstacle(number);
  if (obstacle) context.addIssue({ code: 'custom', message: `${obstacle}; no SMS is sent there` });
});

/** How a card is delivered. */
export const deliveryMethod = z.enum(['sms', 'email'], 'must be "sms" or "email"');

/** The number or address a card goes to, checked for its method; null lets the database take the recipient's own. */
export function addressFor(method: 'sms' | 'email' | null | undefined, deliverTo: string | null | undefined) {
  if (deliverTo == null) return null;
  const schema = z.object({ deliveryMethod, deliverTo: method === 'sms' ? smsPhone : email });
  return check({ deliveryMethod: method ?? undefined, deliverTo }, schema).deliverTo;
}

/** The contact that goes with a delivery method, if the caller named one. */
export function contactFor(
  method: 'sms' | 'email' | 'none',
  contacts: { phone?: string | null; email?: string | null },
): string | null {
  if (method === 'none') return null;
  return (method === 'sms' ? contacts.phone : contacts.email) ?? null;
}
