import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { keysFor } from './seal.ts';
import { missing } from './secrets.ts';

const ID_BYTES = 16;
const MAC_BYTES = 16;

/**
 * A token for a purpose: an id and a signature over it, by the key of that id. It is computed when needed and never stored,
 * so that read access to the database is not enough to forge one.
 */
export function tokenFor(purpose: string, id: string, keyId: string): string {
  const key = keysFor(purpose).get(keyId);
  if (!key) throw missing('CARD_SEAL_KEYS');
  const bytes = Buffer.from(id.replaceAll('-', ''), 'hex');
  return Buffer.concat([bytes, sign(bytes, key)]).toString('base64url');
}

/** The id in a token, or null when we have not signed it for this purpose. */
export function idIn(purpose: string, token: string): string | null {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== ID_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return null;
  const id = bytes.subarray(0, ID_BYTES);
  const keys = Array.from(keysFor(purpose).values());
  const isOurs = keys.map((key) => timingSafeEqual(sign(id, key), bytes.subarray(ID_BYTES))).includes(true);
  return isOurs ? id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : null;
}

function sign(id: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(id).digest().subarray(0, MAC_BYTES);
}
