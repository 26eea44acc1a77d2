/** The movements of prepaid credit in one currency. */
interface Credit {
  currency: string;
  opening: number;
  allocated: number;
  passedOn: number;
  charged: number;
  reversed: number;
  closing: number;
}

/** A statement from the database. */
export interface Statement {
  name: string;
  month: string;
  totals: Record<string, unknown>[];
  credit: Credit[];
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
  'credit',
];

const MONEY = ['denomination', 'unitPrice', 'amount', 'credit'];

/** The lines of a statement as texts, then its credit, each with its month; amounts always with their cents. */
export function rowsOf({ name, month, credit, lines }: Statement): Record<string, string | null>[] {
  return [...lines, ...credit.flatMap((of) => creditRows(of, name))].map((line) => {
    const all: Record<string, unknown> = { month, ...line };
    return Object.fromEntries(COLUMNS.map((column) => [column, textOf(column, all[column])]));
  });
}

/** From the opening to the closing balance, with the signs with which the column adds up. */
function creditRows(of: Credit, clientName: string): Record<string, unknown>[] {
  const steps: [string, number][] = [
    ['credit_opening', of.opening],
    ['credit_allocated', of.allocated],
    ['credit_passed_on', -of.passedOn],
    ['credit_charged', -of.charged],
    ['credit_reversed', of.reversed],
    ['credit_closing', of.closing],
  ];
  return steps.map(([kind, credit]) => ({ kind, clientName, currency: of.currency, credit }));
}

function textOf(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return MONEY.includes(column) ? Number(value).toFixed(2) : String(value);
}
