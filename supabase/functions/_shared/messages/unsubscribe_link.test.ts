import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { linkIdOf, tokenOf } from './claim_link.ts';
import { deliveryIn, unsubscribeUrl } from './unsubscribe_link.ts';

Deno.env.set('CARD_SEAL_KEYS', `k1:${Buffer.alloc(32, 1).toString('base64')}`);
Deno.env.set('PUBLIC_FUNCTIONS_URL', 'https://x.example/functions/v1/');

const ID = '11111111-2222-4333-8444-555555555555';
const token = new URL(unsubscribeUrl(ID)).searchParams.get('token')!;

Deno.test('unsubscribeUrl: its token → the delivery, also after a key rotation', () => {
  assert.equal(deliveryIn(token), ID);
  const keys = Deno.env.get('CARD_SEAL_KEYS')!;
  Deno.env.set('CARD_SEAL_KEYS', `k2:${Buffer.alloc(32, 2).toString('base64')},${keys}`);
  assert.equal(deliveryIn(token), ID);
  assert.notEqual(new URL(unsubscribeUrl(ID)).searchParams.get('token'), token);
  Deno.env.set('CARD_SEAL_KEYS', keys);
});

Deno.test('unsubscribeUrl: a token of another purpose → refused', () => {
  assert.equal(linkIdOf(token), null);
  assert.equal(deliveryIn(tokenOf({ linkId: ID, keyId: 'k1' })), null);
  assert.equal(deliveryIn(`${token}A`), null);
  assert.equal(deliveryIn(''), null);
});
