import type { Database, Json } from './database.types.ts';
import { catalogue, type Code, databaseError, isCode, Refusal } from './errors.ts';
import type { Sealed } from './seal.ts';

/** What an entry point in the database answered with. */
export interface Answer<Result> {
  result: Result;
  sealed: Sealed | null;
  replayed: boolean;
}

type Functions = Database['public']['Functions'];

/** The name of a function in the schema `public`. */
export type EntryPoint = keyof Functions;

/** The arguments of an entry point. SQL takes null for each of them, which the generated types leave out, and any JSON for `jsonb`. */
export type ArgsOf<Name extends EntryPoint> = {
  [Key in keyof Functions[Name]['Args']]: Json extends Functions[Name]['Args'][Key] ? unknown
    : Functions[Name]['Args'][Key] | null;
};

/** The name and the arguments of one call: a misspelt one does not compile. */
export type Call = { [Name in EntryPoint]: [name: Name, args: ArgsOf<Name>] }[EntryPoint];

/** Calls one entry point in the database; a refusal comes back as a thrown `Refusal`. The caller states the result, which is `jsonb`. */
export type Rpc = <Result = Record<string, unknown>>(...call: Call) => Promise<Answer<Result>>;

/** The part of a Supabase client that `callRpc` needs. */
export interface RpcClient {
  rpc(name: string, args: Record<string, unknown>): PromiseLike<{ data: unknown; error: RpcError | null }>;
}

interface RpcError {
  code?: string;
  message: string;
  details?: string | null;
}

interface Refused {
  message: string | null;
  details: Record<string, unknown> | null;
}

const RETRIES = 3;
const PAUSE_MS = 20;

// The whole transaction was undone by a rival one; running it again is safe and usually succeeds.
const UNDONE_BY_A_RIVAL = new Set(['40001', '40P01']);

// The function could not be used at all: wrong grants, migrations not applied, server unreachable, full or shutting down.
const UNUSABLE = /^(42501|42883|42P01|42703|3F000|(08|53|57|58).{3})$/;

/** Calls an entry point and returns its answer; refusals and failures are thrown. */
export async function callRpc<Result>(
  client: RpcClient,
  name: string,
  args: Record<string, unknown>,
): Promise<Answer<Result>> {
  for (let retry = 0;; retry++) {
    const { data, error } = await client.rpc(name, args);
    if (!error) return answerOf<Result>(name, data);
    if (retry === RETRIES || !UNDONE_BY_A_RIVAL.has(error.code ?? '')) throw failureOf(name, error);
    // Rivals that waited for the same time would meet again, hence the random part.
    await new Promise((resume) => setTimeout(resume, PAUSE_MS * 2 ** retry * (0.5 + Math.random())));
  }
}

function answerOf<Result>(name: string, data: unknown): Answer<Result> {
  const answer = data as ({ outcome: 'ok' } & Answer<Result>) | ({ outcome: 'refused'; code: string } & Refused) | null;
  if (answer?.outcome === 'ok') return { result: answer.result, sealed: answer.sealed, replayed: answer.replayed };
  if (answer?.outcome === 'refused' && isCode(answer.code)) throw refusalOf(name, answer.code, answer);
  throw new Error(`${name} answered with neither a result nor a known refusal`);
}

/** The message and details of a bug of ours are for the log; the caller gets the catalogue's message. */
function refusalOf(name: string, code: Code, { message, details }: Refused): Refusal {
  const isOurs = catalogue[code].status === 500;
  const cause = new Error(`${name}: ${message}`);
  return isOurs ? new Refusal(code, {}, undefined, { cause }) : new Refusal(code, details ?? {}, message ?? undefined);
}

function failureOf(name: string, error: RpcError): Error {
  const { code = '', message } = error;
  const raised = code.replace(/^([A-Z]{2})(\d{3})$/, '$1-$2');
  if (isCode(raised)) return refusalOf(name, raised, { message, details: detailsOf(error) });
  const cause = new Error(`${name}: ${code || 'no SQLSTATE'}: ${message}`);
  const isFromDatabase = /^[0-9A-Z]{5}$/.test(code);
  return isFromDatabase && !UNUSABLE.test(code) ? cause : databaseError(cause);
}

/** The details of a raised refusal without its code, which private.refuse adds for other clients. */
function detailsOf({ details }: RpcError): Record<string, unknown> {
  const { code: _, ...rest } = JSON.parse(details || '{}') ?? {};
  return rest;
}
