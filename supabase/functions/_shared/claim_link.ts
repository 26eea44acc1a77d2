import { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { keysFor } from './seal.ts';
import { missing, secret } from './secrets.ts';

const PURPOSE = 'claim-link';
const ID_BYTES = 16;
const MAC_BYTES = 16;

/** The link of a delivery as the database hands it out: its id, and the key that seals the card. */
export interface ClaimLink {
  linkId: string;
  keyId: string;
  /** Whether the message brings the link instead of the code. */
  isRequired: boolean;
  /** The day until which it shows the card. */
  expires: string;
}

/**
 * The token of a link: its id and a signature. It is made anew whenever it is needed and stored nowhere, so that a message
 * says the same in each of its tries, and nobody who reads the database can open a link.
 */
export function tokenOf({ linkId, keyId }: Pick<ClaimLink, 'linkId' | 'keyId'>): string {
  const key = keysFor(PURPOSE).get(keyId);
  if (!key) throw missing('CARD_SEAL_KEYS');
  const id = Buffer.from(linkId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, sign(id, key)]).toString('base64url');
}

/** The id of the link that a token opens, or null when we have not signed it. */
export function linkIdOf(token: string): string | null {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== ID_BYTES + MAC_BYTES || bytes.toString('base64url') !== token) return null;
  const id = bytes.subarray(0, ID_BYTES);
  const isOurs = Array.from(
    keysFor(PURPOSE).values(),
    (key) => timingSafeEqual(sign(id, key), bytes.subarray(ID_BYTES)),
  )
    .includes(true);
  return isOurs ? id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') : null;
}

/** The address in the message. What stands behind # stays in the browser: no server, proxy or log on the way sees it. */
export function claimUrl(link: ClaimLink): string {
  return `${secret('PUBLIC_CLAIM_URL').replace(/#.*$/, '')}#${tokenOf(link)}`;
}

function sign(id: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(id).digest().subarray(0, MAC_BYTES);
}
