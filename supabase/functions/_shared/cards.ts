import { bindingOf, type CodeBrand, fingerprint, seal } from './seal.ts';

/** How long the secrets of a card may be; network-branded rewards are held as the provider's link. */
export const MAX_LENGTH = { code: 110, link: 500, pin: 32 };

/** A card's secrets as the database takes them, with what tells the card without them. */
export interface SealedSecrets {
  code: string;
  pin: string | null;
  fingerprint: string;
  last4: string;
}

/** Seals a card's secrets so that they open for this card and brand only. */
export function sealSecrets(id: string, brand: CodeBrand, code: string, pin: string | null): SealedSecrets {
  return {
    code: seal(code, bindingOf(id, brand.brandId, 'code')),
    pin: pin ? seal(pin, bindingOf(id, brand.brandId, 'pin')) : null,
    fingerprint: fingerprint(code, brand),
    last4: lastFour(code),
  };
}

/** Why a code and a PIN cannot be stored, without repeating them, or null; a code is never repaired, only refused. */
export function problemOfSecrets(code: string, pin: string): string | null {
  if (!code) return 'the code is empty';
  const maxLength = code.startsWith('https://') ? MAX_LENGTH.link : MAX_LENGTH.code;
  if (code.length > maxLength) return `the code has more than ${maxLength} characters`;
  if (pin.length > MAX_LENGTH.pin) return `the PIN has more than ${MAX_LENGTH.pin} characters`;
  if (!isPrintable(code) || !isPrintable(pin)) return 'the code or PIN has characters other than printable ASCII';
  if (isFormula(code) || isFormula(pin)) return 'the code or PIN begins like a spreadsheet formula';
  if (isPaymentCardNumber(code) || isPaymentCardNumber(pin)) return 'payment card numbers are never stored';
  return null;
}

function isPrintable(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

// A code is shown in spreadsheets and reports sooner or later, and none begins with these.
function isFormula(text: string): boolean {
  return /^[=+@-]/.test(text);
}

/** Tells 13 to 19 digits with a valid check digit, however they are grouped. */
export function isPaymentCardNumber(text: string): boolean {
  const digits = text.replace(/[\s.-]/g, '');
  if (!/^\d{13,19}$/.test(digits)) return false;
  let sum = 0;
  for (let place = 1; place <= digits.length; place++) {
    const digit = Number(digits.at(-place)) * (place % 2 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

// Support staff recognise a card by its end; of a short code the end may not be most of it.
function lastFour(code: string): string {
  const characters = code.replace(/[^0-9A-Za-z]/g, '');
  return characters.slice(characters.length - Math.min(4, Math.floor(characters.length / 2)));
}
