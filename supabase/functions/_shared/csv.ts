import { CsvError, parse } from 'csv-parse/sync';
import { badRequest, Refusal } from './errors.ts';
import { decodeText } from './parse.ts';
import { assertNotRounded, withoutSeparatorLine, withoutTextFormulas } from './spreadsheets.ts';

/** The most cards one upload may hold. */
export const MAX_ROWS = 10_000;

const MAX_LINE_BYTES = 16_384;
const RECORD_ENDS = ['\r\n', '\n', '\r'];

/** One card as the uploader wrote it, trimmed and not yet checked. */
export interface CardRow {
  code: string;
  pin: string;
  expirationDate: string;
  /** What the store's support asks for; it pays for nothing. */
  serialNumber?: string;
}

type Column = keyof CardRow | 'cvv';

// What suppliers and stores call them.
const NAMES: Record<Column, string[]> = {
  code: namesOf(
    `code | card code | card number | card no | claim code | voucher code | voucher number | gift code | gift card code
    | gift card number | gift card no | e-gift code | e-gift card code | e-gift card number | e-gift number | e-voucher code | e-code
    | redemption code | coupon code`,
  ),
  pin: namesOf(
    'pin | pin code | pin number | card pin | gift card pin | e-gift card pin | access code | access number | scratch code',
  ),
  expirationDate: namesOf(
    `expiration date | expiration | expires | expires on | expires at | expire date | expiry | expiry date | exp
    | exp date | valid until | valid to | valid thru | valid through | valid till | best before`,
  ),
  serialNumber: namesOf('serial number | serial | serial no | card serial | card serial number'),
  cvv: namesOf('cvv | cvv2 | cvc | cvc2 | csc | security code | card security code'),
};

// A code by itself, and the PIN beside one.
const CODE_OR_PIN = namesOf('activation code | activation number');

// A code by itself, and the name of the card or the store's page beside one.
const CODE_OR_NOTHING = namesOf(
  'gift card | e-gift | e-gift card | e-voucher | claim url | claim link | redemption url | redemption link',
);

const COLUMNS = new Map(
  Object.entries(NAMES).flatMap(([column, names]) => names.map((name) => [name, column as Column])),
);

const ACCEPTED = 'card number, claim code, voucher code, gift card number, e-gift card number, activation code, …';

function namesOf(names: string): string[] {
  return names.split('|').map(canonical);
}

// "Card #" is a card number; case, blanks and punctuation tell no names apart.
function canonical(name: string): string {
  return name.toLowerCase().replaceAll('#', 'number').replace(/[^a-z0-9]/g, '');
}

/** What a column or field of an upload means, however its name is written, beside the others of its file or card. */
export function columnOf(name: string, all: string[] = []): Column | undefined {
  const form = canonical(name);
  const others = all.map(canonical);
  const hasCode = others.some((other) => COLUMNS.get(other) === 'code');
  if (CODE_OR_PIN.includes(form)) return hasCode ? 'pin' : 'code';
  if (!CODE_OR_NOTHING.includes(form)) return COLUMNS.get(form);
  const first = others.find((other) => CODE_OR_PIN.includes(other)) ??
    others.find((other) => CODE_OR_NOTHING.includes(other));
  return !hasCode && form === first ? 'code' : undefined;
}

const NEVER =
  /^(never( expires)?|none|no(ne)? expir(y|ation)( date)?|does not expire|doesn't expire|non[- ]expiring|n\/?a|-+|—)$/i;

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i;

/** An expiration as files write it: the day of a timestamp as it stands there, and nothing for "Never". */
export function expirationOf(cell: string): string {
  return NEVER.test(cell) ? '' : TIMESTAMP.exec(cell)?.[1] ?? cell;
}

const TOTAL = /^((grand|sub)[ -]?)?totals?( cards| value| amount| count)?:?$/i;

/** Whether a row at the end of a file adds up the others. */
function isTotal(record: string[], code: string): boolean {
  const first = record.find((cell) => cell.trim() !== '')?.trim() ?? '';
  return TOTAL.test(code) || (code === '' && TOTAL.test(first));
}

/** The refusal of an upload that carries security codes of payment cards. */
export function carriesSecurityCodes(): Refusal {
  return badRequest({
    field: 'file',
    problem:
      'has a column of card security codes, which are never stored; a gift card\'s own belongs into a column "pin"',
  });
}

/** The refusal of an upload with more rows than one call may hold. */
export function tooManyRows(): Refusal {
  return new Refusal('RB-413', { maxRows: MAX_ROWS });
}

/** Reads a CSV file of cards; a file that is not well-formed is refused whole, with the line. */
export function readCsv(bytes: Uint8Array): CardRow[] {
  const { text, delimiter } = withoutSeparatorLine(textOf(bytes));
  const headerLine = delimiter ? 2 : 1;
  const [header, ...records] = recordsOf(text, delimiter, headerLine);
  const columns = (header ?? []).map((name) => columnOf(name, header));
  if (columns.includes('cvv')) throw carriesSecurityCodes();
  const [code, pin, expirationDate, serialNumber] = (['code', 'pin', 'expirationDate', 'serialNumber'] as const).map(
    (column) => {
      if (columns.indexOf(column) === columns.lastIndexOf(column)) return columns.indexOf(column);
      throw malformed(headerLine, `has two columns for "${column}"`);
    },
  );
  // The header is not repeated in the answer: in a file without one it would be a card.
  if (code < 0) {
    throw malformed(headerLine, `has no column named "code", nor another name of it: ${ACCEPTED}`);
  }
  while (records.length > 0 && isTotal(records.at(-1)!, records.at(-1)![code]?.trim() ?? '')) records.pop();
  if (records.length === 0) throw badRequest({ field: 'file', problem: 'has no cards' });
  if (records.length > MAX_ROWS) throw tooManyRows();
  assertNotRounded(records.map((record) => record[code]?.trim() ?? ''));
  const cell = (record: string[], index: number) => record[index]?.trim() ?? '';
  return records.map((record) => ({
    code: cell(record, code),
    pin: cell(record, pin),
    expirationDate: expirationOf(cell(record, expirationDate)),
    ...(cell(record, serialNumber) ? { serialNumber: cell(record, serialNumber) } : {}),
  }));
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length === 0) throw badRequest({ field: 'file', problem: 'is empty' });
  try {
    if (!bytes.includes(0)) return decodeText(bytes);
  } catch {
    // Answered below, as for a file with null bytes.
  }
  throw badRequest({ field: 'file', problem: 'is not UTF-8 text' });
}

function recordsOf(text: string, named: string | undefined, firstLine: number): string[][] {
  const delimiter = named ?? delimiterOf(text);
  try {
    return parse(withoutTextFormulas(text, delimiter), {
      delimiter,
      record_delimiter: RECORD_ENDS,
      skip_empty_lines: true,
      // A tab that separates would be trimmed away.
      trim: delimiter !== '\t',
      max_record_size: MAX_LINE_BYTES,
      // The header, every allowed row, and one more to know that there are too many.
      to: MAX_ROWS + 2,
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed(Number(error.lines ?? 1) + firstLine - 1, PROBLEMS[error.code] ?? 'is not well-formed');
  }
}

function delimiterOf(text: string): string {
  const [header] = text.split(/[\r\n]/, 1);
  const count = (delimiter: string) => header.split(delimiter).length;
  return [',', ';', '\t'].reduce((best, next) => (count(next) > count(best) ? next : best));
}

// Our own words, since the parser's messages repeat the cell.
const PROBLEMS: Record<string, string> = {
  CSV_QUOTE_NOT_CLOSED: 'opens a quote that is never closed',
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote',
  CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE: 'has text after a closing quote',
  INVALID_OPENING_QUOTE: 'has a quote inside an unquoted cell',
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'has not as many cells as the header',
  CSV_MAX_RECORD_SIZE: 'is too long',
};

function malformed(line: number, problem: string): Refusal {
  return badRequest({ field: 'file', problem: `line ${line} ${problem}` });
}
