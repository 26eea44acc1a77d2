import { damageOf } from '../files/spreadsheets.ts';
import { bindingOf, type CodeBrand, fingerprint, seal } from '../http/seal.ts';
import { MAX_LENGTH } from './suppliers/port.ts';

/** A card's sealed secrets, its fingerprint and its last characters. */
export interface SealedSecrets {
  code: string;
  pin: string | null;
  fingerprint: string;
  last4: string;
}

/** Seals a card's secrets so that they open for this card and brand only; `known` is its fingerprint, if that is known already. */
export function sealSecrets(
  id: string,
  brand: CodeBrand,
  code: string,
  pin: string | null,
  known = fingerprint(code, brand),
): SealedSecrets {
  return {
    code: seal(code, bindingOf(id, brand.brandId, 'code')),
    pin: pin ? seal(pin, bindingOf(id, brand.brandId, 'pin')) : null,
    fingerprint: known,
    last4: lastFour(code),
  };
}

/** Why a code and a PIN cannot be stored, without repeating them, or null; a code is never repaired, only refused. */
export function problemOfSecrets(code: string, pin: string): string | null {
  return problemOfCode(code) ?? problemOfPin(pin);
}

/** Why a code cannot be stored, or null. */
export function problemOfCode(code: string): string | null {
  if (!code) return 'the code is empty';
  const maxLength = code.startsWith('https://') ? MAX_LENGTH.link : MAX_LENGTH.code;
  if (code.length > maxLength) return `the code has more than ${maxLength} characters`;
  return problemOfText(code, 'code');
}

/** Why a PIN cannot be stored, or null. */
export function problemOfPin(pin: string): string | null {
  if (pin.length > MAX_LENGTH.pin) return `the PIN has more than ${MAX_LENGTH.pin} characters`;
  return problemOfText(pin, 'PIN');
}

function problemOfText(text: string, what: string): string | null {
  if (!isPrintable(text)) return `the ${what} has characters other than printable ASCII`;
  const damage = damageOf(text);
  if (damage) return `the ${what} ${damage}`;
  if (isFormula(text)) return `the ${what} begins like a spreadsheet formula`;
  return isPaymentCardNumber(text) ? 'payment card numbers are never stored' : null;
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** Whether a spreadsheet would run a text: codes are shown in spreadsheets and reports, and none begins like this. */
export function isFormula(text: string): boolean {
  return /^[=+@-]/.test(text);
}

// The beginnings of payment card numbers by their lengths (ISO/IEC 7812, as the networks publish them). A store's own numbers have
// a check digit as well, but begin otherwise: 6006, 6301, …
const ISSUERS: [beginning: RegExp, lengths: number[]][] = [
  [/^4/, [13, 16, 19]], // Visa
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^(6011|64[4-9]|65|62)/, [16, 17, 18, 19]], // Discover, UnionPay
  [/^(30[0-5]|3095|36|3[89])/, [14, 16, 17, 18, 19]], // Diners Club
  [/^35(2[89]|[3-8])/, [16, 17, 18, 19]], // JCB
  [/^(5018|5020|5038|5893|6304|6759|676[1-3])/, [13, 14, 15, 16, 17, 18, 19]], // Maestro
  [/^220[0-4]/, [16, 17, 18, 19]], // Mir
];

/** Recognizes the number of a payment card in any grouping: an issuer's range at its length, and a right check digit. */
export function isPaymentCardNumber(text: string): boolean {
  const digits = text.replace(/[\s.-]/g, '');
  if (!/^\d{13,19}$/.test(digits)) return false;
  return ISSUERS.some(([beginning, lengths]) => beginning.test(digits) && lengths.includes(digits.length)) &&
    hasCheckDigit(digits);
}

/** Whether the last digit is right by the Luhn formula. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let place = 1; place <= digits.length; place++) {
    const digit = Number(digits.at(-place)) * (place % 2 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** The end of a code, by which support staff recognize a card; of a short code it is less than half. */
export function lastFour(code: string): string {
  const characters = code.replace(/[^0-9A-Za-z]/g, '');
  return characters.slice(characters.length - Math.min(4, Math.floor(characters.length / 2)));
}
