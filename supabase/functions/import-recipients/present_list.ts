import type { AnswerOf } from '../_shared/http/contract.ts';
import type { contract } from './contract.ts';
import type { List } from './read_list.ts';

type Answer = AnswerOf<typeof contract>;

/** What the database made of a list. */
export type Imported = Extract<Answer, { importId: string }>;

const SAMPLES = 5;

/** The outcome of an import, with the lines of a file. */
export function presentList(imported: Imported, list: List): Imported {
  const rows = withLines(imported, list);
  return {
    ...imported,
    rows: list.part.exceptionsOnly ? rows.filter(({ outcome }) => outcome !== 'imported') : rows,
    ...(list.table && { ignored: list.table.ignored }),
  };
}

/** What an import would do: how the file was read, its first rows, and each row that would not come in. */
export function presentPreview(imported: Imported, list: List): Extract<Answer, { dryRun: true }> {
  const { campaignId, known, sharedContact, rejected } = imported;
  return {
    dryRun: true,
    campaignId,
    ...list.table,
    counts: { rows: imported.rows.length, imported: imported.imported, known, sharedContact, rejected },
    samples: list.recipients.slice(0, SAMPLES),
    rows: withLines(imported, list).filter(({ outcome }) => outcome !== 'imported'),
  };
}

function withLines({ rows }: Imported, { lines }: List): Imported['rows'] {
  return lines.length === 0 ? rows : rows.map((row) => ({ ...row, line: lines[row.row - 1].line }));
}
