import { z } from 'zod';
import { TIMEOUT_MS } from '../../../http/network.ts';
import { Refusal } from '../../../http/errors.ts';
import { decodeText, readBytes } from '../../../http/parse.ts';
import type { Account } from '../port.ts';
import { signatureOf, type Signed } from './signature.ts';

// A card is a few hundred bytes; the catalogue with all its brands is the largest thing Tillo sends.
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** One call of the API. */
export type Request = Pick<Signed, 'method' | 'path' | 'clientRequestId' | 'brand'> & {
  query?: Record<string, string | undefined>;
  body?: Record<string, unknown>;
};

/** An answer in Tillo's envelope. */
export interface Reply {
  status: number;
  code: string;
  data: unknown;
}

/** No answer in Tillo's envelope came: the outcome is unknown. */
export class NoReply extends Error {
  constructor(readonly kind: string) {
    super(`Tillo did not answer as documented: ${kind}`);
  }
}

// Documented as a text of three digits.
const envelope = z.object({
  code: z.union([z.string(), z.number()]).transform((code) => String(code).padStart(3, '0'))
    .refine((code) => /^\d{3}$/.test(code)),
  status: z.string().optional(),
  data: z.unknown().optional(),
});

/** Sends one signed request; throws `NoReply` for everything that is not an answer of Tillo's. */
export async function send({ apiKey, secretKey, baseUrl }: Account, request: Request): Promise<Reply> {
  const { method, path, query = {}, body } = request;
  const timestamp = Date.now();
  const url = new URL(`${baseUrl.replace(/\/+$/, '')}/${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  // A connection of its own: when a kept-alive one breaks, Deno repeats the request by itself, and a refusal of that repetition
  // would pass for the answer to the first.
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, {
      method,
      headers: {
        'API-Key': apiKey,
        'Signature': signatureOf(secretKey, { ...request, apiKey, timestamp }),
        'Timestamp': String(timestamp),
        'Accept': 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
      // The signature is valid for this URL only, so redirects are refused.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      client,
    });
    return { status: response.status, ...envelopeIn(await readBytes(response, MAX_ANSWER_BYTES), response.status) };
  } catch (error) {
    throw error instanceof NoReply ? error : new NoReply(kindOf(error));
  } finally {
    client.close();
  }
}

function envelopeIn(bytes: Uint8Array, status: number): Pick<Reply, 'code' | 'data'> {
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch {
    throw new NoReply(`http_${status}`);
  }
  const parsed = envelope.safeParse(value);
  if (!parsed.success) throw new NoReply(`http_${status}`);
  const { code, data } = parsed.data;
  // Contradicting parts of an answer leave the outcome open.
  if (code === '000' && parsed.data.status === 'error') throw new NoReply('contradiction');
  return { code, data };
}

function kindOf(error: unknown): string {
  if (error instanceof Refusal) return 'too_large';
  const { name } = error as Error;
  return name === 'TimeoutError' || name === 'AbortError' ? 'timeout' : 'network';
}
