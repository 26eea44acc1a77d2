import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import assert from 'node:assert/strict';
import { Refusal } from './errors.ts';
import { bindingOf, currentKeyId, fingerprint, seal, type Sealed, unseal } from './seal.ts';

const OLD = `old:${btoa('o'.repeat(32))}`;
const NEW = `new:${btoa('n'.repeat(32))}`;
const CARD = 'card-1';
const BRAND = 'brand-1';

Deno.env.set('CARD_FINGERPRINT_KEY', btoa('f'.repeat(32)));

function sealedCard(change: Partial<Sealed> = {}): Sealed {
  const [code, pin] = (['code', 'pin'] as const).map((field) => seal(`the ${field}`, bindingOf(CARD, BRAND, field)));
  return { giftCardId: CARD, brandId: BRAND, keyId: currentKeyId(), code, pin, ...change };
}

function withKeys(keys: string, test: () => void): () => void {
  return () => {
    Deno.env.set('CARD_SEAL_KEYS', keys);
    test();
  };
}

function refusesNaming(name: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === 'RB-503' && error.details.missing === name;
}

Deno.test(
  'unseal: a sealed code → the code',
  withKeys(NEW, () => {
    assert.deepEqual(unseal(sealedCard()), { code: 'the code', pin: 'the pin' });
    assert.deepEqual(unseal(sealedCard({ pin: null })), { code: 'the code', pin: null });
  }),
);

Deno.test(
  'seal: the same text twice → two ciphertexts',
  withKeys(NEW, () => assert.notEqual(seal('AMZN-1', 'aad'), seal('AMZN-1', 'aad'))),
);

Deno.test(
  'unseal: any byte changed → refused',
  withKeys(NEW, () => {
    const { code } = sealedCard();
    const bytes = Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
    for (let index = 0; index < bytes.length; index++) {
      const changed = bytes.with(index, bytes[index] ^ 1);
      assert.throws(() => unseal(sealedCard({ code: btoa(String.fromCharCode(...changed)) })), `byte ${index}`);
    }
  }),
);

Deno.test(
  'unseal: a ciphertext of another card, brand or field → refused',
  withKeys(NEW, () => {
    const { code, pin } = sealedCard();
    assert.throws(() => unseal(sealedCard({ giftCardId: 'card-2' })));
    assert.throws(() => unseal(sealedCard({ brandId: 'brand-2' })));
    assert.throws(() => unseal(sealedCard({ code: pin!, pin: code })));
  }),
);

Deno.test(
  'unseal: a truncated or empty ciphertext → refused',
  withKeys(NEW, () => {
    const { code } = sealedCard();
    for (const cut of ['', 'AAAA', code.slice(0, 36), code.slice(0, -4)]) {
      assert.throws(() => unseal(sealedCard({ code: cut })));
    }
  }),
);

Deno.test('seal: after a key rotation → the new key seals, the old one still unseals', () => {
  Deno.env.set('CARD_SEAL_KEYS', OLD);
  const before = sealedCard();
  Deno.env.set('CARD_SEAL_KEYS', `${NEW},${OLD}`);
  assert.equal(unseal(before).code, 'the code');
  assert.equal(currentKeyId(), 'new');
  assert.equal(unseal(sealedCard()).code, 'the code');
});

Deno.test(
  'unseal: the key is gone → refused with the name of the secret',
  withKeys(NEW, () => {
    assert.throws(() => unseal(sealedCard({ keyId: 'lost' })), refusesNaming('CARD_SEAL_KEYS'));
  }),
);

for (const [what, value] of [['absent', ''], ['too short', 'k1:AAAA'], ['without an id', btoa('k'.repeat(32))]]) {
  Deno.test(
    `seal: keys that are ${what} → refused with the name of the secret`,
    withKeys(value, () => assert.throws(() => currentKeyId(), refusesNaming('CARD_SEAL_KEYS'))),
  );
}

const CODES = { brandId: BRAND, codeCaseMatters: false };

Deno.test('fingerprint: the same code in another spelling → the same fingerprint', () => {
  const plain = fingerprint('AMZN1234567890AB', CODES);
  const disguises = [
    'AMZN-1234-5678-90AB',
    'amzn-1234-5678-90ab',
    ' AMZN 1234 5678 90AB ',
    'AMZN\u00a01234\u20075678\t90AB',
    'AMZN\u20101234\u20135678\u201490AB',
    'AMZN\u22121234\u22125678\u221290AB',
    'AM\u200bZN\u200d1234\ufeff567890AB',
    'AM\u00adZN1234567890AB',
    'ＡＭＺＮ-１２３４-５６７８-９０ＡＢ',
  ];
  for (const disguise of disguises) assert.equal(fingerprint(disguise, CODES), plain, JSON.stringify(disguise));
});

Deno.test('fingerprint: other codes → other fingerprints', () => {
  const prints = ['AMZN-1234', 'AMZN-1235', 'AMZN-123', 'AMZN-12340'].map((code) => fingerprint(code, CODES));
  assert.equal(new Set(prints).size, prints.length);
});

Deno.test('fingerprint: equal digits of two brands → two fingerprints', () => {
  assert.notEqual(
    fingerprint('6301 1234 5678', CODES),
    fingerprint('6301 1234 5678', { ...CODES, brandId: 'brand-2' }),
  );
});

Deno.test('fingerprint: a brand whose codes differ by case → two fingerprints, dashes and blanks still fold', () => {
  const brand = { ...CODES, codeCaseMatters: true };
  assert.notEqual(fingerprint('aBcD-1234', brand), fingerprint('AbCd-1234', brand));
  assert.equal(fingerprint('aBcD-1234', brand), fingerprint(' aBcD 1234', brand));
});

Deno.test('fingerprint: links that differ by case, a dash or a blank → other fingerprints, but for scheme and host', () => {
  const links = [
    'https://x.example/Ab-cD',
    'https://x.example/ab-cd',
    'https://x.example/AbcD',
    'https://y.example/Ab-cD',
  ];
  assert.equal(new Set(links.map((link) => fingerprint(link, CODES))).size, links.length);
  assert.equal(fingerprint(' HTTPS://X.Example/Ab-cD', CODES), fingerprint(links[0], CODES));
});

Deno.test('fingerprint: another key → another fingerprint', () => {
  const before = fingerprint('AMZN-1234', CODES);
  Deno.env.set('CARD_FINGERPRINT_KEY', btoa('g'.repeat(32)));
  assert.notEqual(fingerprint('AMZN-1234', CODES), before);
  assert.match(before, /^[0-9a-f]{64}$/);
});

Deno.test('fingerprint: a code → HMAC-SHA256 of the brand and the canonical code', () => {
  const key = Buffer.from(Deno.env.get('CARD_FINGERPRINT_KEY')!, 'base64');
  for (
    const [code, canonical] of [['aBc-1 2', 'ABC12'], ['ab\u2011c\u200b1', 'ABC1'], ['ＡＢ１', 'AB1'], [
      'A'.repeat(200),
      'A'.repeat(200),
    ]]
  ) {
    const expected = createHmac('sha256', key).update(`brand-1:${canonical}`).digest('hex');
    assert.equal(fingerprint(code, { brandId: 'Brand-1', codeCaseMatters: false }), expected, code);
  }
});
