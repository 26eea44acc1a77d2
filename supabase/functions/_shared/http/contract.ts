import type { AuthModeWithKey } from '@supabase/server';
import type { z } from 'zod';
import type { Code, Family } from './errors.ts';

/** A request body that is not plain JSON, or whose very bytes are signed: the handler gets its bytes. */
export interface RawBody {
  maxBytes: number;
  /** What the body holds, by media type. */
  content: Record<string, z.ZodType>;
  /** Refuses other media types (RB-415); a signed webhook is known by its signature instead. */
  isTypeChecked?: boolean;
}

/** A JSON body that fits a schema, bytes, or null where the body is not read. */
type Body = z.ZodType | RawBody | null;

type Answer = z.ZodType | null;

/** The description of an edge function: `serve` obeys it, docs/openapi.json is generated from it, tests check answers against it. */
export interface Contract<B extends Body = Body, A extends Answer = Answer, F extends string = string> {
  /** The name of its folder. */
  name: string;
  /** One sentence: what it does. */
  summary: string;
  /** One mode, or several tried in order. */
  auth: AuthModeWithKey | AuthModeWithKey[];
  /** The word in brackets that its log lines begin with. */
  tag: string;
  /** Whose codes it answers with; RB unless stated. */
  family?: Family;
  /** Secrets without which it refuses before it does anything. */
  secrets?: string[];
  /** A function secret that is accepted beside `auth`, in a header of its own; it authorizes this function and nothing else. */
  token?: { header: string; secret: string };
  /** Headers that may carry the signature of a caller without key or token. */
  signatures?: string[];
  /** Whether a repeated request with the same `Idempotency-Key` gets the stored answer. */
  isIdempotent?: boolean;
  /** A segment of the path behind the name. */
  path?: { name: string; schema: z.ZodType };
  /** Parameters of the query. */
  query?: Record<string, z.ZodType>;
  request: B;
  /** The resource of a success, without the `requestId` that `serve` adds; null without one. */
  answer: A;
  /** The media type of a success that is no JSON; beside `answer`, the caller chooses. */
  file?: F;
  /** The status of a success: 200 unless stated, 204 without answer and file. */
  status?: 200 | 202;
  /** The codes that it refuses with, beside those of `sharedCodes`. */
  codes: Code[];
  /** One real call. */
  example: Example<B, A>;
}

interface Example<B extends Body, A extends Answer> {
  request: B extends z.ZodType ? z.input<B> : string | Record<string, unknown> | unknown[] | null;
  answer: A extends z.ZodType ? z.output<A> : string | null;
}

/** The body as the handler of a contract gets it. */
export type BodyOf<C> = C extends Contract<infer B, infer _A, infer _F> ? B extends z.ZodType ? z.output<B>
  : B extends RawBody ? Uint8Array<ArrayBuffer>
  : null
  : never;

/** The resource with which the handler of a contract answers. */
export type AnswerOf<C> = C extends Contract<infer _B, infer A, infer _F> ? A extends z.ZodType ? z.output<A> : null
  : never;

/** All that the handler of a contract may return: the resource, or the file that it names. */
export type ReplyOf<C> = C extends Contract<infer _B, infer A, infer F>
  ? (A extends z.ZodType ? z.output<A> : [F] extends [never] ? null : never) | ([F] extends [never] ? never : Response)
  : never;

/** Checks the types of a contract: its example fits its schemas. */
export function defineContract<B extends Body, A extends Answer, F extends string = never>(
  contract: Contract<B, A, F>,
): Contract<B, A, F> {
  return contract;
}

/** Whether a body is a JSON schema, and not bytes. */
export function isJson(body: Body): body is z.ZodType {
  return body !== null && 'safeParse' in body;
}

/** The status of a success. */
export function statusOf({ answer, file, status }: Contract): number {
  return status ?? (answer === null && !file ? 204 : 200);
}

// A bad request, an unknown error, and a database that cannot be used.
const GENERAL_CODES: Record<Family, Code[]> = {
  GC: ['GC-012', 'GC-015', 'GC-013'],
  RB: ['RB-400', 'RB-500', 'RB-502'],
};

/** The codes of the layers that a request passes before and behind the handler. */
export function sharedCodes({ auth, family = 'RB', request, isIdempotent }: Contract): Code[] {
  const codes: Code[] = ['RB-405', ...GENERAL_CODES[family], 'RB-503'];
  if (auth !== 'none') codes.push('RB-401');
  if (request !== null) codes.push('RB-413');
  if (isJson(request) || request?.isTypeChecked) codes.push('RB-415');
  if (isIdempotent) codes.push('RB-409');
  return codes;
}
