import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { claimUrl, linkIdOf, tokenOf } from './claim_link.ts';
import { Refusal } from '../http/errors.ts';

const OLD = `old:${btoa('o'.repeat(32))}`;
const NEW = `new:${btoa('n'.repeat(32))}`;
const linkId = '0191f7a2-5c3e-4d1b-9a77-0123456789ab';

/** Sets the secrets that links are made with. */
function given(keys: string, url = 'https://shop.example/card'): void {
  Deno.env.set('CARD_SEAL_KEYS', keys);
  Deno.env.set('PUBLIC_CLAIM_URL', url);
}

Deno.test('claim link: a token → deterministic, valid for its link only', () => {
  given(NEW);
  const token = tokenOf({ linkId, keyId: 'new' });
  assert.equal(tokenOf({ linkId, keyId: 'new' }), token);
  assert.equal(linkIdOf(token), linkId);
  assert.match(token, /^[\w-]{43}$/);
  assert.notEqual(tokenOf({ linkId: crypto.randomUUID(), keyId: 'new' }).slice(22), token.slice(22));
});

Deno.test('claim link: a changed, truncated or re-encoded token → refused', () => {
  given(NEW);
  const bytes = Buffer.from(tokenOf({ linkId, keyId: 'new' }), 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const forged = Buffer.from(bytes);
    forged[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(linkIdOf(forged.toString('base64url')), null);
  }
  const token = bytes.toString('base64url');
  for (
    const other of ['', token.slice(1), `${token}A`, ` ${token}`, `${token}=`, bytes.toString('hex'), linkId, '\0']
  ) {
    assert.equal(linkIdOf(other), null);
  }
});

Deno.test('claim link: a new sealing key → sent links stay valid; a removed key → its links are void', () => {
  given(OLD);
  const token = tokenOf({ linkId, keyId: 'old' });
  given(`${NEW},${OLD}`);
  assert.equal(tokenOf({ linkId, keyId: 'old' }), token);
  assert.equal(linkIdOf(token), linkId);
  given(NEW);
  assert.equal(linkIdOf(token), null);
  assert.throws(
    () => tokenOf({ linkId, keyId: 'old' }),
    (error: Refusal) => error.details.missing === 'CARD_SEAL_KEYS',
  );
});

Deno.test('claim link: the token → after #, which no server receives', () => {
  given(NEW, 'https://shop.example/card?lang=en#top');
  const link = { linkId, keyId: 'new', isRequired: true, expires: '' };
  const url = new URL(claimUrl(link));
  assert.equal(url.href.split('#')[0], 'https://shop.example/card?lang=en');
  assert.equal(url.hash, `#${tokenOf(link)}`);
});

Deno.test('claim link: no URL of its page → none', () => {
  given(NEW, '');
  const link = { linkId, keyId: 'new', isRequired: true, expires: '' };
  assert.throws(() => claimUrl(link), (error: Refusal) => error.details.missing === 'PUBLIC_CLAIM_URL');
});
