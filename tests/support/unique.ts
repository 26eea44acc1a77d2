import { randomBytes, randomInt } from 'node:crypto';

// Letters and digits that no redemption code takes for one another.
const SYMBOLS = '23456789ABCDEFGHJKMNPQRSTVWXYZ';
const AREA_CODES = [202, 212, 213, 214, 303, 305, 312, 404, 415, 503, 512, 602, 614, 615, 617, 702, 703, 713, 801, 919];

/** A text of random symbols. */
export function symbols(length: number): string {
  return Array.from({ length }, () => SYMBOLS[randomInt(SYMBOLS.length)]).join('');
}

/** A phone number that no other test uses. */
export function uniquePhone(): string {
  return `+1${AREA_CODES[randomInt(AREA_CODES.length)]}${randomInt(2, 10)}${
    String(randomInt(1_000_000)).padStart(6, '0')
  }`;
}

/** An e-mail address that no other test uses. */
export function uniqueEmail(): string {
  return `${randomBytes(8).toString('hex')}@example.com`;
}

/** An address of a visitor that no other test plays. */
export function uniqueIp(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** A card that is in no pool yet. */
export function uniqueCard(): { code: string; pin: string } {
  return { code: `TEST-${symbols(5)}-${symbols(5)}-${symbols(5)}`, pin: `P${symbols(7)}` };
}
