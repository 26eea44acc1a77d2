import { CsvError, parse } from 'csv-parse/sync';
import { badRequest, type Refusal } from '../http/errors.ts';
import { decodeText } from '../http/parse.ts';
import { withoutSeparatorLine, withoutTextFormulas } from './spreadsheets.ts';

const MAX_LINE_BYTES = 16_384;

// A line of separators has millions; no file with so many columns is accepted.
const MAX_CELLS = 2_000;

/** A record of a file, and the line on which it begins, blank lines counted. */
export interface NumberedRecord {
  record: string[];
  line: number;
}

/** A file as text: its records, the header first, and how it was read. */
export interface CsvFile {
  encoding: Encoding;
  delimiter: string;
  /** The line on which the header stands, at the earliest. */
  firstLine: number;
  records: NumberedRecord[];
}

/** The encodings that are recognized. The older ones cannot be told apart: one of them has to be named. */
export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Reads the header and up to `maxRecords - 1` further records; a file that is not well-formed is refused whole, with the line. */
export function readCsvFile(bytes: Uint8Array, maxRecords: number, named: Encoding | null = null): CsvFile {
  const encoding = encodingOf(bytes, named);
  const { text, delimiter: separator } = withoutSeparatorLine(textOf(bytes, encoding));
  const firstLine = separator ? 2 : 1;
  const delimiter = separator ?? delimiterOf(text);
  return { encoding, delimiter, firstLine, records: recordsOf(text, delimiter, firstLine, maxRecords) };
}

/** The refusal of a file because of one of its lines. */
export function malformed(line: number, problem: string): Refusal {
  return badRequest({ field: 'file', problem: `line ${line} ${problem}` });
}

// A byte order mark decides: spreadsheets save "Unicode text" as UTF-16 with one.
function encodingOf(bytes: Uint8Array, named: Encoding | null): Encoding {
  const marked = { 0xfffe: 'utf-16le', 0xfeff: 'utf-16be', 0xefbb: 'utf-8' } as const;
  return marked[((bytes[0] << 8) | bytes[1]) as keyof typeof marked] ?? named ?? 'utf-8';
}

function textOf(bytes: Uint8Array, encoding: Encoding): string {
  let text: string;
  try {
    text = encoding === 'utf-8' ? decodeText(bytes) : new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    text = '\0';
  }
  if (text.includes('\0')) throw badRequest({ field: 'file', problem: 'is not UTF-8 text; save it as "CSV UTF-8"' });
  if (text === '') throw badRequest({ field: 'file', problem: 'is empty' });
  // A line break inside a cell is then one line, too.
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}

function recordsOf(text: string, delimiter: string, firstLine: number, maxRecords: number): NumberedRecord[] {
  return text.includes('"')
    ? parsedRecords(text, delimiter, firstLine, maxRecords)
    : splitRecords(text, delimiter, firstLine, maxRecords);
}

// Without a quote a record is a line: a tenth of the parser's CPU time, of which a function has little.
function splitRecords(text: string, delimiter: string, firstLine: number, maxRecords: number): NumberedRecord[] {
  const records: NumberedRecord[] = [];
  const isBlank = (line: string) => (delimiter === '\t' ? line === '' : line.trim() === '');
  let cells = 0;
  for (let line = firstLine, start = 0; start <= text.length && records.length < maxRecords; line++) {
    const end = text.indexOf('\n', start);
    const written = end < 0 ? text.slice(start) : text.slice(start, end);
    start = end < 0 ? text.length + 1 : end + 1;
    if (isBlank(written)) continue;
    const record = written.split(delimiter, MAX_CELLS);
    if (records.length === 0) cells = record.length;
    if (record.length !== cells) throw malformed(line, PROBLEMS.CSV_RECORD_INCONSISTENT_FIELDS_LENGTH);
    // A header of separators alone is refused for its columns.
    if (records.length > 0 && written.length > MAX_LINE_BYTES) throw malformed(line, PROBLEMS.CSV_MAX_RECORD_SIZE);
    records.push({ record: delimiter === '\t' ? record : record.map((cell) => cell.trim()), line });
  }
  return records;
}

function parsedRecords(text: string, delimiter: string, firstLine: number, maxRecords: number): NumberedRecord[] {
  try {
    const records = parse(withoutTextFormulas(text, delimiter), {
      delimiter,
      record_delimiter: '\n',
      skip_empty_lines: true,
      // A tab that separates would be trimmed away.
      trim: delimiter !== '\t',
      max_record_size: MAX_LINE_BYTES,
      to: maxRecords,
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
