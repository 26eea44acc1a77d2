import type { CardRow } from '../_shared/gift_cards/card_file.ts';
import { lastFour } from '../_shared/gift_cards/cards.ts';
import type { AnswerOf } from '../_shared/http/contract.ts';
import type { contract } from './contract.ts';
import type { Upload } from './read_upload.ts';
import { type CheckedCard, type RowResult, withLine } from './seal_cards.ts';

/** The database's outcomes of the rows that passed the function's checks. */
export type Imported = Extract<AnswerOf<typeof contract>, { importId: string }>;

/** Adds the rows the function refused itself to those the database decided on, in the order of the file, with their lines. */
export function presentImport(imported: Imported, refused: RowResult[], { rows: sent, part }: Upload) {
  const duplicates = refused.filter(({ status }) => status === 'duplicate').length;
  const rows = rowsOf(imported.rows, refused, sent);
  return {
    ...imported,
    duplicates: imported.duplicates + duplicates,
    rejected: imported.rejected + refused.length - duplicates,
    rows: part.exceptionsOnly ? rows.filter(({ status }) => status !== 'imported') : rows,
  };
}

function rowsOf(decided: RowResult[], refused: RowResult[], sent: CardRow[]): RowResult[] {
  const rows = decided.map((result) => withLine(result, sent));
  return refused.length === 0 ? rows : [...rows, ...refused].sort((a, b) => a.row - b.row);
}

const SAMPLES = 5;

/** What an upload would do, without a code or PIN: how the file was read, the first cards, and each row that would not go in. */
export function presentPreview(upload: Upload, decided: RowResult[], refused: RowResult[]) {
  const { poolId, table, rows: sent } = upload;
  const rows = rowsOf(decided, refused, sent);
  const count = (...statuses: RowResult['status'][]) => rows.filter(({ status }) => statuses.includes(status)).length;
  return {
    dryRun: true as const,
    poolId,
    ...table,
    counts: {
      rows: rows.length,
      imported: count('imported'),
      duplicates: count('duplicate'),
      rejected: count('expired', 'rejected'),
    },
    samples: sent.slice(0, SAMPLES).map(masked),
    rows: rows.filter(({ status }) => status !== 'imported'),
  };
}

function masked({ code, pin, expirationDate, serialNumber, line }: CardRow) {
  return {
    ...(line && { line }),
    code: code && `•••• ${lastFour(code)}`.trim(),
    pin: pin && '••••',
    expirationDate,
    ...(serialNumber && { serialNumber }),
  };
}

/** The part of a card that a dry run compares with what is in stock. */
export function comparedCards(cards: CheckedCard[]) {
  return cards.map(({ row, id, fingerprint, expiresOn }) => ({ row, id, fingerprint, expiresOn }));
}
