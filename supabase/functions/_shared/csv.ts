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
}

type Column = keyof CardRow | 'cvv';

const NAMES: Record<Column, string[]> = {
  code: ['code', 'card_code', 'card_number', 'gift_card_code', 'gift_card_number'],
  pin: ['pin', 'pin_code', 'card_pin'],
  expirationDate: [
    'expiration_date',
    'expirationdate',
    'expiration',
    'expires',
    'expires_on',
    'expires_at',
    'expiry',
    'expiry_date',
    'exp_date',
    'valid_until',
  ],
  cvv: ['cvv', 'cvv2', 'cvc', 'cvc2', 'csc', 'security_code', 'card_security_code'],
};

const COLUMNS = new Map(Object.entries(NAMES).flatMap(([column, names]) => names.map((name) => [name, column])));

/** What a column or field of an upload means, however its name is written. */
export function columnOf(name: string): Column | undefined {
  return COLUMNS.get(name.trim().toLowerCase().replace(/[\s_-]+/g, '_')) as Column | undefined;
}

/** The refusal of an upload that carries security codes of payment cards. */
export function carriesSecurityCodes(): Refusal {
  return badRequest({ field: 'file', problem: 'has a column of card security codes, which are never stored' });
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
  const columns = (header ?? []).map(columnOf);
  if (columns.includes('cvv')) throw carriesSecurityCodes();
  const [code, pin, expirationDate] = (['code', 'pin', 'expirationDate'] as const).map((column) => {
    if (columns.indexOf(column) === columns.lastIndexOf(column)) return columns.indexOf(column);
    throw malformed(headerLine, `has two columns for "${column}"`);
  });
  // The header is not repeated in the answer: in a file without one it would be a card.
  if (code < 0) throw malformed(headerLine, 'has no column named "code"');
  if (records.length === 0) throw badRequest({ field: 'file', problem: 'has no cards' });
  if (records.length > MAX_ROWS) throw tooManyRows();
  assertNotRounded(records.map((record) => record[code]?.trim() ?? ''));
  const cell = (record: string[], index: number) => record[index]?.trim() ?? '';
  return records.map((record) => ({
    code: cell(record, code),
    pin: cell(record, pin),
    expirationDate: cell(record, expirationDate),
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
