/** A statement as the database tells it. */
export interface Statement {
  name: string;
  month: string;
  totals: Record<string, unknown>[];
  lines: Record<string, unknown>[];
}

/** The columns of a statement's file. */
export const COLUMNS = [
  'month',
  'clientName',
  'kind',
  'campaignName',
  'brand',
  'denomination',
  'currency',
  'quantity',
  'unitPrice',
  'amount',
  'payment',
];

const MONEY = ['denomination', 'unitPrice', 'amount'];

/** The lines of a statement as texts, each with its month; amounts always with their cents. */
export function rowsOf({ month, lines }: Statement): Record<string, string | null>[] {
  return lines.map((line) => {
    const all: Record<string, unknown> = { month, ...line };
    return Object.fromEntries(COLUMNS.map((column) => [column, textOf(column, all[column])]));
  });
}

function textOf(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return MONEY.includes(column) ? Number(value).toFixed(2) : String(value);
}
