import { stringify } from 'csv-stringify/sync';

/** A row of a file: texts by column. */
export type Row = Record<string, string | null>;

/** Writes a CSV file (RFC 4180) in which no spreadsheet takes a cell for a formula. */
export function writeCsv(columns: string[], rows: Row[]): string {
  return stringify(rows, {
    header: true,
    columns,
    record_delimiter: 'windows',
    escape_formulas: true,
    cast: { string: (text) => (isNumber(text) ? { value: text, escape_formulas: false } : guarded(text)) },
  });
}

/** The answer that a browser saves as a file and no cache keeps. */
export function csvFile(name: string, csv: string): Response {
  return new Response(csv, {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    },
  });
}

// A loss begins with a minus and is no formula.
function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

// The library leaves these to us, and a spreadsheet skips them on its way to the formula.
function guarded(text: string): string {
  return /^[\n\0]/.test(text) ? `'${text}` : text;
}
