import { catalogue, type Code, isCode, Refusal } from './errors.ts';
import type { Sealed } from './seal.ts';

/** What a use case in the database answered with. */
export interface Answer<Result> {
  result: Result;
  sealed: Sealed | null;
  replayed: boolean;
}

/** Runs one use case in the database; a refusal comes back as a thrown `Refusal`. */
export type Rpc = <Result = Record<string, unknown>>(
  door: string,
  args: Record<string, unknown>,
) => Promise<Answer<Result>>;

/** The part of a Supabase client that `callDoor` needs. */
export interface DoorClient {
  rpc(door: string, args: Record<string, unknown>): PromiseLike<{ data: unknown; error: DoorError | null }>;
}

interface DoorError {
  code?: string;
  message: string;
}

interface Refused {
  outcome: 'refused';
  code: string;
  message: string | null;
  details: Record<string, unknown> | null;
}

const RETRIES = 3;
const PAUSE_MS = 20;

// The whole transaction was undone by a rival one; running it again is safe and usually succeeds.
const UNDONE_BY_A_RIVAL = new Set(['40001', '40P01']);

// The door could not be used at all: wrong grants, migrations not applied, server unreachable, full or shutting down.
const DOOR_UNUSABLE = /^(42501|42883|42P01|42703|3F000|(08|53|57|58).{3})$/;

/** Calls a door and returns its answer; refusals and failures are thrown. */
export async function callDoor<Result>(
  client: DoorClient,
  door: string,
  args: Record<string, unknown>,
): Promise<Answer<Result>> {
  for (let retry = 0;; retry++) {
    const { data, error } = await client.rpc(door, args);
    if (!error) return answerOf<Result>(door, data);
    if (retry === RETRIES || !UNDONE_BY_A_RIVAL.has(error.code ?? '')) throw failureOf(door, error);
    // Rivals that waited for the same time would meet again, hence the random part.
    await new Promise((resume) => setTimeout(resume, PAUSE_MS * 2 ** retry * (0.5 + Math.random())));
  }
}

function answerOf<Result>(door: string, data: unknown): Answer<Result> {
  const answer = data as ({ outcome: 'ok' } & Answer<Result>) | Refused | null;
  if (answer?.outcome === 'ok') return { result: answer.result, sealed: answer.sealed, replayed: answer.replayed };
  if (answer?.outcome === 'refused' && isCode(answer.code)) throw refusalOf(door, answer.code, answer);
  throw new Error(`${door} answered with neither a result nor a known refusal`);
}

/** What a door says of a bug of ours is for the log; the caller is told no more than the catalogue does. */
function refusalOf(door: string, code: Code, { message, details }: Refused): Refusal {
  const isOurs = catalogue[code].status === 500;
  const cause = new Error(`${door}: ${message}`);
  return isOurs ? new Refusal(code, {}, undefined, { cause }) : new Refusal(code, details ?? {}, message ?? undefined);
}

function failureOf(door: string, { code, message }: DoorError): Error {
  const cause = new Error(`${door}: ${code || 'no SQLSTATE'}: ${message}`);
  const isFromDatabase = /^[0-9A-Z]{5}$/.test(code ?? '');
  return isFromDatabase && !DOOR_UNUSABLE.test(code!) ? cause : new Refusal('GC-013', {}, undefined, { cause });
}
