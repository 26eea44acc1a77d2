import { badRequest } from '../http/errors.ts';

// Excel keeps 15 digits of a number and writes zeros for the rest.
const KEPT_DIGITS = 15;

const REMEDY = 'export the column as text';

/** Why a cell cannot be what stood in it before a spreadsheet read it as a number or marked it as text, or null. */
export function damageOf(cell: string): string | null {
  if (/^[+-]?\d([.,]\d+)?E\+\d{1,3}$/i.test(cell)) {
    return `is a number that a spreadsheet has shortened; ${REMEDY}`;
  }
  if (cell.startsWith("'")) return `begins with the apostrophe by which a spreadsheet marks text; ${REMEDY}`;
  return null;
}

/** Refuses a file whose long numbers all end in zeros behind the digits that a spreadsheet keeps. */
export function assertNotRounded(cells: string[]): void {
  const numbers = cells.filter((cell) => /^\d+$/.test(cell) && cell.length > KEPT_DIGITS);
  const zeros = numbers.map((number) => number.slice(KEPT_DIGITS)).filter((end) => /^0+$/.test(end));
  // By chance this is one of 10,000 files.
  if (numbers.length < 2 || zeros.length < numbers.length || zeros.join('').length < 4) return;
  throw badRequest({
    field: 'file',
    problem: `has numbers of more than ${KEPT_DIGITS} digits that a spreadsheet has rounded to zeros; ${REMEDY}`,
  });
}

/** Takes the first line `sep=;` off, by which a file names its delimiter for Excel. */
export function withoutSeparatorLine(text: string): { text: string; delimiter?: string } {
  const line = /^"?sep=(.)"?(\r\n|\r|\n)/i.exec(text);
  return line ? { text: text.slice(line[0].length), delimiter: line[1] } : { text };
}

/** Reads `="0012"`, by which a file keeps Excel from reading a number, as the text 0012. */
export function withoutTextFormulas(text: string, delimiter: string): string {
  const separators = `${delimiter === '|' ? '\\|' : delimiter}\\r\\n`;
  const plain = new RegExp(`(^|[${separators}])="([^"\\r\\n]*)"(?=[${separators}]|$)`, 'g');
  const quoted = new RegExp(`(^|[${separators}])"=""([^"\\r\\n]*)"""(?=[${separators}]|$)`, 'g');
  return text.replace(plain, '$1"$2"').replace(quoted, '$1"$2"');
}
