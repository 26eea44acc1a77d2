import type { Context } from '../_shared/http/serve.ts';
import type { CardRow } from '../_shared/files/csv.ts';
import { type RowResult, withLine } from './seal_cards.ts';

/** What the database made of the rows that passed the function's checks. */
export interface Imported {
  poolId: string;
  imported: number;
  duplicates: number;
  rejected: number;
  alreadyUploaded: boolean;
  rows: RowResult[];
}

/** Adds the rows the function refused itself to those the database decided on, in the order of the file, with their lines. */
export function presentImport(context: Context, imported: Imported, refused: RowResult[], sent: CardRow[]): Imported {
  const duplicates = refused.filter(({ status }) => status === 'duplicate').length;
  const answer = {
    ...imported,
    duplicates: imported.duplicates + duplicates,
    rejected: imported.rejected + refused.length - duplicates,
    rows: [...imported.rows.map((result) => withLine(result, sent)), ...refused].sort((a, b) => a.row - b.row),
  };
  const { rows: _rows, ...counts } = answer;
  context.log('[UPLOAD] Success', counts);
  return answer;
}
