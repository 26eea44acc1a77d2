import { z } from 'zod';
import { count, id } from '../http/answers.ts';
import { badRequest } from '../http/errors.ts';
import { text, uuid } from '../http/fields.ts';
import { check, fileHash, mediaType, nearest, parseJson } from '../http/parse.ts';

/** The largest upload in bytes. */
export const MAX_BYTES = 5 * 1024 * 1024;

const flag = z.boolean('must be true or false');

const whole = z.int('must be a whole number').min(1, 'must be at least 1').max(
  1_000_000_000,
  'must be at most 1000000000',
);

/** What every import takes beside its rows: a dry run, or one chunk of a file that is sent in several calls. */
export const PART_FIELDS = {
  dryRun: flag.nullish(),
  /** Answers with the rows alone that were not accepted. */
  exceptionsOnly: flag.nullish(),
  importId: uuid.nullish(),
  chunk: whole.nullish(),
  isLast: flag.nullish(),
  expectedRows: whole.nullish(),
  /** Identifies the whole file, where chunks of it are sent. */
  fileHash: z.string().regex(/^[0-9a-f]{64}$/i, 'must be the sha256 of the file in hexadecimal').toLowerCase()
    .nullish(),
};

/** What a file may say beside that of how it is to be read. */
export const FILE_FIELDS = {
  fileName: text(200).nullish(),
  encoding: z.enum(
    ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'],
    'must be utf-8, utf-16le, utf-16be or windows-1252',
  )
    .nullish(),
  mapping: z.record(z.string(), z.string('must be the name of a column'), 'must be a JSON object of field and column')
    .nullish(),
};

const FLAGS = ['dryRun', 'exceptionsOnly', 'isLast', 'allowSharedContact'];
const NUMBERS = ['chunk', 'expectedRows'];

/** What a query or a form says, as the values that JSON has for it; what cannot be read is left for its field to refuse. */
function typed(name: string, text: string | null): unknown {
  if (text === null) return undefined;
  if (FLAGS.includes(name)) return { true: true, false: false }[text] ?? text;
  if (NUMBERS.includes(name)) return /^\d{1,9}$/.test(text) ? Number(text) : text;
  if (name !== 'mapping') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What every import answers beside the outcome of its rows. */
export const IMPORT_ANSWER = {
  importId: id,
  importStatus: z.enum(['running', 'finished']),
  repeats: id.optional().describe('The import that had the same file first'),
  progress: z.strictObject({
    rows: count,
    accepted: count,
    known: count,
    refused: count,
    chunks: count,
    expectedRows: count.optional(),
  }),
};

/** What a dry run says of how a file was read; JSON is not described. */
export const TABLE_ANSWER = {
  encoding: z.string().optional(),
  delimiter: z.string().optional(),
  header: z.array(z.string()).optional(),
  mapping: z.record(z.string(), z.string()).optional(),
  ignored: z.array(z.string()).optional(),
};

const part = z.object(PART_FIELDS);

/** Which part of an import a call sends, and how it wants the answer. */
export type Part = z.output<typeof part>;

/** An upload: either a file with what its query or form says, or JSON. */
export type Sent =
  | { file: Uint8Array<ArrayBuffer>; name: string | null; said: Record<string, unknown> }
  | { json: Uint8Array<ArrayBuffer>; said: Record<string, unknown> };

/** Reads an upload in any of its media types; `names` are what a query or a form may say beside the file. */
export async function readSent(bytes: Uint8Array<ArrayBuffer>, request: Request, names: string[]): Promise<Sent> {
  const type = mediaType(request);
  const query = new URL(request.url).searchParams;
  assertKnown([...query.keys()], names, 'parameters');
  const said = (text: (name: string) => string | null) =>
    Object.fromEntries(names.map((name) => [name, typed(name, text(name))]));
  if (type === 'text/csv') return { file: bytes, name: query.get('fileName'), said: said((name) => query.get(name)) };
  if (type === 'application/json') return { json: bytes, said: said((name) => query.get(name)) };
  const { file, texts } = await readForm(bytes, request.headers.get('content-type')!, names);
  const text = (name: string) => texts.get(name) ?? query.get(name);
  return { file: new Uint8Array(await file.arrayBuffer()), name: text('fileName') ?? file.name, said: said(text) };
}

/** Reads JSON by its schema; what the query says counts for what the body leaves out. */
export function readBody<Schema extends z.ZodType>(sent: Extract<Sent, { json: unknown }>, schema: Schema) {
  const body = parseJson(sent.json, z.record(z.string(), z.unknown(), 'must be an object'));
  const said = Object.entries(sent.said).filter(([name, value]) => value !== undefined && body[name] == null);
  return check({ ...body, ...Object.fromEntries(said) }, schema);
}

/** Refuses parts of an import that contradict each other. */
export function assertPart({ dryRun, importId, chunk, isLast, fileHash }: Part): void {
  const refuse = (field: string, problem: string) => {
    throw badRequest({ field, problem });
  };
  if (importId && !chunk) refuse('chunk', 'is required with importId');
  if (chunk && chunk > 1 && !importId && !fileHash) refuse('importId', 'is required behind the first chunk');
  if (isLast != null && !chunk) refuse('chunk', 'is required with isLast');
  if (dryRun && chunk) refuse('dryRun', 'is for a whole file, not for a chunk');
}

/** The arguments by which an entry point records which file, or which chunk of it, it was given. */
export function importFile(
  part: Part,
  sent: { hash: string; name?: string | null },
  table: { encoding?: string; delimiter?: string; header?: string[]; mapping?: Record<string, string> } = {},
  rows: { line?: number }[] = [],
) {
  const { encoding = null, delimiter = null, header = null, mapping = null } = table;
  return {
    name: sent.name ?? null,
    hash: part.fileHash ?? sent.hash,
    encoding,
    delimiter,
    header,
    mapping,
    import_id: part.importId ?? null,
    chunk: part.chunk ?? null,
    is_last: part.isLast ?? null,
    expected_rows: part.expectedRows ?? null,
    lines: rows[0]?.line ? rows.map(({ line }) => line) : null,
  };
}

/** The hash of a file's bytes and of how they are to be read: read otherwise they are other rows. */
export function hashOf(bytes: Uint8Array, ...reading: (string | null | undefined)[]): string {
  return [fileHash(bytes), ...reading.filter(Boolean)].join(':');
}

async function readForm(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
  names: string[],
): Promise<{ file: File; texts: Map<string, string> }> {
  const form = await new Response(bytes, { headers: { 'content-type': contentType } }).formData().catch(() => {
    throw badRequest({ field: 'body', problem: 'is not well-formed multipart/form-data' });
  });
  assertKnown([...form.keys()], ['file', ...names], 'parts');
  const file = form.get('file');
  if (!(file instanceof File)) throw badRequest({ field: 'file', problem: 'is required' });
  const texts = new Map<string, string>();
  for (const [name, value] of form) {
    if (name === 'file') continue;
    if (value instanceof File) throw badRequest({ field: name, problem: 'must be a text' });
    texts.set(name, value);
  }
  return { file, texts };
}

/** Refuses unknown and repeated names: rows would silently be dropped, or a dry run would not be one. */
function assertKnown(given: string[], known: string[], what: string): void {
  for (const name of new Set(given)) {
    if (!known.includes(name)) {
      const near = nearest(name, known);
      const hint = near ? `did you mean "${near}"?` : `the ${what} of an upload are ${known.join(', ')}`;
      throw badRequest({ field: name, problem: `is not known; ${hint}` });
    }
    if (given.filter((one) => one === name).length > 1) {
      const problem = name === 'file' ? 'must be one file: send each with a call of its own' : 'stands twice';
      throw badRequest({ field: name, problem });
    }
  }
}
