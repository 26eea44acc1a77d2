import { z } from 'zod';
import {
  type CardRow,
  carriesSecurityCodes,
  columnsOf,
  expirationOf,
  MAX_ROWS,
  readCsv,
  tooManyRows,
} from '../_shared/files/csv.ts';
import type { DateFormat } from '../_shared/http/days.ts';
import { badRequest } from '../_shared/http/errors.ts';
import { dateFormat, uuid } from '../_shared/http/fields.ts';
import { check, fileHash, mediaType, parseJson } from '../_shared/http/parse.ts';
import { json } from './contract.ts';

/** A parsed upload: the cards, how a file writes its days, and what identifies the same file uploaded twice. */
export interface Upload {
  poolId: string;
  rows: CardRow[];
  fileHash: string;
  /** Null when a file does not name one; JSON writes ISO days. */
  dateFormat: DateFormat | null;
}

const cell = z.string('must be a text').trim().refine((value) => !value.includes('\0'), 'has null bytes').nullish();

/** Reads an upload in any of its three media types; one that is malformed is refused whole. */
export async function readUpload(bytes: Uint8Array<ArrayBuffer>, request: Request): Promise<Upload> {
  const type = mediaType(request);
  const query = new URL(request.url).searchParams;
  const asked = { poolId: query.get('poolId'), dateFormat: query.get('dateFormat') };
  if (type === 'text/csv') return fileUpload(bytes, asked);
  if (type === 'multipart/form-data') return await readForm(bytes, request.headers.get('content-type')!, asked);
  const body = parseJson(bytes, json);
  const poolId = body.poolId ?? asked.poolId;
  return { ...target(poolId), rows: rowsOf(body.cards), fileHash: fileHash(bytes), dateFormat: 'YYYY-MM-DD' };
}

// The notation belongs to the hash: the same bytes read otherwise are other cards.
function fileUpload(bytes: Uint8Array, asked: Record<'poolId' | 'dateFormat', unknown>): Upload {
  const { dateFormat: format } = check(
    { dateFormat: asked.dateFormat },
    z.object({ dateFormat: dateFormat.nullable() }),
  );
  const hash = fileHash(bytes) + (format ? `:${format}` : '');
  return { ...target(asked.poolId), rows: readCsv(bytes), fileHash: hash, dateFormat: format };
}

async function readForm(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  asked: Record<'poolId' | 'dateFormat', string | null>,
): Promise<Upload> {
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData().catch(() => {
    throw badRequest({ field: 'body', problem: 'is not well-formed multipart/form-data' });
  });
  assertOneFile(form);
  const file = form.get('file');
  if (!(file instanceof File)) throw badRequest({ field: 'file', problem: 'is required' });
  const content = new Uint8Array(await file.arrayBuffer());
  return fileUpload(content, {
    poolId: form.get('poolId') ?? asked.poolId,
    dateFormat: form.get('dateFormat') ?? asked.dateFormat,
  });
}

/** Refuses unknown and repeated parts: their cards would silently not be stocked. */
function assertOneFile(form: FormData): void {
  const known = ['file', 'poolId', 'dateFormat'];
  for (const name of new Set(form.keys())) {
    if (!known.includes(name)) {
      throw badRequest({ field: name, problem: `is not known; the parts of an upload are ${known.join(', ')}` });
    }
    if (form.getAll(name).length > 1) {
      throw badRequest({
        field: name,
        problem: name === 'file' ? 'must be one file: send each with a call of its own' : 'stands twice',
      });
    }
  }
}

function target(poolId: unknown): { poolId: string } {
  return check({ poolId: poolId ?? undefined }, z.object({ poolId: uuid }));
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
