import assert from 'node:assert/strict';
import amounts from '../../../../tests/fixtures/amounts.json' with { type: 'json' };
import { amount, due, payment, price } from './fields.ts';

const FIELDS = { amount, price, payment, due };

for (const [name, field] of Object.entries(FIELDS)) {
  Deno.test(`${name}: the fixtures of amounts → read exactly or refused`, () => {
    for (const [text, expected] of amounts.amounts) assert.equal(field.parse(text), expected, String(text));
    for (const number of amounts.numbers) assert.equal(field.parse(number), number);
    for (const given of [...amounts.notAmounts, ...amounts.notNumbers, null, [], NaN, Infinity]) {
      assert.equal(field.safeParse(given).success, false, String(given));
    }
  });
}

Deno.test('amount and payment: nothing → refused; price and due: nothing → taken', () => {
  for (const field of [amount, payment]) assert.equal(field.safeParse(0).success, false);
  for (const field of [price, due]) assert.equal(field.parse(0), 0);
});

Deno.test('amount and price: above 100,000 → refused; due: ten digits → taken', () => {
  for (const field of [amount, price]) {
    assert.equal(field.parse(100_000), 100_000);
    assert.equal(field.safeParse(100_000.01).success, false);
  }
  assert.equal(due.parse('99999999'), 99_999_999);
  assert.equal(due.safeParse('10000000000').success, false);
});
