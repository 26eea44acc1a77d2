import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash, type Hash, hkdfSync, randomBytes } from 'node:crypto';
import { missing, secret } from './secrets.ts';

// node:crypto and not WebCrypto: ten times faster for many small texts, and an upload has 2 s of CPU.
const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const HASH_BLOCK_BYTES = 64;

/** A card's secrets as the database holds them; they open only for this card and brand. */
export interface Sealed {
  giftCardId: string;
  brandId: string;
  keyId: string;
  code: string;
  pin: string | null;
}

/** What a card holder needs, in clear. */
export interface CardSecrets {
  code: string;
  pin: string | null;
}

/** The additional data that ties a ciphertext to its card, brand and field. */
export function bindingOf(giftCardId: string, brandId: string, field: 'code' | 'pin'): string {
  return `${giftCardId}:${brandId}:${field}`;
}

/** The id of the key that seals today; the others of CARD_SEAL_KEYS only open. */
export function currentKeyId(): string {
  return sealKeys().current;
}

/** Encrypts a text; `aad` must be given again to open it. */
export function seal(text: string, aad: string): string {
  const { current, keys } = sealKeys();
  return encrypt(Buffer.from(text), aad, keys.get(current)!, randomBytes(NONCE_BYTES)).toString('base64');
}

/** Opens a card's code and PIN; throws if either was changed or moved to another card. */
export function unseal(sealed: Sealed): CardSecrets {
  const key = sealKeys().keys.get(sealed.keyId);
  if (!key) throw missing('CARD_SEAL_KEYS');
  const { giftCardId, brandId, code, pin } = sealed;
  return {
    code: open(code, bindingOf(giftCardId, brandId, 'code'), key),
    pin: pin === null ? null : open(pin, bindingOf(giftCardId, brandId, 'pin'), key),
  };
}

/** What a code is compared within: its brand, and whether two codes of the brand may differ by case alone. */
export interface CodeBrand {
  brandId: string;
  codeCaseMatters: boolean;
}

/** Finds a card of a brand again without its code: equal for every way of writing the same code, and for no other brand. */
export function fingerprint(code: string, { brandId, codeCaseMatters }: CodeBrand): string {
  const text = `${brandId.toLowerCase()}:${canonicalCode(code, codeCaseMatters)}`;
  const { inner, outer } = fingerprintHmac();
  return outer.copy().update(inner.copy().update(text).digest()).digest('hex');
}

/** Keys for another purpose, derived from each sealing key, by its id; neither reveals the other. */
export function keysFor(purpose: string): Map<string, Buffer> {
  const derive = (key: Buffer) => Buffer.from(hkdfSync('sha256', key, '', purpose, KEY_BYTES));
  return new Map(Array.from(sealKeys().keys, ([id, key]) => [id, derive(key)]));
}

function encrypt(text: Buffer, aad: string, key: Buffer, nonce: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(aad));
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

function open(sealed: string, aad: string, key: Buffer): string {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error('A sealed text is too short to be genuine');
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  // Deno 2.1.4, which the hosted runtime is built on, accepts any tag (denoland/deno#27733): sealing again tells it.
  if (!encrypt(text, aad, key, nonce).equals(bytes)) throw new Error('A sealed text is not genuine');
  return text.toString('utf8');
}

// A link is another link when a letter's case or a dash differs, but for its scheme and host.
const LINK_ORIGIN = /^https?:\/\/[^/?#@]*(?=[/?#]|$)/i;

/** The canonical form of a code: what its readers take for the same code has the same form. */
function canonicalCode(code: string, caseMatters: boolean): string {
  // Most codes are ASCII, for which this is much quicker.
  const isPlain = /^[\x21-\x7e]*$/.test(code);
  const text = isPlain ? code : code.normalize('NFKC').trim();
  if (LINK_ORIGIN.test(text)) return text.replace(LINK_ORIGIN, (origin) => origin.toLowerCase());
  if (isPlain) return caseMatters ? text.replaceAll('-', '') : text.replaceAll('-', '').toUpperCase();
  // Format characters (\p{Cf}) are the invisible ones: zero-width spaces, joiners, byte order marks.
  const joined = text.replace(/[\s\p{Z}\p{Pd}\p{Cf}\u2212]/gu, '');
  return caseMatters ? joined : joined.toUpperCase();
}

interface SealKeys {
  current: string;
  keys: Map<string, Buffer>;
}

const sealKeys = cached('CARD_SEAL_KEYS', (value): SealKeys => {
  const entries = value.split(',').map((entry): [string, Buffer] => {
    const [, id, key] = /^([\w.-]+):(.+)$/.exec(entry.trim()) ?? [];
    if (!id) throw missing('CARD_SEAL_KEYS');
    return [id, keyFrom(key, 'CARD_SEAL_KEYS')];
  });
  return { current: entries[0][0], keys: new Map(entries) };
});

// HMAC-SHA256 (RFC 2104) by its two hashes, each begun with its pad once: a new HMAC for each code takes ten times the CPU
// time on the hosted runtime.
const fingerprintHmac = cached('CARD_FINGERPRINT_KEY', (value): Record<'inner' | 'outer', Hash> => {
  const key = Buffer.alloc(HASH_BLOCK_BYTES, 0);
  keyFrom(value, 'CARD_FINGERPRINT_KEY').copy(key);
  const begun = (pad: number) => createHash('sha256').update(key.map((byte) => byte ^ pad));
  return { inner: begun(0x36), outer: begun(0x5c) };
});

function keyFrom(base64: string, name: string): Buffer {
  const key = Buffer.from(base64, 'base64');
  if (key.length !== KEY_BYTES) throw missing(name);
  return key;
}

/** Parses a secret once and again only when its value changes. */
function cached<T>(name: string, parse: (value: string) => T): () => T {
  let last: { value: string; parsed: T } | undefined;
  return () => {
    const value = secret(name);
    if (last?.value !== value) last = { value, parsed: parse(value) };
    return last!.parsed;
  };
}
