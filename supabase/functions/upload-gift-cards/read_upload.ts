import { z } from 'zod';
import { type CardRow, carriesSecurityCodes, columnOf, MAX_ROWS, readCsv, tooManyRows } from '../_shared/csv.ts';
import { badRequest, Refusal } from '../_shared/errors.ts';
import { uuid } from '../_shared/fields.ts';
import { check, fileHash, mediaType, parseJson, readBytes } from '../_shared/parse.ts';

const MAX_BYTES = 5 * 1024 * 1024;

/** A parsed upload: the cards, and what tells the same file uploaded twice. */
export interface Upload {
  poolId: string;
  rows: CardRow[];
  fileHash: string;
}

const ACCEPTED = ['text/csv', 'multipart/form-data', 'application/json'];

const cell = z.string('must be a text').trim().refine((value) => !value.includes('\0'), 'has null bytes').nullish();

const json = z.object({
  poolId: uuid.nullish(),
  cards: z.array(z.record(z.string(), z.unknown()), 'must be a list of cards').min(1, 'has no cards'),
});

/** Reads an upload in any of its three media types; one that is malformed or too large is refused whole. */
export async function readUpload(request: Request): Promise<Upload> {
  const type = mediaType(request);
  if (!ACCEPTED.includes(type)) throw new Refusal('RB-415', { accepted: ACCEPTED });
  const bytes = await readBytes(request, MAX_BYTES);
  const poolId = new URL(request.url).searchParams.get('poolId');
  if (type === 'text/csv') return { ...target(poolId), rows: readCsv(bytes), fileHash: fileHash(bytes) };
  if (type === 'multipart/form-data') return await readForm(bytes, request.headers.get('content-type')!, poolId);
  const body = parseJson(bytes, json);
  return { ...target(body.poolId ?? poolId), rows: rowsOf(body.cards), fileHash: fileHash(bytes) };
}

async function readForm(bytes: Uint8Array<ArrayBuffer>, contentType: string, poolId: string | null): Promise<Upload> {
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData().catch(() => {
    throw badRequest({ field: 'body', problem: 'is not well-formed multipart/form-data' });
  });
  const file = form.get('file');
  if (!(file instanceof File)) throw badRequest({ field: 'file', problem: 'is required' });
  const content = new Uint8Array(await file.arrayBuffer());
  return { ...target(form.get('poolId') ?? poolId), rows: readCsv(content), fileHash: fileHash(content) };
}

function target(poolId: unknown): { poolId: string } {
  return check({ poolId: poolId ?? undefined }, z.object({ poolId: uuid }));
}

function rowsOf(cards: Record<string, unknown>[]): CardRow[] {
  if (cards.length > MAX_ROWS) throw tooManyRows();
  return cards.map((card, index) => {
    const row: CardRow = { code: '', pin: '', expirationDate: '' };
    for (const [name, value] of Object.entries(card)) {
      const column = columnOf(name);
      if (column === 'cvv') throw carriesSecurityCodes();
      if (column) row[column] = checkCell(value, `cards.${index}.${column}`);
    }
    return row;
  });
}

function checkCell(value: unknown, field: string): string {
  const parsed = cell.safeParse(value);
  if (!parsed.success) throw badRequest({ field, problem: parsed.error.issues[0].message });
  return parsed.data ?? '';
}
