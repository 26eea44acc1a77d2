/** A row of a file: texts by column. */
export type Row = Record<string, string | null>;

/** Writes a CSV file (RFC 4180) in which no spreadsheet takes a cell for a formula. */
export function writeCsv(columns: string[], rows: Row[]): string {
  const lines = rows.map((row) => columns.map((column) => cellOf(row[column] ?? '')).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
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

// What a spreadsheet may take for the beginning of a formula, also in the wide forms of East Asian keyboards.
const FORMULA = /^[=+\-@\t\r\n\0＝＋－＠]/;

// A loss begins with a minus and is no formula.
const NUMBER = /^-?\d+(\.\d+)?$/;

function cellOf(text: string): string {
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
