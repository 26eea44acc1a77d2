import { z } from 'zod';
import { describeTable, MAX_ROWS, tooManyRows } from '../_shared/files/table.ts';
import { assertPart, hashOf, type Part, readBody, readSent } from '../_shared/files/upload.ts';
import {
  type CardRow,
  carriesSecurityCodes,
  columnsOf,
  expirationOf,
  readCards,
} from '../_shared/gift_cards/card_file.ts';
import type { DateFormat } from '../_shared/http/days.ts';
import { badRequest } from '../_shared/http/errors.ts';
import { uuid } from '../_shared/http/fields.ts';
import { check } from '../_shared/http/parse.ts';
import { file, json } from './contract.ts';

/** A parsed upload: the cards, how a file writes its days, and what identifies the same file uploaded twice. */
export interface Upload {
  poolId: string;
  part: Part;
  rows: CardRow[];
  fileHash: string;
  fileName: string | null;
  /** How a file was read; JSON has no encoding, delimiter and header. */
  table: ReturnType<typeof describeTable> | null;
  /** Null when a file does not name one; JSON writes ISO days. */
  dateFormat: DateFormat | null;
}

const cell = z.string('must be a text').trim().refine((value) => !value.includes('\0'), 'has null bytes').nullish();

const NAMES = Object.keys(file.shape);
const JSON_NAMES = Object.keys(json.shape).filter((name) => name !== 'cards');

/** Reads an upload in any of its three media types; one that is malformed is refused whole. */
export async function readUpload(bytes: Uint8Array<ArrayBuffer>, request: Request): Promise<Upload> {
  const sent = await readSent(bytes, request, NAMES);
  if ('json' in sent) {
    const said = Object.fromEntries(JSON_NAMES.map((name) => [name, sent.said[name]]));
    const { poolId, cards, fileName = null, ...part } = readBody({ ...sent, said }, json.extend({ poolId: uuid }));
    assertPart(part);
    const rows = rowsOf(cards);
    return { poolId, part, rows, fileName, fileHash: hashOf(sent.json), table: null, dateFormat: 'YYYY-MM-DD' };
  }
  const { poolId, dateFormat: format = null, encoding, mapping, fileName: _name, ...part } = check(sent.said, file);
  assertPart(part);
  const { table, rows } = readCards(sent.file, { encoding, mapping });
  // The notation belongs to the hash: the same bytes read otherwise are other cards.
  const hash = hashOf(sent.file, format, encoding, mapping && JSON.stringify(mapping));
  return { poolId, part, rows, fileName: sent.name, fileHash: hash, table: describeTable(table), dateFormat: format };
}

function rowsOf(cards: Record<string, unknown>[]): CardRow[] {
  if (cards.length > MAX_ROWS) throw tooManyRows();
  return cards.map((card, index) => {
    const row: CardRow = { code: '', pin: '', expirationDate: '' };
    const columns = columnsOf(Object.keys(card));
    if (columns.includes('cvv')) throw carriesSecurityCodes();
    Object.values(card).forEach((value, at) => {
      const column = columns[at];
      if (column && column !== 'cvv') row[column] = checkCell(value, `cards.${index}.${column}`);
    });
    return { ...row, expirationDate: expirationOf(row.expirationDate) };
  });
}

function checkCell(value: unknown, field: string): string {
  const parsed = cell.safeParse(value);
  if (!parsed.success) throw badRequest({ field, problem: parsed.error.issues[0].message });
  return parsed.data ?? '';
}
