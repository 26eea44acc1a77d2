import type { CardRow } from '../_shared/csv.ts';
import { badRequest, Refusal } from '../_shared/errors.ts';
import { bindingOf, fingerprint, seal } from '../_shared/seal.ts';

const MAX_CODE_LENGTH = 64;
// Network-branded rewards are held as the provider's link.
const MAX_LINK_LENGTH = 500;
const MAX_PIN_LENGTH = 32;

/** What became of one row of an upload. */
export interface RowResult {
  row: number;
  status: 'imported' | 'duplicate' | 'expired' | 'rejected';
  reason: string | null;
}

/** A card ready for the database: nothing in it can be read without the keys. */
export interface SealedCard {
  row: number;
  id: string;
  code: string;
  pin: string | null;
  fingerprint: string;
  last4: string;
  expiresOn: string | null;
}

/** Checks every row against its brand and seals those that pass; the others say why not. If none passes, it refuses. */
export function sealCards(
  rows: CardRow[],
  brand: { brandId: string; codeFormat: string | null },
): { cards: SealedCard[]; refused: RowResult[] } {
  const format = formatOf(brand.codeFormat);
  const cards: SealedCard[] = [];
  const refused: RowResult[] = [];
  const rowByFingerprint = new Map<string, number>();
  rows.forEach((card, index) => {
    const row = index + 1;
    const expiresOn = isoDate(card.expirationDate);
    const reason = problemOf(card, format, expiresOn);
    if (reason) return refused.push({ row, status: 'rejected', reason });
    const print = fingerprint(card.code);
    const first = rowByFingerprint.get(print);
    if (first) return refused.push({ row, status: 'duplicate', reason: `the code stands in row ${first} already` });
    rowByFingerprint.set(print, row);
    cards.push({ row, ...sealCard(card, brand.brandId), fingerprint: print, expiresOn });
  });
  if (cards.length === 0) throw new Refusal('GC-012', { rows: refused }, 'No row of the file can be stocked');
  return { cards, refused };
}

function sealCard({ code, pin }: CardRow, brandId: string): Pick<SealedCard, 'id' | 'code' | 'pin' | 'last4'> {
  const id = crypto.randomUUID();
  return {
    id,
    code: seal(code, bindingOf(id, brandId, 'code')),
    pin: pin ? seal(pin, bindingOf(id, brandId, 'pin')) : null,
    last4: lastFour(code),
  };
}

/** Why a card cannot be stocked, without repeating it, or null; a code is never repaired, only refused. */
function problemOf(
  { code, pin, expirationDate }: CardRow,
  format: RegExp | null,
  expiresOn: string | null,
): string | null {
  if (!code) return 'the code is empty';
  const maxLength = code.startsWith('https://') ? MAX_LINK_LENGTH : MAX_CODE_LENGTH;
  if (code.length > maxLength) return `the code has more than ${maxLength} characters`;
  if (pin.length > MAX_PIN_LENGTH) return `the PIN has more than ${MAX_PIN_LENGTH} characters`;
  if (!isPrintable(code) || !isPrintable(pin)) return 'the code or PIN has characters other than printable ASCII';
  if (isFormula(code) || isFormula(pin)) return 'the code or PIN begins like a spreadsheet formula';
  if (isPaymentCardNumber(code) || isPaymentCardNumber(pin)) return 'payment card numbers are never stored';
  if (format && !format.test(code)) return "the code does not have the brand's format";
  if (expirationDate && !expiresOn) return 'the expiration date is not YYYY-MM-DD or MM/DD/YYYY';
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

/** A real calendar day as YYYY-MM-DD, or null. */
export function isoDate(text: string): string | null {
  const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const iso = american ? `${american[3]}-${american[1].padStart(2, '0')}-${american[2].padStart(2, '0')}` : text;
  if (!/^[12]\d{3}-\d{2}-\d{2}$/.test(iso)) return null;
  const day = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(day.valueOf()) && day.toISOString().startsWith(iso) ? iso : null;
}

// Support staff recognise a card by its end; of a short code the end may not be most of it.
function lastFour(code: string): string {
  const characters = code.replace(/[^0-9A-Za-z]/g, '');
  return characters.slice(characters.length - Math.min(4, Math.floor(characters.length / 2)));
}

function formatOf(codeFormat: string | null): RegExp | null {
  try {
    return codeFormat === null ? null : new RegExp(`^(?:${codeFormat})$`);
  } catch {
    throw badRequest({ field: 'poolId', problem: 'names a brand whose code format is not a valid regular expression' });
  }
}
