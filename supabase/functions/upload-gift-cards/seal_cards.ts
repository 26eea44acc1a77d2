import {
  isFormula,
  isPaymentCardNumber,
  problemOfSecrets,
  type SealedSecrets,
  sealSecrets,
} from '../_shared/gift_cards/cards.ts';
import { type CardRow, placeOf } from '../_shared/files/csv.ts';
import type { DateFormat } from '../_shared/http/days.ts';
import { badRequest, Refusal } from '../_shared/http/errors.ts';
import type { CodeBrand } from '../_shared/http/seal.ts';
import { damageOf } from '../_shared/files/spreadsheets.ts';
import { readDays } from './read_days.ts';

/** What became of one row of an upload. */
export interface RowResult {
  row: number;
  /** The line of the file on which the row begins. */
  line?: number;
  status: 'imported' | 'duplicate' | 'expired' | 'rejected';
  reason: string | null;
}

/** A card ready for the database: nothing in it can be read without the keys. */
export interface SealedCard extends SealedSecrets {
  row: number;
  id: string;
  expiresOn: string | null;
  serialNumber?: string;
}

/** The brand of the pool that is filled; codeFormat is a regular expression that a whole code must match. */
export interface Target extends CodeBrand {
  codeFormat: string | null;
}

/** Checks every row against its brand and seals those that pass; the others say why not. If none passes, it refuses. */
export function sealCards(
  rows: CardRow[],
  brand: Target,
  dateFormat: DateFormat | null = 'YYYY-MM-DD',
): { cards: SealedCard[]; refused: RowResult[] } {
  const format = formatOf(brand.codeFormat);
  const days = readDays(rows, dateFormat);
  const cards: SealedCard[] = [];
  const refused: RowResult[] = [];
  const firstPlaces = new Map<string, string>();
  const refuse = (row: number, status: RowResult['status'], reason: string) =>
    refused.push(withLine({ row, status, reason }, rows));
  rows.forEach((card, index) => {
    const row = index + 1;
    const expiresOn = days[index];
    const reason = problemOf(card, format);
    if (reason) return refuse(row, 'rejected', reason);
    if (card.expirationDate && !expiresOn) {
      const notation = dateFormat ?? 'YYYY-MM-DD (name another notation as dateFormat)';
      return refuse(row, 'rejected', `the expiration date is not a day in ${notation}`);
    }
    const id = crypto.randomUUID();
    const secrets = sealSecrets(id, brand, card.code, card.pin);
    const first = firstPlaces.get(secrets.fingerprint);
    if (first) return refuse(row, 'duplicate', `the code stands in ${first} already`);
    firstPlaces.set(secrets.fingerprint, placeOf(card, index));
    const serial = card.serialNumber ? { serialNumber: card.serialNumber } : {};
    cards.push({ row, id, ...secrets, expiresOn, ...serial });
  });
  if (cards.length === 0) throw new Refusal('GC-012', { rows: refused }, 'No row of the file can be stocked');
  return { cards, refused };
}

/** Adds the line on which a row begins, if it came in a file. */
export function withLine(result: RowResult, rows: CardRow[]): RowResult {
  const { line } = rows[result.row - 1];
  return line ? { ...result, line } : result;
}

/** Why a card cannot be stocked, without repeating it, or null. */
function problemOf({ code, pin, serialNumber = '' }: CardRow, format: RegExp | null): string | null {
  const problem = problemOfSecrets(code, pin);
  if (problem) return problem;
  if (!/^[\x20-\x7e]{0,64}$/.test(serialNumber)) {
    return 'the serial number is not at most 64 characters of printable ASCII';
  }
  const damage = damageOf(serialNumber);
  if (damage) return `the serial number ${damage}`;
  // "-" alone stands for none.
  if (isFormula(serialNumber) && serialNumber !== '-') return 'the serial number begins like a spreadsheet formula';
  if (isPaymentCardNumber(serialNumber)) return 'payment card numbers are never stored';
  if (format && !format.test(code)) return "the code does not have the brand's format";
  return null;
}

function formatOf(codeFormat: string | null): RegExp | null {
  try {
    return codeFormat === null ? null : new RegExp(`^(?:${codeFormat})$`);
  } catch {
    throw badRequest({ field: 'poolId', problem: 'names a brand whose code format is not a valid regular expression' });
  }
}
