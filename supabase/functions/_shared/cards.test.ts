import assert from 'node:assert/strict';
import { isPaymentCardNumber } from './cards.ts';

Deno.test('isPaymentCardNumber: valid numbers of 13 to 19 digits are told in any grouping', () => {
  const numbers = [
    '4111111111111111',
    '378282246310005',
    '6011 1111 1111 1117',
    '5555-5555-5555-4444',
    '4222222222222',
  ];
  for (const number of numbers) assert.ok(isPaymentCardNumber(number), number);
});

Deno.test('isPaymentCardNumber: other codes are not', () => {
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
