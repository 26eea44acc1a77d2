import assert from 'node:assert/strict';
import { STORE_NUMBERS } from '../../../../tests/fixtures/inputs.ts';
import { isPaymentCardNumber, problemOfSecrets } from './cards.ts';

Deno.test('isPaymentCardNumber: valid numbers of 13 to 19 digits in any grouping → true', () => {
  const numbers = [
    '4111111111111111',
    '378282246310005',
    '6011 1111 1111 1117',
    '5555-5555-5555-4444',
    '4222222222222',
  ];
  for (const number of numbers) assert.ok(isPaymentCardNumber(number), number);
});

Deno.test('isPaymentCardNumber: other codes → false', () => {
  const codes = [
    '4111111111111112',
    '123456789012',
    '1234-5678-9012',
    'AMZN-1234-5678-90AB',
    '',
    '0'.repeat(20),
    '411111111111111A',
  ];
  for (const code of codes) assert.ok(!isPaymentCardNumber(code), code);
});

Deno.test("isPaymentCardNumber: a store's own number with a check digit → false", () => {
  const withCheckDigit = (number: string) =>
    Array.from({ length: 10 }, (_, digit) => number.slice(0, -1) + digit).filter((candidate) => hasLuhn(candidate))[0];
  for (const number of STORE_NUMBERS.map(withCheckDigit)) {
    assert.ok(!isPaymentCardNumber(number), number);
    assert.equal(problemOfSecrets(number, ''), null, number);
  }
});

Deno.test('isPaymentCardNumber: an issuer and a check digit at a length that the issuer does not have → none', () => {
  assert.ok(!isPaymentCardNumber('411111111111116'));
  assert.ok(isPaymentCardNumber('4111111111111111'));
});

function hasLuhn(digits: string): boolean {
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}
