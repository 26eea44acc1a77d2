import assert from 'node:assert/strict';
import { isoDate, isPaymentCardNumber } from './cards.ts';

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

Deno.test('isoDate: real days in two notations', () => {
  const days = { '2030-01-31': '2030-01-31', '1/5/2030': '2030-01-05', '02/29/2028': '2028-02-29' };
  for (const [given, expected] of Object.entries(days)) assert.equal(isoDate(given), expected);
});

Deno.test('isoDate: anything else is no day', () => {
  const given = [
    '2030-02-29',
    '31/01/2030',
    '01/30',
    '2030-1-1',
    'never',
    '20300131',
    '0000-00-00',
    '99999-01-01',
    '2030-01-31T00:00',
  ];
  for (const text of given) assert.equal(isoDate(text), null, text);
});
