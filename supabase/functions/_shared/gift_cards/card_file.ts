import { cellOf, type Layout, type Reading, readTable, type Table } from '../files/table.ts';
import { assertNotRounded } from '../files/spreadsheets.ts';
import { badRequest, type Refusal } from '../http/errors.ts';

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

/** A field of a card in a file. */
export type CardField = Exclude<keyof CardRow, 'line'>;

/** Where a card is found again: by its line in a file, by its number in JSON. */
export function placeOf({ line }: CardRow, index: number): string {
  return line ? `line ${line}` : `row ${index + 1}`;
}

type Column = CardField | 'cvv';

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

const LAYOUT: Layout<CardField> = {
  fields: ['code', 'pin', 'expirationDate', 'serialNumber'],
  fieldsOf: (header) => {
    const columns = columnsOf(header);
    if (columns.includes('cvv')) throw carriesSecurityCodes();
    return columns as (CardField | undefined)[];
  },
  needed: ['code'],
  accepted: ACCEPTED,
  rows: 'cards',
};

/** Reads a CSV file of cards; a file that is not well-formed is refused whole, with the line. */
export function readCards(bytes: Uint8Array, reading?: Reading): { table: Table<CardField>; rows: CardRow[] } {
  const table = readTable(
    bytes,
    LAYOUT,
    reading,
    (record, { code = -1 }) => isNoCard(record, record[code]?.trim() ?? ''),
  );
  const rows = table.rows.map((row): CardRow => {
    const card: CardRow = {
      code: cellOf(row, table, 'code'),
      pin: cellOf(row, table, 'pin'),
      expirationDate: expirationOf(cellOf(row, table, 'expirationDate')),
      line: row.line,
    };
    const serialNumber = cellOf(row, table, 'serialNumber');
    if (serialNumber) card.serialNumber = serialNumber;
    return card;
  });
  assertNotRounded(rows.map(({ code }) => code));
  return { table, rows };
}
