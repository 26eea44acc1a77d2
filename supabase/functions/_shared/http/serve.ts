import { createHash, timingSafeEqual } from 'node:crypto';
import type { SupabaseServerError } from '@supabase/server';
import { createAdminClient, verifyAuth } from '@supabase/server/core';
import { type BodyOf, type Contract, type ReplyOf, statusOf } from './contract.ts';
import { badRequest, type Family, GeneralRefusal, Refusal, unknownError } from './errors.ts';
import { withoutForeignToken } from './foreign_token.ts';
import { describe, log } from './log.ts';
import { readBody } from './parse.ts';
import { callRpc, type Rpc, type RpcClient } from './rpc.ts';
import { missing, secret, secretsOf } from './secrets.ts';

/** What a handler knows about its caller, and the one way to the database. */
export interface Context {
  requestId: string;
  /** The signed-in user's id, or null for a key. */
  actor: string | null;
  ip: string;
  idempotencyKey: string | null;
  rpc: Rpc;
  log(message: string, fields?: Record<string, unknown>): void;
}

/** What work without a caller, a job's, needs of it: the database and the log. */
export type JobContext = Pick<Context, 'rpc' | 'log'>;

/** A handler gets the body that its contract describes, and returns the answer that it promises; `serve` adds the requestId. */
export type Handler<C> = (body: BodyOf<C>, context: Context, request: Request) => ReplyOf<C> | Promise<ReplyOf<C>>;

/** Wraps a handler by its contract: authenticates, parses, runs it, and writes every refusal in the one shape. */
export function serve<B extends Contract['request'], A extends Contract['answer'], F extends string>(
  contract: Contract<B, A, F>,
  handler: Handler<Contract<B, A, F>>,
) {
  return async (request: Request): Promise<Response> => {
    const requestId = crypto.randomUUID();
    const response = await respond(request, requestId, contract, handler as Handler<unknown>);
    response.headers.set('x-request-id', requestId);
    // An answer may hold a card's code, and is of this moment in any case.
    response.headers.set('cache-control', 'no-store');
    for (const [name, value] of isForBrowsers(contract) ? CORS_HEADERS : []) response.headers.set(name, value);
    return response;
  };
}

/** What a user's token or the publishable key may call, a page of any origin may call. */
function isForBrowsers({ auth }: Contract): boolean {
  return [auth].flat().some((mode) => /^(user|publishable)/.test(mode));
}

const CORS_HEADERS = Object.entries({
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'POST, OPTIONS',
  // supabase-js and tracing libraries add theirs
  'access-control-allow-headers':
    'authorization, apikey, content-type, x-client-info, idempotency-key, x-retry-count, ' +
    'x-region, x-supabase-api-version, traceparent, tracestate, baggage',
  'access-control-expose-headers': 'x-request-id, retry-after, content-disposition',
  'access-control-max-age': '86400',
});

async function respond(
  request: Request,
  requestId: string,
  contract: Contract,
  handler: Handler<unknown>,
): Promise<Response> {
  const { auth, tag, family = 'RB', secrets = [] } = contract;
  try {
    if (isForBrowsers(contract) && request.method === 'OPTIONS') return new Response(null, { status: 204 });
    if (request.method !== 'POST') throw new Refusal('RB-405', { allowed: ['POST'] });
    const actor = hasToken(request, contract) ? null : await authenticate(request, auth);
    secrets.forEach(secret);
    const body = await readBody(request, contract.request);
    const reply: unknown = await handler(body as never, contextOf(request, requestId, actor), request);
    return reply instanceof Response ? reply : written(reply, requestId, statusOf(contract));
  } catch (thrown) {
    return refuse(thrown, requestId, tag, family);
  }
}

function written(reply: unknown, requestId: string, status: number): Response {
  return reply === null ? new Response(null, { status }) : Response.json({ ...reply, requestId }, { status });
}

/** Whether the function's own token came along; one that came and is wrong is never downgraded to another credential. */
function hasToken({ headers }: Request, { token }: Contract): boolean {
  const given = token && headers.get(token.header);
  if (!token || given == null) return false;
  const isKnown = secretsOf(token.secret).some((known) => known.length >= MIN_TOKEN_LENGTH && isEqual(known, given));
  if (!isKnown) throw new Refusal('RB-401', { reason: 'TOKEN_UNKNOWN' });
  return true;
}

// A shorter one could be guessed, and counts as not set.
const MIN_TOKEN_LENGTH = 32;

/** Compares in constant time; the digests are of one length. */
function isEqual(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The user's id, or null for a key; a token that is present but bad is never downgraded to a key. */
async function authenticate(request: Request, auth: Contract['auth']): Promise<string | null> {
  const takesSecret = [auth].flat().some((mode) => mode.startsWith('secret'));
  const { data, error } = await verifyAuth(takesSecret ? withoutForeignToken(request) : request, { auth });
  if (!error) return data.authMode === 'user' ? userId(data.userClaims?.id) : null;
  throw error.status === 401 ? new Refusal('RB-401', { reason: error.code }) : misconfigured(error);
}

/** A user without an id would pass for a server, which has none. */
function userId(subject: string | undefined): string {
  if (subject !== undefined && UUID.test(subject)) return subject.toLowerCase();
  throw new Refusal('RB-401', { reason: 'SUBJECT_IS_NO_USER' });
}

/** Names the platform secret that a failure of the library comes from. */
function misconfigured(error: SupabaseServerError): Error {
  const keys = String(error.details?.mode).startsWith('publishable') ? 'PUBLISHABLE' : 'SECRET';
  const lacking: Record<string, string> = {
    MISSING_SUPABASE_URL: 'SUPABASE_URL',
    JWKS_NOT_CONFIGURED: 'SUPABASE_JWKS',
    NO_KEYS_CONFIGURED: `SUPABASE_${keys}_KEYS`,
    MISSING_DEFAULT_SECRET_KEY: 'SUPABASE_SECRET_KEYS',
  };
  return error.code in lacking ? missing(lacking[error.code]) : error;
}

function contextOf(request: Request, requestId: string, actor: string | null): Context {
  return {
    requestId,
    actor,
    ip: clientIp(request.headers),
    idempotencyKey: idempotencyKey(request.headers),
    rpc: (...[name, args]) => callRpc(database(), name, args),
    log: (message, fields) => log(message, { requestId, ...fields }),
  };
}

let admin: RpcClient | undefined;

// One client per worker: making one costs more than a call with it.
function database(): RpcClient {
  try {
    return admin ??= createAdminClient() as unknown as RpcClient;
  } catch (error) {
    throw misconfigured(error as SupabaseServerError);
  }
}

// As proxies write addresses: with a port, in brackets, with a zone. The database reads them (private.address_of).
const ADDRESS = /^(\[[0-9a-f.:]{2,45}(%[\w.~-]{1,20})?\]|[0-9a-f.:]{2,45}(%[\w.~-]{1,20})?)(:\d{1,5})?$/i;

/**
 * The caller's address. A header that the outermost proxy overwrites is believed only where one is configured, and then nothing
 * else is: what came past that proxy has no address. Otherwise proxies append, so entries are counted from the right.
 */
function clientIp(headers: Headers): string {
  const header = Deno.env.get('CLIENT_IP_HEADER');
  if (header) {
    const address = headers.get(header)?.trim() ?? '';
    return ADDRESS.test(address) ? address : 'unknown';
  }
  const hops = Number(Deno.env.get('TRUSTED_PROXY_HOPS') || 1);
  const addresses = headers.get('x-forwarded-for')?.split(',') ?? [];
  const address = addresses.at(-hops)?.trim() ?? '';
  return hops >= 1 && ADDRESS.test(address) ? address : 'unknown';
}

function idempotencyKey(headers: Headers): string | null {
  const key = headers.get('idempotency-key');
  if (key === null || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw badRequest({ field: 'Idempotency-Key', problem: 'must be 1 to 255 visible ASCII characters' });
}

function refuse(thrown: unknown, requestId: string, tag: string, family: Family): Response {
  const known = thrown instanceof Refusal ? thrown : unknownError(thrown);
  const refusal = known instanceof GeneralRefusal ? known.of(family) : known;
  logRefusal(refusal, requestId, tag);
  const { code, status, details } = refusal;
  const response = Response.json(refusal.body(requestId), { status });
  if (details.retryAfter !== undefined) response.headers.set('retry-after', String(details.retryAfter));
  if (code === 'RB-405') response.headers.set('allow', String(details.allowed));
  return response;
}

// Names as operators search for them in the logs.
const SERVICES = { TWILIO_: 'SMS', SENDGRID_: 'E-mail' };

function logRefusal({ code, status, message, details, cause }: Refusal, requestId: string, tag: string): void {
  const { reason, fields, missing } = details;
  const detail = cause === undefined ? {} : { cause: describe(cause) };
  const service = Object.entries(SERVICES).find(([prefix]) => String(missing ?? '').startsWith(prefix))?.[1];
  if (service) log(`${service} service not configured`, { requestId, missing }, 'error');
  const line = { requestId, code, status, error: message, reason, fields, missing, ...detail };
  log(`[${tag}] Failed`, line, status < 500 ? 'info' : 'error');
}
