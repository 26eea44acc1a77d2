import assert from 'node:assert/strict';
import type { CardRow } from '../_shared/gift_cards/card_file.ts';
import type { DateFormat } from '../_shared/http/days.ts';
import { Refusal } from '../_shared/http/errors.ts';
import { unseal } from '../_shared/http/seal.ts';
import { sealCards } from './seal_cards.ts';

Deno.env.set('CARD_SEAL_KEYS', `k1:${btoa('k'.repeat(32))}`);
Deno.env.set('CARD_FINGERPRINT_KEY', btoa('f'.repeat(32)));

const ANY = { brandId: 'brand-1', codeFormat: null, codeCaseMatters: false };
const AMAZON = { ...ANY, codeFormat: '^AMZN-[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}$' };

function row(change: Partial<CardRow> = {}): CardRow {
  return { code: 'AMZN-1234-5678-90AB', pin: '', expirationDate: '', ...change };
}

function reasonFor(change: Partial<CardRow>, brand: typeof AMAZON | typeof ANY = ANY): string | null | undefined {
  return sealCards([row(change), row({ code: 'AMZN-GOOD-GOOD-GOOD' })], brand)
    .refused[0]?.reason;
}

Deno.test('sealCards: a sealed card → can be unsealed, nothing is readable', () => {
  const { cards: [card], refused } = sealCards([row({ pin: '9876', expirationDate: '2030-01-31' })], AMAZON);
  assert.deepEqual(refused, []);
  const { id: giftCardId, code, pin } = card;
  const opened = unseal({ giftCardId, brandId: 'brand-1', keyId: 'k1', code, pin });
  assert.deepEqual(opened, { code: 'AMZN-1234-5678-90AB', pin: '9876' });
  assert.deepEqual([card.row, card.last4, card.expiresOn], [1, '90AB', '2030-01-31']);
  assert.doesNotMatch(JSON.stringify(card), /AMZN|1234|9876/);
});

Deno.test('sealCards: a code → stored as written', () => {
  const { cards: [{ id: giftCardId, code }] } = sealCards([row({ code: 'amzn 12-ab' })], ANY);
  assert.equal(unseal({ giftCardId, brandId: 'brand-1', keyId: 'k1', code, pin: null }).code, 'amzn 12-ab');
});

Deno.test('sealCards: the same code twice in a file → the first counts', () => {
  const rows = [row(), row({ code: 'AMZN-2345-6789-01BC' }), row({ code: 'amzn 1234 5678 90ab' }), row()];
  const { cards, refused } = sealCards(rows, ANY);
  assert.deepEqual(cards.map((card) => card.row), [1, 2]);
  const reason = 'the code stands in row 1 already';
  assert.deepEqual(refused, [3, 4].map((row) => ({ row, status: 'duplicate', column: 'code', reason })));
});

Deno.test('sealCards: two codes that differ by case → both sealed where case counts, else a duplicate', () => {
  const rows = [row({ code: 'aBcD-1234' }), row({ code: 'AbCd-1234' })];
  assert.equal(sealCards(rows, { ...ANY, codeCaseMatters: true }).cards.length, 2);
  assert.equal(sealCards(rows, ANY).refused[0].status, 'duplicate');
});

Deno.test('sealCards: two links that differ by case or a dash → both sealed', () => {
  const links = ['Ab-cd', 'ab-cd', 'Abcd'].map((path) => row({ code: `https://rewards.example/${path}` }));
  assert.deepEqual(sealCards(links, ANY).refused, []);
});

Deno.test('sealCards: a rejected row before a valid one with the same code → the valid one is kept', () => {
  const { cards, refused } = sealCards([row({ expirationDate: 'soon' }), row()], ANY);
  assert.deepEqual([cards.map((card) => card.row), refused.map((result) => result.row)], [[2], [1]]);
});

const REJECTED: [string, Partial<CardRow>, RegExp][] = [
  ['an empty code', { code: '' }, /empty/],
  ['a code that is too long', { code: 'A'.repeat(111) }, /more than 110/],
  ['a link that is too long', { code: `https://x.example/${'a'.repeat(500)}` }, /more than 500/],
  ['a PIN that is too long', { pin: '1'.repeat(33) }, /more than 32/],
  ['an emoji', { code: 'AMZN-🎁' }, /printable ASCII/],
  ['a control character', { code: 'AMZN\u0007' }, /printable ASCII/],
  ['an invisible character', { code: 'AMZN\u200b1234' }, /printable ASCII/],
  ['half a surrogate', { code: 'AMZN\ud800' }, /printable ASCII/],
  ['a line break', { pin: '12\n34' }, /printable ASCII/],
  ['a formula', { code: '=cmd|calc!A0' }, /formula/],
  ['a formula as PIN', { pin: '@SUM(1)' }, /formula/],
  ['a payment card number', { code: '4111 1111 1111 1111' }, /^payment card numbers are never stored$/],
  ['a payment card number as PIN', { pin: '4111-1111-1111-1111' }, /^payment card numbers are never stored$/],
  ['a day that does not exist', { expirationDate: '2030-02-30' }, /expiration date/],
];

for (const [what, change, reason] of REJECTED) {
  Deno.test(`sealCards: a row with ${what} → rejected without repeating it`, () => {
    const said = reasonFor(change);
    assert.match(String(said), reason);
    for (const value of Object.values(change)) assert.ok(!value || !said!.includes(String(value)));
  });
}

Deno.test("sealCards: a code that matches the brand's format in part → rejected", () => {
  assert.equal(reasonFor({}, AMAZON), undefined);
  for (const code of ['AMZN-1234-5678-90A', 'xAMZN-1234-5678-90AB', 'AMZN-1234-5678-90ABx', 'amzn-1234-5678-90ab']) {
    assert.match(String(reasonFor({ code }, AMAZON)), /brand's format/, code);
  }
  const alternatives = { ...ANY, codeFormat: 'A[0-9]+|B[0-9]+' };
  const { refused } = sealCards([row({ code: 'A1 and B2' }), row({ code: 'B2' })], alternatives);
  assert.deepEqual(refused.map((result) => result.row), [1]);
});

Deno.test("sealCards: no valid row → the file is refused with each row's problem", () => {
  assert.throws(
    () => sealCards([row({ code: '' }), row({ code: '=1+1' })], ANY),
    (error: Refusal) => {
      assert.equal(error.code, 'GC-012');
      assert.deepEqual((error.details.rows as { row: number }[]).map((result) => result.row), [1, 2]);
      return true;
    },
  );
});

Deno.test('sealCards: a link of a network-branded reward → may be longer than a code', () => {
  assert.equal(reasonFor({ code: `https://rewards.example/${'a'.repeat(200)}` }), undefined);
});

Deno.test('sealCards: a brand with a malformed format → the upload is refused', () => {
  assert.throws(() => sealCards([row()], { ...ANY, codeFormat: '([' }), Refusal);
});

Deno.test('sealCards: a short code → less than half is shown', () => {
  const ends = ['A', 'AB', 'ABCDE', 'ABCDEFGH', 'AB-CD-EF-GH-IJ'].map((code) =>
    sealCards([row({ code })], ANY).cards[0].last4
  );
  assert.deepEqual(ends, ['', 'B', 'DE', 'EFGH', 'GHIJ']);
});

function daysOf(expirationDates: string[], dateFormat: DateFormat | null): (string | null)[] {
  const rows = expirationDates.map((expirationDate, n) => row({ code: `AMZN-${n}`, expirationDate }));
  return sealCards(rows, ANY, dateFormat).cards.map(({ expiresOn }) => expiresOn);
}

function fieldProblem(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return (error as Refusal).details.fields;
  }
}

Deno.test('sealCards: an ambiguous day without dateFormat → the file is refused with the question', () => {
  assert.deepEqual(daysOf(['2027-12-31', '', ' 2028-02-29 '], null), ['2027-12-31', null, '2028-02-29']);
  for (const day of ['12/31/2027', '31/12/2027', '03/04/2027', '31.12.2030', '1-5-27']) {
    const problem = 'is required: row 2 has an expiration date that is not YYYY-MM-DD; name its notation: ' +
      'MM/DD/YYYY, DD/MM/YYYY, DD.MM.YYYY, DD-MM-YYYY, MM-DD-YYYY, YYYY/MM/DD';
    assert.deepEqual(fieldProblem(() => daysOf(['', day], null)), [{ field: 'dateFormat', problem }], day);
  }
});

Deno.test('sealCards: one row in another notation among ISO days → rejected alone, with the remedy', () => {
  const rows = ['2027-12-31', '31.12.2030'].map((expirationDate, n) => row({ code: `AMZN-${n}`, expirationDate }));
  const reason = 'the expiration date is not a day in YYYY-MM-DD (name another notation as dateFormat)';
  assert.deepEqual(sealCards(rows, ANY, null).refused, [{
    row: 2,
    status: 'rejected',
    column: 'expirationDate',
    reason,
  }]);
});

Deno.test('sealCards: MM/DD/YYYY and a row with the day first → the file is refused', () => {
  assert.deepEqual(daysOf(['03/04/2027', '12/31/2027'], 'MM/DD/YYYY'), ['2027-03-04', '2027-12-31']);
  assert.deepEqual(daysOf(['03/04/2027', '31/12/2027'], 'DD/MM/YYYY'), ['2027-04-03', '2027-12-31']);
  for (const format of ['MM/DD/YYYY', 'DD/MM/YYYY'] as const) {
    const other = format === 'MM/DD/YYYY' ? '31/12/2027' : '12/31/2027';
    const problem = `is ${format}, but row 2 has its day and month in the other order`;
    assert.deepEqual(
      fieldProblem(() => daysOf(['03/04/2027', other], format)),
      [{ field: 'dateFormat', problem }],
    );
  }
});

Deno.test('sealCards: a row in another notation than dateFormat → rejected alone', () => {
  const rows = ['12/31/2027', '2027-12-31', '12.31.2027', '12/31/27', 'soon', '02/30/2027'].map((expirationDate, n) =>
    row({ code: `AMZN-${n}`, expirationDate })
  );
  const { cards, refused } = sealCards(rows, ANY, 'MM/DD/YYYY');
  assert.deepEqual(cards.map(({ row }) => row), [1]);
  assert.deepEqual(refused.map(({ row }) => row), [2, 3, 4, 5, 6]);
  for (const { reason } of refused) assert.equal(reason, 'the expiration date is not a day in MM/DD/YYYY');
});
