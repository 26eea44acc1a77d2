import assert from 'node:assert/strict';
import { hmac, signatureOf, type Signed } from './signature.ts';

const apiKey = 'test_api_key';
const secretKey = 'test_secret_key';
const timestamp = 1533025425488;

// Computed by an independent client in another language, and again with openssl.
const SIMPLIFIED: [Omit<Signed, 'apiKey' | 'timestamp'>, string][] = [
  [
    { method: 'POST', path: 'digital/issue', clientRequestId: 'req-12345-67890', brand: 'amazon' },
    '8ee2fc479a1f6101ec8e9811c10abc9afa835c4d6542ef7c785a2d7b43017ce3',
  ],
  [{ method: 'GET', path: 'brands' }, '8f52de2696162bd9b6d196d5e68afd422e7c33ddf438b2e4886d1f9823f2be6e'],
  [
    { method: 'GET', path: 'check-stock', brand: 'hello-fresh' },
    '5f61f782fe36dec3d99d7f83a269d9908c026011bd19a38a15e17d6106a93d5f',
  ],
  [{ method: 'GET', path: 'check-floats' }, '602cf386ccb8945ffea2681bfa5249a149e6bf6e175990402375c94739938385'],
  [{ method: 'GET', path: 'digital/order-status' }, 'fa2af3f90dd13a70c538e222292a341bcd62e256e486c58b3fd7cf3054fb457e'],
];

for (const [request, expected] of SIMPLIFIED) {
  Deno.test(`tillo signature: ${request.method} ${request.path} → as documented`, () => {
    assert.equal(signatureOf(secretKey, { ...request, apiKey, timestamp }), expected);
  });
}

const FULL: [string, (string | number)[], string][] = [
  [
    'POST digital-issue',
    ['POST', 'digital-issue', 'req-12345-67890', 'amazon', 'USD', '25.00'],
    'bddf28b4be4f0363d76966db000175e93a9f8dc9619794c7ff625379202ea0f9',
  ],
  [
    'POST digital-reverse',
    ['POST', 'digital-reverse', 'rev-1', 'amazon', 'USD', 25],
    'cbdc660ba809afa5d7a245893134441413092ad4832e726f44a72c87fd7fc877',
  ],
  [
    'DELETE digital-issue',
    ['DELETE', 'digital-issue', 'can-1', 'amazon', 'USD', 25],
    '264c3570563160ca9560987cc63a3723579341da9168481ef01342ad5a461438',
  ],
];

for (const [what, parts, expected] of FULL) {
  Deno.test(`tillo signature: the full form of ${what} → made of the same parts`, () => {
    assert.equal(hmac(secretKey, [apiKey, ...parts, timestamp]), expected);
  });
}

Deno.test('tillo signature: any part or the secret changes → another signature', () => {
  const signed: Signed = { apiKey, method: 'POST', path: 'digital/issue', clientRequestId: 'a', brand: 'b', timestamp };
  const all = [
    signatureOf(secretKey, signed),
    signatureOf('another', signed),
    ...[{ apiKey: 'k' }, { method: 'DELETE' as const }, { path: 'x' }, { clientRequestId: 'c' }, { brand: 'd' }, {
      timestamp: 1,
    }, { brand: undefined }].map((change) => signatureOf(secretKey, { ...signed, ...change })),
  ];
  assert.equal(new Set(all).size, all.length);
  all.forEach((signature) => assert.match(signature, /^[0-9a-f]{64}$/));
});
