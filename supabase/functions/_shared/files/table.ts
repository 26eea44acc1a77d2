import { badRequest, type FieldProblem, Refusal } from '../http/errors.ts';
import { nearest } from '../http/parse.ts';
import { type Encoding, malformed, readCsvFile } from './csv.ts';

/** The most rows that one file, or one chunk of an import, may have. */
export const MAX_ROWS = 10_000;

const MAX_COLUMNS = 1_000;

/** What the columns of a kind of file are called. */
export interface Layout<Field extends string> {
  /** The known fields. */
  fields: readonly Field[];
  /** What each name of a header means, beside the others of its file. */
  fieldsOf(header: string[]): (Field | undefined)[];
  /** Fields of which a file needs one. */
  needed: readonly Field[];
  /** Names that are accepted, for the refusal of a file that has none of them. */
  accepted: string;
  /** What its rows are, for the refusal of a file without any. */
  rows: string;
}

/** How a caller says that a file is to be read. */
export interface Reading {
  encoding?: Encoding | null;
  /** The column of each field, by its name in the header. */
  mapping?: Record<string, string> | null;
}

/** A row of a file: its cells by column, and the line on which it begins. */
export interface TableRow {
  record: string[];
  line: number;
}

/** A file as it was read. */
export interface Table<Field extends string> {
  encoding: Encoding;
  delimiter: string;
  header: string[];
  /** Where the column of each field stands. */
  columns: Partial<Record<Field, number>>;
  rows: TableRow[];
}

/** The refusal of a file, list or chunk with more rows than one call may hold. */
export function tooManyRows(): Refusal {
  return new Refusal('RB-413', { maxRows: MAX_ROWS });
}

/** Reads a CSV file by the layout of its kind; one that is not well-formed is refused whole, with the line. */
export function readTable<Field extends string>(
  bytes: Uint8Array,
  layout: Layout<Field>,
  { encoding: named = null, mapping = null }: Reading = {},
  isNoRow: (record: string[], columns: Partial<Record<Field, number>>) => boolean = isEmpty,
): Table<Field> {
  // The header, every allowed row, and one more to know that there are too many.
  const { encoding, delimiter, firstLine, records: [head, ...rows] } = readCsvFile(bytes, MAX_ROWS + 2, named);
  const header = (head?.record ?? []).map((name) => name.trim());
  const columns = columnsIn(header, head?.line ?? firstLine, layout, mapping);
  while (rows.length > 0 && isNoRow(rows.at(-1)!.record, columns)) rows.pop();
  if (rows.length === 0) throw badRequest({ field: 'file', problem: `has no ${layout.rows}` });
  if (rows.length > MAX_ROWS) throw tooManyRows();
  return { encoding, delimiter, header, columns, rows };
}

/** The cell of a field in a row, trimmed; empty if the file does not have the field. */
export function cellOf<Field extends string>({ record }: TableRow, { columns }: Table<Field>, field: Field): string {
  return record[columns[field] ?? -1]?.trim() ?? '';
}

/** How a file was read, for the caller and for the history of imports. */
export function describeTable<Field extends string>({ encoding, delimiter, header, columns }: Table<Field>) {
  const used = new Set(Object.values(columns));
  const names = header.map(shown);
  return {
    encoding,
    delimiter,
    header: names,
    mapping: Object.fromEntries(Object.entries(columns).map(([field, at]) => [field, names[at as number]])),
    ignored: names.filter((_, at) => !used.has(at)),
  };
}

// What stands in the place of a header may be a card or a person.
function shown(name: string): string {
  return /\d{3}|@/.test(name) ? '(hidden)' : name.slice(0, 64);
}

function isEmpty(record: string[]): boolean {
  return record.every((cell) => cell.trim() === '');
}

/** Where each field stands in a file. */
function columnsIn<Field extends string>(
  header: string[],
  line: number,
  layout: Layout<Field>,
  mapping: Record<string, string> | null,
): Partial<Record<Field, number>> {
  // A file of separators has millions.
  if (header.length > MAX_COLUMNS) throw malformed(line, `has more than ${MAX_COLUMNS.toLocaleString('en')} columns`);
  const fields = layout.fieldsOf(header);
  const columns: Partial<Record<Field, number>> = mappedColumns(header, line, layout, mapping);
  const taken = new Set(Object.values(columns));
  for (const field of layout.fields) {
    if (columns[field] !== undefined) continue;
    const found = header.flatMap((_, at) => (fields[at] === field && !taken.has(at) ? [at] : []));
    if (found.length > 1) {
      const names = found.map((at) => `"${header[at]}"`).join(', ');
      throw malformed(line, `has two columns for "${field}": ${names}; delete or rename all but one`);
    }
    if (found.length === 1) columns[field] = found[0];
  }
  // The header is not repeated in the answer: in a file without one it would be a row.
  if (!layout.needed.some((field) => columns[field] !== undefined)) {
    const names = layout.needed.map((field) => `"${field}"`).join(' or ');
    const at = header.findIndex((name) => nearest(name, [...layout.needed]));
    const near = at < 0 ? '' : ` (column ${at + 1} is nearly "${nearest(header[at], [...layout.needed])}")`;
    throw malformed(line, `has no column named ${names}, nor another name of it: ${layout.accepted}${near}`);
  }
  return columns;
}

function mappedColumns<Field extends string>(
  header: string[],
  line: number,
  { fields }: Layout<Field>,
  mapping: Record<string, string> | null,
): Partial<Record<Field, number>> {
  const problems: FieldProblem[] = [];
  const columns: Partial<Record<Field, number>> = {};
  const plain = (name: string) => name.trim().toLowerCase();
  for (const [field, name] of Object.entries(mapping ?? {})) {
    const found = header.flatMap((column, at) => (plain(column) === plain(name) ? [at] : []));
    if (!fields.includes(field as Field)) {
      problems.push({ field: `mapping.${field}`, problem: unknownField(field, fields) });
    } else if (found.length === 0) {
      problems.push({ field: `mapping.${field}`, problem: `names no column of the header in line ${line}` });
    } else if (found.length > 1) {
      problems.push({
        field: `mapping.${field}`,
        problem: `names ${found.length} columns of the header in line ${line}`,
      });
    } else columns[field as Field] = found[0];
  }
  if (problems.length > 0) throw badRequest(...problems);
  return columns;
}

function unknownField(name: string, known: readonly string[]): string {
  const near = nearest(name, [...known]);
  return near ? `is not known; did you mean "${near}"?` : `is not known; known are ${known.join(', ')}`;
}
