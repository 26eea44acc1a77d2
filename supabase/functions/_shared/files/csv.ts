import { CsvError, parse } from 'csv-parse/sync';
import { badRequest, Refusal } from '../http/errors.ts';
import { decodeText } from '../http/parse.ts';
import { assertNotRounded, withoutSeparatorLine, withoutTextFormulas } from './spreadsheets.ts';

/** The most cards one upload may hold. */
export const MAX_ROWS = 10_000;

const MAX_COLUMNS = 1_000;
const MAX_LINE_BYTES = 16_384;

/** One card as the uploader wrote it, trimmed and not yet checked. */
export interface CardRow {
  code: string;
  pin: string;
  expirationDate: string;
  /** The number that the store's support asks for; it cannot be redeemed. */
  serialNumber?: string;
  /** The line of the file on which it begins, blank lines counted; none in JSON. */
  line?: number;
}

/** Where a card is found again: by its line in a file, by its number in JSON. */
export function placeOf({ line }: CardRow, index: number): string {
  return line ? `line ${line}` : `row ${index + 1}`;
}

type Column = Exclude<keyof CardRow, 'line'> | 'cvv';

// Column names of suppliers and stores.
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

/** What each column or field of an upload means, however its name is written, beside the others of its file or card. */
export function columnsOf(names: string[]): (Column | undefined)[] {
  const forms = names.map(canonical);
  const hasCode = forms.some((form) => COLUMNS.get(form) === 'code');
  const first = forms.find((form) => CODE_OR_PIN.includes(form)) ??
    forms.find((form) => CODE_OR_NOTHING.includes(form));
  return forms.map((form) => {
    if (CODE_OR_PIN.includes(form)) return hasCode ? 'pin' : 'code';
    if (!CODE_OR_NOTHING.includes(form)) return COLUMNS.get(form);
    return !hasCode && form === first ? 'code' : undefined;
  });
}

const NEVER =
  /^(never( expires)?|none|no(ne)? expir(y|ation)( date)?|does not expire|doesn't expire|non[- ]expiring|n\/?a|-+|—)$/i;

const TIMESTAMP = /^(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}:?\d{2})?$/i;

/** An expiration as files write it: the day of a timestamp as it stands there, and nothing for "Never". */
export function expirationOf(cell: string): string {
  return NEVER.test(cell) ? '' : TIMESTAMP.exec(cell)?.[1] ?? cell;
}

const TOTAL = /^((grand|sub)[ -]?)?totals?( cards| value| amount| count)?:?$/i;

/** Whether a row at the end of a file is no card: it adds up the others, or has separators only. */
function isNoCard(record: string[], code: string): boolean {
  const first = record.find((cell) => cell.trim() !== '')?.trim() ?? '';
  return TOTAL.test(code) || (code === '' && (first === '' || TOTAL.test(first)));
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
  const [header, ...rows] = recordsOf(text, delimiter, headerLine);
  const { code, pin, expirationDate, serialNumber } = columnsIn(header?.record ?? [], header?.line ?? headerLine);
  const cell = (record: string[], index: number) => record[index]?.trim() ?? '';
  while (rows.length > 0 && isNoCard(rows.at(-1)!.record, cell(rows.at(-1)!.record, code))) rows.pop();
  if (rows.length === 0) throw badRequest({ field: 'file', problem: 'has no cards' });
  if (rows.length > MAX_ROWS) throw tooManyRows();
  assertNotRounded(rows.map(({ record }) => cell(record, code)));
  return rows.map(({ record, line }) => ({
    code: cell(record, code),
    pin: cell(record, pin),
    expirationDate: expirationOf(cell(record, expirationDate)),
    ...(cell(record, serialNumber) ? { serialNumber: cell(record, serialNumber) } : {}),
    line,
  }));
}

/** Where each column stands in a file, or -1. */
function columnsIn(header: string[], line: number): Record<'code' | 'pin' | 'expirationDate' | 'serialNumber', number> {
  // A file of separators has millions.
  if (header.length > MAX_COLUMNS) throw malformed(line, `has more than ${MAX_COLUMNS.toLocaleString('en')} columns`);
  const columns = columnsOf(header);
  if (columns.includes('cvv')) throw carriesSecurityCodes();
  const indexOf = (column: Column) => {
    const names = header.filter((_, index) => columns[index] === column).map((name) => `"${name.trim()}"`);
    if (names.length < 2) return columns.indexOf(column);
    throw malformed(line, `has two columns for "${column}": ${names.join(', ')}; delete or rename all but one`);
  };
  const code = indexOf('code');
  // The header is not repeated in the answer: in a file without one it would be a card.
  if (code < 0) throw malformed(line, `has no column named "code", nor another name of it: ${ACCEPTED}`);
  return {
    code,
    pin: indexOf('pin'),
    expirationDate: indexOf('expirationDate'),
    serialNumber: indexOf('serialNumber'),
  };
}

// Spreadsheets save "Unicode text" as UTF-16 with a byte order mark. Nothing tells the older encodings apart.
function textOf(bytes: Uint8Array): string {
  const utf16 = { 0xfffe: 'utf-16le', 0xfeff: 'utf-16be' }[(bytes[0] << 8) | bytes[1]];
  let text: string;
  try {
    text = utf16 ? new TextDecoder(utf16, { fatal: true }).decode(bytes) : decodeText(bytes);
  } catch {
    text = '\0';
  }
  if (text.includes('\0')) throw badRequest({ field: 'file', problem: 'is not UTF-8 text; save it as "CSV UTF-8"' });
  if (text === '') throw badRequest({ field: 'file', problem: 'is empty' });
  // A line break inside a cell is then one line, too.
  return text.replace(/\r\n?/g, '\n');
}

interface NumberedRecord {
  record: string[];
  line: number;
}

function recordsOf(text: string, named: string | undefined, firstLine: number): NumberedRecord[] {
  const delimiter = named ?? delimiterOf(text);
  try {
    const records = parse(withoutTextFormulas(text, delimiter), {
      delimiter,
      record_delimiter: '\n',
      skip_empty_lines: true,
      // A tab that separates would be trimmed away.
      trim: delimiter !== '\t',
      max_record_size: MAX_LINE_BYTES,
      // The header, every allowed row, and one more to know that there are too many.
      to: MAX_ROWS + 2,
      info: true,
    }) as unknown as { record: string[]; info: { lines: number } }[];
    // The parser counts a record by its last line.
    return records.map(({ record, info }) => ({
      record,
      line: info.lines - (record.join('').split('\n').length - 1) + firstLine - 1,
    }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw malformed(Number(error.lines ?? 1) + firstLine - 1, PROBLEMS[error.code] ?? 'is not well-formed');
  }
}

function delimiterOf(text: string): string {
  // Blank lines may stand before the header.
  const start = text.lastIndexOf('\n', text.search(/\S/)) + 1;
  const [header] = text.slice(start).split('\n', 1);
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
