import { createHash } from 'node:crypto';
import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { type Contract, isJson } from './contract.ts';
import { badRequest, type FieldProblem, Refusal } from './errors.ts';

const MAX_BODY_BYTES = 1024 * 1024;

const MAX_PROBLEMS = 20;

/** Reads a JSON body that must fit the schema; no body at all is an empty object. */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const bytes = await readBytes(request, MAX_BODY_BYTES);
  if (bytes.length === 0) return check({}, schema);
  if (mediaType(request) !== 'application/json') throw new Refusal('RB-415', { accepted: ['application/json'] });
  return parseJson(bytes, schema);
}

/** Reads the body that a contract describes. */
export async function readBody(request: Request, body: Contract['request']): Promise<unknown> {
  if (body === null) return null;
  if (isJson(body)) return await readJson(request, body);
  const accepted = Object.keys(body.content);
  if (body.isTypeChecked && !accepted.includes(mediaType(request))) throw new Refusal('RB-415', { accepted });
  return await readBytes(request, body.maxBytes);
}

/** The media type of a body, without its parameters. */
export function mediaType(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';', 1)[0].trim().toLowerCase();
}

/** Reads a body and stops at the limit, whatever Content-Length claims. */
export async function readBytes(request: Pick<Request, 'body'>, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > maxBytes) throw new Refusal('RB-413', { maxBytes });
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** Parses JSON bytes; nothing of them is ever repeated in an answer or a log. */
export function parseJson<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema): z.output<Schema> {
  if (bytes.length === 0) throw badRequest({ field: 'body', problem: 'is empty' });
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch {
    throw badRequest({ field: 'body', problem: 'is not JSON' });
  }
  return check(value, schema);
}

/** Decodes UTF-8 without a byte order mark, and throws on anything that is not UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
}

/** Fits a value to a schema or refuses it, naming each wrong field. */
export function check<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badRequest(...problemsOf(parsed.error, value, namesOf(schema)).slice(0, MAX_PROBLEMS));
}

/** One problem for each field, the first that was found. */
function problemsOf({ issues }: z.ZodError, value: unknown, known: string[]): FieldProblem[] {
  const problems = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? unknownFields(issue, known) : [problemOf(issue, value)]
  );
  const first = new Map<string, FieldProblem>();
  for (const problem of problems) if (!first.has(problem.field)) first.set(problem.field, problem);
  return [...first.values()];
}

function unknownFields({ path, keys }: z.core.$ZodIssueUnrecognizedKeys, known: string[]): FieldProblem[] {
  return keys.map((key) => {
    const near = path.length === 0 && nearest(key, known);
    return {
      field: [...path, key].join('.'),
      problem: near ? `is not known; did you mean "${near}"?` : 'is not known',
    };
  });
}

/** The known name that a misspelt one was meant to be, or null. */
export function nearest(name: string, known: string[]): string | null {
  const plain = (word: string) => word.toLowerCase().replace(/[^a-z0-9]/g, '');
  const near = known.length > 0 ? closest(plain(name), known.map(plain)) : null;
  const found = known.find((candidate) => plain(candidate) === near);
  return found && distance(plain(name), near!) <= Math.max(2, found.length / 4) ? found : null;
}

function namesOf(schema: z.ZodType): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function problemOf({ path, message }: z.core.$ZodIssue, value: unknown): FieldProblem {
  const given = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown> | null)?.[key], value);
  return { field: path.join('.') || 'body', problem: given === undefined ? 'is required' : message };
}

/** What a `public.request` says of the caller. */
interface Caller {
  requestId: string;
  actor: string | null;
  ip: string;
  idempotencyKey: string | null;
}

/** The `public.request` of an entry point: who asks; and for what, where a repeated request gets the first one's answer. */
export function requestOf(
  { requestId, actor, ip, idempotencyKey }: Caller,
  functionName?: string,
  body?: unknown,
): { request: Record<'id' | 'actor' | 'ip' | 'idempotency_key' | 'hash', string | null> } {
  const hash = functionName === undefined ? null : requestHash(functionName, body);
  return { request: { id: requestId, actor, ip, idempotency_key: idempotencyKey, hash } };
}

/** A fingerprint of a parsed request, equal whatever the order of its fields. */
export function requestHash(functionName: string, body: unknown): string {
  return createHash('sha256').update(functionName).update('\n').update(canonical(body)).digest('hex');
}

/** The hexadecimal SHA-256 of an upload. */
export function fileHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) => {
    if (part === null || typeof part !== 'object' || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
