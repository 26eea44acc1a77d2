import { createHmac } from 'node:crypto';

/** The signed parts of a request; absent ones are omitted. */
export interface Signed {
  apiKey: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The path below the version, as `digital/issue`. */
  path: string;
  clientRequestId?: string;
  brand?: string;
  /** Unix time in milliseconds. */
  timestamp: number;
}

/** Tillo's signature in its simplified form, which does not depend on how an amount is written. */
export function signatureOf(secretKey: string, { apiKey, method, path, clientRequestId, brand, timestamp }: Signed) {
  return hmac(secretKey, [apiKey, method, path.replaceAll('/', '-'), clientRequestId, brand, timestamp]);
}

/** The lower-case hex HMAC-SHA256 of parts joined by dashes. */
export function hmac(secretKey: string, parts: (string | number | undefined)[]): string {
  const text = parts.filter((part) => part !== undefined).join('-');
  return createHmac('sha256', secretKey).update(text).digest('hex');
}
