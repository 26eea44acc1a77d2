import { damageOf } from '../_shared/files/spreadsheets.ts';
import { type CardField, type CardRow, placeOf } from '../_shared/gift_cards/card_file.ts';
import {
  isFormula,
  isPaymentCardNumber,
  problemOfCode,
  problemOfPin,
  type SealedSecrets,
  sealSecrets,
} from '../_shared/gift_cards/cards.ts';
import type { DateFormat } from '../_shared/http/days.ts';
import { badRequest, Refusal } from '../_shared/http/errors.ts';
import { type CodeBrand, fingerprint } from '../_shared/http/seal.ts';
import { readDays } from './read_days.ts';

/** The outcome of one row of an upload. */
export interface RowResult {
  row: number;
  /** The line of the file on which the row begins. */
  line?: number;
  status: 'imported' | 'duplicate' | 'expired' | 'rejected';
  /** The field that is wrong. */
  column?: CardField;
  reason?: string | null;
}

/** A card that passed the checks: where it stands, what it is known by, and the last day on which it is good. */
export interface CheckedCard {
  row: number;
  id: string;
  fingerprint: string;
  expiresOn: string | null;
}

/** A card ready for the database: nothing in it can be read without the keys. */
export interface SealedCard extends CheckedCard, SealedSecrets {
  serialNumber?: string;
}

/** The brand of the pool that is filled; codeFormat is a regular expression that a whole code must match. */
export interface Target extends CodeBrand {
  codeFormat: string | null;
}

/** Checks every row against its brand; those that fail say why not. If none passes, it refuses. */
export function checkCards(
  rows: CardRow[],
  brand: Target,
  dateFormat: DateFormat | null = 'YYYY-MM-DD',
): { cards: CheckedCard[]; refused: RowResult[] } {
  const format = formatOf(brand.codeFormat);
  const days = readDays(rows, dateFormat);
  const cards: CheckedCard[] = [];
  const refused: RowResult[] = [];
  const firstPlaces = new Map<string, string>();
  const refuse = (row: number, status: RowResult['status'], column: CardField, reason: string) =>
    refused.push(withLine({ row, status, column, reason }, rows));
  rows.forEach((card, index) => {
    const row = index + 1;
    const expiresOn = days[index];
    const problem = problemOf(card, format);
    if (problem) return refuse(row, 'rejected', ...problem);
    if (card.expirationDate && !expiresOn) {
      const notation = dateFormat ?? 'YYYY-MM-DD (name another notation as dateFormat)';
      return refuse(row, 'rejected', 'expirationDate', `the expiration date is not a day in ${notation}`);
    }
    const known = fingerprint(card.code, brand);
    const first = firstPlaces.get(known);
    if (first) return refuse(row, 'duplicate', 'code', `the code stands in ${first} already`);
    firstPlaces.set(known, placeOf(card, index));
    cards.push({ row, id: crypto.randomUUID(), fingerprint: known, expiresOn });
  });
  if (cards.length === 0) throw new Refusal('GC-012', { rows: refused }, 'No row of the file can be stocked');
  return { cards, refused };
}

/** Checks every row against its brand and seals those that pass. */
export function sealCards(
  rows: CardRow[],
  brand: Target,
  dateFormat?: DateFormat | null,
): { cards: SealedCard[]; refused: RowResult[] } {
  const { cards, refused } = checkCards(rows, brand, dateFormat);
  const sealed = cards.map((card): SealedCard => {
    const { code, pin, serialNumber } = rows[card.row - 1];
    const secrets = sealSecrets(card.id, brand, code, pin, card.fingerprint);
    return Object.assign(secrets, { row: card.row, id: card.id, expiresOn: card.expiresOn, serialNumber });
  });
  return { cards: sealed, refused };
}

/** Adds the line on which a row begins, if it came in a file. */
export function withLine(result: RowResult, rows: CardRow[]): RowResult {
  const { line } = rows[result.row - 1];
  return line ? { ...result, line } : result;
}

/** Why a card cannot be stocked, without repeating it, and in which field, or null. */
function problemOf({ code, pin, serialNumber }: CardRow, format: RegExp | null): [CardField, string] | null {
  const ofCode = problemOfCode(code);
  if (ofCode) return ['code', ofCode];
  const ofPin = pin && problemOfPin(pin);
  if (ofPin) return ['pin', ofPin];
  const ofSerial = serialNumber && problemOfSerial(serialNumber);
  if (ofSerial) return ['serialNumber', ofSerial];
  return format && !format.test(code) ? ['code', "the code does not have the brand's format"] : null;
}

function problemOfSerial(serialNumber: string): string | null {
  if (!/^[\x20-\x7e]{0,64}$/.test(serialNumber)) {
    return 'the serial number is not at most 64 characters of printable ASCII';
  }
  const damage = damageOf(serialNumber);
  if (damage) return `the serial number ${damage}`;
  // "-" alone stands for none.
  if (isFormula(serialNumber) && serialNumber !== '-') return 'the serial number begins like a spreadsheet formula';
  return isPaymentCardNumber(serialNumber) ? 'payment card numbers are never stored' : null;
}

function formatOf(codeFormat: string | null): RegExp | null {
  try {
    return codeFormat === null ? null : new RegExp(`^(?:${codeFormat})$`);
  } catch {
    throw badRequest({ field: 'poolId', problem: 'names a brand whose code format is not a valid regular expression' });
  }
}
