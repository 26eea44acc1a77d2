import { assertFitsContract } from './contracts.ts';
import { type Stack, stack } from './stack.ts';
import { uniqueIp } from './unique.ts';

/** An answer of a function, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // deno-lint-ignore no-explicit-any
  body: any;
}

/** How a test calls a function; what is left out is what a well-behaved caller would send. */
export interface Call {
  on?: Stack;
  method?: string;
  query?: string;
  /** Sent as `apikey`; the secret key unless there is a token. */
  key?: string | null;
  token?: string;
  ip?: string;
  idempotencyKey?: string;
  type?: string | null;
  headers?: Record<string, string>;
}

/** Calls an edge function over HTTP, and fails if the answer does not fit its contract; a body that is not text, bytes or a form goes as JSON. */
export async function call(name: string, body?: unknown, options: Call = {}): Promise<Answer> {
  const { on = stack, method = 'POST', query = '' } = options;
  const response = await fetch(`${on.apiUrl}/functions/v1/${name}${query}`, {
    method,
    headers: headersOf(body, options, on),
    body: isRaw(body) ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const answer = { status: response.status, headers: response.headers, text, body: parsed(text) };
  if (method === 'POST') assertFitsContract(name, answer);
  return answer;
}

function headersOf(body: unknown, options: Call, { secretKey, publishableKey }: Stack): Headers {
  const { key = options.token ? publishableKey : secretKey, token, ip = uniqueIp(), idempotencyKey } = options;
  const type = options.type === undefined ? (isRaw(body) ? null : 'application/json') : options.type;
  return new Headers({
    'x-forwarded-for': ip,
    ...(key ? { apikey: key } : {}),
    ...(token ? { authorization: `Bearer ${token}` } : {}),
    ...(idempotencyKey ? { 'idempotency-key': idempotencyKey } : {}),
    ...(type ? { 'content-type': type } : {}),
    ...options.headers,
  });
}

function isRaw(body: unknown): body is BodyInit | undefined {
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array || body instanceof FormData;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
